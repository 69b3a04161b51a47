//! The result of a visit.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{BatteryLife, MAX_CHANNELS, Now};

/// The result of a visit.
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
    /// Number of stored samples.
    pub samples: u32,
    /// Approximate number of samples that the ring keeps before it drops the oldest.
    pub sample_capacity: u32,
    /// Approximate number of months that still fit into the log.
    pub months_free: u16,
    /// Serial number of the logger.
    pub serial: u32,
    /// How long the battery lasts, as in [`Status`](super::Status).
    pub battery_life: Option<BatteryLife>,
}
