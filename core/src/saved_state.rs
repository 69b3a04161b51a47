//! The state of an estimator, to be kept across a power cut.

use core::iter::zip;

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::basis::LAYER_NUMBERS;
use crate::month::Month;
use crate::sizes::{MAX_CHANGED_LAYERS, MAX_FURTHER, MAX_HIDDEN, MAX_INPUTS};

/// Version of the format of [`SavedState`].
pub(crate) const STATE_FORMAT: u8 = 4;

/// The state of an estimator, to be kept across a power cut. Bound to the model file that it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedState {
    pub(crate) format: u8,
    pub(crate) model_crc: u32,
    pub(crate) month: Option<Month>,
    pub(crate) subsidence_bits: u32,
    pub(crate) first: SavedNetwork,
    /// The networks beside the first.
    pub(crate) further: Vec<SavedNetwork, MAX_FURTHER>,
    /// Bits of the levels of the last month, m above datum; NaN where there was none, and where the networks see no change.
    pub(crate) last_level: [u32; MAX_CHANGED_LAYERS],
    pub(crate) physics: Option<SavedPhysics>,
}

/// The state of a network: bits of h and C; zero beyond the model's hidden units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedNetwork {
    pub(crate) hidden: [u32; MAX_HIDDEN],
    pub(crate) cell: [u32; MAX_HIDDEN],
}

impl SavedNetwork {
    /// The state with these bits.
    pub(crate) fn of(bits: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut saved = Self::default();
        let places = zip(&mut saved.hidden, &mut saved.cell);
        for ((hidden, cell), bits) in zip(places, bits) {
            (*hidden, *cell) = bits;
        }
        saved
    }

    /// Bits of h and C of each hidden unit.
    pub(crate) fn state_bits(&self) -> impl Iterator<Item = (u32, u32)> {
        zip(self.hidden, self.cell)
    }
}

/// The state of physics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedPhysics {
    pub(crate) months: Option<u32>,
    pub(crate) subsidence_bits: u32,
    /// For each aquifer layer of the model the bits of its beds' numbers; empty until it has been measured.
    pub(crate) layers: Vec<Vec<u32, LAYER_NUMBERS>, MAX_INPUTS>,
}

impl SavedState {
    /// CRC-32 of the model file that the state belongs to.
    pub fn model_crc(&self) -> u32 {
        self.model_crc
    }

    /// Month of the last step.
    pub fn month(&self) -> Option<Month> {
        self.month
    }

    /// The same state with another cumulative subsidence, mm, down +, of both estimates: an observed value replaces the estimated one.
    #[must_use]
    pub fn with_subsidence(mut self, mm: f32) -> Self {
        self.subsidence_bits = mm.to_bits();
        if let Some(physics) = &mut self.physics {
            physics.subsidence_bits = mm.to_bits();
        }
        self
    }
}

/// Why a saved state is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the wording of each says it")]
pub enum StateError {
    #[error("saved state: format {found}, expected {STATE_FORMAT}")]
    Format { found: u8 },
    #[error("saved state: belongs to model {found:08x}, expected {expected:08x}")]
    Model { found: u32, expected: u32 },
    #[error("saved state: subsidence {} mm, expected a finite number",
                    f32::from_bits(*found_bits))]
    Subsidence { found_bits: u32 },
    #[error("saved state: hidden unit {unit} is out of range")]
    Unit { unit: usize },
    #[error("saved state: level of layer {layer} in the last month is infinite")]
    Level { layer: usize },
    #[error("saved state: {found} networks, expected {expected}")]
    Networks { found: usize, expected: usize },
    #[error("saved state: physics does not fit the model")]
    Physics,
}
