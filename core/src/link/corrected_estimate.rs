//! An estimate from months without the drift of the sensors.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{EstimateRecord, MAX_CHANNELS};
use crate::drift::Correction;

/// One channel's month as the estimate took it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorrectedLevel {
    /// Mean in metres above datum; `None` without a usable reading.
    pub mean_m: Option<f32>,
    /// What was done about the drift.
    pub correction: Correction,
}

/// What the active model estimates for a month when the drift of the sensors is taken off that month and those before it. It is computed when it is asked for; nothing
/// of it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorrectedEstimate {
    /// The estimate.
    pub estimate: EstimateRecord,
    /// The month of each channel, in channel order.
    pub levels: Vec<CorrectedLevel, MAX_CHANNELS>,
}
