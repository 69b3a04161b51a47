//! Joins the shards of a run.
//!
//! A shard trains every N-th well and leaves its parts as they are, under the wells' numbers in the whole run. Merging brings the parts of all shards together
//! and finishes them as a run in one piece does: the bytes are the same by construction.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use super::{
    CONFIG, FailureRow, LevelledPoint, NETWORKS, Row, RunError, RunFolder, RunIdentity, Shard,
    write_atomically,
};
use crate::config::Config;

/// Why shards do not make a run.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A folder is no shard.
    #[error("{}: not a shard, expected a folder that `amlstm train --shard` has filled", path.display())]
    NotAShard {
        /// The folder.
        path: PathBuf,
    },
    /// A shard was interrupted.
    #[error("{}: shard {shard} is not complete: {missing} of its {wells} wells are not trained yet; go on with it by --resume", path.display())]
    Incomplete {
        /// The folder.
        path: PathBuf,
        /// Which one it is.
        shard: Shard,
        /// Wells without a part.
        missing: usize,
        /// Wells of the shard.
        wells: usize,
    },
    /// Two folders do not belong together.
    #[error(
        "{}: not of one run with {}: {difference}; shards of one run share data and configuration", path.display(), first.display()
    )]
    Differs {
        /// The folder.
        path: PathBuf,
        /// The folder it was compared with.
        first: PathBuf,
        /// What differs.
        difference: String,
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

impl RunFolder {
    /// Joins complete shards, in any order, to a new run in `out`. Returns its failed wells.
    ///
    /// # Errors
    /// When a shard is incomplete, missing, given twice, or of another run.
    pub fn merge(shards: &[&Path], out: &Path) -> Result<Vec<FailureRow>, MergeError> {
        let shards = shards
            .iter()
            .map(|path| ShardFolder::open(path))
            .collect::<Result<Vec<_>, _>>()?;
        let of = shards.first().map_or(1, |shard| shard.shard.of);
        for shard in &shards {
            shard.check_same_run(&shards[0])?;
        }
        for number in 1..=of {
            let is_it = |shard: &&ShardFolder| shard.shard.number == number;
            let found = shards.iter().filter(is_it).count();
            if found != 1 {
                return Err(MergeError::Count { number, of, found });
            }
        }
        let mut failures = Vec::new();
        for shard in &shards {
            failures.extend(shard.failures()?);
        }
        // There is a first one: otherwise shard 1/1 was missing.
        let first = &shards[0];
        let folder = Self::create(out, &first.config, first.folder.identity.whole())?;
        for shard in &shards {
            shard.copy_to(&folder)?;
        }
        // Every shard has read the whole levelling.
        if let Ok(levelling) = fs::read(first.folder.path.join(LevelledPoint::TABLE)) {
            write_atomically(&out.join(LevelledPoint::TABLE), &levelling)?;
        }
        let wells = &folder.identity.wells;
        failures.sort_by_cached_key(|row| wells.iter().position(|well| *well == row.well));
        folder.finish(&failures)?;
        Ok(failures)
    }
}

/// The folder of a shard.
struct ShardFolder {
    folder: RunFolder,
    shard: Shard,
    config: Config,
}

impl ShardFolder {
    fn open(path: &Path) -> Result<Self, MergeError> {
        let no_shard = || MergeError::NotAShard {
            path: path.to_owned(),
        };
        let identity = RunIdentity::read(path)?.ok_or_else(no_shard)?;
        let shard = identity.shard.ok_or_else(no_shard)?;
        let config = Config::read(&path.join(CONFIG)).map_err(RunError::from)?;
        Ok(Self {
            folder: RunFolder::new(path, &config, identity),
            shard,
            config,
        })
    }

    fn check_same_run(&self, first: &Self) -> Result<(), MergeError> {
        let whole = |shard: &Self| shard.folder.identity.whole();
        let difference = if self.config != first.config {
            Some("its configuration is another".to_owned())
        } else if self.shard.of != first.shard.of {
            Some(format!("it is shard {}, that {}", self.shard, first.shard))
        } else {
            whole(first).difference(&whole(self))
        };
        match difference {
            None => Ok(()),
            Some(difference) => Err(MergeError::Differs {
                path: self.folder.path.clone(),
                first: first.folder.path.clone(),
                difference,
            }),
        }
    }

    /// Its failed wells, if each of the others has a part.
    fn failures(&self) -> Result<Vec<FailureRow>, MergeError> {
        let identity = &self.folder.identity;
        let has_no_part = |number: &usize| !self.folder.has_well(*number);
        let open: Vec<usize> = identity.wanted().filter(has_no_part).collect();
        let open: HashSet<&str> = open.iter().map(|n| identity.wells[*n].as_str()).collect();
        // A well that failed once may have been trained since.
        let mut failures = self.folder.failures()?;
        failures.retain(|row| open.contains(row.well.as_str()));
        let missing = open.len() - failures.len();
        if missing > 0 {
            return Err(MergeError::Incomplete {
                path: self.folder.path.clone(),
                shard: self.shard,
                missing,
                wells: identity.wanted().count(),
            });
        }
        Ok(failures)
    }

    /// Copies parts and models; failed wells have none.
    fn copy_to(&self, whole: &RunFolder) -> Result<(), RunError> {
        for number in self.folder.identity.wanted() {
            let files = |run: &RunFolder| {
                let models = NETWORKS.map(|network| run.model_path_of(number, network));
                models.into_iter().chain([run.part_path(number)])
            };
            for (from, to) in files(&self.folder).zip(files(whole)) {
                if from.is_file() {
                    fs::copy(&from, &to).map_err(|source| RunError::file(&to, source))?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{
        TABLES,
        tests::{failure, identity, well},
    };

    const WELLS: [&str; 7] = ["W0", "W1", "W2", "W3", "W4", "W5", "W6"];

    /// A shard in a folder of its number; its wells are finished but for those left out.
    fn shard(folder: &Path, number: usize, of: usize, left_out: &[usize]) -> PathBuf {
        let path = folder.join(format!("shard{number}"));
        let identity = RunIdentity {
            shard: Some(Shard { number, of }),
            ..identity(WELLS)
        };
        let run = RunFolder::create(&path, &Config::default(), identity).unwrap();
        let wanted = run.identity().wanted();
        for number in wanted.filter(|number| !left_out.contains(number)) {
            run.write_well(number, &well(WELLS[number])).unwrap();
        }
        path
    }

    #[test]
    fn merged_shards_are_the_run_in_one_piece() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("whole");
        let whole = RunFolder::create(&path, &Config::default(), identity(WELLS)).unwrap();
        for (number, id) in WELLS.into_iter().enumerate() {
            whole.write_well(number, &well(id)).unwrap();
        }
        whole.finish(&[]).unwrap();
        let shards = [3, 1, 2].map(|number| shard(folder.path(), number, 3, &[]));
        let shards: Vec<&Path> = shards.iter().map(PathBuf::as_path).collect();
        let merged = folder.path().join("merged");
        RunFolder::merge(&shards, &merged).unwrap();
        for name in TABLES.into_iter().chain([CONFIG, "run.json"]) {
            let of = |run: &Path| fs::read(run.join(name)).ok();
            assert_eq!(of(&path), of(&merged), "{name}");
        }
    }

    #[test]
    fn a_missing_doubled_foreign_or_unfinished_shard_is_refused_by_number() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = [1, 2].map(|number| shard(folder.path(), number, 3, &[]));
        let merged = folder.path().join("merged");
        let refused = |shards: &[&Path]| RunFolder::merge(shards, &merged).unwrap_err().to_string();
        assert!(refused(&[&one, &two]).contains("shard 3/3: found 0 times"));
        assert!(refused(&[&one, &one]).contains("shard 1/3: found 2 times"));
        assert!(refused(&[&folder.path().join("nothing")]).contains("not a shard"));
        assert!(refused(&[]).contains("shard 1/1: found 0 times"));
        let three = shard(folder.path(), 3, 3, &[5]);
        let error = refused(&[&one, &two, &three]);
        assert!(
            error.contains("shard 3/3 is not complete: 1 of its 2 wells"),
            "{error}"
        );
        let text = fs::read_to_string(three.join("run.json")).unwrap();
        fs::write(three.join("run.json"), text.replace("hash", "other")).unwrap();
        assert!(refused(&[&one, &two, &three]).contains("data of its wells have changed"));
        assert!(!merged.exists());
    }

    #[test]
    fn failed_wells_of_shards_are_those_of_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let one = shard(folder.path(), 1, 2, &[4]);
        let two = shard(folder.path(), 2, 2, &[3]);
        for (path, well) in [(&one, "W4"), (&two, "W3")] {
            let identity = RunIdentity::read(path).unwrap().unwrap();
            let run = RunFolder::new(path, &Config::default(), identity);
            run.finish_shard(&[failure(well)]).unwrap();
        }
        let merged = folder.path().join("merged");
        let failures = RunFolder::merge(&[&one, &two], &merged).unwrap();
        assert_eq!(failures, [failure("W3"), failure("W4")]);
        let run = RunFolder::open(&merged).unwrap();
        assert_eq!(run.failures().unwrap(), failures);
    }
}
