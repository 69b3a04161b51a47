//! Parameters on their way through the steps of the optimiser.

use burn::backend::{DispatchKindConversion, DispatchTensor, tensor::FloatTensor};
use burn::tensor::{Device, Tensor, TensorData};

use super::adam::Moments;
use super::host_backend::HostBackend;
use super::observation::{Observations, Target};
use crate::bptt::SequenceKernel;

/// Parameters beyond this size are no model: with standardised numbers, useful ones stay below a hundred. The limit also keeps
/// every sum of products inside f32, so that infinities and NaN never arise where processors treat them differently.
const PARAMETER_LIMIT: f32 = 1e6;

/// Parameters and optimiser, in the memory of burn's tensors, with room for what a step needs.
pub struct Optimisation<B: HostBackend> {
    parameters: FloatTensor<B>,
    first_moment: FloatTensor<B>,
    second_moment: FloatTensor<B>,
    /// Steps done.
    time: usize,
    learning_rate: f32,
    target: Target,
    gradient: Vec<f32>,
}

impl<B: HostBackend> Optimisation<B>
where
    DispatchTensor: DispatchKindConversion<B>,
{
    pub fn new(
        parameters: Vec<f32>,
        intervals: usize,
        learning_rate: f64,
        device: &Device,
    ) -> Self {
        let length = parameters.len();
        let parameters = Tensor::<1>::from_data(TensorData::new(parameters, [length]), device);
        let moments = || Tensor::<1>::zeros([length], device);
        let [parameters, first_moment, second_moment] =
            [parameters, moments(), moments()].map(|tensor| {
                tensor
                    .try_into_primitive::<B>()
                    .expect("the trainer makes its tensors on one device")
            });
        Self {
            parameters,
            first_moment,
            second_moment,
            time: 0,
            learning_rate: learning_rate as f32,
            target: Target::new(intervals),
            gradient: vec![0.0; length],
        }
    }

    /// One step of the optimiser on a batch of points.
    pub fn step(
        &mut self,
        kernel: &mut SequenceKernel,
        observations: &Observations,
        points: &[usize],
    ) {
        observations.batch(points, &mut self.target);
        let parameters = B::values_mut(&mut self.parameters);
        let derivatives = self.target.differentiate(kernel.forward(parameters));
        kernel.backward(derivatives, &mut self.gradient);
        self.time += 1;
        let moments = Moments {
            first: B::values_mut(&mut self.first_moment),
            second: B::values_mut(&mut self.second_moment),
        };
        moments.step(self.time, self.learning_rate, parameters, &self.gradient);
    }

    /// The parameters, if all are within [`PARAMETER_LIMIT`].
    pub fn parameters(&mut self) -> Option<&[f32]> {
        let parameters: &[f32] = B::values_mut(&mut self.parameters);
        parameters
            .iter()
            .all(|value| value.abs() <= PARAMETER_LIMIT)
            .then_some(parameters)
    }
}
