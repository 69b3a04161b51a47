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
}

/// A [`SequenceKernel`] that burn can differentiate.
#[derive(Clone, Debug)]
pub struct SequenceNode {
    kernel: Arc<Mutex<SequenceKernel>>,
}

impl SequenceNode {
    /// Takes the kernel. Clones of the node share it.
    pub fn new(kernel: SequenceKernel) -> Self {
        Self {
            kernel: Arc::new(Mutex::new(kernel)),
        }
    }

    /// Runs the sequence and returns the mean of each span as an operation with one parent, the flat parameter vector.
    ///
    /// The backward pass must follow before the next forward pass of the same node: the node keeps the trace of one.
    ///
    /// # Panics
    ///
    /// If `parameters` does not live on `Autodiff<B>`, or has another length than the kernel's shape asks for.
    pub fn forward<B: HostBackend>(&self, parameters: Tensor<1>) -> Tensor<1>
    where
        DispatchTensor: DispatchKindConversion<Autodiff<B>>,
    {
        let parameters = parameters
            .try_into_primitive::<Autodiff<B>>()
            .expect("the trainer makes its tensors on one device");
        let (values, guard) = parameters.into_parts();
        let means = self.lock().forward(B::values(&values)).to_vec();
        let output = B::vector(means);
        let operation = Backward::<B, 1>::prepare::<NoCheckpointing>(SequenceBackward, [guard]);
        let output = match operation.compute_bound().stateful() {
            OpsKind::Tracked(operation) => operation.finish(self.clone(), output),
            OpsKind::UnTracked(operation) => operation.finish(output),
        };
        Tensor::from_primitive::<Autodiff<B>>(output)
    }

    fn lock(&self) -> MutexGuard<'_, SequenceKernel> {
        // A kernel keeps no promise between two passes that a panic could break.
        self.kernel.lock().unwrap_or_else(PoisonError::into_inner)
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
        let of_means = gradients.consume::<B>(&operation.node);
        let [Some(parameters)] = operation.parents else {
            return;
        };
        let mut kernel = operation.state.lock();
        let mut of_parameters = vec![0.0; kernel.shape.parameters()];
        kernel.backward(B::values(&of_means), &mut of_parameters);
        gradients.register::<B>(parameters.id, B::vector(of_parameters));
    }
}
