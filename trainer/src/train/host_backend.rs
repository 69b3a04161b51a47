//! burn backends whose tensors lie in this process's memory.

use burn::backend::{Backend, Flex, flex::FlexTensor, tensor::FloatTensor};

/// A backend that lends the memory of its tensors.
pub(super) trait HostBackend: Backend {
    /// The numbers of a contiguous f32 tensor, where they lie; copied first if another tensor shares them.
    fn values_mut(tensor: &mut FloatTensor<Self>) -> &mut [f32];
}

impl HostBackend for Flex {
    fn values_mut(tensor: &mut FlexTensor) -> &mut [f32] {
        tensor.storage_mut()
    }
}

#[cfg(feature = "ndarray")]
#[expect(
    deprecated,
    reason = "offered for comparison; see the feature in Cargo.toml"
)]
impl HostBackend for burn::backend::NdArray {
    fn values_mut(tensor: &mut FloatTensor<Self>) -> &mut [f32] {
        let burn::backend::ndarray::NdArrayTensor::F32(storage) = tensor else {
            unreachable!("the trainer makes f32 tensors only");
        };
        storage
            .ensure_owned()
            .as_slice_mut()
            .expect("parameters and moments are contiguous vectors")
    }
}
