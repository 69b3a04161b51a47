use super::lanes::portable;
use super::*;
use crate::network;
use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// A network, what it sees, and the weight of each span in a loss `sum over spans of weight * mean`.
#[derive(Clone, Debug)]
struct Case {
    shape: Shape,
    sequence: Sequence,
    spans: Vec<Range<usize>>,
    parameters: Vec<f32>,
    loss: Vec<f32>,
}

impl Case {
    fn random(shape: Shape, months: usize, missing: f64, seed: u64) -> Self {
        let mut random = ChaCha12Rng::seed_from_u64(seed);
        let values = (0..months * shape.inputs)
            .map(|_| (!random.random_bool(missing)).then(|| random.random_range(-2.0..2.0)))
            .collect();
        let mut spans = Vec::new();
        let mut start = random.random_range(0..3.min(months));
        while start < months {
            let end = (start + random.random_range(1..4)).min(months);
            spans.push(start..end);
            start = end + random.random_range(0..2);
        }
        let draw = |random: &mut ChaCha12Rng| random.random_range(-0.6..0.6);
        Self {
            shape,
            sequence: Sequence::new(shape.inputs, values),
            parameters: (0..shape.parameters()).map(|_| draw(&mut random)).collect(),
            loss: spans.iter().map(|_| draw(&mut random)).collect(),
            spans,
        }
    }

    fn kernel(&self) -> SequenceKernel {
        SequenceKernel::new(self.shape, &self.sequence, self.spans.clone())
    }

    /// Means and gradient of the kernel.
    fn by_hand(&self) -> (Vec<f32>, Vec<f32>) {
        let mut kernel = self.kernel();
        let means = kernel.forward(&self.parameters).to_vec();
        let mut gradient = vec![0.0; self.parameters.len()];
        kernel.backward(&self.loss, &mut gradient);
        (means, gradient)
    }

    /// The largest mean these output weights allow: every h lies in -1..1, every input in -2..2.
    fn largest_mean(&self) -> f64 {
        let layout = self.shape.layout();
        let of_h = magnitude(&self.parameters[layout.output]);
        of_h + magnitude(&self.parameters[layout.output_bias])
            + 2.0 * magnitude(&self.parameters[layout.skip])
    }

    /// Loss in f64, written once more in plain loops.
    fn loss_in_f64(&self, parameters: &[f64]) -> f64 {
        let monthly = monthly_in_f64(&self.shape, parameters, &self.sequence);
        let mean =
            |span: &Range<usize>| monthly[span.clone()].iter().sum::<f64>() / span.len() as f64;
        self.spans
            .iter()
            .zip(&self.loss)
            .map(|(span, weight)| f64::from(*weight) * mean(span))
            .sum()
    }
}

fn monthly_in_f64(shape: &Shape, parameters: &[f64], sequence: &Sequence) -> Vec<f64> {
    let layout = shape.layout();
    let Shape {
        inputs,
        hidden,
        attention_units: units,
        kind,
        ..
    } = *shape;
    let part = |range: &Range<usize>, index: usize| parameters[range.start + index];
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let (mut h, mut cell) = (vec![0.0; hidden], vec![0.0; hidden]);
    let mut monthly = Vec::new();
    for month in 0..sequence.months() {
        let x = sequence.month(month);
        let mut e: Vec<f64> = x.iter().map(|x| f64::from(x.unwrap_or(0.0))).collect();
        if kind != AttentionKind::None {
            let state: Vec<f64> = h.iter().chain(&cell).copied().collect();
            let alpha = |k: usize, x: f64| -> f64 {
                let column = if kind == AttentionKind::PerLayer {
                    k * units
                } else {
                    0
                };
                (0..units)
                    .map(|a| {
                        let query: f64 = state
                            .iter()
                            .enumerate()
                            .map(|(j, state)| part(&layout.attention_w, j * units + a) * state)
                            .sum();
                        let s = query
                            + part(&layout.attention_u, column + a) * x
                            + part(&layout.attention_b, column + a);
                        part(&layout.attention_v, column + a) * s.tanh()
                    })
                    .sum()
            };
            let powers: Vec<f64> = (0..inputs)
                .map(|k| x[k].map_or(0.0, |x| alpha(k, f64::from(x)).exp()))
                .collect();
            let total: f64 = powers.iter().sum();
            for (e, power) in e.iter_mut().zip(powers) {
                *e *= if total > 0.0 { power / total } else { 0.0 };
            }
        }
        let z: Vec<f64> = (0..4 * hidden)
            .map(|row| {
                let column = |j: usize| part(&layout.gates, j * 4 * hidden + row);
                let from_h: f64 = (0..hidden).map(|j| column(j) * h[j]).sum();
                let from_e: f64 = (0..inputs).map(|k| column(hidden + k) * e[k]).sum();
                from_h + from_e + part(&layout.gate_bias, row)
            })
            .collect();
        for j in 0..hidden {
            cell[j] = sigmoid(z[j]) * cell[j] + sigmoid(z[hidden + j]) * z[2 * hidden + j].tanh();
            h[j] = sigmoid(z[3 * hidden + j]) * cell[j].tanh();
        }
        let y: f64 = (0..hidden).map(|j| part(&layout.output, j) * h[j]).sum();
        let skipped = (0..layout.skip.len())
            .map(|k| part(&layout.skip, k) * f64::from(x[k].unwrap_or(0.0)))
            .sum::<f64>();
        monthly.push(y + part(&layout.output_bias, 0) + skipped);
    }
    monthly
}

fn kinds() -> impl Strategy<Value = AttentionKind> {
    prop_oneof![
        Just(AttentionKind::None),
        Just(AttentionKind::Shared),
        Just(AttentionKind::PerLayer)
    ]
}

prop_compose! {
    fn cases()(
        kind in kinds(),
        inputs in 1usize..=8,
        hidden in 1usize..=32,
        attention_units in 1usize..=32,
        skip: bool,
        months in 1usize..40,
        missing in prop_oneof![Just(0.0), Just(0.3), Just(0.9)],
        seed: u64,
    ) -> Case {
        let shape = Shape { inputs, hidden, attention_units, kind, skip };
        Case::random(shape, months, missing, seed)
    }
}

/// Sum of the absolute values.
fn magnitude(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(value.abs())).sum()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f64 {
    let difference = |(a, b): (&f32, &f32)| f64::from((a - b).abs());
    a.iter().zip(b).map(difference).fold(0.0, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    // Both are f32 with other orders of summation and other tanh. Rounding goes with the size of what is summed, not with
    // the sum, which may be near zero. In 40,000 cases the means were at most 2.1e-7 off, the gradients 1.6e-6.
    #[test]
    fn means_and_gradients_are_those_of_burns_autodiff(case in cases()) {
        let device = Device::flex().autodiff();
        let length = case.parameters.len();
        let parameters = Tensor::<1>::from_data(TensorData::new(case.parameters.clone(), [length]), &device).require_grad();
        let monthly = network::forward(&case.shape, &parameters, &case.sequence, 1);
        let means = network::span_means(monthly, &case.spans);
        let weights = Tensor::<2>::from_data(TensorData::new(case.loss.clone(), [1, case.loss.len()]), &device);
        let gradients = (means.clone() * weights).sum().backward();
        let gradient = parameters.grad(&gradients).expect("tracked").into_data().try_to_vec::<f32>().expect("f32");
        let means = means.into_data().try_to_vec::<f32>().expect("f32");

        let (means_by_hand, gradient_by_hand) = case.by_hand();
        let off = largest_difference(&means_by_hand, &means) / case.largest_mean();
        prop_assert!(off < 2e-6, "means: {off}");
        let off = largest_difference(&gradient_by_hand, &gradient) / magnitude(&case.loss);
        prop_assert!(off < 1e-5, "gradients: {off}");
    }

    // Central differences in f64 with a step of 1e-5 are exact to about 1e-9; what is left is the rounding of f32,
    // in 10,000 cases at most 1.8e-7.
    #[test]
    fn gradients_are_finite_differences_in_f64(case in cases(), pick: prop::sample::Index) {
        let (_, gradient) = case.by_hand();
        let scale = magnitude(&case.loss);
        let parameters: Vec<f64> = case.parameters.iter().copied().map(f64::from).collect();
        let first = pick.index(parameters.len());
        // A stride that is prime to most sizes visits all matrices.
        for index in (first..parameters.len()).step_by(97).chain((0..first).step_by(131)) {
            let shifted = |by: f64| {
                let mut shifted = parameters.clone();
                shifted[index] += by;
                case.loss_in_f64(&shifted)
            };
            let expected = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            let found = f64::from(gradient[index]);
            prop_assert!((found - expected).abs() < 2e-6 * scale, "parameter {index}: {found} {expected}");
        }
    }

    #[test]
    fn wide_registers_change_no_bit(case in cases()) {
        let (means, gradient) = case.by_hand();
        let mut kernel = case.kernel();
        let kernel = &mut kernel;
        let parameters = &case.parameters;
        run!(portable, kernel, Forward { kernel, parameters });
        let portable_means = kernel.means.clone();
        let mut portable_gradient = vec![0.0; gradient.len()];
        let (of_means, of_parameters) = (&case.loss, &mut portable_gradient);
        run!(portable, kernel, Backward { kernel, of_means, of_parameters });
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&means), bits(&portable_means));
        prop_assert_eq!(bits(&gradient), bits(&portable_gradient));
    }

    #[test]
    fn a_kernel_used_before_gives_the_same_as_a_new_one(case in cases(), other: u64) {
        let mut used = case.kernel();
        let others = Case::random(case.shape, 2, 0.0, other).parameters;
        used.forward(&others);
        let mut gradient = vec![0.0; others.len()];
        used.backward(&case.loss, &mut gradient);
        let means = used.forward(&case.parameters).to_vec();
        used.backward(&case.loss, &mut gradient);
        prop_assert_eq!((means, gradient), case.by_hand());
    }
}

#[test]
fn the_papers_network_has_1857_parameters() {
    let shape = Shape {
        inputs: 3,
        hidden: 16,
        attention_units: 16,
        kind: AttentionKind::Shared,
        skip: false,
    };
    assert_eq!(shape.parameters(), 1857);
}

#[test]
fn shared_attention_is_per_layer_attention_with_equal_columns() {
    let shared = Shape {
        inputs: 3,
        hidden: 5,
        attention_units: 4,
        kind: AttentionKind::Shared,
        skip: false,
    };
    let per_layer = Shape {
        kind: AttentionKind::PerLayer,
        ..shared
    };
    let case = Case::random(shared, 12, 0.2, 7);
    let from = shared.layout();
    let mut parameters = case.parameters[from.attention_w.clone()].to_vec();
    for range in [from.attention_u, from.attention_b, from.attention_v] {
        for _ in 0..3 {
            parameters.extend(&case.parameters[range.clone()]);
        }
    }
    parameters.extend(&case.parameters[from.gates.start..]);
    let widened = Case {
        shape: per_layer,
        parameters,
        ..case.clone()
    };
    assert_eq!(case.by_hand().0, widened.by_hand().0);
}
