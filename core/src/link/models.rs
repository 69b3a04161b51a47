//! The models on the logger.

use serde::{Deserialize, Serialize};

use super::Name;

/// A model on the logger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlotInfo {
    /// Counts activations on this logger.
    pub generation: u32,
    /// The version the model file states.
    pub version: u32,
    /// Bytes.
    pub length: u32,
    /// The file's own CRC-32: its last four bytes.
    pub crc: u32,
    /// A signature was checked.
    pub signed: bool,
}

/// Models on the logger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Models {
    /// The one that estimates.
    pub active: Option<SlotInfo>,
    /// The one a rollback returns to.
    pub standby: Option<SlotInfo>,
    /// Well of the active model.
    pub well: Name,
    /// The active model was trained on SYNTHETIC data.
    pub synthetic_model: bool,
    /// Last month of the active model's training, in months since 0000-01.
    pub trained_until: Option<i32>,
}

/// How far an upload got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadProgress {
    /// Bytes announced.
    pub length: u32,
    /// CRC-32 announced.
    pub crc: u32,
    /// Bytes received: the offset of the next chunk.
    pub received: u32,
}
