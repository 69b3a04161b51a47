//! `[split]`: which observations train, validate and test.

use std::collections::BTreeMap;

use amlstm_core::month::Month;
use serde::{Deserialize, Serialize};

use super::month_text;

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
    #[serde(with = "month_text::optional", skip_serializing_if = "Option::is_none")]
    pub train_until: Option<Month>,
    /// Last validation month.
    #[serde(with = "month_text::optional", skip_serializing_if = "Option::is_none")]
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
