//! Requests from the laptop to the logger.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{ConfigItem, ConfigKey, MAX_CHANNELS};

/// Laptop to logger. New variants are only appended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request<'a> {
    /// Asks for [`Hello`](super::Hello). Never changes.
    Hello,
    /// State of the logger.
    Status,
    /// Reads every channel now, without storing a sample.
    Now,
    /// The closed month at `position` (0 is the first) and the estimate made for it.
    Month {
        /// Position in the log of months.
        position: u16,
    },
    /// The first stored event whose number is at least `number`.
    Event {
        /// Number.
        number: u32,
    },
    /// The first stored samples whose numbers are at least `number`, as many as fit into one frame.
    Samples {
        /// Number.
        number: u32,
    },
    /// The estimate of the active model for the last closed month, computed now from the log of months.
    Estimate,
    /// Reads a configuration item.
    ConfigGet(ConfigKey),
    /// Writes a configuration item.
    ConfigSet(ConfigItem),
    /// Sets the clock.
    ClockSet {
        /// UTC, seconds since 1970.
        unix_s: u32,
        /// Even if it jumps by more than a day, or if a first date is implausible ([`super::ClockDoubt`]).
        confirm_jump: bool,
    },
    /// Records a visit: compares tape readings with the sensors and reports the logger's state.
    Visit {
        /// The laptop's clock: UTC, seconds since 1970.
        laptop_unix_s: u32,
        /// Depth to water below the measuring point by tape in metres, in channel order; `None` where none was taken.
        tape_m: Vec<Option<f32>, MAX_CHANNELS>,
    },
    /// Models on the logger.
    Models,
    /// Starts the upload of a model into the inactive slot, whose content is lost.
    UploadBegin {
        /// Bytes of the model file.
        length: u32,
        /// The model file's own CRC-32: its last four bytes.
        crc: u32,
    },
    /// The next bytes. Every chunk except the last has a length divisible by 4. One that was received before is acknowledged again.
    UploadChunk {
        /// Position of the first byte.
        offset: u32,
        /// At most [`super::MAX_CHUNK`] bytes.
        bytes: &'a [u8],
    },
    /// Asks for the progress of the upload.
    UploadWhere,
    /// Ed25519 signature of the model file, 64 bytes.
    UploadSignature {
        /// The signature.
        bytes: &'a [u8],
    },
    /// Checks the uploaded model and activates it.
    UploadCommit {
        /// Even if its version is below the configured minimum.
        allow_older: bool,
    },
    /// Activates the previous model again.
    Rollback {
        /// Even if its version is below the configured minimum.
        allow_older: bool,
    },
    /// Reads bytes of the active model file.
    ModelRead {
        /// Position of the first byte.
        offset: u32,
    },
    /// What the active model estimates for the closed month at `position`, computed now from the log of months.
    EstimateAt {
        /// Position in the log of months.
        position: u16,
    },
    /// Restarts the logger.
    Restart,
    /// Confirms a step of a channel's level: readings are good again.
    ConfirmStep {
        /// Channel.
        channel: u8,
    },
    /// Makes the closed months from one on void: a wrong date had closed them.
    VoidMonths {
        /// The first of them, months since 0000-01.
        month_index: i32,
        /// If false, the logger only reports how many there are.
        confirm: bool,
    },
    /// Replays the golden months of the active model and a test series, and reports digests of both.
    Verify,
    /// Sends an SDI-12 command unchanged, with its `!`, and reports the sensor's answer.
    Sdi12 {
        /// 2 to [`super::MAX_SDI12_COMMAND`] characters.
        command: &'a [u8],
    },
    /// What each aquifer layer adds by physics to the subsidence of a closed month, computed now by the active model from the log of months.
    Layers {
        /// Position in the log of months; the last closed month if `None`.
        position: Option<u16>,
    },
    /// Which program runs, and how far did the upload of another one get?
    Firmware,
    /// Starts the upload of a firmware file ([`crate::firmware_file`]).
    FirmwareBegin {
        /// Bytes of the file.
        length: u32,
        /// The file's own CRC-32: its last four bytes.
        crc: u32,
    },
    /// The next bytes of it, as [`Request::UploadChunk`].
    FirmwareChunk {
        /// Position of the first byte.
        offset: u32,
        /// At most [`super::MAX_CHUNK`] bytes.
        bytes: &'a [u8],
    },
    /// Checks the uploaded firmware; the next start runs it on trial.
    FirmwareCommit {
        /// Ed25519 signature of the file, 64 bytes.
        signature: &'a [u8],
        /// Also if its version is below that of the program that runs.
        allow_older: bool,
    },
    /// What the active model estimates for a closed month without the drift of the sensors, computed now from the kept samples and the tape readings.
    CorrectedEstimate {
        /// Position in the log of months; the last closed month if `None`.
        position: Option<u16>,
    },
}
