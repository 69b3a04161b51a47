//! The state of the logger.

use serde::{Deserialize, Serialize};

use super::{Name, ResetCause};

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
    /// Minutes by which the time that months are closed by is ahead of UTC: the active model's, 0 without one.
    pub utc_offset_minutes: i16,
}
