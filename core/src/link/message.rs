//! Requests and replies.

use core::fmt;

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{
    ClockDoubt, ConfigItem, ConfigKey, ConfigProblem, Estimated, Event, MAX_CHANNELS, MonthRecord,
    Name, PROTO_MAJOR, PROTO_MINOR, Reading, ResetCause,
};

/// Laptop to logger. Grows at its end only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request<'a> {
    /// Who are you? Never changes.
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
    /// The first kept event whose number is at least `number`.
    Event {
        /// Number.
        number: u32,
    },
    /// The first kept samples whose numbers are at least `number`, as many as fit one frame.
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
        /// Also when it jumps more than a day, or when a first date is unlikely ([`ClockDoubt`]).
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
    /// Starts the upload of a model into the slot that is not active. What lay there is lost.
    UploadBegin {
        /// Bytes of the model file.
        length: u32,
        /// The model file's own CRC-32: its last four bytes.
        crc: u32,
    },
    /// The next bytes. Every chunk but the last has a length divisible by 4. One that came before is acknowledged again.
    UploadChunk {
        /// Position of the first byte.
        offset: u32,
        /// At most [`super::MAX_CHUNK`] bytes.
        bytes: &'a [u8],
    },
    /// How far did it get?
    UploadWhere,
    /// Ed25519 signature of the model file, 64 bytes.
    UploadSignature {
        /// The signature.
        bytes: &'a [u8],
    },
    /// Checks the uploaded model and makes it the active one.
    UploadCommit {
        /// Also if its version is below the configured minimum.
        allow_older: bool,
    },
    /// Makes the model before active again.
    Rollback {
        /// Also if its version is below the configured minimum.
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
    /// The level of a channel that jumped is right: it is good again.
    ConfirmStep {
        /// Channel.
        channel: u8,
    },
    /// Makes the closed months from one on void: a wrong date had closed them.
    VoidMonths {
        /// The first of them, months since 0000-01.
        month_index: i32,
        /// Otherwise the logger only says how many there are.
        confirm: bool,
    },
}

/// First exchange. Never changes: new fields go into [`Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Another number is another protocol.
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
    /// What this build of the protocol says of itself.
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

/// What the logger knows of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClockState {
    /// Never set: nothing is recorded.
    Unset,
    /// Carried on from the last sample after a power loss.
    Unsure,
    /// Set.
    Set,
}

/// State of the logger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Name of the station.
    pub station: Name,
    /// Vertical datum of every level.
    pub datum: Name,
    /// UTC, seconds since 1970; 0 while unset.
    pub unix_s: u32,
    /// What the logger knows of the time.
    pub clock: ClockState,
    /// Seconds since the start.
    pub uptime_s: u32,
    /// Starts so far.
    pub boots: u32,
    /// Of these, by the watchdog.
    pub watchdog_resets: u32,
    /// Why it started last.
    pub reset_cause: ResetCause,
    /// Battery in mV; `None` if the board cannot measure it.
    pub battery_mv: Option<u16>,
    /// Seconds between two samples.
    pub interval_s: u32,
    /// Configured water channels.
    pub channels: u8,
    /// A barometer is configured.
    pub barometer: bool,
    /// Number of the oldest kept sample.
    pub first_sample: u32,
    /// Number the next sample will have.
    pub next_sample: u32,
    /// Samples the ring can keep, about.
    pub sample_capacity: u32,
    /// Closed months in the log.
    pub months: u16,
    /// Months the log can still take, about.
    pub months_free: u16,
    /// Number of the oldest kept event.
    pub first_event: u32,
    /// Number the next event will have.
    pub next_event: u32,
    /// Generation of the active model; `None` without model.
    pub model_generation: Option<u32>,
    /// The last estimate passed the configured limit.
    pub rate_alarm: bool,
    /// The levels are computed, not measured: the board runs its synthetic sensors.
    pub synthetic: bool,
    /// Storage operations that failed since the start.
    pub storage_errors: u32,
    /// Samples are kept and not counted before this month, in months since 0000-01: the clock was set back to a month that is closed.
    pub counts_from_month: Option<i32>,
    /// Records on the flash that this firmware cannot read.
    pub unreadable_records: u32,
}

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

/// What a visit found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VisitReport {
    /// All channels now.
    pub now: Now,
    /// Depth to water below the measuring point by the sensors in metres, in channel order.
    pub depth_to_water_m: Vec<Option<f32>, MAX_CHANNELS>,
    /// Battery in mV.
    pub battery_mv: Option<u16>,
    /// The logger's clock minus the laptop's, seconds.
    pub clock_error_s: i32,
    /// Samples kept.
    pub samples: u32,
    /// Samples the ring can keep before it overwrites the oldest, about.
    pub sample_capacity: u32,
    /// Months the log can still take, about.
    pub months_free: u16,
    /// Serial number of the logger.
    pub serial: u32,
}

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
    pub synthetic: bool,
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

/// What a granted request brings. Grows at its end only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Response<'a> {
    /// To [`Request::Hello`]. Never changes.
    Hello(Hello),
    /// Done, nothing to say.
    Done,
    /// To [`Request::Status`].
    Status(Status),
    /// To [`Request::Now`].
    Now(Now),
    /// To [`Request::Month`].
    Month {
        /// The closed month.
        record: MonthRecord,
        /// The estimate made for it, by the model active then.
        estimate: Option<Estimated>,
    },
    /// To [`Request::Event`].
    Event(Event),
    /// To [`Request::Samples`]: read them with [`super::Samples`].
    Samples(&'a [u8]),
    /// To [`Request::Estimate`] and [`Request::EstimateAt`].
    Estimate(Estimated),
    /// To [`Request::ConfigGet`].
    Config(ConfigItem),
    /// To [`Request::Visit`].
    Visit(VisitReport),
    /// To [`Request::Models`].
    Models(Models),
    /// To the upload requests but the last.
    Upload(UploadProgress),
    /// To [`Request::UploadCommit`] and [`Request::Rollback`]: the active model.
    Active(SlotInfo),
    /// To [`Request::ModelRead`].
    ModelBytes {
        /// Bytes of the whole file.
        length: u32,
        /// The bytes from the asked offset on; none at the end.
        bytes: &'a [u8],
    },
}

/// Why a request is refused. Grows at its end only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// The logger does not know this request: its firmware is older than the laptop's program.
    Unsupported,
    /// The request cannot be read.
    Malformed,
    /// There is nothing at this place (or not yet).
    NotFound,
    /// The flash could not be read or written.
    Storage,
    /// The answer does not fit a frame.
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
    /// The model file does not fit its slot.
    ModelTooLong {
        /// Most bytes a slot takes.
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
        /// Of what lies in flash.
        stored: u32,
    },
    /// The file is no sound model file for this firmware.
    ModelInvalid,
    /// The model needs an aquifer layer that no channel is configured for.
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
    /// There is no model to go back to.
    NothingBefore,
    /// The clock would be set to a time that needs confirmation.
    ClockJump(ClockDoubt),
    /// The clock would be set before 2020 or after 2100.
    ClockRange,
    /// The configuration item is refused.
    Config(ConfigProblem),
    /// The clock is not set.
    ClockUnset,
    /// This model is active already; the one before it stays where it is.
    AlreadyActive,
    /// A signed model is for one well, and the station has another name.
    OtherWell,
    /// Closed months would become void: it needs confirmation.
    VoidMonths {
        /// How many.
        count: u16,
    },
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
        }
    }
}

impl core::error::Error for Fault {}

/// Logger to laptop.
pub type Reply<'a> = Result<Response<'a>, Fault>;

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
