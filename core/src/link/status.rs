//! The state of the logger.

use serde::{Deserialize, Serialize};

use super::{BatteryLife, ClockState, Name, ResetCause};

/// State of the logger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Name of the station.
    pub station: Name,
    /// Vertical datum of every level.
    pub datum: Name,
    /// UTC, seconds since 1970; 0 while unset.
    pub unix_s: u32,
    /// State of the logger's clock.
    pub clock: ClockState,
    /// Seconds since the start.
    pub uptime_s: u32,
    /// Starts so far.
    pub boots: u32,
    /// Starts by the watchdog.
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
    /// Number of the oldest stored sample.
    pub first_sample: u32,
    /// Number of the next sample.
    pub next_sample: u32,
    /// Approximate number of samples that the ring keeps.
    pub sample_capacity: u32,
    /// Closed months in the log.
    pub months: u16,
    /// Approximate number of months that still fit into the log.
    pub months_free: u16,
    /// Number of the oldest stored event.
    pub first_event: u32,
    /// Number of the next event.
    pub next_event: u32,
    /// Generation of the active model; `None` without model.
    pub model_generation: Option<u32>,
    /// The last estimate exceeded the configured limit.
    pub rate_alarm: bool,
    /// The levels are synthetic, not measured.
    pub synthetic: bool,
    /// Storage operations that failed since the start.
    pub storage_errors: u32,
    /// If set, samples before this month, in months since 0000-01, are stored but not counted: the clock was set back to a closed month.
    pub counts_from_month: Option<i32>,
    /// Records on flash that this firmware cannot decode.
    pub unreadable_records: u32,
    /// Minutes by which the site's time, in which months are closed, is ahead of UTC: that of the active model, 0 without one.
    pub utc_offset_minutes: i16,
    /// Seconds between two samples while the battery is low; `None` while it is not.
    pub low_battery_interval_s: Option<u32>,
    /// How long the battery lasts; `None` if nothing is known of it, or of what the board draws.
    pub battery_life: Option<BatteryLife>,
}
