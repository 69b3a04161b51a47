//! The sizes of a network and their limits.

use serde::{Deserialize, Serialize};

/// Most inputs of a model: the levels of as many aquifer layers (no known well has more screens), or levels and monthly changes of half as many.
pub const MAX_INPUTS: usize = 8;

/// Most aquifer layers of a model that sees their monthly changes, too.
pub const MAX_CHANGED_LAYERS: usize = MAX_INPUTS / 2;

/// Most hidden units of a model: twice the paper's.
pub const MAX_HIDDEN: usize = 32;

/// Most attention units of a model: twice the paper's.
pub const MAX_ATTENTION: usize = 32;

/// Most networks of a model, whose increments are averaged: the mean of four was measured, more average out little more.
pub const MAX_MEMBERS: usize = 4;

/// Most networks of a model beside the first.
pub const MAX_FURTHER: usize = MAX_MEMBERS - 1;

/// Units computed together: the sums of that many rows stay in registers, and each value is loaded once for all of them.
pub const BLOCK: usize = 8;

/// Most blocks of hidden units.
pub const MAX_BLOCKS: usize = MAX_HIDDEN / BLOCK;

/// Columns of a tile of weights.
pub const TILE_COLUMNS: usize = 4;

// The inputs of a month fit into one block, and a block of values matches whole tiles.
const _: () = assert!(MAX_INPUTS == BLOCK && BLOCK.is_multiple_of(TILE_COLUMNS));
const _: () = assert!(MAX_HIDDEN.is_multiple_of(BLOCK) && MAX_ATTENTION.is_multiple_of(BLOCK));

/// How the attention tells the aquifer layers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttentionKind {
    /// A plain LSTM: e = x.
    None,
    /// All layers share U, B and V, as in the paper.
    Shared,
    /// Each layer, and where the network sees changes each change, has its own U, B and V.
    PerLayer,
}

/// The sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Inputs, 1 to [`MAX_INPUTS`]: the levels of the aquifer layers, and, where the network sees them, their monthly changes.
    pub inputs: u8,
    /// Hidden units, 1 to [`MAX_HIDDEN`].
    pub hidden: u8,
    /// Attention units, 1 to [`MAX_ATTENTION`]; 0 for a plain LSTM.
    pub attention: u8,
}

impl Sizes {
    /// Columns of U, B and V: none, one, or one for each input.
    pub fn attention_columns(self, kind: AttentionKind) -> usize {
        match kind {
            AttentionKind::None => 0,
            AttentionKind::Shared => 1,
            AttentionKind::PerLayer => usize::from(self.inputs),
        }
    }

    /// Blocks of hidden units.
    pub fn hidden_blocks(self) -> usize {
        usize::from(self.hidden).div_ceil(BLOCK)
    }

    /// Blocks of attention units.
    pub fn attention_blocks(self) -> usize {
        usize::from(self.attention).div_ceil(BLOCK)
    }

    /// The column of a padded matrix: h comes first, padded to whole blocks.
    pub fn padded_column(self, column: usize) -> usize {
        let hidden = usize::from(self.hidden);
        if column < hidden {
            column
        } else {
            column - hidden + BLOCK * self.hidden_blocks()
        }
    }

    /// Number of all weights except a skip's: W, U, B, V, gates, gate biases, w_o, b_o.
    ///
    /// ```
    /// use amlstm_core::sizes::{AttentionKind, Sizes};
    ///
    /// let sizes = Sizes { inputs: 3, hidden: 16, attention: 16 };
    /// assert_eq!(sizes.weights(AttentionKind::Shared), 1857);
    /// ```
    pub fn weights(self, kind: AttentionKind) -> usize {
        let [inputs, hidden, attention] =
            [self.inputs, self.hidden, self.attention].map(usize::from);
        let attention = match kind {
            AttentionKind::None => 0,
            _ => attention * (2 * hidden + 3 * self.attention_columns(kind)),
        };
        attention + 4 * hidden * (hidden + inputs + 1) + hidden + 1
    }
}
