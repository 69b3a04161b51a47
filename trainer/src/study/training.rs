//! One training of the study: split, train, export, and score the exported file.

use amlstm_core::artifact::ModelFile;
use amlstm_core::estimator::Estimator;

use crate::attribution;
use crate::baseline::{Baseline, Curve, Problem};
use crate::config::{Config, NetworkKind};
use crate::export::model_file;
use crate::metric::{Simulation, cumulative_rmse_mm, score};
use crate::split::{Part, Split};
use crate::train::{TrainError, train_well};

use super::{Job, Outcome, Scored, Setting, StudyError, Subject};

/// Trains and scores one network. A training that diverges is an outcome, everything else that fails is an error.
pub fn run(subject: &Subject, job: &Job, config: &Config) -> Result<Outcome, StudyError> {
    let mut config = job.setting.apply(config);
    config.network.kind = job.network;
    let series = match (job.setting, &subject.scenes) {
        (Setting::SceneSteps, Some(scenes)) => scenes,
        _ => &subject.series,
    };
    let split = Split::new(series, &config.split, job.seed)?;
    let problem = Problem::new(series, &split, job.seed).ok_or_else(|| StudyError::NoLevels {
        well: series.well.clone(),
    })?;
    let trained = match train_well(series, &split, &config, job.seed) {
        Err(TrainError::Diverged { .. }) => return Ok(Outcome::Diverged),
        trained => trained?,
    };
    let bytes = model_file(&trained, series, &split, 1)?;
    let file = ModelFile::parse(&bytes).expect("the exporter's own files parse");
    let simulation = Simulation::new(&file, series);
    let curve = simulation.curve();
    let floor = |problem: &Problem| {
        let applies = Baseline::Floor.applies_to(problem);
        let curves = if applies {
            Baseline::Floor.fit(std::slice::from_ref(problem))
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
        let permutation = attribution::permutation(&problem, predict, job.seed);
        let permutation = permutation.iter().map(|importance| importance.share);
        Some([attention, permutation.collect()])
    };
    Ok(Outcome::Scored(Box::new(Scored {
        train: score(series, &split, &curve, Part::Train),
        validate: score(series, &split, &curve, Part::Validate),
        test: score(series, &split, &curve, Part::Test),
        floor_rmse_mm: floor(&problem),
        free_run_rmse_mm: cumulative_rmse_mm(series, &split, &curve).unwrap_or(f64::NAN),
        forecast_rmse_mm: forecast(&file, &problem).map_or(f64::NAN, |curve| {
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
fn forecast(file: &ModelFile, problem: &Problem) -> Option<Curve> {
    let test = problem.test_steps();
    if test.is_empty() {
        return None;
    }
    let series = problem.series;
    let mut estimator = Estimator::new(file);
    let mut curve = vec![None; problem.steps()];
    for (step, (month, levels)) in series.months.iter().zip(&series.level_m).enumerate() {
        if test.contains(&step) {
            let expected: Vec<Option<f32>> = problem
                .forecast_levels(step)
                .level_m()
                .last()
                .into_iter()
                .flatten()
                .map(|&level| Some(level as f32))
                .collect();
            curve[step] = Some(f64::from(
                estimator.clone().step(*month, &expected).increment_mm,
            ));
        }
        estimator.step(*month, levels);
    }
    Some(curve)
}
