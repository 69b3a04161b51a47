//! Corrections of the times of samples that were taken while the clock was unsure.
//!
//! Samples are never rewritten. The clock runs evenly from the start until it is set, so one offset in seconds corrects all samples of that time; it
//! is kept in the map and applied whenever samples are read.

use amlstm_core::link::{Quality, Sample};
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// Most corrections; beyond it the oldest is dropped, and its samples are unsure again.
const MAX_ROWS: usize = 16;

/// A range of samples and the correction of their times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedSamples {
    /// Number of the first.
    pub first: u32,
    /// Number after the last.
    pub end: u32,
    /// Seconds to add to their times.
    pub shift_s: i32,
}

/// All corrections, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed(Vec<PlacedSamples, MAX_ROWS>);

impl Placed {
    /// Adds a correction, or replaces the one that begins with the same sample.
    pub fn put(&mut self, row: PlacedSamples) {
        if let Some(old) = self.0.iter_mut().find(|old| old.first == row.first) {
            *old = row;
            return;
        }
        if self.0.is_full() {
            self.0.rotate_left(1);
            self.0.pop();
        }
        // There is room.
        let _ = self.0.push(row);
    }

    /// The sample with its corrected time; `None` if there is no correction.
    pub(super) fn placed(&self, sample: &Sample) -> Option<Sample> {
        let of_row = |row: &&PlacedSamples| (row.first..row.end).contains(&sample.number);
        let row = self.0.iter().find(of_row)?;
        let mut placed = sample.clone();
        placed.unix_s = sample.unix_s.saturating_add_signed(row.shift_s);
        for reading in &mut placed.channels {
            reading.quality = reading
                .quality
                .without(Quality::CLOCK_UNSURE)
                .with(Quality::PLACED);
        }
        Some(placed)
    }
}
