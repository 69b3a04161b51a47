//! What is wrong with a clock chip.

use core::fmt;

use serde::{Deserialize, Serialize};

/// What is wrong with a clock chip. New variants are only appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClockChipFault {
    /// It does not answer, or not with a valid time.
    Silent,
    /// Its oscillator has stopped since it was set: its battery is empty or missing, or it was never set.
    Stopped,
}

impl fmt::Display for ClockChipFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Silent => "does not answer",
            Self::Stopped => "has stood still since it was set; its battery?",
        })
    }
}
