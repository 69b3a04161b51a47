//! Entries of the log of months.

use amlstm_core::estimate::Primary;
use amlstm_core::link::{
    EstimateRecord, InputState, MAX_CHANNELS, MonthLevel, MonthRecord, Quality,
};
use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::bounded::collect_bounded;

/// An entry in the log of months. Variants are only appended; a new format of an entry is a new variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MonthEntry {
    /// A month with samples was closed.
    Closed(MonthRecord),
    /// A closed month was estimated, by a firmware from before models had physics; read as [`MonthEntry::Estimate`].
    NetworkEstimate(NetworkEstimate),
    /// Months without any sample were closed.
    Missing(MissingMonths),
    /// Months that a wrong date had closed are void.
    Void(VoidMonths),
    /// A closed month was estimated.
    Estimate(EstimateRecord),
}

impl MonthEntry {
    /// The entry in its current variant.
    #[must_use]
    pub fn newest(self) -> Self {
        match self {
            Self::NetworkEstimate(old) => Self::Estimate(old.into()),
            entry => entry,
        }
    }
}

/// The first format of an estimate, without physics. Fields as those of [`EstimateRecord`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "as those of EstimateRecord")]
pub struct NetworkEstimate {
    pub month_index: i32,
    pub generation: u32,
    pub model_version: u32,
    pub increment_mm: f32,
    pub subsidence_mm: f32,
    pub half_width_mm: Option<f32>,
    pub attention: Vec<f32, MAX_CHANNELS>,
    pub inputs: Vec<InputState, MAX_CHANNELS>,
    pub months_without_levels: u16,
}

impl From<NetworkEstimate> for EstimateRecord {
    fn from(old: NetworkEstimate) -> Self {
        Self {
            month_index: old.month_index,
            generation: old.generation,
            model_version: old.model_version,
            increment_mm: old.increment_mm,
            subsidence_mm: old.subsidence_mm,
            half_width_mm: old.half_width_mm,
            attention: old.attention,
            inputs: old.inputs,
            months_without_levels: old.months_without_levels,
            primary: Primary::Network,
            other_increment_mm: None,
            disagree: false,
            subsidence_half_width_mm: None,
            bridged: 0,
        }
    }
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
    /// One record without levels for each of the months.
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

/// Makes void what earlier entries say of the months from one on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidMonths {
    /// The first void month, months since 0000-01.
    pub month_index: i32,
    /// When it was entered: UTC, seconds since 1970.
    pub unix_s: u32,
    /// Number of the next sample then. Earlier samples with a later time than `unix_s` have it from the wrong clock.
    pub next_sample: u32,
}
