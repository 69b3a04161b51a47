//! The readings of this moment.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{MAX_CHANNELS, Reading};

/// All channels now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Now {
    /// UTC, seconds since 1970; 0 while the clock is unset.
    pub unix_s: u32,
    /// Air pressure in kPa.
    pub barometer_kpa: Option<f32>,
    /// One reading for each configured channel, in channel order.
    pub channels: Vec<Reading, MAX_CHANNELS>,
}
