//! What a run is asked to do: every key of the TOML configuration with its default.
//!
//! `config.toml` beside this file documents every key and shows its default; a test holds it equal to [`Config::default`].
//! [`Config::to_documented_toml`] writes a resolved configuration with the same comments.

mod data;
mod error;
mod layers;
pub(crate) mod month_text;
mod network;
mod split;
mod toml_text;
mod training;

use amlstm_core::sizes::{MAX_ATTENTION, MAX_HIDDEN};
use serde::{Deserialize, Serialize};

pub use data::{DataConfig, LevelScaling, MAX_RATE_BOUNDARIES, Steps};
pub use error::ConfigError;
pub use layers::SITE_CONFIG;
pub use network::{Attention, Inputs, NetworkConfig, NetworkKind};
pub use split::{SplitConfig, SplitDates, SplitKind};
pub use toml_text::{DEFAULT_TOML, mistake};
pub use training::{Backend, Pretrain, Selection, TrainingConfig};

/// Largest seed: TOML's integers have a sign.
pub const MAX_SEED: u64 = i64::MAX as u64;

/// A whole configuration. Keys are explained in `config.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Start of every random stream, 0 to [`MAX_SEED`].
    pub seed: u64,
    /// The number that model files carry, counted up from training to training.
    pub model_version: u32,
    /// Sizes and kind of the network.
    pub network: NetworkConfig,
    /// How weights are fitted.
    pub training: TrainingConfig,
    /// How measurements become a series.
    pub data: DataConfig,
    /// Which observations train, validate and test.
    pub split: SplitConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            model_version: 1,
            network: NetworkConfig::default(),
            training: TrainingConfig::default(),
            data: DataConfig::default(),
            split: SplitConfig::default(),
        }
    }
}

impl Config {
    /// Refuses values outside their range.
    ///
    /// # Errors
    /// [`ConfigError::Range`] names the first such key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let range = |key, good: bool, found: String, expected: String| {
            if good {
                Ok(())
            } else {
                Err(ConfigError::Range {
                    key,
                    found,
                    expected,
                })
            }
        };
        let share = |key, value: f64| {
            range(
                key,
                value > 0.0 && value < 1.0,
                value.to_string(),
                "a share above 0 and below 1".into(),
            )
        };
        let units = |key, value: usize, limit: usize| {
            range(
                key,
                (1..=limit).contains(&value),
                value.to_string(),
                format!("1 to {limit}"),
            )
        };
        let rate = self.training.learning_rate;
        let buffer = self.data.buffer_m;
        range(
            "seed",
            self.seed <= MAX_SEED,
            self.seed.to_string(),
            format!("0 to {MAX_SEED}"),
        )?;
        units("network.hidden", self.network.hidden, MAX_HIDDEN)?;
        units(
            "network.attention_units",
            self.network.attention_units,
            MAX_ATTENTION,
        )?;
        range(
            "network.inputs",
            self.network.inputs == Inputs::Levels || self.data.steps == Steps::Months,
            "\"levels-and-change\" with data.steps = \"scenes\"".into(),
            "\"levels\", or data.steps = \"months\": a change is that of a month".into(),
        )?;
        self.training.check_members()?;
        units("training.epochs", self.training.epochs, 1_000_000)?;
        let count = |key, value: usize| {
            range(
                key,
                value <= 1_000_000,
                value.to_string(),
                "0 to 1000000".into(),
            )
        };
        let batches = self.training.batch_of.values().copied();
        for batch in batches.chain([self.training.batch]) {
            units("training.batch", batch, 1_000_000)?;
        }
        units(
            "training.series_steps",
            self.training.series_steps,
            1_000_000,
        )?;
        count("training.patience", self.training.patience)?;
        count("data.drop_scenes", self.data.drop_scenes)?;
        range(
            "training.learning_rate",
            rate > 0.0 && rate <= 1.0,
            rate.to_string(),
            "above 0, at most 1".into(),
        )?;
        range(
            "data.buffer_m",
            buffer > 0.0 && buffer.is_finite(),
            buffer.to_string(),
            "metres above 0".into(),
        )?;
        let offset = self.data.utc_offset;
        range(
            "data.utc_offset",
            (-12.0..=14.0).contains(&offset) && (4.0 * offset).fract() == 0.0,
            offset.to_string(),
            "hours from -12 to 14 in steps of 0.25".into(),
        )?;
        let classes = &self.data.rate_classes_mm_per_year;
        range(
            "data.rate_classes_mm_per_year",
            (1..=MAX_RATE_BOUNDARIES).contains(&classes.len())
                && classes.iter().all(|boundary| boundary.is_finite())
                && classes.windows(2).all(|pair| pair[0] < pair[1]),
            format!("{classes:?}"),
            format!("1 to {MAX_RATE_BOUNDARIES} rising boundaries"),
        )?;
        share("split.train_share", self.split.train_share)?;
        share("split.validate_share", self.split.validate_share)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, Path::new("amlstm.toml"))
    }

    #[test]
    fn a_value_outside_its_range_is_refused() {
        let error = parse("[network]\nhidden = 33\n").unwrap_err().to_string();
        assert_eq!(error, "network.hidden: found 33, expected 1 to 32");
        let error =
            parse("[network]\ninputs = \"levels-and-change\"\n[data]\nsteps = \"scenes\"\n");
        assert_eq!(
            error.unwrap_err().to_string(),
            "network.inputs: found \"levels-and-change\" with data.steps = \"scenes\", expected \"levels\", or data.steps = \"months\": a change is that of a month"
        );
        assert!(parse("[training]\nlearning_rate = nan\n").is_err());
        let error = parse("[data]\nrate_classes_mm_per_year = [30.0, 10.0]\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "data.rate_classes_mm_per_year: found [30.0, 10.0], expected 1 to 4 rising boundaries"
        );
        let seed = "seed: found 9223372036854775808, expected 0 to 9223372036854775807";
        let config = Config {
            seed: MAX_SEED + 1,
            ..Config::default()
        };
        assert_eq!(config.to_documented_toml().unwrap_err().to_string(), seed);
        assert!(parse("[split]\ntrain_share = 1.0\n").is_err());
        let error = parse("[split]\ntrain_until = \"2012-13\"\n")
            .unwrap_err()
            .to_string();
        assert!(error.contains("found \"2012-13\""), "{error}");
    }
}
