//! The first exchange.

use serde::{Deserialize, Serialize};

use super::{PROTO_MAJOR, PROTO_MINOR};

/// First exchange. Never changes: new fields go into [`super::Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Another number is an incompatible protocol.
    pub proto_major: u8,
    /// Counts additions.
    pub proto_minor: u8,
    /// Firmware version.
    pub fw: [u8; 3],
    /// Newest model file format the logger reads.
    pub model_format: u8,
    /// Serial number of the logger, 0 if none was set.
    pub serial: u32,
}

impl Hello {
    /// The Hello of this version of the protocol.
    pub fn new(fw: [u8; 3], model_format: u8, serial: u32) -> Self {
        Self {
            proto_major: PROTO_MAJOR,
            proto_minor: PROTO_MINOR,
            fw,
            model_format,
            serial,
        }
    }
}
