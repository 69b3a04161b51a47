//! What each aquifer layer adds to a month's subsidence, by physics.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::MAX_CHANNELS;
use crate::estimate::layer_shares;

/// What each aquifer layer adds to a month's subsidence, by physics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerSubsidence {
    /// Months since 0000-01.
    pub month_index: i32,
    /// Generation of the model that estimated.
    pub generation: u32,
    /// Subsidence during the month in mm, down +, of each model input, in the model's order; empty in a model without physics, and until every aquifer layer
    /// has been measured. What the sum lacks of the increment by physics is what the past before the first level still owes.
    pub layer_mm: Vec<f32, MAX_CHANNELS>,
}

impl LayerSubsidence {
    /// Share of each input in what all layers add ([`layer_shares`]).
    pub fn shares(&self) -> Vec<f32, MAX_CHANNELS> {
        layer_shares(&self.layer_mm)
    }
}
