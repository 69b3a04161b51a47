//! Verification of a logger's program, and of what it computes.

use serde::{Deserialize, Serialize};

use super::SlotInfo;
use crate::verification::Digests;

/// The logger's program, its active model, and what it computes with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// CRC-32 of the program in flash: the vector table without its first word, code, constants and initial values.
    pub program_crc: u32,
    /// The active model.
    pub model: Option<SlotInfo>,
    /// The digests of its replay; `None` without a model, or if its file is no longer valid.
    pub replayed: Option<Digests>,
}
