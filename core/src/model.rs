//! Weights, one step of the network, and the model: levels in, increments out.

#![allow(
    clippy::inline_always,
    reason = "a frame for each function that only passes a step on would lie on the stack below every step"
)]

use core::iter::zip;

use crate::arithmetic::Arithmetic;
#[cfg(feature = "f32")]
use crate::arithmetic::F32;
#[cfg(feature = "q15")]
use crate::arithmetic::Q15;
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
    /// One month: moves `state` on and gives the standardised increment y and the shares beta (zero in a plain LSTM).
    pub fn step<const CAPACITY: usize>(
        &self,
        state: &mut State<A, CAPACITY>,
        input: &Inputs<A>,
    ) -> (f32, [A::Value; MAX_INPUTS]) {
        // Room for [h; C], with h as it was.
        let mut columns = [state.hidden; 2];
        self.step_within(
            columns.as_flattened_mut(),
            &mut state.hidden,
            &mut state.cell,
            input,
        )
    }

    /// The step, compiled once for all capacities; `columns` begins with h and has room for C behind the room for h.
    #[inline(never)]
    fn step_within(
        &self,
        columns: &mut [A::Value],
        hidden: &mut [A::Value],
        cell: &mut [A::Cell],
        input: &Inputs<A>,
    ) -> (f32, [A::Value; MAX_INPUTS]) {
        // Units and inputs are filled up to whole tiles.
        let units = self.output.len().next_multiple_of(BLOCK);
        let inputs = TILE_COLUMNS
            * self
                .gates
                .weights
                .tiles_a_block
                .saturating_sub(units / TILE_COLUMNS);
        let hidden = hidden
            .get_mut(..units)
            .unwrap_or_default()
            .as_chunks_mut()
            .0;
        let cell = cell.get_mut(..units).unwrap_or_default().as_chunks_mut().0;
        let values = input.value.get(..inputs).unwrap_or_default();
        let present = input.present.get(..inputs).unwrap_or_default();
        let behind_h = columns.get_mut(units..).unwrap_or_default();
        for (place, c) in zip(behind_h.iter_mut(), cell.as_flattened()) {
            *place = A::attended_cell(&self.scales, *c);
        }
        // (8), (9)
        let beta = match &self.attention {
            Some(attention) => {
                attention.attend(&self.scales, columns.as_chunks().0, values, present)
            }
            None => [A::Value::default(); MAX_INPUTS],
        };
        // (10) e^k = beta^k x^k; without attention e = x
        let behind_h = columns.get_mut(units..).unwrap_or_default();
        for ((place, x), beta) in zip(zip(behind_h, values), &beta) {
            *place = match &self.attention {
                Some(_) => A::product(*beta, *x),
                None => *x,
            };
        }
        // (2) to (7)
        self.gates.advance(columns.as_chunks().0, hidden, cell);
        // y = w_o' h + b_o
        let mut sum = A::bias(&self.output_row);
        for (weight, h) in zip(self.output, hidden.as_flattened()) {
            sum = A::add_product(sum, *weight, *h);
        }
        (A::output(&self.output_row, sum), beta)
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
    #[inline(always)]
    pub fn step(&mut self, level_m: &[Option<f32>]) -> Output {
        match &mut self.network {
            #[cfg(feature = "f32")]
            RunningNetwork::F32(weights, state) => {
                step(self.inputs, self.target, weights, state, level_m)
            }
            #[cfg(feature = "q15")]
            RunningNetwork::Q15(weights, state) => {
                step(self.inputs, self.target, weights, state, level_m)
            }
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

/// Standardises the levels, steps, and brings the increment back to mm.
#[inline(always)]
fn step<A: Arithmetic, const CAPACITY: usize>(
    inputs: &[[f32; 4]],
    target: Scaler,
    weights: &Weights<'_, A>,
    state: &mut State<A, CAPACITY>,
    level_m: &[Option<f32>],
) -> Output {
    let mut month = Inputs::<A>::missing();
    standardise(inputs, &weights.scales, level_m, &mut month);
    let (y, beta) = weights.step(state, &month);
    Output {
        increment_mm: target.restore(y),
        attention: beta.map(A::share),
    }
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
