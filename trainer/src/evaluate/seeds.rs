//! A figure of a model that was fitted with several seeds.

use serde::Serialize;

use crate::spread::Spread;

/// Median over seeds, lowest and highest; all the same without seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Seeds {
    /// Median.
    pub median: f64,
    /// Lowest.
    pub low: f64,
    /// Highest.
    pub high: f64,
}

impl Seeds {
    pub(super) fn of(values: &[f64]) -> Self {
        Self {
            median: Spread::of(values.iter().copied()).median,
            low: values.iter().copied().fold(f64::INFINITY, f64::min),
            high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}
