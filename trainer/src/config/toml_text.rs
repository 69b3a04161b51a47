//! The configuration as TOML text: read, and written with its documentation.

use std::path::Path;

use toml_edit::{DocumentMut, Item, Table};

use super::{Config, ConfigError};

/// The documented default configuration, as TOML.
pub const DEFAULT_TOML: &str = include_str!("../config.toml");

impl Config {
    /// Reads a file; keys that it leaves out keep their defaults.
    ///
    /// # Errors
    /// When the file cannot be read, has an unknown key, or a value outside its range.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(&fs_err::read_to_string(path)?, path)
    }

    /// Reads TOML text; `path` is for messages.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let (line, message) = mistake(text, &error);
            ConfigError::Toml {
                path: path.to_owned(),
                line,
                message,
            }
        })?;
        config.check()?;
        Ok(config)
    }

    /// The configuration as TOML with the comments of `config.toml`; reading it gives the same configuration.
    ///
    /// # Errors
    /// When a value is outside its range, so that it could not be read again.
    #[expect(
        clippy::missing_panics_doc,
        reason = "checked values have a form in TOML, and what was written can be read"
    )]
    pub fn to_documented_toml(&self) -> Result<String, ConfigError> {
        self.check()?;
        let values = toml::to_string(self).expect("checked values have a form in TOML");
        let values: DocumentMut = values.parse().expect("written TOML can be read");
        let mut document: DocumentMut = DEFAULT_TOML.parse().expect("the defaults are TOML");
        put(document.as_table_mut(), values.into_table());
        Ok(document.to_string())
    }
}

/// The line of a mistake in TOML text, from 1, and what is wrong, in one line.
pub fn mistake(text: &str, error: &toml::de::Error) -> (usize, String) {
    let start = error.span().map_or(0, |span| span.start);
    let line = 1 + text[..start].matches('\n').count();
    let mut message = error.message().trim().replace('\n', "; ");
    if message.len() > MAX_MISTAKE_BYTES {
        message.truncate(message.floor_char_boundary(MAX_MISTAKE_BYTES - 3));
        message.push_str("...");
    }
    (line, message)
}

/// Longest text of a mistake, bytes: it may quote a key of any length.
const MAX_MISTAKE_BYTES: usize = 300;

/// Puts values in the place of those of the same keys, whose comments stay; keys without a default come after the others.
fn put(documented: &mut Table, values: Table) {
    for (key, value) in values {
        match (documented.get_mut(&key), value) {
            (Some(Item::Table(section)), Item::Table(values)) => put(section, values),
            (Some(Item::Value(place)), Item::Value(mut value)) => {
                *value.decor_mut() = place.decor().clone();
                *place = value;
            }
            (_, value) => drop(documented.insert(&key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use amlstm_core::month::Month;

    use super::*;
    use crate::config::{Attention, LevelScaling, MAX_SEED, SplitDates};

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, Path::new("amlstm.toml"))
    }

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        assert_eq!(parse(DEFAULT_TOML).unwrap(), Config::default());
        assert_eq!(parse("").unwrap(), Config::default());
        // Keys that a site folder may set are shown as comments.
        let uncommented = DEFAULT_TOML
            .replace("# batch =", "batch =")
            .replace("# drop_scenes =", "drop_scenes =");
        let shown: toml::Table = toml::from_str(&uncommented).unwrap();
        assert_eq!(
            shown,
            toml::Table::try_from(Config::default()).unwrap(),
            "every key is shown"
        );
    }

    #[test]
    fn a_written_configuration_reads_back_the_same() {
        let dates = SplitDates {
            train_until: Month::new(2012, 12).unwrap(),
            validate_until: Month::new(2015, 12).unwrap(),
        };
        let mut config = Config {
            seed: MAX_SEED,
            model_version: 3,
            ..Config::default()
        };
        config.network.attention = Attention::PerLayer;
        config.training.learning_rate = 0.01;
        config.data.level_scaling = LevelScaling::MinMax;
        config.data.rate_classes_mm_per_year = vec![10.0, 30.5];
        config.split.train_until = Some(dates.train_until);
        config.split.wells.insert("well \"1\".a".into(), dates);
        let text = config.to_documented_toml().unwrap();
        assert_eq!(parse(&text).unwrap(), config, "{text}");
        assert!(text.contains("# Adam's step size (paper: 0.05).\nlearning_rate = 0.01\n"));
    }

    #[test]
    fn an_unknown_key_is_refused_at_its_line() {
        let error = parse("seed = 2\n[training]\nepoch = 5\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("amlstm.toml:3: unknown field `epoch`"),
            "{error}"
        );
        assert!(!error.contains('\n'), "{error}");
        let error = parse(&format!("{} = 5\n", "x".repeat(5000))).unwrap_err();
        assert!(error.to_string().len() <= 400, "{error}");
    }
}
