//! Weights, one step of the network, and the model: levels in, increments out.

#![allow(
    clippy::inline_always,
    reason = "a frame for each function that only passes a step on would lie on the stack below every step"
)]

use core::iter::zip;

#[cfg(feature = "f32")]
use crate::arithmetic::F32;
#[cfg(feature = "q15")]
use crate::arithmetic::Q15;
use crate::arithmetic::{Arithmetic, Columns, Kernel, Portable};
use crate::attention::{AttentionWeights, Inputs};
use crate::crc::Crc32;
use crate::lstm::{GateWeights, State};
use crate::scaler::Scaler;

pub use crate::sizes::{AttentionKind, MAX_ATTENTION, MAX_HIDDEN, MAX_INPUTS, Sizes};
use crate::sizes::{BLOCK, TILE_COLUMNS};

/// All weights of a network, borrowed from the model file.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a, A: Arithmetic> {
    /// The attention, absent in a plain LSTM.
    pub attention: Option<AttentionWeights<'a, A>>,
    /// The four gates.
    pub gates: GateWeights<'a, A>,
    /// `w_o [hidden]`.
    pub output: &'a [A::Weight],
    /// `b_o`.
    pub output_row: A::Row,
    /// What is chosen per model besides the weights.
    pub scales: A::Scales,
}

impl<A: Arithmetic> Weights<'_, A> {
    /// One month: moves `state` on and gives the standardised increment y; adds the shares to `beta`, which is zero before; turns `inputs` from x to e.
    #[inline(never)]
    pub fn step<K: Kernel, const CAPACITY: usize>(
        &self,
        state: &mut State<A, CAPACITY>,
        inputs: &mut Inputs<A>,
        beta: &mut [A::Sum; MAX_INPUTS],
    ) -> f32 {
        let mut sums = [A::Sum::default(); BLOCK];
        // h as it was: all gates of all units see it.
        let before = state.hidden;
        // Units and inputs are filled up to whole tiles.
        let units = self.output.len();
        let unit_tiles = units.next_multiple_of(BLOCK) / TILE_COLUMNS;
        let input_tiles = self.gates.weights.tiles_a_block.saturating_sub(unit_tiles);
        let before = before.as_chunks().0.get(..unit_tiles).unwrap_or_default();
        // (8), (9)
        if let Some(attention) = &self.attention {
            let cell = state.cell.as_chunks::<TILE_COLUMNS>().0;
            let cell = cell.get(..unit_tiles).unwrap_or_default().as_flattened();
            // Until the gates write it, the place of h has room for C.
            let attended = A::attended_cells(&self.scales, cell, &mut state.hidden);
            let columns = Columns {
                hidden: before,
                others: attended.as_chunks().0,
            };
            attention.attend::<K>(&self.scales, &columns, &mut sums, inputs, beta);
            // (10) e^k = beta^k x^k; without attention e = x
            for (x, beta) in zip(&mut inputs.value, beta) {
                *x = A::attended(*beta, *x);
            }
        }
        // (2) to (7)
        let values = inputs
            .value
            .as_chunks()
            .0
            .get(..input_tiles)
            .unwrap_or_default();
        let columns = Columns {
            hidden: before,
            others: values,
        };
        let hidden = state.hidden.as_chunks_mut().0;
        let cell = state.cell.as_chunks_mut().0;
        self.gates.advance::<K>(&columns, &mut sums, hidden, cell);
        // What fills up the last block stays zero, whatever the file has for it.
        let filled_hidden = state.hidden.get_mut(units..).unwrap_or_default();
        filled_hidden.fill(A::Value::default());
        let filled_cell = state.cell.get_mut(units..).unwrap_or_default();
        filled_cell.fill(A::Cell::default());
        // y = w_o' h + b_o
        let mut sum = A::bias(&self.output_row);
        for (weight, h) in zip(self.output, &state.hidden) {
            sum = A::add_product(sum, *weight, *h);
        }
        A::output(&self.output_row, sum)
    }
}

/// The weights of a model of any arithmetic.
#[derive(Clone, Copy, Debug)]
pub enum Network<'a> {
    /// 32-bit floating point.
    #[cfg(feature = "f32")]
    F32(Weights<'a, F32>),
    /// Fixed point.
    #[cfg(feature = "q15")]
    Q15(Weights<'a, Q15>),
}

/// One input: the level of an aquifer layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    /// From m above datum to what the network sees.
    pub scaler: Scaler,
    /// Lowest level trained on, m above datum.
    pub lowest_trained_m: f32,
    /// Highest level trained on, m above datum.
    pub highest_trained_m: f32,
}

impl Input {
    /// Its numbers in the order of the model file.
    pub fn to_numbers(self) -> [f32; 4] {
        [
            self.scaler.offset,
            self.scaler.scale,
            self.lowest_trained_m,
            self.highest_trained_m,
        ]
    }

    /// The input of its numbers in the order of the model file.
    pub fn from_numbers([offset, scale, lowest_trained_m, highest_trained_m]: [f32; 4]) -> Self {
        Self {
            scaler: Scaler { offset, scale },
            lowest_trained_m,
            highest_trained_m,
        }
    }
}

/// All numbers a step needs, borrowed from the model file.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    /// Four numbers an input, see [`Input::from_numbers`].
    pub(crate) inputs: &'a [[f32; 4]],
    /// Scaler of a month's increment in mm.
    pub target: Scaler,
    /// The weights.
    pub network: Network<'a>,
}

impl<'a> Model<'a> {
    /// The inputs, in the order of the aquifer layers.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = Input> + use<'a> {
        self.inputs.iter().copied().map(Input::from_numbers)
    }
}

/// A model together with its state: steps through months.
#[derive(Clone, Copy, Debug)]
pub struct Running<'a, const CAPACITY: usize> {
    inputs: &'a [[f32; 4]],
    target: Scaler,
    network: RunningNetwork<'a, CAPACITY>,
}

#[derive(Clone, Copy, Debug)]
enum RunningNetwork<'a, const CAPACITY: usize> {
    #[cfg(feature = "f32")]
    F32(Weights<'a, F32>, State<F32, CAPACITY>),
    #[cfg(feature = "q15")]
    Q15(Weights<'a, Q15>, State<Q15, CAPACITY>),
}

/// The outputs of a month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Output {
    /// Increment of the month in mm, down +.
    pub increment_mm: f32,
    /// The inputs' shares beta, 0 to 1; all zero in a plain LSTM or if all inputs are missing.
    pub attention: [f32; MAX_INPUTS],
}

impl<'a, const CAPACITY: usize> Running<'a, CAPACITY> {
    /// The model with a state of zero. `CAPACITY` is at least the model's number of hidden units: who calls has checked it.
    pub(crate) fn cold(model: &Model<'a>) -> Self {
        let network = match model.network {
            #[cfg(feature = "f32")]
            Network::F32(weights) => RunningNetwork::F32(weights, State::zero()),
            #[cfg(feature = "q15")]
            Network::Q15(weights) => RunningNetwork::Q15(weights, State::zero()),
        };
        Self {
            inputs: model.inputs,
            target: model.target,
            network,
        }
    }

    /// Whether the model has an attention.
    pub fn has_attention(&self) -> bool {
        match &self.network {
            #[cfg(feature = "f32")]
            RunningNetwork::F32(weights, _) => weights.attention.is_some(),
            #[cfg(feature = "q15")]
            RunningNetwork::Q15(weights, _) => weights.attention.is_some(),
        }
    }

    /// The inputs, in the order of the aquifer layers.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = Input> + use<'a, CAPACITY> {
        self.inputs.iter().copied().map(Input::from_numbers)
    }

    /// One month with the levels (m above datum) of the aquifer layers; a level that is absent, not finite or not given is missing.
    pub fn step(&mut self, level_m: &[Option<f32>]) -> Output {
        self.step_with::<Portable>(level_m)
    }

    /// As [`step`](Self::step), with a machine's own kernel.
    #[inline(always)]
    pub fn step_with<K: Kernel>(&mut self, level_m: &[Option<f32>]) -> Output {
        let (y, attention) = match &mut self.network {
            #[cfg(feature = "f32")]
            RunningNetwork::F32(weights, state) => {
                step::<_, K, _>(self.inputs, weights, state, level_m)
            }
            #[cfg(feature = "q15")]
            RunningNetwork::Q15(weights, state) => {
                step::<_, K, _>(self.inputs, weights, state, level_m)
            }
        };
        Output {
            increment_mm: self.target.restore(y),
            attention,
        }
    }

    /// Bits of h and C of each hidden unit.
    pub fn state_bits(&self) -> impl Iterator<Item = (u32, u32)> {
        let state = |unit| match &self.network {
            #[cfg(feature = "f32")]
            RunningNetwork::F32(weights, state) => state.unit_bits(unit, weights.output.len()),
            #[cfg(feature = "q15")]
            RunningNetwork::Q15(weights, state) => state.unit_bits(unit, weights.output.len()),
        };
        (0..CAPACITY).map_while(state)
    }

    /// Sets h and C of hidden unit after hidden unit from their bits; units without bits become zero.
    ///
    /// # Errors
    ///
    /// The index of the first unit whose bits no step can have left behind; the state is then what it was.
    pub fn set_state_bits(&mut self, bits: impl Iterator<Item = (u32, u32)>) -> Result<(), usize> {
        match &mut self.network {
            #[cfg(feature = "f32")]
            RunningNetwork::F32(weights, state) => {
                *state = State::from_bits(bits.take(weights.output.len()))?;
            }
            #[cfg(feature = "q15")]
            RunningNetwork::Q15(weights, state) => {
                *state = State::from_bits(bits.take(weights.output.len()))?;
            }
        }
        Ok(())
    }

    /// Back to a state of zero.
    pub(crate) fn forget(&mut self) {
        match &mut self.network {
            #[cfg(feature = "f32")]
            RunningNetwork::F32(_, state) => *state = State::zero(),
            #[cfg(feature = "q15")]
            RunningNetwork::Q15(_, state) => *state = State::zero(),
        }
    }

    /// CRC-32 of `previous`, of what the month's step gave (increment, attention of each input) and of the state after it (h and C of each unit).
    /// Chained from 0 over a series, equal digests mean equal bits in every month.
    pub fn digest(&self, previous: u32, output: &Output) -> u32 {
        let mut digest = Crc32::new().word(previous);
        digest = digest.word(output.increment_mm.to_bits());
        for (share, _) in output.attention.iter().zip(self.inputs) {
            digest = digest.word(share.to_bits());
        }
        for (hidden, cell) in self.state_bits() {
            digest = digest.word(hidden).word(cell);
        }
        digest.finish()
    }
}

/// Standardises the levels and steps; gives y and the shares.
#[inline(always)]
fn step<A: Arithmetic, K: Kernel, const CAPACITY: usize>(
    inputs: &[[f32; 4]],
    weights: &Weights<'_, A>,
    state: &mut State<A, CAPACITY>,
    level_m: &[Option<f32>],
) -> (f32, [f32; MAX_INPUTS]) {
    let mut month = Inputs::<A>::missing();
    standardise(inputs, &weights.scales, level_m, &mut month);
    let mut beta = [A::Sum::default(); MAX_INPUTS];
    let y = weights.step::<K, _>(state, &mut month, &mut beta);
    (y, beta.map(A::share))
}

/// Sets the levels that are there as the network sees them.
#[inline(never)]
fn standardise<A: Arithmetic>(
    inputs: &[[f32; 4]],
    scales: &A::Scales,
    level_m: &[Option<f32>],
    month: &mut Inputs<A>,
) {
    let places = month.value.iter_mut().zip(&mut month.present);
    for ((place, input), level_m) in places.zip(inputs).zip(level_m) {
        if let Some(level_m) = level_m.filter(|level| level.is_finite()) {
            let standardised = Input::from_numbers(*input).scaler.standardise(level_m);
            *place.0 = A::input(scales, standardised);
            *place.1 = true;
        }
    }
}

#[cfg(test)]
mod tests;
