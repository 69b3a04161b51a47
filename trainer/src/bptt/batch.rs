//! Sixteen sequences of one length side by side: each lane of a register is a sequence.
//!
//! [`SequenceKernel`](super::SequenceKernel) spreads the units of one sequence over the lanes and waits, month by month, for the month before. Here every
//! operation is done for sixteen independent sequences, so a weight is loaded once for all and no sum runs across lanes until the end. Same equations, same
//! functions, same rules for reproducible bits (`bptt/lanes.rs`): the order of every sum is fixed, and nothing is fused.
//!
//! The network may have, beside the paper's equations, a linear skip from its inputs to its output, `y = w_o' h + b_o + s' x`.

mod backward;
mod forward;
mod weights;

use amlstm_core::sizes::AttentionKind;

use self::backward::{Backward, Gradient};
use self::forward::{Forward, Trace};
use self::weights::Weights;
use super::lanes::{LANES, Row, dispatch, zeros};
use crate::network::{Sequence, Shape};

/// Sequences of a batch.
pub const SEQUENCES: usize = LANES;

/// Rows that a product sums side by side.
const ROWS: usize = 4;

/// One number for each sequence of a batch.
pub type Lanes = [f32; SEQUENCES];

/// What the network sees in each month of each sequence.
#[derive(Clone, Debug)]
pub struct BatchInput {
    inputs: usize,
    months: usize,
    /// Scaled values, missing ones zero, `[months, inputs]`.
    x: Vec<Row>,
    /// 1 where a value is there, otherwise 0, `[months, inputs]`.
    present: Vec<Row>,
}

impl BatchInput {
    /// Room for sequences of `months` months, all values missing.
    pub fn new(inputs: usize, months: usize) -> Self {
        Self {
            inputs,
            months,
            x: zeros(months * inputs * LANES),
            present: zeros(months * inputs * LANES),
        }
    }

    /// Number of months.
    pub fn months(&self) -> usize {
        self.months
    }

    /// Takes the values of sixteen sequences. Where one has ended, its values are missing.
    ///
    /// # Panics
    ///
    /// If a sequence has another number of inputs.
    pub fn set(&mut self, sequences: [&Sequence; SEQUENCES]) {
        let values = sequences.map(|sequence| {
            assert_eq!(sequence.inputs(), self.inputs);
            sequence.all()
        });
        for (place, (x, present)) in self.x.iter_mut().zip(&mut self.present).enumerate() {
            let values = values.map(|values| values.get(place).copied().flatten());
            x.0 = values.map(|value| value.unwrap_or(0.0));
            present.0 = values.map(|value| f32::from(u8::from(value.is_some())));
        }
    }
}

/// Padded sizes.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    inputs: usize,
    /// Hidden units, filled up to whole blocks of rows.
    hidden: usize,
    /// Attention units, likewise; zero for a plain LSTM.
    attention: usize,
    /// e and a one for the bias, filled up to whole blocks.
    e: usize,
}

/// A network with room for everything that a forward and a backward pass over a batch need.
#[derive(Clone, Debug)]
pub struct BatchKernel {
    shape: Shape,
    sizes: Sizes,
    weights: Weights,
    trace: Trace,
    gradient: Gradient,
}

impl BatchKernel {
    /// Room for sequences of up to `months` months. `e_factor` multiplies the attended inputs e, see [`fold_factor`].
    pub fn new(shape: Shape, months: usize, e_factor: f32) -> Self {
        let blocks = |units: usize| units.next_multiple_of(ROWS);
        let sizes = Sizes {
            inputs: shape.inputs,
            hidden: blocks(shape.hidden),
            attention: match shape.kind {
                AttentionKind::None => 0,
                _ => blocks(shape.attention_units),
            },
            e: blocks(shape.inputs + 1),
        };
        Self {
            shape,
            sizes,
            weights: Weights::new(sizes, e_factor),
            trace: Trace::new(sizes, months),
            gradient: Gradient::new(sizes, months),
        }
    }

    /// Runs the sequences from a zero state and writes the standardised output of each month.
    ///
    /// # Panics
    ///
    /// If there are not [`Shape::parameters`] parameters, as many outputs as months, or room for the months.
    pub fn forward(&mut self, parameters: &[f32], input: &BatchInput, output: &mut [Lanes]) {
        assert_eq!(input.inputs, self.shape.inputs);
        assert_eq!(input.months, output.len());
        self.weights.load(&self.shape, self.sizes, parameters);
        dispatch(Forward {
            sizes: self.sizes,
            weights: &self.weights,
            trace: &mut self.trace,
            input,
            output,
        });
    }

    /// Writes the derivatives of the loss to all parameters of the last forward pass, given those to the output of each month.
    ///
    /// # Panics
    ///
    /// If the numbers are not those of the last forward pass.
    pub fn backward(&mut self, input: &BatchInput, of_output: &[Lanes], of_parameters: &mut [f32]) {
        assert_eq!(input.months, of_output.len());
        dispatch(Backward {
            sizes: self.sizes,
            weights: &self.weights,
            trace: &self.trace,
            gradient: &mut self.gradient,
            input,
            of_output,
        });
        self.gradient.store(&self.shape, self.sizes, of_parameters);
    }
}

/// Multiplies the weights that see e, so that the network without a factor does what the one with `e_factor` did.
pub fn fold_factor(shape: &Shape, parameters: &mut [f32], e_factor: f32) {
    let of_h = 4 * shape.hidden * shape.hidden;
    for weight in &mut parameters[shape.layout().gates][of_h..] {
        *weight *= e_factor;
    }
}

#[cfg(test)]
mod tests;
