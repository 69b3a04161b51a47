//! The sequence as one operation of burn's autodiff.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::backend::{
    Autodiff, Backend, DispatchKindConversion, DispatchTensor, Flex,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::NoCheckpointing},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    flex::FlexTensor,
    tensor::FloatTensor,
};
use burn::tensor::{Tensor, TensorData};

use super::SequenceKernel;

/// A burn backend whose tensors lie in this process's memory.
pub trait HostBackend: Backend {
    /// The values of a contiguous f32 tensor.
    fn values(tensor: &FloatTensor<Self>) -> &[f32];

    /// A vector as a tensor.
    fn vector(values: Vec<f32>) -> FloatTensor<Self>;

    /// The tensor with other values, written in place where nobody else holds it.
    fn change(tensor: FloatTensor<Self>, change: impl FnOnce(&mut [f32])) -> FloatTensor<Self>;
}

impl HostBackend for Flex {
    fn values(tensor: &FlexTensor) -> &[f32] {
        tensor
            .as_slice()
            .expect("parameters and gradients are contiguous f32 vectors")
    }

    fn vector(values: Vec<f32>) -> FlexTensor {
        let length = values.len();
        FlexTensor::from_data(TensorData::new(values, [length]))
    }

    fn change(mut tensor: FlexTensor, change: impl FnOnce(&mut [f32])) -> FlexTensor {
        change(tensor.storage_mut());
        tensor
    }
}

#[cfg(feature = "ndarray")]
#[expect(
    deprecated,
    reason = "offered for comparison; see the feature in Cargo.toml"
)]
impl HostBackend for burn::backend::NdArray {
    fn values(tensor: &FloatTensor<Self>) -> &[f32] {
        let burn::backend::ndarray::NdArrayTensor::F32(storage) = tensor else {
            unreachable!("the trainer makes f32 tensors only");
        };
        storage
            .view()
            .to_slice()
            .expect("parameters and gradients are contiguous f32 vectors")
    }

    fn vector(values: Vec<f32>) -> FloatTensor<Self> {
        let length = values.len();
        burn::backend::ndarray::NdArrayTensor::from_data(TensorData::new(values, [length]))
    }

    fn change(tensor: FloatTensor<Self>, change: impl FnOnce(&mut [f32])) -> FloatTensor<Self> {
        let mut values = Self::values(&tensor).to_vec();
        change(&mut values);
        Self::vector(values)
    }
}

/// A [`SequenceKernel`] that burn can differentiate.
#[derive(Clone, Debug)]
pub struct SequenceNode {
    trace: Arc<Mutex<Trace>>,
}

/// What a forward pass leaves for the backward pass.
#[derive(Debug)]
struct Trace {
    kernel: SequenceKernel,
    weights: Vec<f32>,
    residuals: Vec<f32>,
}

/// What the means of the spans are compared with.
#[derive(Clone, Debug)]
pub struct Target {
    /// Wanted mean of each span.
    pub means: Vec<f32>,
    /// Factor of each span's residual; its loss is the square of the product.
    pub weights: Vec<f32>,
}

impl SequenceNode {
    /// Takes the kernel. Clones of the node share it.
    pub fn new(kernel: SequenceKernel) -> Self {
        Self {
            trace: Arc::new(Mutex::new(Trace {
                kernel,
                weights: Vec::new(),
                residuals: Vec::new(),
            })),
        }
    }

    /// Means of the standardised outputs over the spans.
    ///
    /// # Panics
    ///
    /// If there are not as many parameters as the kernel's shape asks for.
    pub fn means(&self, parameters: &[f32]) -> Vec<f32> {
        self.lock().kernel.forward(parameters).to_vec()
    }

    /// Runs the sequence and returns the loss of each span, the square of its weighted residual, as an operation with one parent, the flat parameter vector.
    ///
    /// Subtraction, weighting and squaring are part of the node because each operation of burn's autodiff costs as much as some months of the
    /// sequence. The backward pass must follow before the next forward pass of the same node: the node keeps the trace of one.
    ///
    /// # Panics
    ///
    /// If `parameters` does not live on `Autodiff<B>` or has another length than the kernel's shape asks for, or if the target has
    /// another number of spans.
    pub fn losses<B: HostBackend>(&self, parameters: Tensor<1>, target: Target) -> Tensor<1>
    where
        DispatchTensor: DispatchKindConversion<Autodiff<B>>,
    {
        let parameters = parameters
            .try_into_primitive::<Autodiff<B>>()
            .expect("the trainer makes its tensors on one device");
        let (values, guard) = parameters.into_parts();
        let Target {
            means: mut residuals,
            weights,
        } = target;
        let losses = {
            let mut trace = self.lock();
            let means = trace.kernel.forward(B::values(&values));
            assert_eq!((residuals.len(), weights.len()), (means.len(), means.len()));
            for ((residual, mean), weight) in residuals.iter_mut().zip(means).zip(&weights) {
                *residual = weight * (mean - *residual);
            }
            let losses = residuals.iter().map(|residual| residual * residual);
            let losses = losses.collect();
            trace.weights = weights;
            trace.residuals = residuals;
            losses
        };
        let output = B::vector(losses);
        let operation = Backward::<B, 1>::prepare::<NoCheckpointing>(SequenceBackward, [guard]);
        let output = match operation.compute_bound().stateful() {
            OpsKind::Tracked(operation) => operation.finish(self.clone(), output),
            OpsKind::UnTracked(operation) => operation.finish(output),
        };
        Tensor::from_primitive::<Autodiff<B>>(output)
    }

    fn lock(&self) -> MutexGuard<'_, Trace> {
        // There is no promise between two passes that a panic could break.
        self.trace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct SequenceBackward;

impl<B: HostBackend> Backward<B, 1> for SequenceBackward {
    type State = SequenceNode;

    fn backward(
        self,
        operation: Ops<SequenceNode, 1>,
        gradients: &mut Gradients,
        _: &mut Checkpointer,
    ) {
        let of_losses = gradients.consume::<B>(&operation.node);
        let [Some(parameters)] = operation.parents else {
            return;
        };
        let mut trace = operation.state.lock();
        let Trace {
            kernel,
            weights,
            residuals,
        } = &mut *trace;
        let of_losses = B::values(&of_losses);
        for ((weight, residual), of_loss) in weights.iter_mut().zip(residuals).zip(of_losses) {
            *weight *= of_loss * (*residual + *residual);
        }
        let mut of_parameters = vec![0.0; kernel.shape.parameters()];
        kernel.backward(weights, &mut of_parameters);
        gradients.register::<B>(parameters.id, B::vector(of_parameters));
    }
}
