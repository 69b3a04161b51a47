//! The paper's study, repeated and extended: LSTM against AM-LSTM at every well, paired over seeds, beside every baseline.
//!
//! A pair is one seed: it draws the split of the ps points, the first weights and the order of the batches, the same for both networks. Everything is scored on
//! what ships: the exported model file, run by the core. Whether a setting is good is never decided on test data, but for the one setting that repeats the
//! paper's own protocol and says so.

mod baselines;
mod comparison;
mod setting;
pub mod swap;
mod table;
mod tidy;
mod training;

use rayon::prelude::*;

use crate::attribution::{Attribution, Method, WellAttribution};
use crate::baseline::{Baseline, PhysicsFit};
use crate::config::{Config, NetworkKind};
use crate::export::ExportError;
use crate::series::WellSeries;
use crate::split::SplitError;
use crate::train::TrainError;

pub use baselines::BaselineRun;
pub use comparison::{Comparison, PAPER_TABLE_2, PAPER_TABLE_3, paper_table_3};
pub use setting::Setting;
pub use table::{Summary, Table, number};
pub use tidy::Tidy;
pub use training::{Outcome, Run, Scored};

use baselines::{baselines, prepared_wells, splits};

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
    let wells = prepared_wells(&subject.series, &splits, seeds)?;
    let physics = wells
        .iter()
        .map(|prepared| PhysicsFit::new(prepared).layer_shares(prepared))
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
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

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

    /// The study of [`small`] with two seeds, and how many pieces of work it reported.
    fn study(threads: usize) -> (Study, usize) {
        let (subjects, config) = small();
        let done = AtomicUsize::new(0);
        let count = || {
            done.fetch_add(1, Ordering::Relaxed);
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let study = pool.install(|| run(subjects, &config, &[1, 2], &count));
        (study.unwrap(), done.into_inner())
    }

    /// [`study`] by three threads. It takes seconds and is read by every test.
    static STUDY: LazyLock<(Study, usize)> = LazyLock::new(|| study(3));

    #[test]
    fn the_number_of_threads_changes_no_byte() {
        assert_eq!(study(1).0.tidy(), STUDY.0.tidy());
    }

    #[test]
    fn every_piece_of_work_is_reported_and_every_training_is_a_row() {
        let (subjects, config) = small();
        let (study, done) = &*STUDY;
        assert_eq!(*done, work(&subjects, &config, &[1, 2]));
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
        let (study, _) = &*STUDY;
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
            STUDY
                .0
                .summary()
                .tables
                .iter()
                .all(|table| table.caption.starts_with("SYNTHETIC"))
        );
    }
}
