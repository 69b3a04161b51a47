//! Forward pass and back-propagation through time of a whole sequence.
//!
//! burn's own operations cost a graph node and an allocation each, about a thousand per sequence ([`crate::network`]), and its autodiff keeps the graphs of all threads
//! behind one lock. Here the equations forward and backward are written by hand on slices, and the tests compare them with burn's autodiff.
//!
//! Nothing is allocated or locked after [`SequenceKernel::new`]. Results are the same on every machine: see `bptt/lanes.rs`. Equation numbers are those of Cao et al.
//! 2022 (doi:10.11834/jrs.20211297).
//!
//! Hidden and attention units are padded to rows of 16 with zero weights; padded units stay exactly zero in state and gradient.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined into the dispatched function is compiled for the oldest processor"
)]

mod backward;
pub mod batch;
mod forward;
mod functions;
mod lanes;
mod matrix;
mod weights;

use std::ops::Range;

use amlstm_core::sizes::AttentionKind;

use self::backward::{Backward, Gradient};
use self::forward::{Forward, Trace};
pub(crate) use self::lanes::dispatch;
use self::lanes::{LANES, Row, zeros};
use self::weights::Weights;
use crate::network::{Sequence, Shape};

/// Runs an operation that is compiled for each number of rows that hidden and attention units can make.
macro_rules! run {
    ($dispatch:ident, $kernel:ident, $operation:ident $fields:tt) => {{
        let Sizes { hidden, attention, .. } = $kernel.sizes;
        match (hidden / LANES, attention / LANES) {
            (1, 0) => $dispatch($operation::<1, 0> $fields),
            (1, 1) => $dispatch($operation::<1, 1> $fields),
            (2, 0) => $dispatch($operation::<2, 0> $fields),
            (2, 2) => $dispatch($operation::<2, 2> $fields),
            rows => unreachable!("new lets no {rows:?} pass"),
        }
    }};
}

/// One sequence with room for everything that a forward and a backward pass need.
#[derive(Clone, Debug)]
pub struct SequenceKernel {
    shape: Shape,
    sizes: Sizes,
    spans: Vec<Range<usize>>,
    input: Input,
    weights: Weights,
    trace: Trace,
    gradient: Gradient,
    /// Means of the monthly outputs over the spans.
    means: Vec<f32>,
    /// Of the last forward pass.
    parameters: Vec<f32>,
}

/// Padded sizes.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    months: usize,
    inputs: usize,
    /// Hidden units, filled up to whole rows.
    hidden: usize,
    /// Attention units, filled up to as many rows as the hidden units; zero for a plain LSTM.
    attention: usize,
    /// Columns of e and the bias, a multiple of four.
    e: usize,
}

/// What the network sees, a row a month.
#[derive(Clone, Debug)]
struct Input {
    /// Scaled values, missing ones zero.
    x: Vec<Row>,
    /// 1 where a value is present, otherwise 0.
    present: Vec<Row>,
    /// Present inputs of each month.
    count: Vec<usize>,
}

impl SequenceKernel {
    /// Prepares a sequence; `spans` are the runs of months whose mean outputs are wanted.
    ///
    /// # Panics
    ///
    /// If the sequence has another number of inputs than the shape, or a span is empty or leaves the sequence.
    pub fn new(shape: Shape, sequence: &Sequence, spans: Vec<Range<usize>>) -> Self {
        assert_eq!(shape.inputs, sequence.inputs());
        assert!(shape.inputs <= amlstm_core::sizes::MAX_INPUTS);
        assert!(
            spans
                .iter()
                .all(|span| !span.is_empty() && span.end <= sequence.months())
        );
        let months = sequence.months();
        // As many rows for both, so that few pairs of numbers of rows need code of their own.
        let rows_of = |units: usize| units.next_multiple_of(LANES);
        let (hidden, attention) = if shape.kind == AttentionKind::None {
            (rows_of(shape.hidden), 0)
        } else {
            let units = rows_of(shape.hidden.max(shape.attention_units));
            (units, units)
        };
        let sizes = Sizes {
            months,
            inputs: shape.inputs,
            hidden,
            attention,
            e: (shape.inputs + 1).next_multiple_of(4),
        };
        Self {
            shape,
            sizes,
            means: vec![0.0; spans.len()],
            parameters: Vec::new(),
            spans,
            input: Input::new(sequence),
            weights: Weights::new(sizes),
            trace: Trace::new(sizes),
            gradient: Gradient::new(sizes),
        }
    }

    /// Number of spans.
    pub fn spans(&self) -> usize {
        self.spans.len()
    }

    /// Runs the sequence from a zero state and returns the mean standardised output of each span. With the parameters of the last time nothing is computed again.
    ///
    /// # Panics
    ///
    /// If there are not [`Shape::parameters`] parameters.
    pub fn forward(&mut self, parameters: &[f32]) -> &[f32] {
        let kernel = self;
        if kernel.parameters != parameters {
            run!(dispatch, kernel, Forward { kernel, parameters });
            kernel.parameters.clear();
            kernel.parameters.extend_from_slice(parameters);
        }
        &kernel.means
    }

    /// Standardised output of each month of the last forward pass.
    pub fn monthly(&self) -> &[f32] {
        &self.trace.y
    }

    /// Writes the derivatives of the loss to all parameters of the last forward pass, given those to the mean of each span.
    ///
    /// # Panics
    ///
    /// If the lengths are not [`Self::spans`] and [`Shape::parameters`].
    pub fn backward(&mut self, of_means: &[f32], of_parameters: &mut [f32]) {
        let kernel = self;
        run!(
            dispatch,
            kernel,
            Backward {
                kernel,
                of_means,
                of_parameters
            }
        );
    }
}

impl Input {
    fn new(sequence: &Sequence) -> Self {
        let months = sequence.months();
        let mut input = Self {
            x: zeros(months * LANES),
            present: zeros(months * LANES),
            count: vec![0; months],
        };
        for month in 0..months {
            for (k, x) in sequence.month(month).iter().enumerate() {
                if let Some(x) = x {
                    input.x[month].0[k] = *x;
                    input.present[month].0[k] = 1.0;
                    input.count[month] += 1;
                }
            }
        }
        input
    }
}

#[cfg(test)]
mod tests;
