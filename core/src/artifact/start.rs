//! The start state in a model file.

use core::iter::zip;

use crate::month::Month;

/// The state that an estimator starts from: that at the end of the last month of training, or of a later one.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// The month at whose end the state is.
    pub month: Month,
    /// Cumulative subsidence, mm, down +.
    pub subsidence_mm: f32,
    /// Bits of h `[hidden]`.
    pub hidden: &'a [u32],
    /// Bits of C `[hidden]`.
    pub cell: &'a [u32],
    /// Level of each aquifer layer in that month, m above datum, NaN where it was missing; empty in a network that sees levels only.
    pub level_m: &'a [f32],
}

impl Start<'_> {
    /// Bits of h and C of each hidden unit.
    pub fn state_bits(&self) -> impl Iterator<Item = (u32, u32)> {
        zip(self.hidden.iter().copied(), self.cell.iter().copied())
    }
}
