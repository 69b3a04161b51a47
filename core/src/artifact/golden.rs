//! Months that verify that a program computes as the one that made the file.

use core::iter::{repeat, zip};

use heapless::Vec;

use crate::model::Model;
use crate::sizes::MAX_INPUTS;

/// The golden months: levels, and the results of the program that made the file.
#[derive(Clone, Copy, Debug)]
pub struct Golden<'a> {
    /// Level of each aquifer layer in the first month, m above datum, see [`levels`](Self::levels).
    pub level_m: &'a [f32],
    /// Increment of each month from the zero state, mm.
    pub increment_mm: &'a [f32],
    /// Digest of these months, see [`StatefulNetwork::digest`](crate::stateful_network::StatefulNetwork::digest).
    pub digest: u32,
}

impl Golden<'_> {
    /// The levels of a golden month, from 0: the same in each, or, where the network sees changes, falling by the scale of the change per month.
    #[inline(never)]
    pub fn levels(&self, model: &Model, month: u16) -> Vec<Option<f32>, MAX_INPUTS> {
        let mut levels = Vec::new();
        let changes = model.changes().map(|change| change.scaler.scale);
        let scales_m = changes.chain(repeat(0.0));
        for (golden_m, scale_m) in zip(self.level_m, scales_m) {
            let pushed = levels.push(Some(golden_m - f32::from(month) * scale_m));
            debug_assert!(pushed.is_ok(), "there is one level for each layer");
        }
        levels
    }
}
