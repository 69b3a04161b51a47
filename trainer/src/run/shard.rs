//! Runs that were interrupted, and runs in parts.
//!
//! A well's part of the tables is written when the well is finished, under its number among all wells ([`RunFolder::write_well`]). So a run goes on by training
//! the wells that have no part. A shard trains every N-th well and leaves its parts as they are; merging brings the parts of all
//! shards together and finishes them as a run in one piece does: the bytes are the same by construction.

use std::{fs, path::Path, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{LevelledPoint, MODELS, PARTS, Row, RunError, RunFolder, TABLES, write_beside};
use crate::config::Config;

/// File in a shard's folder that says that the shard is complete.
const SHARD: &str = "shard.json";

/// The I-th of N parts of a run: the wells whose number leaves the remainder I - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// I, from 1.
    pub number: usize,
    /// N.
    pub of: usize,
}

impl Shard {
    /// Whether the shard trains this well; numbers begin at 0.
    pub fn has(self, well: usize) -> bool {
        well % self.of == self.number - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split_once('/')
            .and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)))
            .filter(|(number, of)| (1..=*of).contains(number))
            .map(|(number, of)| Self { number, of })
            .ok_or_else(|| {
                format!("found \"{text}\", expected I/N with I from 1 to N, such as 2/8")
            })
    }
}

/// What a complete shard says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardRecord {
    /// Which one.
    pub shard: Shard,
    /// Ids of all wells of the run, in their order.
    pub wells: Vec<String>,
    /// One line a failed well, with its number.
    pub failed: Vec<(usize, String)>,
}

/// Why shards do not make a run.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A folder is no complete shard.
    #[error(
        "{path}: not a complete shard, expected a folder that `amlstm train --shard` has finished; run it again with --resume"
    )]
    Incomplete {
        /// The folder.
        path: String,
    },
    /// Two folders do not belong together.
    #[error(
        "{path}: {what} differs from that of {first}; shards of one run share data and configuration"
    )]
    Differs {
        /// The folder.
        path: String,
        /// The folder it was compared with.
        first: String,
        /// What differs.
        what: &'static str,
    },
    /// A shard is missing or given twice.
    #[error("shard {number}/{of}: found {found} times, expected once")]
    Count {
        /// Its number.
        number: usize,
        /// Shards of the run.
        of: usize,
        /// How often it was given.
        found: usize,
    },
    /// A folder cannot be read or written.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// What is left to do in a run folder.
#[derive(Debug)]
pub enum Resumed {
    /// Wells without a part.
    Open(RunFolder),
    /// Nothing: the run, or the shard, is complete.
    Complete,
}

impl RunFolder {
    /// Opens a run that was interrupted, or makes the folder if there is none.
    ///
    /// Files that were being written when the run was killed are removed.
    ///
    /// # Errors
    /// When the folder belongs to another configuration or is no run, or cannot be written.
    pub fn resume(path: &Path, config: &Config) -> Result<Resumed, RunError> {
        let folder = Self {
            path: path.to_owned(),
        };
        let inside = |name: &str| path.join(name);
        if !inside("config.toml").is_file() {
            return Self::create(path, config).map(Resumed::Open);
        }
        let found = fs::read(inside("config.toml")).map_err(|source| folder.failed(source))?;
        if found != config.to_documented_toml()?.into_bytes() {
            return Err(RunError::OtherConfig {
                path: path.to_owned(),
            });
        }
        if inside(SHARD).is_file() {
            return Ok(Resumed::Complete);
        }
        // The last table is there only when all are; then removing the parts is all that may be missing.
        if inside(TABLES[TABLES.len() - 1]).is_file() {
            if inside(PARTS).is_dir() {
                fs::remove_dir_all(inside(PARTS)).map_err(|source| folder.failed(source))?;
            }
            return Ok(Resumed::Complete);
        }
        for place in [path.to_owned(), inside(MODELS), inside(PARTS)] {
            fs::create_dir_all(&place).map_err(|source| folder.failed(source))?;
            for entry in fs::read_dir(&place)
                .map_err(|source| folder.failed(source))?
                .flatten()
            {
                if entry.file_name().to_string_lossy().starts_with(".tmp") {
                    fs::remove_file(entry.path()).map_err(|source| folder.failed(source))?;
                }
            }
        }
        Ok(Resumed::Open(folder))
    }

    /// Marks a shard as complete.
    ///
    /// # Errors
    /// When the file cannot be written.
    ///
    /// # Panics
    /// Never: a record is JSON.
    pub fn finish_shard(&self, record: &ShardRecord) -> Result<(), RunError> {
        let json = serde_json::to_vec_pretty(record).expect("a record is JSON");
        write_beside(&self.path.join(SHARD), &json)
    }

    /// Joins complete shards, in any order, to a new run in `out`. Returns its failed wells.
    ///
    /// # Errors
    /// When a shard is incomplete, missing, given twice, or of another run.
    ///
    /// # Panics
    /// Never: without a folder, shard 1/1 is missing.
    pub fn merge(shards: &[&Path], out: &Path) -> Result<Vec<(usize, String)>, MergeError> {
        let records = shards
            .iter()
            .map(|path| record_of(path))
            .collect::<Result<Vec<_>, _>>()?;
        let of = records.first().map_or(1, |(record, _)| record.shard.of);
        for (path, (record, config)) in shards.iter().zip(&records) {
            let (first, first_config) = &records[0];
            let what = match () {
                () if config != first_config => "the configuration",
                () if record.wells != first.wells => "the list of wells",
                () if record.shard.of != of => "the number of shards",
                () => continue,
            };
            let [path, first] = [path, &shards[0]].map(|path| path.display().to_string());
            return Err(MergeError::Differs { path, first, what });
        }
        for number in 1..=of {
            let found = records
                .iter()
                .filter(|(record, _)| record.shard.number == number)
                .count();
            if found != 1 {
                return Err(MergeError::Count { number, of, found });
            }
        }
        let (first, config) = &records[0];
        let folder = Self::create_with(out, config)?;
        for path in shards {
            for place in [MODELS, PARTS] {
                copy_files(&path.join(place), &out.join(place))?;
            }
        }
        // Every shard has read the whole levelling.
        if let Ok(levelling) = fs::read(shards[0].join(LevelledPoint::TABLE)) {
            write_beside(&out.join(LevelledPoint::TABLE), &levelling)?;
        }
        folder.finish(first.wells.len())?;
        let mut failed: Vec<_> = records
            .into_iter()
            .flat_map(|(record, _)| record.failed)
            .collect();
        failed.sort();
        Ok(failed)
    }
}

/// A shard's record and its configuration file.
fn record_of(path: &Path) -> Result<(ShardRecord, Vec<u8>), MergeError> {
    let incomplete = || MergeError::Incomplete {
        path: path.display().to_string(),
    };
    let json = fs::read(path.join(SHARD)).map_err(|_| incomplete())?;
    let record = serde_json::from_slice(&json).map_err(|_| incomplete())?;
    let config = fs::read(path.join("config.toml")).map_err(|_| incomplete())?;
    Ok((record, config))
}

fn copy_files(from: &Path, to: &Path) -> Result<(), RunError> {
    let failed = |source| RunError::File {
        path: from.to_owned(),
        source,
    };
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        fs::copy(entry.path(), to.join(entry.file_name())).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{ModelKind, TrainingRow, WellRun};
    use std::path::PathBuf;

    fn well(number: usize) -> WellRun {
        let mut well = WellRun::empty(&format!("W{number}"));
        well.training = vec![TrainingRow {
            well: well.well.clone(),
            model: ModelKind::LSTM,
            epoch: number,
            train_rmse_mm_per_month: 1.5,
            validate_rmse_mm_per_month: Some(1.0),
            test_rmse_mm_per_month: Some(2.0),
            kept: true,
        }];
        well
    }

    fn shard(folder: &Path, number: usize, of: usize) -> PathBuf {
        let path = folder.join(format!("shard{number}"));
        let run = RunFolder::create(&path, &Config::default()).unwrap();
        let shard = Shard { number, of };
        for number in (0..7).filter(|number| shard.has(*number)) {
            run.write_well(number, &well(number)).unwrap();
        }
        let wells = (0..7).map(|number| format!("W{number}")).collect();
        run.finish_shard(&ShardRecord {
            shard,
            wells,
            failed: Vec::new(),
        })
        .unwrap();
        path
    }

    #[test]
    fn merged_shards_are_the_run_in_one_piece() {
        let folder = tempfile::tempdir().unwrap();
        let whole = RunFolder::create(&folder.path().join("whole"), &Config::default()).unwrap();
        for number in 0..7 {
            whole.write_well(number, &well(number)).unwrap();
        }
        whole.finish(7).unwrap();
        let shards = [3, 1, 2].map(|number| shard(folder.path(), number, 3));
        let shards: Vec<&Path> = shards.iter().map(PathBuf::as_path).collect();
        let merged = folder.path().join("merged");
        RunFolder::merge(&shards, &merged).unwrap();
        for name in TABLES.into_iter().chain(["config.toml"]) {
            let of = |run: &Path| fs::read(run.join(name)).ok();
            assert_eq!(of(whole.path()), of(&merged), "{name}");
        }
    }

    #[test]
    fn a_missing_or_doubled_shard_is_refused_by_number() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = [1, 2].map(|number| shard(folder.path(), number, 3));
        let merged = folder.path().join("merged");
        let refused = |shards: &[&Path]| RunFolder::merge(shards, &merged).unwrap_err().to_string();
        assert!(refused(&[&one, &two]).contains("shard 3/3: found 0 times"));
        assert!(refused(&[&one, &one]).contains("shard 1/3: found 2 times"));
        assert!(refused(&[&folder.path().join("nothing")]).contains("not a complete shard"));
        assert!(!merged.exists());
    }

    #[test]
    fn a_shard_is_written_as_a_fraction() {
        assert_eq!("2/8".parse(), Ok(Shard { number: 2, of: 8 }));
        for text in ["0/8", "9/8", "2", "2/", "a/b", "1/0"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_interrupted_run_goes_on_and_a_complete_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let config = Config::default();
        let Resumed::Open(run) = RunFolder::resume(&path, &config).unwrap() else {
            panic!("a new run is open");
        };
        run.write_well(0, &well(0)).unwrap();
        fs::write(path.join("models/.tmpabc"), "half").unwrap();
        let Resumed::Open(run) = RunFolder::resume(&path, &config).unwrap() else {
            panic!("an interrupted run is open");
        };
        assert!(run.has_well(0) && !run.has_well(1) && !path.join("models/.tmpabc").exists());
        let other = Config {
            seed: 99,
            ..Config::default()
        };
        let error = RunFolder::resume(&path, &other).unwrap_err().to_string();
        assert!(error.contains("another configuration"), "{error}");
        run.finish(1).unwrap();
        assert!(matches!(
            RunFolder::resume(&path, &config).unwrap(),
            Resumed::Complete
        ));
    }
}
