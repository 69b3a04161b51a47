//! One training of the study: split, train, export, and score the exported file.

use amlstm_core::artifact::ModelFile;
use amlstm_core::estimator::Estimator;

use crate::attribution;
use crate::baseline::{Baseline, Curve, PreparedWell};
use crate::config::{Config, NetworkKind};
use crate::export::{Beside, model_file};
use crate::metric::{Score, Simulation, cumulative_rmse_mm, score};
use crate::split::{Part, Split};
use crate::train::{Epoch, TrainError, train_well};

use super::{Job, Setting, StudyError, Subject};

/// One network trained with one seed, scored as exported.
#[derive(Debug, Clone)]
pub struct Run {
    /// Index of the subject.
    pub well: usize,
    /// In what it differs from the configured training.
    pub setting: Setting,
    /// Which network.
    pub network: NetworkKind,
    /// Seed of split, weights and batches.
    pub seed: u64,
    /// What came of it.
    pub outcome: Outcome,
}

/// What a training led to.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// A model.
    Scored(Box<Scored>),
    /// Training diverged; counted, not hidden.
    Diverged,
}

/// Scores of an exported model.
#[derive(Debug, Clone)]
pub struct Scored {
    /// Training part.
    pub train: Score,
    /// Validation part.
    pub validate: Score,
    /// Test part.
    pub test: Score,
    /// RMSE of the training points' mean on the test part, mm per month; NaN when months are held out.
    pub floor_rmse_mm: f64,
    /// RMSE of the cumulative free run over the test months, mm; NaN when points are held out.
    pub free_run_rmse_mm: f64,
    /// RMSE when the levels of the month itself are not known yet, mm per month; NaN when points are held out.
    pub forecast_rmse_mm: f64,
    /// Epoch that was kept, from 1.
    pub best_epoch: usize,
    /// Scores after each epoch; kept for the configured setting only.
    pub epochs: Vec<Epoch>,
    /// Mean attention and permutation importance; of the configured AM-LSTM only.
    pub shares: Option<[Vec<f64>; 2]>,
}

impl Run {
    /// The scores, unless training diverged.
    pub fn scored(&self) -> Option<&Scored> {
        match &self.outcome {
            Outcome::Scored(scored) => Some(scored),
            Outcome::Diverged => None,
        }
    }
}

/// Trains and scores one network. A training that diverges is an outcome, everything else that fails is an error.
pub(super) fn run(subject: &Subject, job: &Job, config: &Config) -> Result<Outcome, StudyError> {
    let mut config = job.setting.apply(config);
    config.network.kind = job.network;
    let series = match (job.setting, &subject.scenes) {
        (Setting::SceneSteps, Some(scenes)) => scenes,
        _ => &subject.series,
    };
    let split = Split::new(series, &config.split, job.seed)?;
    let prepared =
        PreparedWell::new(series, &split, job.seed).ok_or_else(|| StudyError::NoLevels {
            well: series.well.clone(),
        })?;
    let trained = match train_well(series, &split, &config, job.seed) {
        Err(TrainError::Diverged { .. }) => return Ok(Outcome::Diverged),
        trained => trained?,
    };
    let bytes = model_file(&trained, series, &split, 1, Beside::default())?;
    let file = ModelFile::parse(&bytes).expect("the exporter's own files parse");
    let simulation = Simulation::new(&file, series);
    let curve = simulation.curve();
    let floor = |prepared: &PreparedWell| {
        let applies = Baseline::Floor.applies_to(prepared);
        let curves = if applies {
            Baseline::Floor.fit(std::slice::from_ref(prepared))
        } else {
            Vec::new()
        };
        curves.first().map_or(f64::NAN, |curve| {
            score(series, &split, curve, Part::Test).rmse_mm
        })
    };
    let configured = job.setting == Setting::Configured;
    let shares = || {
        let attention = attribution::attention(&simulation, series)?;
        let predict = |levels: &attribution::Levels| attribution::curve(&file, series, levels);
        let permutation = attribution::permutation(&prepared, predict, job.seed);
        let permutation = permutation.iter().map(|importance| importance.share);
        Some([attention, permutation.collect()])
    };
    Ok(Outcome::Scored(Box::new(Scored {
        train: score(series, &split, &curve, Part::Train),
        validate: score(series, &split, &curve, Part::Validate),
        test: score(series, &split, &curve, Part::Test),
        floor_rmse_mm: floor(&prepared),
        free_run_rmse_mm: cumulative_rmse_mm(series, &split, &curve).unwrap_or(f64::NAN),
        forecast_rmse_mm: forecast(&file, &prepared).map_or(f64::NAN, |curve| {
            score(series, &split, &curve, Part::Test).rmse_mm
        }),
        best_epoch: trained.best_epoch,
        epochs: if configured {
            trained.history
        } else {
            Vec::new()
        },
        shares: if configured && job.network == NetworkKind::AmLstm {
            shares()
        } else {
            None
        },
    })))
}

/// The test months' rates when the level of each is a forecast from the months before; `None` when points are held out.
fn forecast(file: &ModelFile, prepared: &PreparedWell) -> Option<Curve> {
    let test = prepared.test_steps();
    if test.is_empty() {
        return None;
    }
    let series = prepared.series;
    let mut estimator = Estimator::cold(file);
    let mut curve = vec![None; prepared.steps()];
    for (step, (month, levels)) in series.months.iter().zip(&series.level_m).enumerate() {
        if test.contains(&step) {
            let expected: Vec<Option<f32>> = prepared
                .forecast_levels(step, 1)
                .level_m()
                .last()
                .into_iter()
                .flatten()
                .map(|&level| Some(level as f32))
                .collect();
            curve[step] = Some(f64::from(
                estimator
                    .clone()
                    .step_across_gap(*month, &expected)
                    .network
                    .increment_mm,
            ));
        }
        estimator.step_across_gap(*month, levels);
    }
    Some(curve)
}
