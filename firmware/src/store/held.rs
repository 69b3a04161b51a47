//! Counts and last entries of the logs, kept in RAM so that the flash need not be read.

use amlstm_core::link::{EstimateRecord, MonthRecord};
use heapless::Vec;

use super::{MissingMonths, MonthEntry, VoidMonths};

/// Most entries that make months void, each from a later month on than the one before.
pub const MAX_VOIDS: usize = 16;

/// Counts and last entries of the logs, kept in RAM so that the flash need not be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// Number of the oldest event.
    pub first_event: u32,
    /// Number the next event gets.
    pub next_event: u32,
    /// Closed months, void ones left out.
    pub months: u16,
    /// The last of them.
    pub last_month: Option<MonthRecord>,
    /// The last estimate made of one of them.
    pub last_estimate: Option<EstimateRecord>,
    /// The last entry that made months void.
    pub last_void: Option<VoidMonths>,
    /// Time of the last sample.
    pub last_sample_unix_s: Option<u32>,
    /// Records that this firmware cannot decode.
    pub unreadable: u32,
    /// Entries of the log of months.
    entries: u32,
    pub(super) voids: Voids,
}

/// Which entries of the log of months are void.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Voids {
    /// Number of the entry, and the first month that it makes void.
    said: Vec<(u32, i32), MAX_VOIDS>,
}

impl Held {
    /// First pass over the log of months: collects what is void.
    pub(super) fn note_void(&mut self, entry: &MonthEntry) {
        if let MonthEntry::Void(void) = entry {
            let said = &mut self.voids.said;
            // What an earlier one makes void, one from the same month on or before does, too.
            said.retain(|(_, month_index)| *month_index < void.month_index);
            // There is room: otherwise it would not have been written.
            let _ = said.push((self.entries, void.month_index));
            self.last_void = Some(*void);
        }
        self.entries += 1;
    }

    /// Second pass, and for each entry appended later: counts an entry that is not void.
    pub(super) fn note_month(&mut self, entry: &MonthEntry) {
        match entry {
            MonthEntry::Closed(record) => {
                self.months = self.months.saturating_add(1);
                self.last_month = Some(record.clone());
            }
            MonthEntry::Estimate(estimate) => self.last_estimate = Some(estimate.clone()),
            MonthEntry::Missing(missing) => {
                self.months = self.months.saturating_add(missing.count);
                self.last_month = missing.records().last().or(self.last_month.take());
            }
            MonthEntry::Void(_) | MonthEntry::NetworkEstimate(_) => {}
        }
    }

    /// Counts an appended entry.
    pub(super) fn note_appended(&mut self, entry: &MonthEntry) {
        self.entries += 1;
        self.note_month(entry);
    }

    /// True if months from this one on can be made void.
    pub(super) fn takes_void(&self, month_index: i32) -> bool {
        let said = &self.voids.said;
        !said.is_full() || said.iter().any(|(_, said)| *said >= month_index)
    }
}

impl Voids {
    /// The part of entry `number` that is not void, in its current variant.
    pub(super) fn live(&self, number: u32, entry: MonthEntry) -> Option<MonthEntry> {
        let first_void = self
            .said
            .iter()
            .filter(|(said_at, _)| *said_at > number)
            .map(|(_, month_index)| *month_index)
            .min()
            .unwrap_or(i32::MAX);
        let entry = entry.newest();
        match entry {
            MonthEntry::Closed(ref record) => (record.month_index < first_void).then_some(entry),
            MonthEntry::Estimate(ref made) => (made.month_index < first_void).then_some(entry),
            MonthEntry::Missing(missing) => {
                let left = first_void
                    .saturating_sub(missing.first_month_index)
                    .clamp(0, missing.count.into());
                (left > 0).then_some(MonthEntry::Missing(MissingMonths {
                    count: left as u16,
                    ..missing
                }))
            }
            MonthEntry::Void(_) | MonthEntry::NetworkEstimate(_) => None,
        }
    }
}
