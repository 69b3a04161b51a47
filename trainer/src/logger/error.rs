//! Why a logger did not do as asked.

use std::io;

use amlstm_core::link::{Fault, FrameError, PROTO_MAJOR};

/// Why the logger did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum LoggerError {
    /// The port cannot be opened.
    #[error(
        "{port}: expected a serial port that no other program uses, tcp:HOST:PORT or unix:PATH; cannot open: {source}"
    )]
    Open {
        /// The port asked for.
        port: String,
        /// What the system says.
        source: io::Error,
    },
    /// The line broke.
    #[error("line to the logger: {0}")]
    Line(#[from] io::Error),
    /// No answer in time.
    #[error(
        "no answer from the logger within {seconds} s; check cable and port, and that no other program uses it, then try again{note}"
    )]
    Silent {
        /// How long it was waited in all.
        seconds: u64,
        /// What a repetition has to mind.
        note: &'static str,
    },
    /// The question does not fit a frame.
    #[error("question to the logger: {0}")]
    Question(FrameError),
    /// The logger refuses.
    #[error("logger: {0}")]
    Refused(Fault),
    /// The answer belongs to another question.
    #[error(
        "logger answered {found}, expected {expected}; is its firmware newer than this program?"
    )]
    Unexpected {
        /// What came.
        found: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// The answer can be read and cannot be true.
    #[error("logger answered {what} {found}, expected {expected}; it is damaged, or no logger")]
    Implausible {
        /// Which number.
        what: &'static str,
        /// What came.
        found: u32,
        /// What can be.
        expected: String,
    },
    /// The logger speaks another protocol.
    #[error(
        "logger speaks protocol {found}, this program speaks {PROTO_MAJOR}; use the program of its firmware"
    )]
    Protocol {
        /// Its major number.
        found: u8,
    },
}
