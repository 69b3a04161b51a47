//! What is wrong with a station file.

use amlstm_core::link::{ConfigProblem, MAX_CHANNELS, MAX_NAME, Name};

use jiff::civil::Date;

use crate::logger::error::LoggerError;

/// What is wrong with a station file, or why it could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum StationError {
    /// A name does not fit.
    #[error("{key}: found {length} bytes, expected at most {MAX_NAME}; shorten it")]
    Name {
        /// Key of the file.
        key: &'static str,
        /// Bytes found.
        length: usize,
    },
    /// Neither or both sources.
    #[error("{place}: source: expected one of sdi12 and loop_input")]
    Source {
        /// Which channel, or the barometer.
        place: String,
    },
    /// Not an SDI-12 command.
    #[error("{place}: command: found \"{found}\", expected M, M1 to M9, C, C1 to C9, or R0 to R9")]
    Command {
        /// Which channel, or the barometer.
        place: String,
        /// What stands there.
        found: String,
    },
    /// Not a key.
    #[error("signing_key: expected 64 hexadecimal digits")]
    Key,
    /// No day a logger can know.
    #[error("battery: fitted: found {0}, expected a day from 1970 to 2105")]
    Fitted(Date),
    /// Too many channels.
    #[error("channel: found {0}, expected at most {MAX_CHANNELS}")]
    Channels(usize),
    /// The logger would refuse it.
    #[error("{place}: {}", problem.words())]
    Item {
        /// Which item.
        place: String,
        /// Why.
        problem: ConfigProblem,
    },
    /// Line or refusal.
    #[error(transparent)]
    Logger(#[from] LoggerError),
}

/// The name that a key of the file gives.
pub(super) fn name(key: &'static str, text: &str) -> Result<Name, StationError> {
    Name::try_from(text).map_err(|_| StationError::Name {
        key,
        length: text.len(),
    })
}
