//! What a run is asked to do: every key of the TOML configuration with its default.
//!
//! `config.toml` beside this file documents every key and shows its default; a test holds it equal to [`Config::default`].
//! [`Config::to_documented_toml`] writes a resolved configuration with the same comments.

mod layers;
mod toml_text;

use std::{collections::BTreeMap, path::PathBuf};

use amlstm_core::{
    month::Month,
    sizes::{MAX_ATTENTION, MAX_HIDDEN},
};
use serde::{Deserialize, Serialize};

use crate::table::{Conventions, NoData};

pub use layers::SITE_CONFIG;
pub use toml_text::DEFAULT_TOML;
pub(crate) use toml_text::month_text;
use toml_text::optional_month_text;

/// Most boundaries between rate classes: the map has five marks and colours.
pub const MAX_RATE_BOUNDARIES: usize = 4;

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

/// Sizes and kind of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkConfig {
    /// Which network becomes the well's model file.
    pub kind: NetworkKind,
    /// LSTM units, 1 to [`MAX_HIDDEN`].
    pub hidden: usize,
    /// Attention units, 1 to [`MAX_ATTENTION`].
    pub attention_units: usize,
    /// Whether aquifer layers share the attention's weights.
    pub attention: Attention,
}

/// Kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    /// Attention over the aquifer layers, then an LSTM.
    AmLstm,
    /// LSTM on the scaled levels.
    Lstm,
}

impl NetworkKind {
    /// Name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::AmLstm => "AM-LSTM",
            Self::Lstm => "LSTM",
        }
    }
}

/// Whether aquifer layers share U, V and B of the attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// One column for all aquifer layers (the paper's).
    Shared,
    /// One column an aquifer layer.
    PerLayer,
}

/// How weights are fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the training data.
    pub epochs: usize,
    /// Adam's step size.
    pub learning_rate: f64,
    /// ps points a gradient step averages over, from 1.
    pub batch: usize,
    /// The same of single wells, by well id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub batch_of: BTreeMap<String, usize>,
    /// Gradient steps of an epoch where a well has one measured series, from 1.
    pub series_steps: usize,
    /// Epochs without improvement before stopping; 0 = never.
    pub patience: usize,
    /// Which part chooses the best epoch.
    pub selection: Selection,
    /// burn's CPU backend.
    pub backend: Backend,
    /// What a network knows before it sees the measurements.
    pub pretrain: Pretrain,
    /// Whether the exported model is fitted once more, to everything observed, after it was scored.
    pub refit: bool,
}

/// What a network knows before it sees the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pretrain {
    /// The physics of its own well.
    Physics,
    /// Nothing: the paper's way.
    None,
}

/// Which part chooses the best epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// The validation part.
    Validation,
    /// The test part: the paper's protocol, which flatters the test score.
    Test,
}

/// burn's CPU backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// burn-flex.
    Flex,
    /// burn-ndarray, deprecated upstream; needs the cargo feature `ndarray`.
    Ndarray,
}

/// How measurements become a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// What one step of the model is.
    pub steps: Steps,
    /// How levels are scaled.
    pub level_scaling: LevelScaling,
    /// Radius around a well within which ps points count, in metres.
    pub buffer_m: f64,
    /// How many of the first scenes are left out.
    pub drop_scenes: usize,
    /// Values that mean "no reading", in levels, subsidence and points: left out and counted.
    pub no_data: Vec<NoData>,
    /// Hours by which the site's time is ahead of UTC: days and months are the site's.
    pub utc_offset: f64,
    /// Only levels that the column `approval` calls approved.
    pub approved_only: bool,
    /// Boundaries between the rate classes, mm a year, down +, rising, 1 to [`MAX_RATE_BOUNDARIES`].
    pub rate_classes_mm_per_year: Vec<f64>,
}

/// What one step of the model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Steps {
    /// Every calendar month.
    Months,
    /// Only months with an observation (the paper's).
    Scenes,
}

/// How levels are scaled, by training months alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LevelScaling {
    /// Mean 0 and standard deviation 1 for each aquifer layer.
    ZScore,
    /// Mean 0 and standard deviation 1 over all aquifer layers together.
    Pooled,
    /// Each aquifer layer's range to -1..1.
    MinMax,
    /// Metres as they are.
    None,
}

/// Which observations train, validate and test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitConfig {
    /// What is divided.
    pub kind: SplitKind,
    /// Share that is not test, above 0 and below 1.
    pub train_share: f64,
    /// Share of those held back for validation, above 0 and below 1.
    pub validate_share: f64,
    /// Last training month.
    #[serde(with = "optional_month_text", skip_serializing_if = "Option::is_none")]
    pub train_until: Option<Month>,
    /// Last validation month.
    #[serde(with = "optional_month_text", skip_serializing_if = "Option::is_none")]
    pub validate_until: Option<Month>,
    /// Dates of single wells, by well id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub wells: BTreeMap<String, SplitDates>,
}

/// Chronological split of one well.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitDates {
    /// Last training month.
    #[serde(with = "month_text")]
    pub train_until: Month,
    /// Last validation month.
    #[serde(with = "month_text")]
    pub validate_until: Month,
}

/// What a split divides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitKind {
    /// Points for wells with ps points, time for directly measured ones.
    Auto,
    /// The ps points, at random.
    Points,
    /// The months, in order.
    Time,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read; says which.
    #[error(transparent)]
    Unreadable(#[from] std::io::Error),
    /// The text is not the TOML of a configuration.
    #[error("{path}:{line}: {message}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong, in one line.
        message: String,
    },
    /// Two sites want different things.
    #[error("{}: {key}: another site trained with it has another value; train them apart, or set the key in a file for --config", path.display())]
    Sites {
        /// Configuration of the second site.
        path: PathBuf,
        /// The key with its section.
        key: String,
    },
    /// A value outside its range.
    #[error("{key}: found {found}, expected {expected}")]
    Range {
        /// The key with its section.
        key: &'static str,
        /// The value.
        found: String,
        /// The range.
        expected: String,
    },
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

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            kind: NetworkKind::AmLstm,
            hidden: 16,
            attention_units: 16,
            attention: Attention::Shared,
        }
    }
}

impl TrainingConfig {
    /// ps points that a gradient step averages over at a well.
    pub fn batch_for(&self, well: &str) -> usize {
        self.batch_of.get(well).copied().unwrap_or(self.batch)
    }
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            epochs: 100,
            learning_rate: 0.05,
            batch: 16,
            batch_of: BTreeMap::new(),
            series_steps: 5,
            patience: 0,
            selection: Selection::Validation,
            backend: Backend::Flex,
            pretrain: Pretrain::Physics,
            refit: true,
        }
    }
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            steps: Steps::Months,
            level_scaling: LevelScaling::ZScore,
            buffer_m: 300.0,
            drop_scenes: 0,
            no_data: Vec::new(),
            utc_offset: 0.0,
            approved_only: false,
            rate_classes_mm_per_year: vec![30.0, 50.0, 80.0, 110.0],
        }
    }
}

impl DataConfig {
    /// What the writers of the site's files agreed on.
    pub fn conventions(&self) -> Conventions {
        Conventions {
            no_data: self.no_data.clone(),
            utc_offset_minutes: (60.0 * self.utc_offset).round() as i32,
        }
    }
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self {
            kind: SplitKind::Auto,
            train_share: 0.8,
            validate_share: 0.125,
            train_until: None,
            validate_until: None,
            wells: BTreeMap::new(),
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
