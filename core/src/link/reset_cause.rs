//! Why the logger started.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Why the logger started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetCause {
    /// Power came on.
    Power,
    /// The watchdog reset the logger.
    Watchdog,
    /// The program panicked and restarted itself.
    Panic,
    /// Reset pin or debugger.
    Other,
    /// Somebody asked for it over the port, or the program did so for another firmware.
    Requested,
}

impl fmt::Display for ResetCause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Power => "power came on",
            Self::Watchdog => "by the watchdog",
            Self::Panic => "after a panic",
            Self::Other => "by reset",
            Self::Requested => "by command",
        })
    }
}
