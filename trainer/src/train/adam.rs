//! Adam in one pass over the parameters.
//!
//! burn's own Adam is thirteen tensor operations and five temporary tensors a step, a quarter of a training step's time. This one is the same arithmetic in the
//! same order, as one loop behind burn's [`Optimizer`] with burn's state: the tests compare every bit with burn's.

use std::marker::PhantomData;

use burn::backend::{DispatchKindConversion, DispatchTensor};
use burn::optim::{AdamState, AdaptiveMomentumState, Optimizer};
use burn::tensor::{Device, Tensor};
use pulp::Arch;

use crate::bptt::HostBackend;

/// Decay of the first moment, as in PyTorch, burn and the Adam paper (Kingma and Ba 2015, arXiv:1412.6980).
const BETA_1: f32 = 0.9;

/// Decay of the second moment, as there.
const BETA_2: f32 = 0.999;

/// That of PyTorch and of the Adam paper; burn's own default is 1e-5.
pub(super) const EPSILON: f32 = 1e-8;

/// The optimiser, for tensors of one backend.
#[derive(Clone, Debug)]
pub(super) struct Adam<B> {
    backend: PhantomData<B>,
}

impl<B> Default for Adam<B> {
    fn default() -> Self {
        Self {
            backend: PhantomData,
        }
    }
}

impl<B: HostBackend> Optimizer for Adam<B>
where
    DispatchTensor: DispatchKindConversion<B>,
{
    type State<const D: usize> = AdamState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: f64,
        parameters: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamState<D>>,
    ) -> (Tensor<D>, Option<AdamState<D>>) {
        let AdaptiveMomentumState {
            time,
            moment_1,
            moment_2,
            ..
        } = state.map_or_else(
            || {
                let zeros = gradient.zeros_like();
                AdaptiveMomentumState::new(0, zeros.clone(), zeros)
            },
            |state| state.momentum,
        );
        let time = time + 1;
        let corrected = |beta: f32| 1.0 - beta.powi(time as i32);
        let root = corrected(BETA_2).sqrt();
        let factor = root / corrected(BETA_1);
        let (epsilon, rate) = (EPSILON * root, learning_rate as f32);

        let [parameters, gradient, moment_1, moment_2] = [parameters, gradient, moment_1, moment_2]
            .map(|tensor| {
                tensor
                    .try_into_primitive::<B>()
                    .expect("the trainer makes its tensors on one device")
            });
        let gradient = B::values(&gradient);
        // The widest registers of this processor; every operation is fixed by IEEE 754, so they change no bit.
        let registers = Arch::new();
        let moment_1 = B::change(moment_1, |moments| {
            registers.dispatch(|| {
                for (moment, g) in moments.iter_mut().zip(gradient) {
                    *moment = *moment * BETA_1 + g * (1.0 - BETA_1);
                }
            });
        });
        let moment_2 = B::change(moment_2, |moments| {
            registers.dispatch(|| {
                for (moment, g) in moments.iter_mut().zip(gradient) {
                    *moment = *moment * BETA_2 + g * g * (1.0 - BETA_2);
                }
            });
        });
        let parameters = B::change(parameters, |parameters| {
            let moments = B::values(&moment_1).iter().zip(B::values(&moment_2));
            registers.dispatch(|| {
                for (parameter, (first, second)) in parameters.iter_mut().zip(moments) {
                    *parameter -= first * factor / (second.sqrt() + epsilon) * rate;
                }
            });
        });
        let [parameters, moment_1, moment_2] =
            [parameters, moment_1, moment_2].map(Tensor::from_primitive::<B>);
        let momentum = AdaptiveMomentumState::new(time, moment_1, moment_2);
        (parameters, Some(AdamState::new(momentum)))
    }

    fn to_device<const D: usize>(mut state: AdamState<D>, device: &Device) -> AdamState<D> {
        state.momentum = state.momentum.to_device(device);
        state
    }
}

#[cfg(test)]
mod tests {
    use burn::backend::Flex;
    use burn::optim::AdamConfig;
    use burn::tensor::TensorData;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha12Rng;

    use super::*;

    #[test]
    fn every_bit_is_that_of_burns_adam() {
        let device = Device::flex();
        let mut random = ChaCha12Rng::seed_from_u64(1);
        let mut vector = |scale: f32| {
            let values = (0..1857).map(|_| scale * random.random_range(-1.0..1.0f32));
            Tensor::<1>::from_data(TensorData::new(values.collect(), [1857]), &device)
        };
        let bits = |tensor: &Tensor<1>| {
            let values = tensor.clone().into_data().try_to_vec::<f32>().expect("f32");
            values.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let (ours, burns) = (
            Adam::<Flex>::default(),
            AdamConfig::new().with_epsilon(EPSILON).build(),
        );
        let start = vector(1.0);
        let mut by_us = (start.clone(), None);
        let mut by_burn = (start, None);
        for step in 0..300 {
            let gradient = vector(10f32.powi(step % 9 - 6));
            by_us = ours.step(0.05, by_us.0, gradient.clone(), by_us.1);
            by_burn = burns.step(0.05, by_burn.0, gradient, by_burn.1);
            assert_eq!(bits(&by_us.0), bits(&by_burn.0), "step {step}");
        }
    }
}
