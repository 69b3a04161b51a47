//! What a visit found.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{MAX_CHANNELS, Now};

/// What a visit found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VisitReport {
    /// All channels now.
    pub now: Now,
    /// Depth to water below the measuring point by the sensors in metres, in channel order.
    pub depth_to_water_m: Vec<Option<f32>, MAX_CHANNELS>,
    /// Battery in mV.
    pub battery_mv: Option<u16>,
    /// The logger's clock minus the laptop's, seconds.
    pub clock_error_s: i32,
    /// Samples kept.
    pub samples: u32,
    /// Samples the ring can keep before it overwrites the oldest, about.
    pub sample_capacity: u32,
    /// Months the log can still take, about.
    pub months_free: u16,
    /// Serial number of the logger.
    pub serial: u32,
}
