//! Two reference networks, a gated recurrent unit and a multilayer perceptron, fitted with burn's own tensors.
//!
//! They are compared with, never exported. All seeds of a well are trained at once, as one batch of independent networks: their losses are summed, so each
//! gradient is what it would be alone, and Adam works element by element. Training is full batch; the step that is best on the validation observations is
//! kept, for each seed on its own.

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

/// One observation: the mean of the monthly output over `months` should be `target`.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Steps the observation spans.
    pub months: Range<usize>,
    /// Standardised rate.
    pub target: f32,
}

/// What a reference network learns from.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// Standardised inputs, `[months][inputs]`, without gaps.
    pub input: &'a [Vec<f32>],
    /// Observations the loss sees.
    pub train: &'a [Observation],
    /// Observations the best step is chosen on; empty keeps the last step.
    pub validate: &'a [Observation],
}

/// Monthly outputs of the fitted networks, `[seeds][months]`, standardised.
///
/// # Panics
///
/// If there is no month or no training observation, or an observation reaches past the last month.
pub fn fit(kind: Kind, task: &Task, seeds: &[u64]) -> Vec<Vec<f32>> {
    let device = Device::flex().autodiff();
    let months = task.input.len();
    let inputs = task.input[0].len();
    let flat: Vec<f32> = task.input.iter().flatten().copied().collect();
    let input = Tensor::<3>::from_data(TensorData::new(flat, [1, months, inputs]), &device)
        .expand([seeds.len(), months, inputs]);
    let averages = averages(task.train, months, &device);
    let target: Vec<f32> = task
        .train
        .iter()
        .map(|observation| observation.target)
        .collect();
    let target = Tensor::<3>::from_data(TensorData::new(target, [1, task.train.len(), 1]), &device);

    let mut network = Network::new(inputs, kind, seeds, &device);
    let mut optimizer = AdamConfig::new().with_epsilon(1e-8).init();
    let mut best = vec![(f64::INFINITY, Vec::new()); seeds.len()];
    for _ in 0..STEPS {
        let output = network.forward(kind, &input);
        keep_best(&mut best, &output, task.validate);
        let residual = averages.clone().matmul(output) - target.clone();
        let loss = (residual.clone() * residual).sum() / task.train.len() as f32;
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = optimizer.step(LEARNING_RATE, network, gradients);
    }
    keep_best(&mut best, &network.forward(kind, &input), task.validate);
    best.into_iter().map(|(_, output)| output).collect()
}

/// The matrix that turns monthly outputs into observation means, `[1, observations, months]`.
fn averages(observations: &[Observation], months: usize, device: &Device) -> Tensor<3> {
    let mut matrix = vec![0.0f32; observations.len() * months];
    for (row, observation) in matrix.chunks_exact_mut(months).zip(observations) {
        let share = 1.0 / observation.months.len() as f32;
        row[observation.months.clone()].fill(share);
    }
    Tensor::from_data(
        TensorData::new(matrix, [1, observations.len(), months]),
        device,
    )
}

/// Replaces each seed's kept output when the new one is at least as good on the validation observations.
fn keep_best(best: &mut [(f64, Vec<f32>)], output: &Tensor<3>, validate: &[Observation]) {
    let output = output
        .to_data()
        .try_to_vec::<f32>()
        .expect("the networks compute in f32");
    let months = output.len() / best.len();
    for ((error, kept), output) in best.iter_mut().zip(output.chunks_exact(months)) {
        let found = if validate.is_empty() {
            0.0
        } else {
            squared_error(output, validate)
        };
        if found <= *error {
            *error = found;
            *kept = output.to_vec();
        }
    }
}

fn squared_error(output: &[f32], observations: &[Observation]) -> f64 {
    let errors = observations.iter().map(|observation| {
        let mean = output[observation.months.clone()]
            .iter()
            .map(|&y| f64::from(y))
            .sum::<f64>()
            / observation.months.len() as f64;
        (mean - f64::from(observation.target)).powi(2)
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
    fn new(inputs: usize, kind: Kind, seeds: &[u64], device: &Device) -> Self {
        let (width, hidden) = match kind {
            Kind::Gru => (3 * HIDDEN, [HIDDEN, 3 * HIDDEN]),
            Kind::Mlp => (HIDDEN, [1, 1]),
        };
        let mut streams: Vec<ChaCha8Rng> = seeds
            .iter()
            .map(|&seed| ChaCha8Rng::seed_from_u64(seed))
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
                TensorData::new(values, [seeds.len(), rows, columns]),
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

    /// A step that is felt at once and forgotten slowly: the perceptron cannot know how long ago it was.
    fn remembered_pulses() -> (Vec<Vec<f32>>, Vec<Observation>) {
        let mut memory = 0.0f32;
        let months = (0..60).map(|t| {
            let pulse = if t % 11 == 3 || t % 17 == 5 { 1.0 } else { 0.0 };
            memory = 0.8 * memory + pulse;
            (vec![pulse], memory - 1.0)
        });
        let (input, target): (Vec<_>, Vec<_>) = months.unzip();
        let observations = target
            .into_iter()
            .enumerate()
            .map(|(t, target)| Observation {
                months: t..t + 1,
                target,
            })
            .collect();
        (input, observations)
    }

    fn error(kind: Kind) -> f64 {
        let (input, observations) = remembered_pulses();
        let task = Task {
            input: &input,
            train: &observations,
            validate: &[],
        };
        squared_error(&fit(kind, &task, &[7])[0], &observations) / observations.len() as f64
    }

    #[test]
    fn the_gated_recurrent_unit_remembers_what_the_perceptron_cannot() {
        let (gru, mlp) = (error(Kind::Gru), error(Kind::Mlp));
        assert!(gru < 0.05, "{gru}");
        assert!(mlp > 4.0 * gru, "{mlp} against {gru}");
    }

    #[test]
    fn a_seed_gives_the_same_network_alone_and_among_others() {
        let (input, observations) = remembered_pulses();
        let task = Task {
            input: &input,
            train: &observations[..40],
            validate: &observations[40..],
        };
        let together = fit(Kind::Gru, &task, &[3, 4]);
        assert_eq!(fit(Kind::Gru, &task, &[4])[0], together[1]);
        assert_ne!(together[0], together[1]);
    }

    #[test]
    fn an_observation_over_two_months_constrains_their_mean() {
        let input: Vec<Vec<f32>> = (0..8).map(|t| vec![t as f32 / 4.0 - 1.0]).collect();
        let observations: Vec<_> = (0..4)
            .map(|i| Observation {
                months: 2 * i..2 * i + 2,
                target: i as f32 - 1.5,
            })
            .collect();
        let task = Task {
            input: &input,
            train: &observations,
            validate: &[],
        };
        let output = &fit(Kind::Mlp, &task, &[1])[0];
        assert!(squared_error(output, &observations) < 0.1);
    }
}
