//! Configurations over each other: those of the sites, and the user's over them.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{Config, ConfigError};

/// Configuration that a site folder may bring: what its wells need whoever trains them.
pub const SITE_CONFIG: &str = "amlstm.toml";

impl Config {
    /// What the site folders' own configurations and the user's file say; keys in the file go before those of the sites, and those before the defaults.
    ///
    /// # Errors
    /// When a file cannot be used, or two sites contradict each other.
    pub fn of_sites(folders: &[PathBuf], file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut sites = Vec::new();
        for folder in folders {
            let path = folder.join(SITE_CONFIG);
            if path.is_file() {
                let text = fs_err::read_to_string(&path)?;
                sites.push((path, text));
            }
        }
        Self::over(&sites, file)
    }

    /// As [`Config::of_sites`], with the sites' configurations as texts; their paths are for messages.
    ///
    /// # Errors
    /// As [`Config::of_sites`].
    #[expect(
        clippy::missing_panics_doc,
        reason = "keys of valid configurations are a valid one"
    )]
    pub fn over(sites: &[(PathBuf, String)], file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut values = Table::new();
        for (path, text) in sites {
            if let Some(key) = put_over(&mut values, table(text, path)?) {
                return Err(ConfigError::Sites {
                    path: path.clone(),
                    key,
                });
            }
        }
        if let Some(path) = file {
            put_over(&mut values, table(&fs_err::read_to_string(path)?, path)?);
        }
        let config: Self = Value::Table(values)
            .try_into()
            .expect("keys of valid configurations are a valid one");
        config.check()?;
        Ok(config)
    }
}

/// The keys that a configuration sets.
fn table(text: &str, path: &Path) -> Result<Table, ConfigError> {
    Config::parse(text, path)?;
    Ok(toml::from_str(text).expect("it was parsed before"))
}

/// Puts values over others; returns the first key that had another value.
fn put_over(below: &mut Table, above: Table) -> Option<String> {
    let mut first = None;
    for (key, value) in above {
        let changed = match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => {
                put_over(below, above).map(|inner| format!("{key}.{inner}"))
            }
            (Some(place), value) => {
                let changed = (*place != value).then_some(key);
                *place = value;
                changed
            }
            (None, value) => {
                below.insert(key, value);
                None
            }
        };
        first = first.or(changed);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DEFAULT_TOML;

    /// Site folders with these configurations, and a file.
    fn resolved(sites: &[&str], file: Option<&str>) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let site = |(number, text): (usize, &&str)| {
            let path = folder.path().join(format!("site{number}"));
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join(SITE_CONFIG), text).unwrap();
            path
        };
        let folders: Vec<PathBuf> = sites.iter().enumerate().map(site).collect();
        let path = folder.path().join("my.toml");
        if let Some(text) = file {
            std::fs::write(&path, text).unwrap();
        }
        Config::of_sites(&folders, file.map(|_| path.as_path())).map_err(|error| error.to_string())
    }

    const SITE: &str = "[training]\nbatch_of = { A = 8 }\n[data]\ndrop_scenes = 2\n";

    #[test]
    fn a_key_of_the_user_goes_before_that_of_the_site_and_that_before_the_default() {
        let user = "[training]\nbatch_of = { B = 4 }\nepochs = 7\n[data]\ndrop_scenes = 1\n";
        let config = resolved(&[SITE], Some(user)).unwrap();
        assert_eq!((config.training.epochs, config.data.drop_scenes), (7, 1));
        let batch = |well| config.training.batch_for(well);
        assert_eq!((batch("A"), batch("B"), batch("C")), (8, 4, 16));
    }

    #[test]
    fn the_printed_defaults_leave_a_site_its_own() {
        assert_eq!(
            resolved(&[SITE], Some(DEFAULT_TOML)),
            resolved(&[SITE], None)
        );
        assert_eq!(resolved(&[SITE], None).unwrap().data.drop_scenes, 2);
        assert_eq!(resolved(&[], Some(DEFAULT_TOML)), Ok(Config::default()));
    }

    #[test]
    fn sites_that_contradict_each_other_are_refused() {
        let other = "[data]\ndrop_scenes = 1\n";
        let error = resolved(&[SITE, other], None).unwrap_err();
        assert!(error.contains("data.drop_scenes"), "{error}");
        assert!(resolved(&[SITE, SITE], None).is_ok());
    }
}
