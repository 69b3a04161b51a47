//! A network without a model file: its numbers and a series of levels as one block of bytes.
//!
//! What the image `network` runs, to measure the network by itself, as an engineer would write it who needs neither checks of a file nor physics.
//!
//! | numbers | shape |
//! |---|---|
//! | offset, scale, lowest and highest level of each input, m | `[LAYERS, 4]` |
//! | offset and scale of an increment, mm | `[2]` |
//! | scales, W, U, B, V, gates, biases, `w_o`, `b_o` | as in a model file ([`amlstm_core::artifact`]) of the paper's sizes with shared attention |
//! | levels, m above datum | `[months, LAYERS]` |

use core::iter::zip;

use amlstm_core::arithmetic::{Arithmetic, TiledMatrix};
use amlstm_core::attention::{AttentionWeights, Inputs};
use amlstm_core::input::Input;
use amlstm_core::lstm::GateWeights;
use amlstm_core::network::Weights;
use amlstm_core::scaler::Scaler;
use amlstm_core::sizes::{BLOCK, TILE_COLUMNS};
use amlstm_core::state::State;
use bytemuck::Pod;

/// Aquifer layers: the inputs.
pub const LAYERS: usize = 3;

/// Blocks of hidden units, and of attention units: the paper's 16 of each.
pub const BLOCKS: usize = 2;

/// Tiles of a block of rows of W: columns of h and C.
const ATTENTION_TILES: usize = 2 * BLOCKS * BLOCK / TILE_COLUMNS;

/// Tiles of a block of rows of the gates: columns of h and e.
const GATE_TILES: usize = BLOCKS * BLOCK / TILE_COLUMNS + LAYERS.div_ceil(TILE_COLUMNS);

/// A network whose numbers are used in place.
pub struct BareNetwork<'a, A: Arithmetic> {
    inputs: &'a [[f32; 4]],
    target: Scaler,
    weights: Weights<'a, A>,
}

impl<'a, A: Arithmetic> BareNetwork<'a, A> {
    /// The network at the start of a block, and the bytes after it; `None` if these are too few or not aligned to 4.
    pub fn read(block: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut rest = block;
        let rest = &mut rest;
        let inputs = take(rest, LAYERS)?;
        let [offset, scale] = *take(rest, 2)? else {
            return None;
        };
        let scales = one(rest)?;
        let attention = AttentionWeights {
            w: TiledMatrix {
                tiles: take(rest, BLOCKS * ATTENTION_TILES)?,
                tiles_per_block: ATTENTION_TILES,
            },
            u: take(rest, BLOCKS)?,
            b: take(rest, BLOCKS)?,
            v: take(rest, BLOCKS)?,
            columns: 1,
        };
        let gates = GateWeights {
            weights: TiledMatrix {
                tiles: take(rest, 4 * BLOCKS * GATE_TILES)?,
                tiles_per_block: GATE_TILES,
            },
            biases: take(rest, BLOCKS)?,
        };
        let weights = Weights {
            attention: Some(attention),
            gates,
            output: take(rest, BLOCKS)?,
            output_bias: one(rest)?,
            skip: &[],
            hidden: BLOCKS * BLOCK,
            scales,
        };
        let network = Self {
            inputs,
            target: Scaler { offset, scale },
            weights,
        };
        Some((network, rest))
    }

    /// One month with a level of each layer, m above datum: advances `state` and returns the increment, mm.
    pub fn step(&self, state: &mut State<A, BLOCKS>, level_m: [f32; LAYERS]) -> f32 {
        let mut inputs = Inputs::<A>::missing();
        let places = zip(&mut inputs.value, &mut inputs.present);
        for ((value, present), (input, level_m)) in zip(places, zip(self.inputs, level_m)) {
            let standardised = Input::from_numbers(*input).scaler.standardise(level_m);
            *value = A::input(&self.weights.scales, standardised);
            *present = true;
        }
        let (y, _) = self.weights.step(state, &inputs);
        self.target.restore(y)
    }
}

fn take<'a, T: Pod>(rest: &mut &'a [u8], count: usize) -> Option<&'a [T]> {
    let (bytes, after) = rest.split_at_checked(count * size_of::<T>())?;
    *rest = after;
    bytemuck::try_cast_slice(bytes).ok()
}

fn one<T: Pod>(rest: &mut &[u8]) -> Option<T> {
    let bytes: &[u8] = take(rest, size_of::<T>())?;
    bytemuck::try_pod_read_unaligned(bytes).ok()
}
