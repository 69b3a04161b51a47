//! The program of a logger, and how far the upload of another one got.

use serde::{Deserialize, Serialize};

use super::{Name, UploadProgress};

/// The program that runs, and what may take its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Firmware {
    /// The board.
    pub board: Name,
    /// Its version: major, minor, patch.
    pub version: [u8; 3],
    /// Its CRC-32 as [`super::Verification::program_crc`].
    pub program_crc: u32,
    /// It runs on trial: unless it confirms itself, the next start goes back to the program before.
    pub on_trial: bool,
    /// The address at which a program begins.
    pub start: u32,
    /// Most bytes of a firmware file.
    pub capacity: u32,
    /// An upload that was begun since the start.
    pub upload: Option<UploadProgress>,
}
