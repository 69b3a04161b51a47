//! Messages between the logger and a laptop, and the frames they travel in.
//!
//! A frame is `0x00 | COBS(payload | CRC-32 of payload, little endian) | 0x00`, at most [`MAX_FRAME`] bytes with both zeros.
//! The payload is postcard: first one byte `sequence`, chosen by the laptop and repeated in the answer, then a [`Request`]
//! (laptop to logger) or a [`Reply`] (logger to laptop). Every request has exactly one reply.
//!
//! # Rules that keep old loggers readable
//!
//! - [`Hello`], its request and its reply never change. It is the first exchange.
//! - Enums get new variants only at their end; the tests pin each discriminant.
//! - The fields of a request never change: a new request is added instead. A logger answers a request that it does not know with
//!   [`Fault::Unsupported`].
//! - A response may get new fields at its end; a reader ignores bytes after the fields that it knows.
//! - `proto_minor` counts such additions; a new `proto_major` is an incompatible protocol. Both sides use the smaller minor.
//!
//! Text outside of frames belongs to the logger's plain-text console on the same port.

mod barometer;
mod battery;
mod channel;
mod clock_chip_fault;
mod clock_doubt;
mod clock_state;
mod config_item;
mod config_key;
mod config_problem;
mod corrected_estimate;
mod estimate_record;
mod event;
mod fault;
mod firmware;
mod frame;
mod hello;
mod layer_subsidence;
mod models;
mod month_record;
mod now;
mod quality;
mod reading;
mod request;
mod reset_cause;
mod response;
mod sample;
mod sdi12;
mod security;
mod sensor;
mod status;
mod task;
mod verification;
mod visit_report;

pub use crate::bridge::LevelSource;
pub use crate::estimate::MAX_MONTHS_WITHOUT_LEVELS;
pub use crate::input::InputState;
pub use barometer::BarometerConfig;
pub use battery::{Battery, BatteryLife, LowBattery};
pub use channel::ChannelConfig;
pub use clock_chip_fault::ClockChipFault;
pub use clock_doubt::ClockDoubt;
pub use clock_state::ClockState;
pub use config_item::{ConfigItem, MAX_WARM_UP_S};
pub use config_key::ConfigKey;
pub use config_problem::ConfigProblem;
pub use corrected_estimate::{CorrectedEstimate, CorrectedLevel};
pub use estimate_record::EstimateRecord;
pub use event::{Event, EventKind};
pub use fault::Fault;
pub use firmware::Firmware;
pub use frame::{FrameError, FrameReader, Received, decode_reply, decode_request, encode_frame};
pub use hello::Hello;
pub use layer_subsidence::LayerSubsidence;
pub use models::{Models, SlotInfo, UploadProgress};
pub use month_record::{MonthLevel, MonthRecord};
pub use now::Now;
pub use quality::Quality;
pub use reading::Reading;
pub use request::Request;
pub use reset_cause::ResetCause;
pub use response::{Reply, Response};
pub use sample::{Sample, Samples};
pub use sdi12::{MAX_WAKE_MS, NoCommand, Sdi12Command, Sdi12Reading, Sdi12Value};
pub use security::Security;
pub use sensor::{CurrentLoop, Quantity, Sensor};
pub use status::Status;
pub use task::Task;
pub use verification::Verification;
pub use visit_report::VisitReport;

/// Protocol version in [`Hello`]: another major number is an incompatible protocol.
pub const PROTO_MAJOR: u8 = 1;
/// Counts additions to the enums of this protocol.
pub const PROTO_MINOR: u8 = 0;
/// Longest frame in bytes, both zeros included.
pub const MAX_FRAME: usize = 256;
/// Longest payload in bytes: a frame without its zeros, the COBS overhead byte and the CRC-32.
pub const MAX_PAYLOAD: usize = MAX_FRAME - 2 - 1 - 4;
/// Most model bytes in one [`Request::UploadChunk`] or [`Response::ModelBytes`].
pub const MAX_CHUNK: usize = 192;
/// Most water channels of a logger: one for each possible input of a model.
pub const MAX_CHANNELS: usize = 8;
/// Longest SDI-12 command of [`Request::Sdi12`], in bytes.
pub const MAX_SDI12_COMMAND: usize = 24;
/// Longest name of a station, well or aquifer layer in bytes.
pub const MAX_NAME: usize = 48;
/// Longest panic message kept in an event, in bytes.
pub const MAX_MESSAGE: usize = 64;

/// Name of a station, well or aquifer layer.
pub type Name = heapless::String<MAX_NAME>;

const _: () = assert!(
    MAX_CHUNK + 16 < MAX_PAYLOAD,
    "a chunk and its offset fit one frame"
);

#[cfg(test)]
mod tests;
