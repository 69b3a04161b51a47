//! The batch against [`network::forward`] and burn's autodiff, lane by lane.

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::*;
use crate::network::{self, Sequence};

/// A network, sixteen sequences, and the weights of a loss `sum of weight * output` over all months and sequences.
#[derive(Clone, Debug)]
struct Case {
    shape: Shape,
    e_factor: f32,
    months: usize,
    parameters: Vec<f32>,
    /// `[sequences][months, inputs]`.
    values: Vec<Vec<Option<f32>>>,
    /// `[months]`.
    loss: Vec<Lanes>,
}

prop_compose! {
    fn cases()(
        kind in prop_oneof![Just(AttentionKind::None), Just(AttentionKind::Shared), Just(AttentionKind::PerLayer)],
        inputs in 1usize..=8,
        hidden in 1usize..=20,
        attention_units in 1usize..=20,
        skip: bool,
        months in 1usize..40,
        missing in prop_oneof![Just(0.0), Just(0.3), Just(0.9)],
        seed: u64,
    ) -> Case {
        let shape = Shape { inputs, hidden, attention_units, kind, skip };
        let mut random = ChaCha12Rng::seed_from_u64(seed);
        let mut draw = || random.random_range(-0.6..0.6f32);
        let parameters = (0..shape.parameters()).map(|_| draw()).collect();
        let loss = (0..months).map(|_| std::array::from_fn(|_| draw())).collect();
        let mut value = || (!random.random_bool(missing)).then(|| random.random_range(-2.0..2.0));
        let values = (0..SEQUENCES).map(|_| (0..months * inputs).map(|_| value()).collect()).collect();
        let e_factor = if kind == AttentionKind::None { 1.0 } else { inputs as f32 };
        Case { shape, e_factor, months, parameters, values, loss }
    }
}

impl Case {
    /// Outputs and gradient of the batch.
    fn by_batch(&self) -> (Vec<Lanes>, Vec<f32>) {
        let inputs = self.shape.inputs;
        let mut input = BatchInput::new(inputs, self.months);
        let sequences: [Sequence; SEQUENCES] =
            std::array::from_fn(|k| Sequence::new(inputs, self.values[k].clone()));
        input.set(sequences.each_ref());
        let mut kernel = BatchKernel::new(self.shape, self.months, self.e_factor);
        let mut output = vec![[0.0; SEQUENCES]; self.months];
        kernel.forward(&self.parameters, &input, &mut output);
        let mut gradient = vec![f32::NAN; self.parameters.len()];
        kernel.backward(&input, &self.loss, &mut gradient);
        (output, gradient)
    }
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    // Rounding goes with the size of what is summed: outputs with the output weights (every h lies in -1..1), gradients with the loss.
    #[test]
    fn outputs_and_gradients_are_those_of_burns_autodiff(case in cases()) {
        let device = Device::flex().autodiff();
        let (output, gradient) = case.by_batch();
        let mut folded = case.parameters.clone();
        fold_factor(&case.shape, &mut folded, case.e_factor);
        let length = folded.len();
        let parameters = Tensor::<1>::from_data(TensorData::new(folded, [length]), &device).require_grad();
        let mut total = Tensor::<1>::zeros([1], &device);
        for (sequence, values) in case.values.iter().enumerate() {
            let inputs = Sequence::new(case.shape.inputs, values.clone());
            let monthly = network::forward(&case.shape, &parameters, &inputs, 1);
            let expected = monthly.clone().into_data().try_to_vec::<f32>().expect("f32");
            let found: Vec<f32> = output.iter().map(|lanes| lanes[sequence]).collect();
            let off = largest_difference(&found, &expected);
            prop_assert!(off < 2e-5, "outputs: {off}");
            let weights: Vec<f32> = case.loss.iter().map(|lanes| lanes[sequence]).collect();
            let weights = Tensor::<2>::from_data(TensorData::new(weights, [1, case.months]), &device);
            total = total + (monthly * weights).sum();
        }
        let gradients = total.backward();
        let expected = parameters.grad(&gradients).expect("tracked").into_data();
        let mut expected = expected.try_to_vec::<f32>().expect("f32");
        // The chain rule through the folded factor.
        fold_factor(&case.shape, &mut expected, case.e_factor);
        let magnitude: f32 = case.loss.as_flattened().iter().map(|weight| weight.abs()).sum();
        let off = largest_difference(&gradient, &expected) / magnitude / case.e_factor;
        prop_assert!(off < 2e-5, "gradients: {off}");
    }
}

#[test]
fn bits_do_not_depend_on_the_width_of_the_registers() {
    use super::super::lanes::portable;
    let shape = Shape {
        inputs: 3,
        hidden: 16,
        attention_units: 16,
        kind: AttentionKind::PerLayer,
        skip: true,
    };
    let mut random = ChaCha12Rng::seed_from_u64(5);
    let parameters: Vec<f32> = (0..shape.parameters())
        .map(|_| random.random_range(-0.6..0.6))
        .collect();
    let mut input = BatchInput::new(3, 50);
    let mut value = |_| {
        random
            .random_bool(0.9)
            .then(|| random.random_range(-2.0..2.0))
    };
    let sequences: [Sequence; SEQUENCES] =
        std::array::from_fn(|_| Sequence::new(3, (0..50 * 3).map(&mut value).collect()));
    input.set(sequences.each_ref());
    let mut kernel = BatchKernel::new(shape, 50, 3.0);
    let mut output = vec![[0.0; SEQUENCES]; 50];
    kernel.forward(&parameters, &input, &mut output);
    let mut gradient = vec![0.0; parameters.len()];
    kernel.backward(&input, &output, &mut gradient);

    let mut narrow = BatchKernel::new(shape, 50, 3.0);
    narrow.weights.load(&shape, narrow.sizes, &parameters);
    let mut narrow_output = vec![[0.0; SEQUENCES]; 50];
    portable(Forward {
        sizes: narrow.sizes,
        weights: &narrow.weights,
        trace: &mut narrow.trace,
        input: &input,
        output: &mut narrow_output,
    });
    portable(Backward {
        sizes: narrow.sizes,
        weights: &narrow.weights,
        trace: &narrow.trace,
        gradient: &mut narrow.gradient,
        input: &input,
        of_output: &narrow_output,
    });
    let mut narrow_gradient = vec![0.0; parameters.len()];
    narrow
        .gradient
        .store(&shape, narrow.sizes, &mut narrow_gradient);
    let bits = |values: &[f32]| {
        values
            .iter()
            .map(|value| value.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        bits(output.as_flattened()),
        bits(narrow_output.as_flattened())
    );
    assert_eq!(bits(&gradient), bits(&narrow_gradient));
}
