//! The paper's study, repeated and extended: LSTM against AM-LSTM at every well, paired over seeds, beside every baseline.
//!
//! A pair is one seed: it draws the split of the ps points, the first weights and the order of the batches, the same for both networks. Everything is scored on
//! what ships: the exported model file, run by the core. Whether a setting is good is never decided on test data, but for the one setting that repeats the
//! paper's own protocol and says so.

mod comparison;
pub mod swap;
mod table;
mod training;

use rayon::prelude::*;

use crate::attribution::{Attribution, Method, WellAttribution};
use crate::baseline::{Baseline, PhysicsFit, Problem};
use crate::config::{Config, LevelScaling, NetworkKind, Selection};
use crate::export::ExportError;
use crate::metric::{Score, cumulative_rmse_mm, score};
use crate::series::WellSeries;
use crate::split::{Part, Split, SplitError};
use crate::train::{Epoch, TrainError};

pub use comparison::{Comparison, PAPER_TABLE_2, PAPER_TABLE_3, paper_table_3};
pub use table::{Table, Tidy};

/// Batch sizes of the sweep (Cao et al. 2022, Table 2).
pub const BATCHES: [usize; 5] = [8, 16, 32, 64, 128];

/// The two networks, in the order of the tables.
pub const NETWORKS: [NetworkKind; 2] = [NetworkKind::Lstm, NetworkKind::AmLstm];

/// A well to study.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its series with months as steps.
    pub series: WellSeries,
    /// Its series with scenes as steps; `None` at a directly measured well.
    pub scenes: Option<WellSeries>,
    /// True shares of the aquifer layers, known of synthetic wells only.
    pub true_shares: Option<Vec<f64>>,
}

/// In what a training differs from the configured one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// As configured.
    Configured,
    /// Another batch size.
    Batch(usize),
    /// Another scaling of the levels.
    Scaling(LevelScaling),
    /// The epoch is chosen on the test part, as in the paper: flatters the test score.
    TestSelection,
    /// Only months with a scene are steps, as in the paper.
    SceneSteps,
}

impl Setting {
    /// All settings that make sense for a subject.
    fn of(subject: &Subject, config: &Config) -> Vec<Self> {
        let mut settings = vec![Self::Configured];
        if subject.series.points.len() > 1 {
            settings.extend(BATCHES.map(Self::Batch));
        }
        let scalings = [
            LevelScaling::ZScore,
            LevelScaling::Pooled,
            LevelScaling::MinMax,
            LevelScaling::None,
        ];
        settings.extend(
            scalings
                .into_iter()
                .filter(|&scaling| scaling != config.data.level_scaling)
                .map(Self::Scaling),
        );
        settings.push(Self::TestSelection);
        if subject.scenes.is_some() {
            settings.push(Self::SceneSteps);
        }
        settings
    }

    /// Name in files and tables.
    pub fn name(self) -> String {
        match self {
            Self::Configured => "configured".into(),
            Self::Batch(size) => format!("batch {size}"),
            Self::Scaling(scaling) => format!("levels {}", scaling_name(scaling)),
            Self::TestSelection => "epoch chosen on test".into(),
            Self::SceneSteps => "steps = scenes".into(),
        }
    }

    fn apply(self, config: &Config) -> Config {
        let mut config = config.clone();
        match self {
            Self::Configured | Self::SceneSteps => {}
            Self::Batch(size) => config.training.batch = size,
            Self::Scaling(scaling) => config.data.level_scaling = scaling,
            Self::TestSelection => config.training.selection = Selection::Test,
        }
        config
    }
}

/// Name of a scaling in tables.
fn scaling_name(scaling: LevelScaling) -> &'static str {
    match scaling {
        LevelScaling::ZScore => "z-score",
        LevelScaling::Pooled => "pooled z-score",
        LevelScaling::MinMax => "min-max",
        LevelScaling::None => "raw (unscaled)",
    }
}

/// Name of a network in files and tables.
pub fn network_name(network: NetworkKind) -> &'static str {
    match network {
        NetworkKind::Lstm => "LSTM",
        NetworkKind::AmLstm => "AM-LSTM",
    }
}

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

/// A baseline's scores on the test part, one entry a seed.
#[derive(Debug, Clone)]
pub struct BaselineRun {
    /// Index of the subject.
    pub well: usize,
    /// Which baseline.
    pub baseline: Baseline,
    /// Whether months are held out rather than points.
    pub chronological: bool,
    /// Test scores; one entry where neither split nor baseline depends on the seed.
    pub test: Vec<Score>,
    /// RMSE of the cumulative free run over the test months, mm; empty when points are held out or the baseline needs last month's measurement.
    pub free_run_rmse_mm: Vec<f64>,
    /// RMSE when the levels of the month itself are not known yet, mm per month.
    pub forecast_rmse_mm: Option<f64>,
}

/// Everything the study found.
#[derive(Debug, Clone)]
pub struct Study {
    /// The wells.
    pub subjects: Vec<Subject>,
    /// Seeds, in order.
    pub seeds: Vec<u64>,
    /// All trainings, by well, setting, network and seed.
    pub runs: Vec<Run>,
    /// All baselines, by well.
    pub baselines: Vec<BaselineRun>,
    /// Who drives the ground, by well.
    pub attributions: Vec<WellAttribution>,
}

/// Why a study cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// A well cannot be split.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// A well cannot be trained.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A model cannot be exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// An aquifer layer without levels.
    #[error("well {well}: an aquifer layer has no level at all; leave the layer out")]
    NoLevels {
        /// Well id.
        well: String,
    },
}

/// One training to do.
#[derive(Clone, Copy)]
struct Job {
    well: usize,
    setting: Setting,
    network: NetworkKind,
    seed: u64,
}

/// How many pieces of work [`run`] reports as done.
pub fn work(subjects: &[Subject], config: &Config, seeds: &[u64]) -> usize {
    jobs(subjects, config, seeds).len() + subjects.len() * Baseline::ALL.len()
}

fn jobs(subjects: &[Subject], config: &Config, seeds: &[u64]) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (well, subject) in subjects.iter().enumerate() {
        for setting in Setting::of(subject, config) {
            for network in NETWORKS {
                jobs.extend(seeds.iter().map(|&seed| Job {
                    well,
                    setting,
                    network,
                    seed,
                }));
            }
        }
    }
    jobs
}

/// Trains and scores everything; `done` is called after each piece of work. The result does not depend on the number of threads.
///
/// # Errors
///
/// The first well that cannot be split, trained or exported. A training that diverges is an [`Outcome`], not an error.
pub fn run(
    subjects: Vec<Subject>,
    config: &Config,
    seeds: &[u64],
    done: &(dyn Fn() + Sync),
) -> Result<Study, StudyError> {
    let (baselines, runs) = rayon::join(
        || baselines(&subjects, config, seeds, done),
        || {
            let jobs = jobs(&subjects, config, seeds);
            let run = |job: &Job| {
                let outcome = training::run(&subjects[job.well], job, config)?;
                done();
                Ok(Run {
                    well: job.well,
                    setting: job.setting,
                    network: job.network,
                    seed: job.seed,
                    outcome,
                })
            };
            jobs.par_iter()
                .map(run)
                .collect::<Result<Vec<Run>, StudyError>>()
        },
    );
    let (baselines, runs) = (baselines?, runs?);
    let attributions = (0..subjects.len())
        .map(|well| attribution(well, &subjects[well], &runs, config, seeds))
        .collect::<Result<_, StudyError>>()?;
    Ok(Study {
        subjects,
        seeds: seeds.to_vec(),
        runs,
        baselines,
        attributions,
    })
}

/// One split a seed where points are held out; where months are, the split is the same for all.
fn splits(series: &WellSeries, config: &Config, seeds: &[u64]) -> Result<Vec<Split>, SplitError> {
    seeds
        .iter()
        .map(|&seed| Split::new(series, &config.split, seed))
        .collect()
}

fn problems<'a>(
    series: &'a WellSeries,
    splits: &'a [Split],
    seeds: &[u64],
) -> Result<Vec<Problem<'a>>, StudyError> {
    let problem = |(split, &seed)| {
        Problem::new(series, split, seed).ok_or_else(|| StudyError::NoLevels {
            well: series.well.clone(),
        })
    };
    splits.iter().zip(seeds).map(problem).collect()
}

fn baselines(
    subjects: &[Subject],
    config: &Config,
    seeds: &[u64],
    done: &(dyn Fn() + Sync),
) -> Result<Vec<BaselineRun>, StudyError> {
    let work: Vec<(usize, Baseline)> = (0..subjects.len())
        .flat_map(|well| Baseline::ALL.map(|baseline| (well, baseline)))
        .collect();
    let run = |&(well, baseline): &(usize, Baseline)| {
        let series = &subjects[well].series;
        let splits = splits(series, config, seeds)?;
        let problems = problems(series, &splits, seeds)?;
        let run = baseline_run(well, baseline, &problems);
        done();
        Ok(run)
    };
    let runs: Result<Vec<Option<BaselineRun>>, StudyError> = work.par_iter().map(run).collect();
    Ok(runs?.into_iter().flatten().collect())
}

/// `None` if the baseline does not apply.
fn baseline_run(well: usize, baseline: Baseline, problems: &[Problem]) -> Option<BaselineRun> {
    let first = problems.first()?;
    if !baseline.applies_to(first) {
        return None;
    }
    let distinct = if first.is_chronological() && !baseline.is_seeded() {
        &problems[..1]
    } else {
        problems
    };
    let curves = baseline.fit(distinct);
    let test = distinct
        .iter()
        .zip(&curves)
        .map(|(problem, curve)| score(problem.series, problem.split, curve, Part::Test))
        .collect();
    let free_run = distinct
        .iter()
        .zip(&curves)
        .filter_map(|(problem, curve)| cumulative_rmse_mm(problem.series, problem.split, curve));
    let free_run_rmse_mm = if baseline == Baseline::Persistence {
        Vec::new()
    } else {
        free_run.collect()
    };
    let forecast = if first.is_chronological() {
        baseline.forecast(first)
    } else {
        None
    };
    let forecast_rmse_mm =
        forecast.map(|curve| score(first.series, first.split, &curve, Part::Test).rmse_mm);
    Some(BaselineRun {
        well,
        baseline,
        chronological: first.is_chronological(),
        test,
        free_run_rmse_mm,
        forecast_rmse_mm,
    })
}

/// All methods' shares at one well.
fn attribution(
    well: usize,
    subject: &Subject,
    runs: &[Run],
    config: &Config,
    seeds: &[u64],
) -> Result<WellAttribution, StudyError> {
    let of_network: Vec<&[Vec<f64>; 2]> = runs
        .iter()
        .filter(|run| run.well == well)
        .filter_map(|run| run.scored()?.shares.as_ref())
        .collect();
    let by_seed = |method, index: usize| Attribution {
        method,
        shares: of_network
            .iter()
            .map(|shares| shares[index].clone())
            .collect(),
    };
    let splits = splits(&subject.series, config, &seeds[..seeds.len().min(1)])?;
    let problems = problems(&subject.series, &splits, seeds)?;
    let physics = problems
        .iter()
        .map(|problem| PhysicsFit::new(problem).layer_shares(problem))
        .collect();
    let mut methods = Vec::new();
    if !of_network.is_empty() {
        methods.extend([
            by_seed(Method::Attention, 0),
            by_seed(Method::Permutation, 1),
        ]);
    }
    methods.push(Attribution {
        method: Method::Physics,
        shares: physics,
    });
    methods.extend(subject.true_shares.iter().map(|shares| Attribution {
        method: Method::Truth,
        shares: vec![shares.clone()],
    }));
    Ok(WellAttribution {
        well: subject.series.well.clone(),
        aquifer_layers: subject.series.aquifer_layers.clone(),
        methods,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::example;

    /// A directly measured well and a configuration that trains for a few epochs.
    fn small() -> (Vec<Subject>, Config) {
        let levels = example::levels();
        let series = example::well(&levels, |t| 2.0 - 0.5 * levels[t][0]);
        let mut config = Config::default();
        config.training.epochs = 3;
        (
            vec![Subject {
                series,
                scenes: None,
                true_shares: Some(vec![1.0, 0.0]),
            }],
            config,
        )
    }

    fn study(threads: usize) -> Study {
        let (subjects, config) = small();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| run(subjects, &config, &[1, 2], &|| {}))
            .unwrap()
    }

    #[test]
    fn the_number_of_threads_changes_no_byte() {
        assert_eq!(study(1).tidy(), study(3).tidy());
    }

    #[test]
    fn every_piece_of_work_is_reported_and_every_training_is_a_row() {
        let (subjects, config) = small();
        let expected = work(&subjects, &config, &[1, 2]);
        let done = std::sync::atomic::AtomicUsize::new(0);
        let count = || {
            done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        };
        let study = run(subjects, &config, &[1, 2], &count).unwrap();
        assert_eq!(done.into_inner(), expected);
        // Configured, three other scalings, and the epoch chosen on test; two networks, two seeds.
        assert_eq!(study.runs.len(), 5 * 2 * 2);
        let tidy = study.tidy();
        assert_eq!(
            (tidy[0].file, tidy[0].csv.lines().count()),
            ("runs.csv", 1 + 20)
        );
        assert_eq!(study.comparisons().len(), 5);
    }

    #[test]
    fn a_pair_shares_its_seed_and_the_truth_stands_beside_the_methods() {
        let study = study(2);
        for pair in study.runs.chunks(4) {
            let seeds: Vec<u64> = pair.iter().map(|run| run.seed).collect();
            assert_eq!(seeds, [1, 2, 1, 2]);
        }
        let methods: Vec<Method> = study.attributions[0]
            .methods
            .iter()
            .map(|attribution| attribution.method)
            .collect();
        assert_eq!(
            methods,
            [
                Method::Attention,
                Method::Permutation,
                Method::Physics,
                Method::Truth
            ]
        );
    }

    #[test]
    fn synthetic_wells_are_labelled_in_every_caption() {
        assert!(
            study(2)
                .tables()
                .iter()
                .all(|table| table.caption.starts_with("SYNTHETIC"))
        );
    }
}
