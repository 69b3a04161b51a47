//! Runs that go on: after an interruption, or with the wells that failed.

use std::{ffi::OsStr, fs, path::Path};

use toml::Value;

use super::{CONFIG, MODELS, NETWORKS, PARTS, RunError, RunFolder, RunIdentity, TABLES};
use crate::config::Config;

impl RunFolder {
    /// Goes on with a run, or makes the folder if there is none. Gives the numbers of the wells that have no part yet, or whose models are not those of their
    /// part; nothing where the run is complete, or all wells of the shard have a part.
    ///
    /// Files that were being written when the run was killed are removed.
    ///
    /// # Errors
    /// When the run was made with another configuration or from other data, another process writes it, or a file cannot be read or written.
    pub fn resume(
        path: &Path,
        config: &Config,
        identity: RunIdentity,
    ) -> Result<Option<(Self, Vec<usize>)>, RunError> {
        let Some(found) = RunIdentity::read(path)? else {
            // The identity is written last: there may be an interrupted beginning.
            let folder = Self::begin(path, config, identity)?;
            let wells = folder.identity().wanted().collect();
            return Ok(Some((folder, wells)));
        };
        if let Some(difference) = found.difference(&identity) {
            return Err(RunError::OtherData {
                path: path.to_owned(),
                difference,
            });
        }
        let found_config = Config::read(&path.join(CONFIG))?;
        if let Some((key, found, asked)) = first_difference(&found_config, config) {
            return Err(RunError::OtherConfig {
                path: path.to_owned(),
                key,
                found,
                asked,
            });
        }
        if !path.join(PARTS).is_dir() && path.join(TABLES[0]).is_file() {
            // Removing the parts is all that may be missing.
            Self::new(path, config, identity).remove_parts()?;
            return Ok(None);
        }
        let folder = Self::locked(path, config, identity)?;
        folder.remove_temporary_files()?;
        let wanted = folder.identity().wanted();
        let wells: Vec<usize> = wanted.filter(|number| !folder.has_well(*number)).collect();
        if folder.identity().shard.is_some() && wells.is_empty() {
            return Ok(None);
        }
        Ok(Some((folder, wells)))
    }

    /// Makes a run where there is none, or where the making of one was interrupted.
    fn begin(path: &Path, config: &Config, identity: RunIdentity) -> Result<Self, RunError> {
        let is_ours = |name: &OsStr| {
            let name = name.to_string_lossy();
            name.starts_with(".tmp") || [CONFIG, MODELS, PARTS].contains(&&*name)
        };
        let mut entries = fs::read_dir(path).into_iter().flatten().flatten();
        if path.join(PARTS).is_dir() && entries.all(|entry| is_ours(&entry.file_name())) {
            let folder = Self::locked(path, config, identity)?;
            folder.remove_temporary_files()?;
            folder.write_beginning(config)?;
            Ok(folder)
        } else {
            Self::create(path, config, identity)
        }
    }

    /// Removes what was being written when the run was killed.
    fn remove_temporary_files(&self) -> Result<(), RunError> {
        let models = NETWORKS.map(|network| self.models_of(network));
        let others = [self.path.clone(), self.path.join(PARTS)];
        for place in models.into_iter().chain(others) {
            let entries = fs::read_dir(&place).map_err(|source| RunError::file(&place, source))?;
            for entry in entries.flatten() {
                if entry.file_name().to_string_lossy().starts_with(".tmp") {
                    let path = entry.path();
                    fs::remove_file(&path).map_err(|source| RunError::file(&path, source))?;
                }
            }
        }
        Ok(())
    }
}

/// The first key that differs, with both values.
fn first_difference(one: &Config, other: &Config) -> Option<(String, String, String)> {
    let values = |config| Value::try_from(config).expect("a configuration is a TOML table");
    differing("", Some(&values(one)), Some(&values(other)))
}

fn differing(
    key: &str,
    one: Option<&Value>,
    other: Option<&Value>,
) -> Option<(String, String, String)> {
    if one == other {
        return None;
    }
    if let (Some(Value::Table(one)), Some(Value::Table(other))) = (one, other) {
        let dot = if key.is_empty() { "" } else { "." };
        let inner =
            |name: &String| differing(&format!("{key}{dot}{name}"), one.get(name), other.get(name));
        return one.keys().chain(other.keys()).find_map(inner);
    }
    let text = |value: Option<&Value>| {
        let text = value.map(|value| value.to_string().replace('\n', " "));
        text.unwrap_or_else(|| "not set".to_owned())
    };
    Some((key.to_owned(), text(one), text(other)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::tests::{failure, identity, well};

    /// A run of wells A and B, of which B is missing.
    fn interrupted(path: &Path) {
        let run = RunFolder::create(path, &Config::default(), identity(["A", "B"])).unwrap();
        run.write_well(0, &well("A")).unwrap();
        fs::write(path.join("models/.tmpabc"), "half").unwrap();
    }

    fn resumed(path: &Path, wells: &[&str]) -> Result<Option<(RunFolder, Vec<usize>)>, RunError> {
        RunFolder::resume(path, &Config::default(), identity(wells.iter().copied()))
    }

    fn open(path: &Path) -> RunFolder {
        let (folder, _) = resumed(path, &["A", "B"]).unwrap().unwrap();
        folder
    }

    #[test]
    fn an_interrupted_run_goes_on_and_a_complete_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        interrupted(&path);
        let run = open(&path);
        assert!(run.has_well(0) && !run.has_well(1) && !path.join("models/.tmpabc").exists());
        run.write_well(1, &well("B")).unwrap();
        run.finish(&[]).unwrap();
        let again = resumed(&path, &["A", "B"]).unwrap();
        assert!(again.is_none());
    }

    #[test]
    fn a_run_is_not_mixed_with_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        interrupted(&path);
        let error = |wells: &[&str]| resumed(&path, wells).unwrap_err().to_string();
        assert!(error(&["H"]).contains("found \"H\" as well 1, expected \"A\""));
        assert!(error(&["A", "N", "B"]).contains("found \"N\" as well 2"));
        let changed = RunIdentity {
            data: "other".into(),
            ..identity(["A", "B"])
        };
        let error = RunFolder::resume(&path, &Config::default(), changed).unwrap_err();
        assert!(error.to_string().contains("data of its wells have changed"));
        let mut other = Config::default();
        other.training.epochs = 7;
        let error = RunFolder::resume(&path, &other, identity(["A", "B"])).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("training.epochs is 100, asked for 7"),
            "{error}"
        );
    }

    #[test]
    fn configurations_are_compared_as_values() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        interrupted(&path);
        let text = fs::read_to_string(path.join(CONFIG)).unwrap();
        fs::write(path.join(CONFIG), format!("# A note.\n{text}")).unwrap();
        open(&path);
    }

    #[test]
    fn a_failed_well_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        interrupted(&path);
        open(&path).finish(&[failure("B")]).unwrap();
        let run = open(&path);
        assert!(run.has_well(0) && !run.has_well(1));
    }

    #[test]
    fn a_well_whose_model_or_part_is_spoiled_is_trained_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        interrupted(&path);
        let run = open(&path);
        let model = run.model_path_of(0, NETWORKS[0]);
        fs::write(&model, "not that of the part").unwrap();
        assert!(!run.has_well(0));
        fs::remove_file(&model).unwrap();
        assert!(run.has_well(0), "its part has no models");
        fs::write(run.part_path(0), "").unwrap();
        assert!(!run.has_well(0));
    }

    #[test]
    fn a_beginning_that_was_interrupted_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        interrupted(&path);
        fs::remove_file(path.join("run.json")).unwrap();
        drop(open(&path));
        assert!(path.join("run.json").is_file());
        fs::write(path.join("notes.txt"), "mine").unwrap();
        fs::remove_file(path.join("run.json")).unwrap();
        let error = resumed(&path, &["A", "B"]).unwrap_err().to_string();
        assert!(error.contains("not empty"), "{error}");
    }
}
