//! The numbers of a model.

#[cfg(feature = "f32")]
use crate::arithmetic::F32;
#[cfg(feature = "q15")]
use crate::arithmetic::Q15;
use crate::input::Input;
use crate::network::Weights;
use crate::scaler::Scaler;

/// The weights of a model of any arithmetic.
#[derive(Clone, Copy, Debug)]
pub enum Network<'a> {
    /// 32-bit floating point.
    #[cfg(feature = "f32")]
    F32(Weights<'a, F32>),
    /// Fixed point.
    #[cfg(feature = "q15")]
    Q15(Weights<'a, Q15>),
}

/// All numbers that a step needs, borrowed from the model file.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    /// Four numbers per input, see [`Input::from_numbers`].
    pub(crate) inputs: &'a [[f32; 4]],
    /// The same of each aquifer layer's monthly change; empty in a network that sees levels only.
    pub(crate) changes: &'a [[f32; 4]],
    /// Scaler of a month's increment in mm.
    pub target: Scaler,
    /// The weights.
    pub network: Network<'a>,
}

impl<'a> Model<'a> {
    /// The inputs that are levels, in the order of the aquifer layers.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = Input> + use<'a> {
        self.inputs.iter().copied().map(Input::from_numbers)
    }

    /// The inputs that are monthly changes of levels, in the order of the aquifer layers; none in a network that sees levels only.
    pub fn changes(&self) -> impl ExactSizeIterator<Item = Input> + use<'a> {
        self.changes.iter().copied().map(Input::from_numbers)
    }
}
