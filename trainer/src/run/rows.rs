//! Rows of a run's tables: tidy, one observation per row, units in the column names, empty where there is no number.
//!
//! Each table has one type of row, which the run writes and everything after it reads.

use amlstm_core::month::Month;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::ModelKind;
use crate::{
    attribution::Method,
    config::month_text,
    split::Part,
    survey::{GroundSurvey, Hint, LayerSurvey},
};

/// The row of a table.
pub trait Row: Serialize + DeserializeOwned {
    /// File name of the table.
    const TABLE: &'static str;
}

/// One model or baseline on one part of one well's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricRow {
    /// Well id.
    pub well: String,
    /// Which model.
    pub model: ModelKind,
    /// Train, validate or test.
    pub part: Part,
    /// Part that chose the best epoch; none for baselines. The test part flatters the test score.
    pub selected_on: Option<Part>,
    /// Points of the part.
    pub points: usize,
    /// Observed increments scored.
    pub increments: usize,
    /// Root mean square error of the rate; NaN where nothing was scored.
    #[serde(with = "number")]
    pub rmse_mm_per_month: f64,
    /// Mean absolute error of the rate; NaN where nothing was scored.
    #[serde(with = "number")]
    pub mae_mm_per_month: f64,
    /// Mean of predicted minus observed rate; NaN where nothing was scored.
    #[serde(with = "number")]
    pub bias_mm_per_month: f64,
    /// Coefficient of determination, the Nash-Sutcliffe efficiency; NaN where nothing was scored.
    #[serde(with = "number")]
    pub r2: f64,
    /// The least error of any model on this part whose inputs are the same for all points; none where months are held out.
    #[serde(with = "optional_number")]
    pub floor_mm_per_month: Option<f64>,
    /// Free-run RMSE of the cumulative subsidence over the test months; only where months are held out.
    #[serde(with = "optional_number")]
    pub cumulative_rmse_mm: Option<f64>,
}

/// One network in one month of one well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictionRow {
    /// Well id.
    pub well: String,
    /// Which network.
    pub model: ModelKind,
    /// The month.
    #[serde(with = "month_text")]
    pub month: Month,
    /// Part of the month where months are held out, or the border between two of them; otherwise none.
    pub part: Option<Part>,
    /// Days since the observation before, where the month has one and it is not the first; the observed rate is scored per 30.4375 days.
    #[serde(with = "optional_number")]
    pub days: Option<f64>,
    /// Mean of the points since the first observation, down +.
    #[serde(with = "optional_number")]
    pub observed_subsidence_mm: Option<f64>,
    /// 5 % of the points lie below.
    #[serde(with = "optional_number")]
    pub observed_low_mm: Option<f64>,
    /// 5 % of the points lie above.
    #[serde(with = "optional_number")]
    pub observed_high_mm: Option<f64>,
    /// Rate in the month, mm per 30.4375 days, down +.
    #[serde(with = "number")]
    pub predicted_increment_mm: f64,
    /// Since the first observation, on the day of the month's observation where it has one; from the end of training on it continues what was observed
    /// there, as a logger does.
    #[serde(with = "optional_number")]
    pub predicted_subsidence_mm: Option<f64>,
}

/// One aquifer layer in one month of one well, in the AM-LSTM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttentionRow {
    /// Well id.
    pub well: String,
    /// The month.
    #[serde(with = "month_text")]
    pub month: Month,
    /// Name of the aquifer layer.
    pub layer: String,
    /// Monthly mean above datum.
    #[serde(with = "optional_number")]
    pub level_m: Option<f64>,
    /// Share of the attention, 0 to 1; not an explanation of the ground.
    #[serde(with = "number")]
    pub attention: f64,
}

/// One pass of one training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingRow {
    /// Well id.
    pub well: String,
    /// Which network.
    pub model: ModelKind,
    /// From 1.
    pub epoch: usize,
    /// On the training part.
    #[serde(with = "number")]
    pub train_rmse_mm_per_month: f64,
    /// On the validation part, if it has observations.
    #[serde(with = "optional_number")]
    pub validate_rmse_mm_per_month: Option<f64>,
    /// On the test part, if it has observations; only looked at.
    #[serde(with = "optional_number")]
    pub test_rmse_mm_per_month: Option<f64>,
    /// The epoch whose weights became the model.
    pub kept: bool,
}

/// Mean rate of one ps point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatePoint {
    /// Well whose buffer it lies in.
    pub well: String,
    /// Name of the point.
    pub point: String,
    /// Metres east of the well.
    pub east_m: f64,
    /// Metres north of the well.
    pub north_m: f64,
    /// Vertical, mm per year, down +.
    pub vertical_rate_mm_per_year: f64,
    /// Along the line of sight, mm per year, towards the satellite +; `None` in a vertical product.
    pub los_rate_mm_per_year: Option<f64>,
}

/// One levelling benchmark and the ps points around it. Rates of the height, mm per year, up +.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelledPoint {
    /// Name of the benchmark.
    pub benchmark: String,
    /// Levelled rate.
    pub levelling_mm_per_year: f64,
    /// Mean rate of the ps points around it.
    pub ps_mm_per_year: f64,
}

/// How much one aquifer layer counts according to one method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Name of the well.
    pub well: String,
    /// Name of the aquifer layer.
    #[serde(rename = "layer")]
    pub aquifer_layer: String,
    /// How it was found.
    pub method: Method,
    /// Share of the whole, 0 to 1.
    pub share: f64,
    /// Lower quartile over single permutations of the levels; of the permutation importance alone.
    pub share_lower_quartile: Option<f64>,
    /// Upper quartile, likewise.
    pub share_upper_quartile: Option<f64>,
}

/// A well without a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRow {
    /// Well id.
    pub well: String,
    /// Where it failed.
    pub stage: Stage,
    /// Why, in one line.
    pub message: String,
}

/// What a run does with a well, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Making a series of its measurements.
    Series,
    /// Dividing the series into parts.
    Split,
    /// Fitting the networks.
    Train,
    /// Making the model files.
    Export,
}

impl Row for MetricRow {
    const TABLE: &'static str = "metrics.csv";
}

impl Row for PredictionRow {
    const TABLE: &'static str = "predictions.csv";
}

impl Row for AttentionRow {
    const TABLE: &'static str = "attention.csv";
}

impl Row for RatePoint {
    const TABLE: &'static str = "ps_points.csv";
}

impl Row for Share {
    const TABLE: &'static str = "attribution.csv";
}

impl Row for TrainingRow {
    const TABLE: &'static str = "training.csv";
}

impl Row for LevelledPoint {
    const TABLE: &'static str = "levelling.csv";
}

impl Row for LayerSurvey {
    const TABLE: &'static str = "levels_as_read.csv";
}

impl Row for GroundSurvey {
    const TABLE: &'static str = "ground_as_read.csv";
}

impl Row for Hint {
    const TABLE: &'static str = "hints.csv";
}

impl Row for FailureRow {
    const TABLE: &'static str = "failures.csv";
}

/// A number in a table: six significant digits, far below what is measured, and the same everywhere; NaN is an empty field.
mod number {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            serializer.serialize_f64(rounded(*value))
        } else {
            serializer.serialize_none()
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }

    fn rounded(value: f64) -> f64 {
        format!("{value:.5e}")
            .parse()
            .expect("a formatted number is a number")
    }
}

/// As [`number`], for what may be missing.
mod optional_number {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "serde's signature"
    )]
    pub fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        super::number::serialize(&value.unwrap_or(f64::NAN), serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        Option::deserialize(deserializer)
    }
}
