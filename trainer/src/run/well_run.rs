//! One well of a run: both networks trained, exported, and scored as a logger runs them, with the baselines beside.

use amlstm_core::artifact::ModelFile;

use super::fitted_network::{FittedNetwork, parsed};
use super::predictions::predictions;
use super::report_rows::{rates, shares};
use super::{
    AttentionRow, MetricRow, ModelKind, NETWORKS, PredictionRow, RatePoint, Share, TABLES,
    TrainingRow, WellRunError, table,
};
use crate::{
    baseline::{Baseline, PhysicsFit, PreparedWell},
    config::{Config, NetworkKind, Selection},
    export::AlignedBytes,
    fitted_physics::FittedPhysics,
    metric::{Simulation, cumulative_rmse_mm, score},
    read::Well,
    series::WellSeries,
    split::{Part, Split},
    survey::Survey,
    synth::Truth,
    train::TrainedWell,
};

/// Baselines that every run shows beside the networks.
pub const BASELINES: [Baseline; 5] = [
    Baseline::Floor,
    Baseline::NoChange,
    Baseline::Persistence,
    Baseline::MonthClimatology,
    Baseline::Physics,
];

/// What a run found at one well.
#[derive(Clone, Debug)]
pub struct WellRun {
    /// Well id.
    pub well: String,
    /// The model files.
    pub models: Vec<TrainedModel>,
    /// Scores.
    pub metrics: Vec<MetricRow>,
    /// Every month of both networks.
    pub predictions: Vec<PredictionRow>,
    /// Every month of the AM-LSTM.
    pub attention: Vec<AttentionRow>,
    /// Every epoch of both networks.
    pub training: Vec<TrainingRow>,
    /// Rates of the well's ps points, see [`WellRun::in_full`].
    pub rates: Vec<RatePoint>,
    /// Shares of its aquifer layers, see [`WellRun::in_full`].
    pub shares: Vec<Share>,
    /// What is to be said of its files, where it was read from files; see [`crate::survey`].
    pub survey: Option<Survey>,
}

/// One trained and exported network.
#[derive(Clone, Debug)]
pub struct TrainedModel {
    /// Which one.
    pub network: NetworkKind,
    /// The file, as it is shipped.
    pub file: AlignedBytes,
    /// The file that was scored; of the network alone, which never saw the test part.
    pub scored: AlignedBytes,
}

impl WellRun {
    /// Trains and judges both networks of a well.
    ///
    /// # Errors
    /// When the well cannot be trained; other wells are not concerned.
    pub fn new(well: &Well, config: &Config) -> Result<Self, WellRunError> {
        Self::trained(well, config, None)
    }

    /// The same with what the report shows of a well in full: the rates of its ps points, and which aquifer layer counts how much. `truth` is known of
    /// synthetic wells only.
    ///
    /// # Errors
    /// As [`WellRun::new`].
    pub fn in_full(well: &Well, config: &Config, truth: &[Truth]) -> Result<Self, WellRunError> {
        Self::trained(well, config, Some(truth))
    }

    fn trained(
        well: &Well,
        config: &Config,
        in_full: Option<&[Truth]>,
    ) -> Result<Self, WellRunError> {
        let series = WellSeries::new(well, &config.data)?;
        let split = Split::new(&series, &config.split, config.seed)?;
        let prepared = PreparedWell::new(&series, &split, config.seed);
        let with_fit = prepared
            .as_ref()
            .map(|prepared| (prepared, PhysicsFit::new(prepared)));
        let with_fit = with_fit.as_ref();
        let physics = with_fit.and_then(|(prepared, fit)| FittedPhysics::new(prepared, fit));
        let mut run = Self::empty(&series.well);
        if let Some((prepared, fit)) = with_fit {
            run.add_baselines(prepared, fit);
        }
        if in_full.is_some() {
            run.rates = rates(well);
        }
        for kind in NETWORKS {
            let mut of_network = config.clone();
            of_network.network.kind = kind;
            let fitted = FittedNetwork::new(&series, &split, &of_network)?;
            let scored = &parsed(&series, &fitted.file)?;
            run.add_network(&series, &split, &of_network, &fitted.trained, scored);
            if kind == config.network.kind
                && let (Some(truth), Some((prepared, fit))) = (in_full, with_fit)
            {
                run.shares = shares(prepared, fit, truth, scored);
            }
            run.models.push(TrainedModel {
                network: kind,
                file: fitted.shipped(
                    &series,
                    &split,
                    &of_network,
                    prepared.as_ref(),
                    physics.as_ref(),
                )?,
                scored: fitted.file.clone(),
            });
        }
        Ok(run)
    }

    /// Nothing yet.
    pub fn empty(well: &str) -> Self {
        Self {
            well: well.to_owned(),
            models: Vec::new(),
            metrics: Vec::new(),
            predictions: Vec::new(),
            attention: Vec::new(),
            training: Vec::new(),
            rates: Vec::new(),
            shares: Vec::new(),
            survey: None,
        }
    }

    /// The rows of each table as CSV, in the order of [`super::TABLES`].
    pub fn chunks(&self) -> [Vec<u8>; TABLES.len()] {
        let survey = self.survey.as_ref();
        let layers = survey.map_or(&[][..], |survey| &survey.layers);
        let ground = survey.map_or(&[][..], |survey| survey.ground.as_slice());
        let hints = survey.map_or(&[][..], |survey| &survey.hints);
        [
            table::rows(&self.metrics),
            table::rows(&self.predictions),
            table::rows(&self.attention),
            table::rows(&self.rates),
            table::rows(&self.shares),
            table::rows(&self.training),
            table::rows(layers),
            table::rows(ground),
            table::rows(hints),
        ]
    }

    fn add_baselines(&mut self, prepared: &PreparedWell, physics: &PhysicsFit) {
        let (series, split) = (prepared.series, prepared.split);
        for baseline in BASELINES
            .into_iter()
            .filter(|baseline| baseline.applies_to(prepared))
        {
            let curve = match baseline {
                Baseline::Physics => Some(physics.curve(prepared)),
                _ => baseline.fit(std::slice::from_ref(prepared)).pop(),
            };
            if let Some(curve) = curve {
                self.add_metrics(series, split, ModelKind::Baseline(baseline), None, &curve);
            }
        }
    }

    fn add_network(
        &mut self,
        series: &WellSeries,
        split: &Split,
        config: &Config,
        trained: &TrainedWell,
        file: &ModelFile,
    ) {
        let model = ModelKind::Network(config.network.kind);
        let simulation = Simulation::new(file, series);
        self.add_metrics(
            series,
            split,
            model,
            Some(chosen_by(config.training.selection)),
            &simulation.curve(),
        );
        self.predictions
            .extend(predictions(series, split, model, &simulation, file));
        if config.network.kind == NetworkKind::AmLstm {
            self.attention.extend(attention(series, &simulation));
        }
        self.training
            .extend(trained.history.iter().map(|epoch| TrainingRow {
                well: series.well.clone(),
                model,
                epoch: epoch.epoch,
                train_rmse_mm_per_month: epoch.train_rmse_mm,
                validate_rmse_mm_per_month: finite(epoch.validate_rmse_mm),
                test_rmse_mm_per_month: finite(epoch.test_rmse_mm),
                kept: epoch.epoch == trained.best_epoch,
            }));
    }

    fn add_metrics(
        &mut self,
        series: &WellSeries,
        split: &Split,
        model: ModelKind,
        selected_on: Option<Part>,
        curve: &[Option<f64>],
    ) {
        for part in [Part::Train, Part::Validate, Part::Test] {
            let score = score(series, split, curve, part);
            let floor = if model == ModelKind::FLOOR {
                Some(score.rmse_mm)
            } else {
                self.metrics
                    .iter()
                    .find(|row| row.model == ModelKind::FLOOR && row.part == part)
                    .map(|row| row.rmse_mm_per_month)
            };
            let cumulative = (part == Part::Test)
                .then(|| cumulative_rmse_mm(series, split, curve))
                .flatten();
            self.metrics.push(MetricRow {
                well: series.well.clone(),
                model,
                part,
                selected_on,
                points: split.points_of(series, part),
                increments: score.count,
                rmse_mm_per_month: score.rmse_mm,
                mae_mm_per_month: score.mae_mm,
                bias_mm_per_month: score.bias_mm,
                r2: score.r2,
                floor_mm_per_month: floor,
                cumulative_rmse_mm: cumulative,
            });
        }
    }
}

fn chosen_by(selection: Selection) -> Part {
    match selection {
        Selection::Validation => Part::Validate,
        Selection::Test => Part::Test,
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn attention<'a>(
    series: &'a WellSeries,
    simulation: &'a Simulation,
) -> impl Iterator<Item = AttentionRow> + 'a {
    series
        .months
        .iter()
        .enumerate()
        .flat_map(move |(step, month)| {
            series
                .aquifer_layers
                .iter()
                .enumerate()
                .map(move |(layer, name)| AttentionRow {
                    well: series.well.clone(),
                    month: *month,
                    layer: name.clone(),
                    level_m: series.level_m[step][layer].map(f64::from),
                    attention: f64::from(simulation.attention[step][layer]),
                })
        })
}
