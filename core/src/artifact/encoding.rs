//! Lengths in bytes of a network's numbers.

use super::{GOLDEN_MONTHS, Record};
use crate::arithmetic::ArithmeticKind;
use crate::sizes::{BLOCK, TILE_COLUMNS};

/// Bytes of the target's scaler, which come before the start.
#[cfg(feature = "encode")]
pub(super) const TARGET_BYTES: usize = 8;

/// How an arithmetic's numbers are encoded in a model file: their lengths in bytes.
pub(super) struct Encoding {
    /// All scales.
    pub(super) scales: usize,
    /// A bias.
    pub(super) bias: usize,
    /// A weight.
    pub(super) weight: usize,
}

impl Encoding {
    pub(super) fn of(arithmetic: ArithmeticKind) -> Self {
        match arithmetic {
            ArithmeticKind::F32 => Self {
                scales: 0,
                bias: 4,
                weight: 4,
            },
            ArithmeticKind::Q15 => Self {
                scales: 12,
                bias: 8,
                weight: 2,
            },
        }
    }
}

/// Bytes of the network's numbers, padding included.
pub(super) fn network_bytes(record: &Record) -> usize {
    let inputs = usize::from(record.sizes.inputs);
    let hidden = usize::from(record.sizes.hidden);
    let words = 2 + 2 + 2 * hidden + record.aquifer_layers.len() + GOLDEN_MONTHS + 1;
    let hidden = BLOCK * record.sizes.hidden_blocks();
    let units = BLOCK * record.sizes.attention_blocks();
    let columns = record.sizes.attention_columns(record.attention);
    let attention = units * (2 * hidden + 2 * columns);
    let gates = 4 * hidden * (hidden + inputs.next_multiple_of(TILE_COLUMNS));
    let biases = units * columns + 4 * hidden + 1;
    let skip = BLOCK * usize::from(record.sees_changes());
    let encoding = Encoding::of(record.arithmetic);
    4 * words
        + encoding.scales
        + encoding.weight * (attention + gates + hidden + skip)
        + encoding.bias * biases
}
