//! Entries of the log of months.

use amlstm_core::link::{EstimateRecord, MAX_CHANNELS, MonthLevel, MonthRecord, Quality};
use serde::{Deserialize, Serialize};

use crate::bounded::collect_bounded;

/// An entry in the log of months. Appended only; a new version of an entry is a new variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MonthEntry {
    /// A month with samples was closed.
    Closed(MonthRecord),
    /// A closed month was estimated.
    EstimateRecord(EstimateRecord),
    /// Months without any sample were closed.
    Missing(MissingMonths),
    /// What a wrong date had closed is void.
    Void(VoidMonths),
}

/// A run of months without any sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingMonths {
    /// The first of them, months since 0000-01.
    pub first_month_index: i32,
    /// How many.
    pub count: u16,
    /// Channels that were configured.
    pub channels: u8,
    /// When they were closed: UTC, seconds since 1970.
    pub closed_unix_s: u32,
    /// Number of the first sample after them.
    pub next_sample: u32,
}

impl MissingMonths {
    /// Each of the months, as one that was closed without a level.
    pub fn records(self) -> impl Iterator<Item = MonthRecord> {
        let missing = MonthLevel {
            mean_m: None,
            days: 0,
            readings: 0,
            rejected: 0,
            quality: Quality::GOOD,
            complete: false,
        };
        (0..i32::from(self.count)).map(move |month| MonthRecord {
            month_index: self.first_month_index.saturating_add(month),
            closed_unix_s: self.closed_unix_s,
            next_sample: self.next_sample,
            channels: collect_bounded(
                [missing; MAX_CHANNELS]
                    .into_iter()
                    .take(self.channels.into()),
            ),
        })
    }
}

/// From which month on what stands before this entry is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidMonths {
    /// The first void month, months since 0000-01.
    pub month_index: i32,
    /// When this was said: UTC, seconds since 1970.
    pub unix_s: u32,
    /// Number of the next sample then. Earlier samples with a later time than this were stamped by the wrong clock.
    pub next_sample: u32,
}
