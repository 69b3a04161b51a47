//! A closed month.
//!
//! The same bytes are stored on flash and sent over the link, so new fields are only appended.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{MAX_CHANNELS, Quality};

/// One channel over one month.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonthLevel {
    /// Mean of the usable readings in metres above datum; `None` if there were none.
    pub mean_m: Option<f32>,
    /// Days with at least one usable reading.
    pub days: u8,
    /// Usable readings.
    pub readings: u32,
    /// Readings left out of the mean.
    pub rejected: u32,
    /// Every quality bit that occurred.
    pub quality: Quality,
    /// At least 80 % of the month's days have a usable reading. The model's own rule decides whether it uses the mean.
    pub complete: bool,
}

impl MonthLevel {
    /// The mean of a complete month: the level of a model with the rule [`MostDays`](crate::month_mean::MonthRule::MostDays).
    pub fn model_level_m(&self) -> Option<f32> {
        if self.complete { self.mean_m } else { None }
    }
}

/// One closed month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonthRecord {
    /// Months since 0000-01.
    pub month_index: i32,
    /// When it was closed: UTC, seconds since 1970.
    pub closed_unix_s: u32,
    /// Number of the first sample after the month's last one.
    pub next_sample: u32,
    /// One entry for each configured channel, in channel order.
    pub channels: Vec<MonthLevel, MAX_CHANNELS>,
}
