//! The estimate for a closed month.
//!
//! The same bytes are stored on flash and sent over the link, so new fields are only appended.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::MAX_CHANNELS;
use crate::bridge::LevelSource;
use crate::estimate::Primary;
use crate::input::InputState;

/// The estimate for one month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstimateRecord {
    /// Months since 0000-01.
    pub month_index: i32,
    /// Generation of the model that estimated; counts activations on this logger.
    pub generation: u32,
    /// Version stated by the model file.
    pub model_version: u32,
    /// Vertical displacement of the month in mm, down +.
    pub increment_mm: f32,
    /// Cumulative subsidence in mm, down +.
    pub subsidence_mm: f32,
    /// Half width of the 90 % interval of the increment in mm, wider outside the trained range; `None` if the model file states none, or if more than
    /// [`MAX_MONTHS_WITHOUT_LEVELS`](crate::estimate::MAX_MONTHS_WITHOUT_LEVELS) months since its training had no level.
    pub half_width_mm: Option<f32>,
    /// Share of each model input, in the model's order; sums to 1 unless all are missing.
    pub attention: Vec<f32, MAX_CHANNELS>,
    /// State of each model input, in the model's order.
    pub inputs: Vec<InputState, MAX_CHANNELS>,
    /// Months since the end of the model's training that had no level at all.
    pub months_without_levels: u16,
    /// Which estimate increment and subsidence belong to.
    pub primary: Primary,
    /// The increment by the other estimate in mm, down +; `None` in a model without physics.
    pub other_increment_mm: Option<f32>,
    /// Whether the two differ by more than their intervals allow.
    pub disagree: bool,
    /// Half width of the 90 % interval of the cumulative subsidence in mm; `None` like `half_width_mm`, or if the model file states none.
    pub subsidence_half_width_mm: Option<f32>,
    /// Bit k is set where input k has no level and physics took it from the other layers; otherwise it holds the last one.
    pub bridged: u8,
}

impl EstimateRecord {
    /// How physics came by the level of an input; `None` in a model of a network alone, and for an input that there is not.
    pub fn level_source(&self, input: usize) -> Option<LevelSource> {
        self.other_increment_mm?;
        let state = self.inputs.get(input)?;
        Some(if *state != InputState::Missing {
            LevelSource::Measured
        } else if self.bridged.checked_shr(input as u32).unwrap_or(0) & 1 == 1 {
            LevelSource::OtherLayers
        } else {
            LevelSource::Held
        })
    }
}
