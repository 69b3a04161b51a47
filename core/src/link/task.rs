//! The tasks of the logger.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A part of the logger's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// Reads the sensors.
    Sense,
    /// Serves the technician's port.
    Port,
    /// Closes months and estimates.
    MonthClose,
    /// Watches the others.
    Health,
}

impl fmt::Display for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sense => "at the sensors",
            Self::Port => "at the port",
            Self::MonthClose => "at the month's closing",
            Self::Health => "at the watchdog",
        })
    }
}
