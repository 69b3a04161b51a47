//! Two reference networks, a gated recurrent unit and a multilayer perceptron, fitted with burn's own tensors.
//!
//! They are compared with, never exported. All networks of a well are trained at once, as one batch of independent networks: their losses are summed, so each
//! gradient is what it would be alone, and Adam works element by element. Training is full batch; the step that is best on the validation observations is
//! kept, for each network on its own.

use std::ops::Range;

use burn::module::{Module, Param};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::{sigmoid, tanh};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Hidden units, as in the networks they are compared with.
const HIDDEN: usize = 16;
/// Adam's step.
const LEARNING_RATE: f64 = 0.02;
/// Full-batch optimiser steps.
const STEPS: usize = 150;

/// Which reference network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Gated recurrent unit over the months (Cho et al. 2014, arXiv:1406.1078v1).
    Gru,
    /// One hidden layer, each month on its own.
    Mlp,
}

/// What the networks of all seeds learn from. They share inputs and months; each seed has its own targets.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// Standardised inputs, `[months][inputs]`, without gaps.
    pub input: &'a [Vec<f32>],
    /// Months over which the mean output is compared with a target.
    pub spans: &'a [Range<usize>],
    /// One entry a network.
    pub draws: &'a [Draw],
}

/// One seed's network: its targets, standardised, `[spans]`, `None` where there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// Start of the initial weights' random stream.
    pub seed: u64,
    /// Targets that the loss sees.
    pub train: Vec<Option<f32>>,
    /// Targets that the best step is chosen on; all `None` keeps the last step.
    pub validate: Vec<Option<f32>>,
}

/// Monthly outputs of the fitted networks, `[draws][months]`, standardised.
///
/// # Panics
///
/// If there is no month or no draw, a draw has no target for a span, or a span reaches past the last month.
pub fn fit(kind: Kind, task: &Task) -> Vec<Vec<f32>> {
    let device = Device::flex().autodiff();
    let (months, inputs, draws) = (task.input.len(), task.input[0].len(), task.draws.len());
    let flat: Vec<f32> = task.input.iter().flatten().copied().collect();
    let input = Tensor::<3>::from_data(TensorData::new(flat, [1, months, inputs]), &device)
        .expand([draws, months, inputs]);
    let means = span_means(task.spans, months, &device);
    let by_draw = |value: fn(Option<f32>) -> f32| {
        let values: Vec<f32> = task
            .draws
            .iter()
            .flat_map(|draw| draw.train.iter().map(|&target| value(target)))
            .collect();
        Tensor::<3>::from_data(
            TensorData::new(values, [draws, task.spans.len(), 1]),
            &device,
        )
    };
    let target = by_draw(|target| target.unwrap_or(0.0));
    let counted = by_draw(|target| f32::from(u8::from(target.is_some())));

    let mut network = Network::new(inputs, kind, task.draws, &device);
    let mut optimizer = AdamConfig::new().with_epsilon(1e-8).init();
    let mut best = vec![(f64::INFINITY, Vec::new()); draws];
    for _ in 0..STEPS {
        let output = network.forward(kind, &input);
        keep_best(&mut best, &output, task);
        let residual = (means.clone().matmul(output) - target.clone()) * counted.clone();
        let loss = (residual.clone() * residual).sum() / task.spans.len() as f32;
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = optimizer.step(LEARNING_RATE, network, gradients);
    }
    keep_best(&mut best, &network.forward(kind, &input), task);
    best.into_iter().map(|(_, output)| output).collect()
}

/// The matrix that turns monthly outputs into means over spans, `[1, spans, months]`.
fn span_means(spans: &[Range<usize>], months: usize, device: &Device) -> Tensor<3> {
    let mut matrix = vec![0.0f32; spans.len() * months];
    for (row, span) in matrix.chunks_exact_mut(months).zip(spans) {
        row[span.clone()].fill(1.0 / span.len() as f32);
    }
    Tensor::from_data(TensorData::new(matrix, [1, spans.len(), months]), device)
}

/// Replaces each draw's kept output when the new one is at least as good on its validation targets.
fn keep_best(best: &mut [(f64, Vec<f32>)], output: &Tensor<3>, task: &Task) {
    let output = output
        .to_data()
        .try_to_vec::<f32>()
        .expect("the networks compute in f32");
    let outputs = output.chunks_exact(task.input.len());
    for (((error, kept), output), draw) in best.iter_mut().zip(outputs).zip(task.draws) {
        let found = squared_error(output, task.spans, &draw.validate);
        if found <= *error {
            *error = found;
            *kept = output.to_vec();
        }
    }
}

fn squared_error(output: &[f32], spans: &[Range<usize>], targets: &[Option<f32>]) -> f64 {
    let errors = spans.iter().zip(targets).filter_map(|(span, target)| {
        let mean = output[span.clone()]
            .iter()
            .map(|&y| f64::from(y))
            .sum::<f64>()
            / span.len() as f64;
        Some((mean - f64::from((*target)?)).powi(2))
    });
    errors.sum()
}

/// Parameters of one network a seed; the first dimension is the seed.
#[derive(Module, Debug)]
struct Network {
    /// `[seeds, inputs, width]`, width 3 H for the recurrent unit (update, reset, candidate) and H for the perceptron.
    input_weight: Param<Tensor<3>>,
    /// `[seeds, H, 3 H]`; `[seeds, 1, 1]` and unused for the perceptron.
    hidden_weight: Param<Tensor<3>>,
    /// `[seeds, 1, width]`.
    bias: Param<Tensor<3>>,
    /// `[seeds, H, 1]`.
    output_weight: Param<Tensor<3>>,
    /// `[seeds, 1, 1]`.
    output_bias: Param<Tensor<3>>,
}

impl Network {
    /// Uniform weights of variance 1 / (3 fan-in), each seed from its own stream.
    fn new(inputs: usize, kind: Kind, draws: &[Draw], device: &Device) -> Self {
        let (width, hidden) = match kind {
            Kind::Gru => (3 * HIDDEN, [HIDDEN, 3 * HIDDEN]),
            Kind::Mlp => (HIDDEN, [1, 1]),
        };
        let mut streams: Vec<ChaCha8Rng> = draws
            .iter()
            .map(|draw| ChaCha8Rng::seed_from_u64(draw.seed))
            .collect();
        let mut uniform = |[rows, columns]: [usize; 2], fan_in: usize| {
            let bound = 1.0 / (fan_in as f32).sqrt();
            let values: Vec<f32> = streams
                .iter_mut()
                .flat_map(|stream| {
                    (0..rows * columns)
                        .map(|_| stream.random_range(-bound..bound))
                        .collect::<Vec<_>>()
                })
                .collect();
            Param::from_tensor(Tensor::from_data(
                TensorData::new(values, [draws.len(), rows, columns]),
                device,
            ))
        };
        Self {
            input_weight: uniform([inputs, width], inputs),
            hidden_weight: uniform(hidden, HIDDEN),
            bias: uniform([1, width], HIDDEN),
            output_weight: uniform([HIDDEN, 1], HIDDEN),
            output_bias: uniform([1, 1], HIDDEN),
        }
    }

    /// Monthly outputs, `[seeds, months, 1]`, from inputs `[seeds, months, inputs]`.
    fn forward(&self, kind: Kind, input: &Tensor<3>) -> Tensor<3> {
        let hidden = match kind {
            Kind::Gru => self.gated_recurrence(input),
            Kind::Mlp => tanh(input.clone().matmul(self.input_weight.val()) + self.bias.val()),
        };
        hidden.matmul(self.output_weight.val()) + self.output_bias.val()
    }

    fn gated_recurrence(&self, input: &Tensor<3>) -> Tensor<3> {
        let [seeds, months, _] = input.dims();
        let (input_weight, hidden_weight, bias) = (
            self.input_weight.val(),
            self.hidden_weight.val(),
            self.bias.val(),
        );
        let mut hidden = Tensor::zeros([seeds, 1, HIDDEN], &input.device());
        let mut all = Vec::with_capacity(months);
        for month in 0..months {
            let driven = input
                .clone()
                .narrow(1, month, 1)
                .matmul(input_weight.clone())
                + bias.clone();
            let recalled = hidden.clone().matmul(hidden_weight.clone());
            let gates = sigmoid(
                driven.clone().narrow(2, 0, 2 * HIDDEN) + recalled.clone().narrow(2, 0, 2 * HIDDEN),
            );
            let (update, reset) = (
                gates.clone().narrow(2, 0, HIDDEN),
                gates.narrow(2, HIDDEN, HIDDEN),
            );
            let candidate = tanh(
                driven.narrow(2, 2 * HIDDEN, HIDDEN)
                    + reset * recalled.narrow(2, 2 * HIDDEN, HIDDEN),
            );
            hidden = candidate.clone() + update * (hidden - candidate);
            all.push(hidden.clone());
        }
        Tensor::cat(all, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pulse that is felt at once and forgotten slowly: the perceptron cannot know how long ago it was.
    fn remembered_pulses() -> (Vec<Vec<f32>>, Vec<f32>) {
        let mut memory = 0.0f32;
        let months = (0..60).map(|t| {
            let pulse = if t % 11 == 3 || t % 17 == 5 { 1.0 } else { 0.0 };
            memory = 0.8 * memory + pulse;
            (vec![pulse], memory - 1.0)
        });
        months.unzip()
    }

    /// The first `fitted` targets train, the others validate.
    fn draw(seed: u64, target: &[f32], fitted: usize) -> Draw {
        let part = |train: bool| {
            target
                .iter()
                .enumerate()
                .map(|(t, &target)| ((t < fitted) == train).then_some(target))
                .collect()
        };
        Draw {
            seed,
            train: part(true),
            validate: part(false),
        }
    }

    fn months(count: usize) -> Vec<Range<usize>> {
        (0..count).map(|t| t..t + 1).collect()
    }

    fn error(kind: Kind) -> f64 {
        let (input, target) = remembered_pulses();
        let (spans, draw) = (months(60), draw(7, &target, 60));
        let task = Task {
            input: &input,
            spans: &spans,
            draws: std::slice::from_ref(&draw),
        };
        squared_error(&fit(kind, &task)[0], &spans, &draw.train) / 60.0
    }

    #[test]
    fn the_gated_recurrent_unit_remembers_what_the_perceptron_cannot() {
        let (gru, mlp) = (error(Kind::Gru), error(Kind::Mlp));
        assert!(gru < 0.05, "{gru}");
        assert!(mlp > 4.0 * gru, "{mlp} against {gru}");
    }

    #[test]
    fn a_seed_gives_the_same_network_alone_and_among_others() {
        let (input, target) = remembered_pulses();
        let (spans, draws) = (months(60), [draw(3, &target, 30), draw(4, &target, 40)]);
        let together = fit(
            Kind::Gru,
            &Task {
                input: &input,
                spans: &spans,
                draws: &draws,
            },
        );
        let alone = fit(
            Kind::Gru,
            &Task {
                input: &input,
                spans: &spans,
                draws: &draws[1..],
            },
        );
        assert_eq!(alone[0], together[1]);
        assert_ne!(together[0], together[1]);
    }

    #[test]
    fn a_span_of_two_months_constrains_their_mean() {
        let input: Vec<Vec<f32>> = (0..8).map(|t| vec![t as f32 / 4.0 - 1.0]).collect();
        let spans: Vec<_> = (0..4).map(|i| 2 * i..2 * i + 2).collect();
        let draw = draw(1, &[-1.5, -0.5, 0.5, 1.5], 4);
        let output = &fit(
            Kind::Mlp,
            &Task {
                input: &input,
                spans: &spans,
                draws: std::slice::from_ref(&draw),
            },
        )[0];
        assert!(squared_error(output, &spans, &draw.train) < 0.1);
    }
}
