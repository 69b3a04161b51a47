//! What shows whether a logger runs the program and computes what it should.

use serde::{Deserialize, Serialize};

use super::SlotInfo;
use crate::verification::Digests;

/// The logger's program, its active model, and what it computes with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// CRC-32 of the program as it lies in the flash: the vector table without its first word, code, constants and start values.
    pub program_crc: u32,
    /// The active model.
    pub model: Option<SlotInfo>,
    /// What it computed now; `None` without a model, or if its file is not sound any more.
    pub replayed: Option<Digests>,
}
