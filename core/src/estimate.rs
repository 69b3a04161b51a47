//! What is estimated for a month.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::input::InputState;
use crate::month::Month;
use crate::sizes::MAX_INPUTS;

/// What is estimated for a month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The month.
    pub month: Month,
    /// Subsidence during the month in mm, down +.
    pub increment_mm: f32,
    /// Cumulative subsidence at the end of the month in mm, down +, from where the estimator started.
    pub subsidence_mm: f32,
    /// Share of each input in the attention, 0 to 1; empty in a plain LSTM.
    pub attention: Vec<f32, MAX_INPUTS>,
    /// How each input's level relates to the levels trained on.
    pub inputs: Vec<InputState, MAX_INPUTS>,
}
