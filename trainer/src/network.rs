//! The AM-LSTM and the plain LSTM in burn's tensor operations.
//!
//! Every operation is one burn tensor operation, and burn's autodiff finds the gradients. That makes this version easy to compare with the
//! paper (Cao et al. 2022, doi:10.11834/jrs.20211297; equation numbers below are its) and slow: about a thousand graph nodes a
//! sequence. Training uses [`crate::bptt`], which is checked against this one and timed against it in `benches/training.rs`.
//!
//! All weights live in one flat vector, in the order of the model file: see [`Layout`].

mod shape;

use std::ops::Range;

use amlstm_core::sizes::AttentionKind;
use burn::tensor::{Device, Tensor, TensorData, activation};
use rand::Rng;
use rand_chacha::ChaCha12Rng;

pub use self::shape::{Layout, Shape};

/// Draws the first parameters: uniform in ±1/sqrt(hidden), all biases and the skip zero but the forget gate's bias, which is one.
///
/// The paper does not say how it initialises. ±1/sqrt(hidden) is the usual choice for recurrent layers (PyTorch's default); a forget
/// bias of one lets the cell remember from the first step (Jozefowicz et al. 2015, section 2.2), which monthly series of a few dozen steps
/// and 100 epochs need more than long training runs do.
pub fn initial_parameters(shape: &Shape, random: &mut ChaCha12Rng) -> Vec<f32> {
    let layout = shape.layout();
    let bound = 1.0 / (shape.hidden as f32).sqrt();
    let mut parameters: Vec<f32> = (0..shape.parameters())
        .map(|_| random.random_range(-bound..bound))
        .collect();
    parameters[layout.attention_b].fill(0.0);
    let forget = layout.gate_bias.start..layout.gate_bias.start + shape.hidden;
    parameters[layout.gate_bias].fill(0.0);
    parameters[forget].fill(1.0);
    parameters[layout.output_bias].fill(0.0);
    parameters[layout.skip].fill(0.0);
    parameters
}

/// Scaled inputs of consecutive months.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    inputs: usize,
    values: Vec<Option<f32>>,
}

impl Sequence {
    /// Takes the values month by month, `[months, inputs]`; a missing or non-finite value is masked.
    ///
    /// # Panics
    ///
    /// If the number of values is not a multiple of `inputs`.
    pub fn new(inputs: usize, values: Vec<Option<f32>>) -> Self {
        assert!(inputs > 0 && values.len().is_multiple_of(inputs));
        let values = values
            .into_iter()
            .map(|value| value.filter(|value| value.is_finite()))
            .collect();
        Self { inputs, values }
    }

    /// Number of inputs a month.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of months.
    pub fn months(&self) -> usize {
        self.values.len() / self.inputs
    }

    /// The values of all months, `[months, inputs]`.
    pub fn all(&self) -> &[Option<f32>] {
        &self.values
    }

    /// The inputs of one month.
    pub fn month(&self, month: usize) -> &[Option<f32>] {
        &self.values[month * self.inputs..(month + 1) * self.inputs]
    }

    /// The first `months` months.
    #[must_use]
    pub fn first(&self, months: usize) -> Self {
        Self {
            inputs: self.inputs,
            values: self.values[..months * self.inputs].to_vec(),
        }
    }
}

/// Steps through all months and returns the standardised output of each, `[rows, months]`.
///
/// `rows` copies of the sequence are computed side by side, as a training batch that does not know that its points share their inputs.
pub fn forward(
    shape: &Shape,
    parameters: &Tensor<1>,
    sequence: &Sequence,
    rows: usize,
) -> Tensor<2> {
    let device = parameters.device();
    let layout = shape.layout();
    let Shape { inputs, hidden, .. } = *shape;
    // A column-major [rows, columns] matrix is, read by rows, its transpose; so row vectors are multiplied from the left.
    let matrix = |range: &Range<usize>, columns: usize| -> Tensor<2> {
        let length = range.len();
        parameters
            .clone()
            .slice([range.clone()])
            .reshape([columns, length / columns])
    };
    let attention = (shape.kind != AttentionKind::None).then(|| Attention::new(shape, &matrix));
    let gates = matrix(&layout.gates, hidden + inputs);
    let gate_bias = matrix(&layout.gate_bias, 1);
    let output = matrix(&layout.output, 1).transpose();
    let output_bias = matrix(&layout.output_bias, 1);
    let skip = shape.skip.then(|| matrix(&layout.skip, 1).transpose());

    let mut h = Tensor::<2>::zeros([rows, hidden], &device);
    let mut cell = Tensor::<2>::zeros([rows, hidden], &device);
    let mut monthly = Vec::with_capacity(sequence.months());
    for month in 0..sequence.months() {
        let x = sequence.month(month);
        let e = match &attention {
            Some(attention) => attention.weigh(&h, &cell, x, &device),
            None => row(x, rows, &device),
        };
        let z = Tensor::cat(vec![h, e], 1).matmul(gates.clone()) + gate_bias.clone();
        let gate = |index: usize| z.clone().narrow(1, index * hidden, hidden);
        let forget = activation::sigmoid(gate(0)); // (2)
        let input = activation::sigmoid(gate(1)); // (3)
        let candidate = activation::tanh(gate(2)); // (4)
        cell = forget * cell + input * candidate; // (5)
        let output_gate = activation::sigmoid(gate(3)); // (6)
        h = output_gate * activation::tanh(cell.clone()); // (7)
        let mut y = h.clone().matmul(output.clone()) + output_bias.clone();
        if let Some(skip) = &skip {
            y = y + row(x, rows, &device).matmul(skip.clone());
        }
        monthly.push(y);
    }
    Tensor::cat(monthly, 1)
}

/// Means of the monthly outputs over runs of months, `[rows, spans]`.
pub fn span_means(monthly: Tensor<2>, spans: &[Range<usize>]) -> Tensor<2> {
    let months = monthly.dims()[1];
    let mut mean = vec![0.0; months * spans.len()];
    for (column, span) in spans.iter().enumerate() {
        for month in span.clone() {
            mean[month * spans.len() + column] = 1.0 / span.len() as f32;
        }
    }
    let device = monthly.device();
    monthly.matmul(Tensor::from_data(
        TensorData::new(mean, [months, spans.len()]),
        &device,
    ))
}

/// Weights of equation 8, one U, B, V an input (the same for all where the attention is shared).
struct Attention {
    w: Tensor<2>,
    inputs: Vec<[Tensor<2>; 3]>,
}

impl Attention {
    fn new(shape: &Shape, matrix: &impl Fn(&Range<usize>, usize) -> Tensor<2>) -> Self {
        let layout = shape.layout();
        let units = shape.attention_units;
        let of_input = |range: &Range<usize>, input: usize| {
            let column = match shape.kind {
                AttentionKind::PerLayer => input,
                _ => 0,
            };
            let start = range.start + column * units;
            matrix(&(start..start + units), 1)
        };
        Self {
            w: matrix(&layout.attention_w, 2 * shape.hidden),
            inputs: (0..shape.inputs)
                .map(|input| {
                    [
                        of_input(&layout.attention_u, input),
                        of_input(&layout.attention_b, input),
                        of_input(&layout.attention_v, input).transpose(),
                    ]
                })
                .collect(),
        }
    }

    /// Equations 8 to 10 with missing inputs left out: returns e, `[rows, inputs]`.
    fn weigh(
        &self,
        h: &Tensor<2>,
        cell: &Tensor<2>,
        x: &[Option<f32>],
        device: &Device,
    ) -> Tensor<2> {
        let rows = h.dims()[0];
        let state = Tensor::cat(vec![h.clone(), cell.clone()], 1).matmul(self.w.clone());
        let alpha: Vec<Tensor<2>> = self
            .inputs
            .iter()
            .zip(x)
            .filter_map(|([u, b, v], x)| {
                let s = state.clone() + u.clone().mul_scalar((*x)?) + b.clone();
                Some(activation::tanh(s).matmul(v.clone())) // (8)
            })
            .collect();
        if alpha.is_empty() {
            return row(x, rows, device);
        }
        let beta = activation::softmax(Tensor::cat(alpha, 1), 1); // (9)
        let mut present = 0;
        let e = x.iter().map(|x| match x {
            Some(x) => {
                present += 1;
                beta.clone().narrow(1, present - 1, 1).mul_scalar(*x) // (10)
            }
            None => Tensor::zeros([rows, 1], device),
        });
        Tensor::cat(e.collect(), 1)
    }
}

/// The inputs of a month, missing ones zero, in `rows` equal rows.
fn row(x: &[Option<f32>], rows: usize, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = x.iter().map(|x| x.unwrap_or(0.0)).collect();
    Tensor::<2>::from_data(TensorData::new(values, [1, x.len()]), device).expand([rows, x.len()])
}
