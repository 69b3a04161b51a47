//! Adam in one pass over the parameters.
//!
//! burn's own Adam is thirteen tensor operations and five temporary tensors per step. This one is the same arithmetic in the same order on slices: the tests compare
//! every bit of parameters and moments with burn's.

use pulp::{Simd, WithSimd};

use crate::bptt::dispatch;

/// Decay of the first moment, as in PyTorch, burn and the Adam paper (Kingma and Ba 2015, arXiv:1412.6980).
const BETA_1: f32 = 0.9;

/// Decay of the second moment, as there.
const BETA_2: f32 = 0.999;

/// That of PyTorch and of the Adam paper; burn's own default is 1e-5.
pub(super) const EPSILON: f32 = 1e-8;

/// What Adam keeps from step to step beside the parameters.
pub(crate) struct Moments<'a> {
    /// Running mean of the gradient.
    pub(crate) first: &'a mut [f32],
    /// Running mean of its square.
    pub(crate) second: &'a mut [f32],
}

impl Moments<'_> {
    /// Step number `time`, from 1: changes the moments and the parameters.
    pub(crate) fn step(
        self,
        time: usize,
        learning_rate: f32,
        parameters: &mut [f32],
        gradient: &[f32],
    ) {
        let corrected = |beta: f32| 1.0 - beta.powi(time as i32);
        let root = corrected(BETA_2).sqrt();
        // The widest registers of this processor; every operation is fixed by IEEE 754, so they change no bit.
        dispatch(Step {
            moments: self,
            parameters,
            gradient,
            factor: root / corrected(BETA_1),
            epsilon: EPSILON * root,
            learning_rate,
        });
    }
}

/// One step with the numbers that all parameters share.
struct Step<'a> {
    moments: Moments<'a>,
    parameters: &'a mut [f32],
    gradient: &'a [f32],
    factor: f32,
    epsilon: f32,
    learning_rate: f32,
}

impl WithSimd for Step<'_> {
    type Output = ();

    #[expect(
        clippy::inline_always,
        reason = "what is not inlined into the dispatched function is compiled for the oldest processor"
    )]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let moments = self.moments.first.iter_mut().zip(self.moments.second);
        let parameters = self.parameters.iter_mut().zip(self.gradient);
        for ((parameter, g), (first, second)) in parameters.zip(moments) {
            *first = *first * BETA_1 + g * (1.0 - BETA_1);
            *second = *second * BETA_2 + g * g * (1.0 - BETA_2);
            let change = *first * self.factor / (second.sqrt() + self.epsilon);
            *parameter -= change * self.learning_rate;
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::optim::{AdamConfig, AdamState, Optimizer};
    use burn::tensor::{Device, Tensor, TensorData};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha12Rng;

    use super::*;

    #[test]
    fn every_bit_is_that_of_burns_adam() {
        const LENGTH: usize = 1857;
        let device = Device::flex();
        let mut random = ChaCha12Rng::seed_from_u64(1);
        let mut vector = |scale: f32| -> Vec<f32> {
            (0..LENGTH)
                .map(|_| scale * random.random_range(-1.0..1.0f32))
                .collect()
        };
        let tensor = |values: &[f32]| {
            Tensor::<1>::from_data(TensorData::new(values.to_vec(), [LENGTH]), &device)
        };
        let bits = |values: &[f32]| {
            values
                .iter()
                .map(|value| value.to_bits())
                .collect::<Vec<_>>()
        };
        let bits_of = |tensor: &Tensor<1>| {
            bits(&tensor.clone().into_data().try_to_vec::<f32>().expect("f32"))
        };
        let burns = AdamConfig::new().with_epsilon(EPSILON).build();
        let mut ours = vector(1.0);
        let (mut first, mut second) = (vec![0.0; LENGTH], vec![0.0; LENGTH]);
        let mut by_burn: (Tensor<1>, Option<AdamState<1>>) = (tensor(&ours), None);
        for step in 0..300 {
            let gradient = vector(10f32.powi(step % 9 - 6));
            let moments = Moments {
                first: &mut first,
                second: &mut second,
            };
            moments.step(step as usize + 1, 0.05, &mut ours, &gradient);
            by_burn = burns.step(0.05, by_burn.0, tensor(&gradient), by_burn.1);
            assert_eq!(bits(&ours), bits_of(&by_burn.0), "step {step}");
        }
        let state = by_burn.1.expect("a state after the first step").momentum;
        assert_eq!(bits(&first), bits_of(&state.moment_1));
        assert_eq!(bits(&second), bits_of(&state.moment_2));
    }
}
