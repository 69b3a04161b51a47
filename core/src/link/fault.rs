//! Why a request is refused.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::{ClockDoubt, ConfigProblem};

/// Why a request is refused. New variants are only appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// The logger does not know this request: its firmware is older than the laptop's program.
    Unsupported,
    /// The request cannot be read.
    Malformed,
    /// There is nothing at this position (or not yet).
    NotFound,
    /// The flash could not be read or written.
    Storage,
    /// The answer does not fit into a frame.
    TooLarge,
    /// No model is active.
    NoModel,
    /// No upload was begun since the logger started.
    NoUpload,
    /// The chunk does not continue the upload.
    OutOfOrder {
        /// Offset expected.
        expected: u32,
    },
    /// The model file does not fit into a slot.
    ModelTooLong {
        /// Capacity of a slot in bytes.
        limit: u32,
    },
    /// The upload is not complete.
    Incomplete {
        /// Bytes received.
        received: u32,
        /// Bytes announced.
        length: u32,
    },
    /// The stored bytes have another CRC-32 than was announced.
    ModelCrc {
        /// Announced.
        announced: u32,
        /// Of the bytes in flash.
        stored: u32,
    },
    /// The file is not a valid model file for this firmware.
    ModelInvalid,
    /// The model needs an aquifer layer for which no channel is configured.
    LayerUnknown {
        /// Index of the model's input.
        input: u8,
    },
    /// The model's version is below the configured minimum.
    ModelTooOld {
        /// Its version.
        version: u32,
        /// The minimum.
        minimum: u32,
    },
    /// Only signed models are accepted here.
    SignatureMissing,
    /// The signature is not that of the configured key.
    SignatureWrong,
    /// There is no previous model for a rollback.
    NothingBefore,
    /// The clock would be set to a time that needs confirmation.
    ClockJump(ClockDoubt),
    /// The clock would be set before 2020 or after 2100.
    ClockRange,
    /// The configuration item is refused.
    Config(ConfigProblem),
    /// The clock is not set.
    ClockUnset,
    /// This model is already active; the previous one stays in its slot.
    AlreadyActive,
    /// A signed model is for one well, and the station has another name.
    OtherWell,
    /// Closed months would become void, which needs confirmation.
    VoidMonths {
        /// How many.
        count: u16,
    },
    /// This board takes no firmware over the cable.
    NoFirmwareSlot,
    /// The firmware file is longer than the place for it.
    FirmwareTooLong {
        /// Most bytes.
        limit: u32,
    },
    /// What was uploaded is no sound firmware file.
    FirmwareInvalid,
    /// The firmware is for another board, or begins at another address.
    OtherBoard,
    /// The firmware's version is below that of the program that runs.
    FirmwareTooOld {
        /// Its version.
        version: [u8; 3],
        /// The version that runs.
        running: [u8; 3],
    },
    /// This program runs already.
    FirmwareRuns,
    /// The program that runs is on trial itself.
    FirmwareOnTrial,
    /// Firmware must be signed, and the logger has no key to check it with.
    NoSigningKey,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported => write!(
                formatter,
                "the logger's firmware is too old for this request"
            ),
            Self::Malformed => write!(formatter, "the logger could not read the request"),
            Self::NotFound => write!(formatter, "nothing there"),
            Self::Storage => write!(formatter, "the logger's flash failed"),
            Self::TooLarge => write!(formatter, "the answer does not fit one frame"),
            Self::NoModel => write!(formatter, "no model is active; push one"),
            Self::NoUpload => write!(
                formatter,
                "no upload begun since the logger started; begin again"
            ),
            Self::OutOfOrder { expected } => {
                write!(formatter, "chunk out of order, expected offset {expected}")
            }
            Self::ModelTooLong { limit } => {
                write!(formatter, "model file longer than the slot's {limit} bytes")
            }
            Self::Incomplete { received, length } => {
                write!(formatter, "upload incomplete: {received} of {length} bytes")
            }
            Self::ModelCrc { announced, stored } => {
                write!(
                    formatter,
                    "model CRC {stored:08x} in flash, {announced:08x} announced; push it again"
                )
            }
            Self::ModelInvalid => write!(
                formatter,
                "not a sound model file for this firmware; see `amlstm inspect`"
            ),
            Self::LayerUnknown { input } => {
                write!(
                    formatter,
                    "no channel is configured for aquifer layer {} of the model",
                    u16::from(*input) + 1
                )
            }
            Self::ModelTooOld { version, minimum } => {
                write!(
                    formatter,
                    "model version {version} is below the minimum {minimum}; allow older to force it"
                )
            }
            Self::SignatureMissing => write!(formatter, "this logger takes signed models only"),
            Self::SignatureWrong => {
                write!(formatter, "the signature is not that of the logger's key")
            }
            Self::NothingBefore => write!(formatter, "no earlier model to go back to"),
            Self::ClockJump(doubt) => write!(formatter, "{doubt}; confirm it if it is right"),
            Self::ClockRange => write!(formatter, "the clock must lie between 2020 and 2100"),
            Self::Config(problem) => write!(formatter, "{}", problem.words()),
            Self::ClockUnset => write!(formatter, "the clock is not set"),
            Self::AlreadyActive => write!(
                formatter,
                "this model is active already; the model before it is kept"
            ),
            Self::OtherWell => write!(
                formatter,
                "the signed model is for another well than this station"
            ),
            Self::VoidMonths { count } => write!(
                formatter,
                "{count} closed months and their estimates would no longer count; confirm it if a wrong date closed them"
            ),
            Self::NoFirmwareSlot => write!(
                formatter,
                "this board takes no firmware over the cable; flash it with a debug probe"
            ),
            Self::FirmwareTooLong { limit } => write!(
                formatter,
                "firmware file longer than the {limit} bytes there are for it"
            ),
            Self::FirmwareInvalid => write!(
                formatter,
                "what arrived is no sound firmware file; send it again"
            ),
            Self::OtherBoard => write!(formatter, "the firmware is for another board"),
            Self::FirmwareTooOld {
                version: [major, minor, patch],
                running: [runs, runs_minor, runs_patch],
            } => write!(
                formatter,
                "firmware {major}.{minor}.{patch} is older than {runs}.{runs_minor}.{runs_patch}, which runs; allow older to force it"
            ),
            Self::FirmwareRuns => write!(formatter, "this firmware runs already"),
            Self::FirmwareOnTrial => write!(
                formatter,
                "the firmware that runs is on trial; try again when it is confirmed"
            ),
            Self::NoSigningKey => write!(
                formatter,
                "firmware must be signed, and no signing_key is set to check it with"
            ),
        }
    }
}

impl core::error::Error for Fault {}
