//! The folder that one training run leaves behind.
//!
//! `config.toml` (resolved), `run.json` (what it is made from, see [`RunIdentity`]), `models/<well>.f32.amlm` (the network that `network.kind` names) and
//! `models/<kind>/<well>.f32.amlm` (the other), and the tables `metrics.csv`, `predictions.csv`, `attention.csv`, `training.csv`; of the first
//! [`WELLS_IN_FULL`] wells also `ps_points.csv`, `attribution.csv` and what `amlstm check` says (`levels_as_read.csv`, `ground_as_read.csv`, `hints.csv`), `levelling.csv` where there are benchmarks, and `failures.csv` where wells have no
//! model. A name never stands for half a file once the run is finished.
//!
//! While a run is going on, what it found at each well lies in `parts/`; [`RunFolder::finish`] joins the parts to the tables in well
//! order and removes them. So a run of any number of wells needs the memory of a few, and one that was interrupted can go on. Where wells failed, the parts
//! stay, and going on tries those wells again.

mod columns;
mod error;
mod file;
mod file_name;
mod finish;
mod fitted_network;
mod identity;
mod lock;
mod merge;
mod model_kind;
mod part_file;
mod predictions;
mod report_rows;
mod resume;
mod rows;
mod shard;
pub(crate) mod table;
mod well_run;
mod well_run_error;

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    config::{Config, NetworkKind},
    quantise::MonthOfLevels,
    read::listed,
    split::Part,
    survey::{GroundSurvey, Hint, LayerSurvey},
};

pub use error::RunError;
pub use file::write_atomically;
pub use file_name::file_stem;
pub use identity::{RunIdentity, hash_of_folders, hash_of_wells};
pub use merge::MergeError;
pub use model_kind::ModelKind;
pub use rows::{
    AttentionRow, FailureRow, LevelledPoint, MetricRow, PredictionRow, RatePoint, Row, Share,
    Stage, TrainingRow,
};
pub use shard::Shard;
pub use well_run::{BASELINES, TrainedModel, WellRun};
pub use well_run_error::WellRunError;

use file_name::file_stems;
use lock::Lock;
use table::Wanted;

/// Names of the tables in the order of a part's chunks, in which they are also written.
pub const TABLES: [&str; 9] = [
    MetricRow::TABLE,
    PredictionRow::TABLE,
    AttentionRow::TABLE,
    RatePoint::TABLE,
    Share::TABLE,
    TrainingRow::TABLE,
    LayerSurvey::TABLE,
    GroundSurvey::TABLE,
    Hint::TABLE,
];

/// Wells that the report shows in full, with figures. Of a larger run the others stand in the tables, and any of them can be drawn by `amlstm figure`.
pub const WELLS_IN_FULL: usize = 40;

/// The networks that every run trains.
pub const NETWORKS: [NetworkKind; 2] = [NetworkKind::AmLstm, NetworkKind::Lstm];

/// The resolved configuration.
const CONFIG: &str = "config.toml";

/// Folder of the model files.
const MODELS: &str = "models";

/// Folder of what is finished while the run goes on.
const PARTS: &str = "parts";

/// A run folder.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    identity: RunIdentity,
    /// File name of each well, without its ending.
    stems: Vec<String>,
    config: Config,
    /// Held while the run is written.
    _lock: Option<Lock>,
}

impl RunFolder {
    /// Makes a folder for a new run and writes what it is made from; no other process can write it until this value is dropped.
    ///
    /// # Errors
    /// When the folder exists and is not empty, or cannot be written.
    pub fn create(path: &Path, config: &Config, identity: RunIdentity) -> Result<Self, RunError> {
        let not_empty = || RunError::NotEmpty {
            path: path.to_owned(),
        };
        let mut entries = fs::read_dir(path).into_iter().flatten();
        if entries.next().is_some() {
            return Err(not_empty());
        }
        let folder = Self::locked(path, config, identity)?;
        // Another process may have been faster.
        if RunIdentity::read(path)?.is_some() {
            return Err(not_empty());
        }
        folder.write_beginning(config)?;
        Ok(folder)
    }

    /// Writes what the run is made from, the identity last.
    fn write_beginning(&self, config: &Config) -> Result<(), RunError> {
        let text = config.to_documented_toml()?;
        write_atomically(&self.path.join(CONFIG), text.as_bytes())?;
        self.identity.write(&self.path)
    }

    /// Makes the inner folders and takes the lock.
    fn locked(path: &Path, config: &Config, identity: RunIdentity) -> Result<Self, RunError> {
        let make = |folder: &Path| {
            fs::create_dir_all(folder).map_err(|source| RunError::file(folder, source))
        };
        let parts = path.join(PARTS);
        make(&parts)?;
        let lock = Lock::take(&parts, path)?;
        let folder = Self {
            _lock: Some(lock),
            ..Self::new(path, config, identity)
        };
        for network in NETWORKS {
            make(&folder.models_of(network))?;
        }
        Ok(folder)
    }

    fn new(path: &Path, config: &Config, identity: RunIdentity) -> Self {
        Self {
            path: path.to_owned(),
            stems: file_stems(&identity.wells),
            identity,
            config: config.clone(),
            _lock: None,
        }
    }

    /// Opens a finished run.
    ///
    /// # Errors
    /// [`RunError::NotARun`], or when a file of it cannot be read.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let finished = path.join(TABLES[0]).is_file() && path.join(MODELS).is_dir();
        match RunIdentity::read(path)? {
            Some(identity) if finished => {
                let config = Config::read(&path.join(CONFIG))?;
                Ok(Self::new(path, &config, identity))
            }
            _ => Err(RunError::NotARun {
                path: path.to_owned(),
            }),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is made from.
    pub fn identity(&self) -> &RunIdentity {
        &self.identity
    }

    /// What the run was asked to do.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The network that `network.kind` made the wells' model.
    pub fn network(&self) -> NetworkKind {
        self.config.network.kind
    }

    /// Where a well's model file is; nothing for a well that the run does not have.
    pub fn model_path(&self, well: &str, network: NetworkKind) -> Option<PathBuf> {
        let number = self.identity.wells.iter().position(|id| id == well)?;
        Some(self.model_path_of(number, network))
    }

    fn model_path_of(&self, number: usize, network: NetworkKind) -> PathBuf {
        let name = format!("{}.f32.amlm", self.stems[number]);
        self.models_of(network).join(name)
    }

    /// The wells' models lie in `models/`, those they are compared with in a folder of it with the name of their kind.
    fn models_of(&self, network: NetworkKind) -> PathBuf {
        let models = self.path.join(MODELS);
        if network == self.network() {
            models
        } else {
            models.join(ModelKind::Network(network).to_string())
        }
    }

    /// The well that is asked for, or the only one there is.
    ///
    /// # Errors
    /// When the run has no such well, or several and none is asked for.
    pub fn one_well(&self, asked: Option<&str>) -> Result<String, RunError> {
        let wells = self.wells()?;
        match (asked, &wells[..]) {
            (Some(asked), _) if wells.iter().any(|well| well == asked) => Ok(asked.to_owned()),
            (None, [well]) => Ok(well.clone()),
            (asked, _) => Err(RunError::WhichWell {
                path: self.path.clone(),
                asked: asked.map_or(String::new(), |well| format!(" \"{well}\"")),
                known: listed(&wells),
            }),
        }
    }

    /// Wells of a finished run that have models, in its order.
    ///
    /// # Errors
    /// When `failures.csv` cannot be read.
    pub fn wells(&self) -> Result<Vec<String>, RunError> {
        let failures = self.failures()?;
        let failed: HashSet<&str> = failures.iter().map(|row| row.well.as_str()).collect();
        let wells = self.identity.wells.iter();
        Ok(wells
            .filter(|well| !failed.contains(well.as_str()))
            .cloned()
            .collect())
    }

    /// Wells of a finished run without a model.
    ///
    /// # Errors
    /// When `failures.csv` cannot be read.
    pub fn failures(&self) -> Result<Vec<FailureRow>, RunError> {
        table::read_optional(&self.path)
    }

    /// Scores on the test part of the first [`WELLS_IN_FULL`] wells of a finished run.
    ///
    /// # Errors
    /// When `metrics.csv` cannot be read.
    pub fn test_scores(&self) -> Result<Vec<MetricRow>, RunError> {
        let (mut last, mut wells) = (String::new(), 0);
        let wanted = |well: &str| {
            if last != well {
                well.clone_into(&mut last);
                wells += 1;
            }
            if wells > WELLS_IN_FULL {
                Wanted::NoMore
            } else {
                Wanted::Yes
            }
        };
        let mut rows: Vec<MetricRow> = Vec::new();
        table::read_wanted(&self.path, wanted, |row: MetricRow| {
            if row.part == Part::Test {
                rows.push(row);
            }
        })?;
        Ok(rows)
    }

    /// Monthly levels that a well's models were run over, in the order of its aquifer layers.
    ///
    /// # Errors
    /// When `attention.csv` cannot be read.
    pub fn levels(&self, well: &str) -> Result<Vec<MonthOfLevels>, RunError> {
        let mut months: Vec<MonthOfLevels> = Vec::new();
        let wanted = |of: &str| {
            if of == well { Wanted::Yes } else { Wanted::No }
        };
        table::read_wanted(&self.path, wanted, |row: AttentionRow| {
            let level_m = row.level_m.map(|level_m| level_m as f32);
            match months.last_mut() {
                Some((last, levels)) if *last == row.month => levels.push(level_m),
                _ => months.push((row.month, vec![level_m])),
            }
        })?;
        Ok(months)
    }

    fn failed(&self, source: io::Error) -> RunError {
        RunError::file(&self.path, source)
    }

    fn part_path(&self, number: usize) -> PathBuf {
        self.path.join(PARTS).join(format!("{number:08}"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A run of wells with these ids.
    pub(crate) fn identity<'a>(wells: impl IntoIterator<Item = &'a str>) -> RunIdentity {
        RunIdentity {
            shard: None,
            data: "hash".into(),
            wells: wells.into_iter().map(str::to_owned).collect(),
        }
    }

    /// A well with one row in one table.
    pub(crate) fn well(id: &str) -> WellRun {
        let mut well = WellRun::empty(id);
        well.training = vec![TrainingRow {
            well: well.well.clone(),
            model: ModelKind::LSTM,
            epoch: 1,
            train_rmse_mm_per_month: 1.5,
            validate_rmse_mm_per_month: None,
            test_rmse_mm_per_month: Some(2.0),
            kept: true,
        }];
        well
    }

    pub(crate) fn failure(well: &str) -> FailureRow {
        FailureRow {
            well: well.into(),
            stage: Stage::Train,
            message: "diverged".into(),
        }
    }

    #[test]
    fn every_model_of_a_run_has_a_file_of_its_own_even_where_case_makes_no_difference() {
        let wells = ["A", "a", "A.lstm", "lstm", "a~1", "lstm/A", "B"];
        let config = Config::default();
        let run = RunFolder::new(Path::new("run"), &config, identity(wells));
        let mut paths = HashSet::new();
        for well in wells {
            for network in NETWORKS {
                let path = run.model_path(well, network).unwrap();
                let path = path.to_str().unwrap().to_lowercase();
                assert!(paths.insert(path.clone()), "{path}");
            }
        }
        let path = |well, network| run.model_path(well, network).unwrap();
        assert_eq!(
            path("A", NetworkKind::AmLstm),
            Path::new("run/models/A.f32.amlm")
        );
        assert_eq!(
            path("A", NetworkKind::Lstm),
            Path::new("run/models/lstm/A.f32.amlm")
        );
        assert_eq!(run.model_path("C", NetworkKind::Lstm), None);
    }

    #[test]
    fn the_named_network_is_the_wells_model() {
        let mut config = Config::default();
        config.network.kind = NetworkKind::Lstm;
        let run = RunFolder::new(Path::new("run"), &config, identity(["A"]));
        let path = |network| run.model_path("A", network).unwrap();
        assert_eq!(path(NetworkKind::Lstm), Path::new("run/models/A.f32.amlm"));
        assert_eq!(
            path(NetworkKind::AmLstm),
            Path::new("run/models/am-lstm/A.f32.amlm")
        );
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let create = || RunFolder::create(&path, &Config::default(), identity(["A"]));
        let run = create().unwrap();
        assert!(path.join(CONFIG).is_file() && !run.has_well(0));
        assert!(create().unwrap_err().to_string().contains("not empty"));
        let error = RunFolder::open(&path).unwrap_err().to_string();
        assert!(error.contains("not a finished run"), "{error}");
    }
}
