//! One well of a run: both networks trained, exported, and scored as a logger runs them, with the baselines beside.

use amlstm_core::artifact::{ArtifactError, ModelFile};
use amlstm_core::estimate::Primary;

use super::{
    AttentionRow, MetricRow, ModelKind, NETWORKS, PredictionRow, RatePoint, Share, Stage, TABLES,
    TrainingRow, table,
};
use crate::{
    baseline::{Baseline, Curve, Problem},
    config::{Config, NetworkKind, Pretrain, Selection},
    evaluate::{Choice, choose},
    export::{AlignedBytes, Beside, ExportError, FittedPhysics, model_file},
    fit_notes::{Fit, FitNotes},
    metric::{Simulation, cumulative_rmse_mm, score},
    pretrain,
    read::Well,
    series::{DAYS_PER_MONTH, SeriesError, WellSeries},
    split::{Part, Split, SplitError},
    survey::Survey,
    train::{TrainError, TrainedWell, refit_well, train_well},
};

/// Baselines that every run shows beside the networks.
pub const BASELINES: [Baseline; 5] = [
    Baseline::Floor,
    Baseline::NoChange,
    Baseline::Persistence,
    Baseline::MonthClimatology,
    Baseline::Physics,
];

/// Share of the points below the lower and above the upper line of [`PredictionRow`].
const TAIL: f64 = 0.05;

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
    /// Rates of the well's ps points, see [`WellRun::add_report_rows`].
    pub rates: Vec<RatePoint>,
    /// Shares of its aquifer layers, see [`WellRun::add_report_rows`].
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

/// A network fitted to the training and validation parts.
struct FittedNetwork {
    trained: TrainedWell,
    /// Its file.
    file: AlignedBytes,
    /// Rates of all months by a network that never saw the validation part; nothing where that part chose the epoch.
    early: Option<Curve>,
}

impl FittedNetwork {
    fn new(series: &WellSeries, split: &Split, config: &Config) -> Result<Self, WellRunError> {
        let exported = |trained: &TrainedWell| {
            model_file(
                trained,
                series,
                split,
                config.model_version,
                Beside::default(),
            )
        };
        let (early, trained) = match config.training.pretrain {
            Pretrain::None => (None, train_well(series, split, config, config.seed)?),
            Pretrain::Physics => {
                let (early, last) = pretrain::train_twice(series, split, config, config.seed)?;
                let file = exported(&early)?;
                let curve = Simulation::new(&parsed(series, &file)?, series).curve();
                (Some(curve), last)
            }
        };
        Ok(Self {
            file: exported(&trained)?,
            trained,
            early,
        })
    }
}

/// The model file for a logger: with physics and notes and, unless the configuration says otherwise, refitted to everything observed and up to date.
fn shipped(
    series: &WellSeries,
    split: &Split,
    config: &Config,
    scored: &TrainedWell,
    physics: Option<&FittedPhysics>,
    primary: Primary,
    notes: Option<&FitNotes>,
) -> Result<AlignedBytes, WellRunError> {
    let file = |trained: &TrainedWell, split: &Split, physics: Option<&FittedPhysics>| {
        let beside = Beside {
            physics: physics.map(|physics| (physics, primary)),
            notes,
            is_current: config.training.refit,
        };
        model_file(trained, series, split, config.model_version, beside)
    };
    if !config.training.refit {
        return Ok(file(scored, split, physics)?);
    }
    let refitted = match config.training.pretrain {
        Pretrain::None => refit_well(series, split, config, scored)?,
        Pretrain::Physics => pretrain::refit_well(series, split, config, scored)?,
    };
    let physics = physics.map(|physics| physics.refitted(series, split, config.seed));
    Ok(file(&refitted, &split.of_everything(), physics.as_ref())?)
}

fn parsed<'a>(series: &WellSeries, file: &'a AlignedBytes) -> Result<ModelFile<'a>, WellRunError> {
    ModelFile::parse(file).map_err(|source| WellRunError::Model {
        well: series.well.clone(),
        source,
    })
}

/// Why a well has no model.
#[derive(Debug, thiserror::Error)]
pub enum WellRunError {
    /// Its measurements make no series.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// Its series cannot be split.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The model cannot be exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The exported model is not one that a logger would take.
    #[error("well {well}: the exported model cannot be used")]
    Model {
        /// Well id.
        well: String,
        /// What is wrong with it.
        source: ArtifactError,
    },
}

impl WellRunError {
    /// Where it failed.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Series(_) => Stage::Series,
            Self::Split(_) => Stage::Split,
            Self::Train(_) => Stage::Train,
            Self::Export(_) | Self::Model { .. } => Stage::Export,
        }
    }
}

impl WellRun {
    /// Trains and judges both networks of a well.
    ///
    /// # Errors
    /// When the well cannot be trained; other wells are not concerned.
    pub fn new(well: &Well, config: &Config) -> Result<Self, WellRunError> {
        let series = WellSeries::new(well, &config.data)?;
        let split = Split::new(&series, &config.split, config.seed)?;
        let problem = Problem::new(&series, &split, config.seed);
        let physics = problem.as_ref().and_then(FittedPhysics::new);
        let mut run = Self::empty(&series.well);
        if let Some(problem) = &problem {
            run.add_baselines(problem);
        }
        for kind in NETWORKS {
            let mut config = config.clone();
            config.network.kind = kind;
            let fitted = FittedNetwork::new(&series, &split, &config)?;
            let scored = parsed(&series, &fitted.file)?;
            run.add_network(&series, &split, &config, &fitted.trained, &scored);
            let choice = match (&physics, &fitted.early) {
                (Some(physics), Some(early)) => choose(
                    &series,
                    &split,
                    std::slice::from_ref(early),
                    std::slice::from_ref(&physics.early),
                ),
                (Some(_), None) => Choice {
                    primary: Primary::Physics,
                    reason: "the network chose its epoch by the validation part, which cannot judge it then"
                        .to_owned(),
                },
                (None, _) => Choice {
                    primary: Primary::Network,
                    reason: "steps are not successive months: no physics".to_owned(),
                },
            };
            let notes = problem.as_ref().map(|problem| {
                let fit = Fit {
                    problem,
                    physics: physics.as_ref(),
                    network: &scored,
                    network_half_width_mm: fitted.trained.interval_half_width_mm,
                    choice: &choice,
                };
                FitNotes::new(&fit, config.training.refit)
            });
            let file = shipped(
                &series,
                &split,
                &config,
                &fitted.trained,
                physics.as_ref(),
                choice.primary,
                notes.as_ref(),
            )?;
            parsed(&series, &file)?;
            drop(scored);
            run.models.push(TrainedModel {
                network: kind,
                file,
                scored: fitted.file,
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

    fn add_baselines(&mut self, problem: &Problem) {
        let (series, split) = (problem.series, problem.split);
        for baseline in BASELINES
            .into_iter()
            .filter(|baseline| baseline.applies_to(problem))
        {
            if let Some(curve) = baseline.fit(std::slice::from_ref(problem)).pop() {
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

fn predictions<'a>(
    series: &'a WellSeries,
    split: &'a Split,
    model: ModelKind,
    simulation: &'a Simulation,
    file: &'a ModelFile,
) -> impl Iterator<Item = PredictionRow> + 'a {
    let observed = observed_mm(series);
    let parts = step_parts(series, split);
    let days = days_of_steps(series);
    let first = series.intervals.first().map_or(0, |interval| interval.from);
    let trained_until = file.record().trained_until;
    let months = months_of_steps(series);
    let mut subsidence_mm = 0.0;
    series.months.iter().enumerate().map(move |(step, month)| {
        let increment_mm = f64::from(simulation.increment_mm[step]);
        if step > first {
            subsidence_mm += increment_mm * months[step];
        }
        let row = PredictionRow {
            well: series.well.clone(),
            model,
            month: *month,
            part: parts[step],
            days: days[step],
            observed_subsidence_mm: observed[step].map(|observed| observed.mean),
            observed_low_mm: observed[step].map(|observed| observed.low),
            observed_high_mm: observed[step].map(|observed| observed.high),
            predicted_increment_mm: increment_mm,
            predicted_subsidence_mm: (step >= first).then_some(subsidence_mm),
        };
        if *month == trained_until {
            subsidence_mm = f64::from(file.start().subsidence_mm);
        }
        row
    })
}

/// Part of each step where months are held out: that of the interval it belongs to.
fn step_parts(series: &WellSeries, split: &Split) -> Vec<Option<Part>> {
    let mut parts = vec![None; series.months.len()];
    if let Split::Time(of_interval) = split {
        for (interval, part) in series.intervals.iter().zip(of_interval) {
            parts[interval.from + 1..=interval.to].fill(Some(*part));
        }
    }
    parts
}

/// Days of the interval that ends at each step.
fn days_of_steps(series: &WellSeries) -> Vec<Option<f64>> {
    let mut days = vec![None; series.months.len()];
    for interval in &series.intervals {
        days[interval.to] = Some(interval.days);
    }
    days
}

/// Months of [`DAYS_PER_MONTH`] that pass in each step, so that the steps of an interval take its days: at an observed step the modelled sum is then that of
/// the day of the observation, as it is scored. One where nothing was observed any more.
fn months_of_steps(series: &WellSeries) -> Vec<f64> {
    let mut months = vec![1.0; series.months.len()];
    for interval in &series.intervals {
        let steps = (interval.to - interval.from) as f64;
        months[interval.from + 1..=interval.to].fill(interval.days / DAYS_PER_MONTH / steps);
    }
    months
}

/// Cumulative subsidence of the points at one step, in mm since the first observation.
#[derive(Clone, Copy)]
struct Observed {
    mean: f64,
    low: f64,
    high: f64,
}

/// What was observed at each step. The mean adds up the mean increments, so a point that misses a scene still counts in the others; the
/// tails are those of the points observed throughout.
fn observed_mm(series: &WellSeries) -> Vec<Option<Observed>> {
    let mut observed = vec![None; series.months.len()];
    let mut mean = 0.0;
    let mut sums: Vec<Option<f64>> = vec![Some(0.0); series.points.len()];
    for (i, interval) in series.intervals.iter().enumerate() {
        if i == 0 {
            observed[interval.from] = Some(Observed {
                mean: 0.0,
                low: 0.0,
                high: 0.0,
            });
        }
        let Some(increment) = series.mean_increment_mm(i) else {
            break;
        };
        mean += increment;
        for (sum, point) in sums.iter_mut().zip(&series.points) {
            *sum = sum
                .zip(point.increment_mm[i])
                .map(|(sum, increment)| sum + f64::from(increment));
        }
        let mut sorted: Vec<f64> = sums.iter().copied().flatten().collect();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| {
            sorted
                .get(((sorted.len() as f64 - 1.0) * share).round() as usize)
                .copied()
                .unwrap_or(mean)
        };
        observed[interval.to] = Some(Observed {
            mean,
            low: at(TAIL),
            high: at(1.0 - TAIL),
        });
    }
    observed
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
