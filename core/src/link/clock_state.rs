//! The state of the logger's clock.

use serde::{Deserialize, Serialize};

/// State of the logger's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClockState {
    /// Never set: nothing is recorded.
    Unset,
    /// Continued from the last sample after a power loss.
    Unsure,
    /// Set.
    Set,
}
