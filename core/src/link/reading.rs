//! A reading of a channel.
//!
//! The same bytes are stored on flash and sent over the link, so new fields are only appended.

use serde::{Deserialize, Serialize};

use super::Quality;

/// One channel at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The sensor's value, in the unit of its configured [`super::Quantity`]; `None` if there is none.
    pub raw: Option<f32>,
    /// Water level above the station's datum in metres, up +; `None` if it cannot be computed.
    pub level_m: Option<f32>,
    /// Reasons to doubt it.
    pub quality: Quality,
}

impl Reading {
    /// The level in metres above the datum, if it may count in a monthly mean.
    pub fn usable_level_m(&self) -> Option<f32> {
        self.level_m.filter(|_| self.quality.is_usable())
    }
}
