//! The barometer.

use serde::{Deserialize, Serialize};

use super::Sensor;

/// The barometer that absolute transducers need.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BarometerConfig {
    /// Where the raw value comes from.
    pub sensor: Sensor,
    /// Raw units per kPa: 1 for kPa, 10 for hPa or mbar.
    pub units_per_kpa: f32,
}
