//! What happened on the logger.
//!
//! The same bytes are stored on flash and sent over the link, so new fields are only appended.

use serde::{Deserialize, Serialize};

use super::{MAX_MESSAGE, Quality, ResetCause, Task};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// The logger started.
    Started {
        /// Why.
        cause: ResetCause,
        /// Starts so far, this one included.
        boots: u32,
        /// The task that was late when the watchdog reset the logger, or that was running when the program stopped.
        late_task: Option<Task>,
    },
    /// The program panicked before this start.
    Panicked {
        /// Start of its message.
        message: heapless::String<MAX_MESSAGE>,
    },
    /// The clock was set.
    ClockSet {
        /// The time before, 0 if it was not set.
        old_unix_s: u32,
        /// The new time.
        new_unix_s: u32,
    },
    /// A configuration item was changed.
    Configured(super::ConfigKey),
    /// A model became active.
    ModelActivated {
        /// Its generation.
        generation: u32,
        /// Its version.
        version: u32,
        /// CRC-32 of its file.
        crc: u32,
        /// It is older than the minimum, and was explicitly allowed.
        older_allowed: bool,
    },
    /// The previous model became active again.
    ModelRolledBack {
        /// Its new generation.
        generation: u32,
        /// Its version.
        version: u32,
    },
    /// A tape reading.
    Tape {
        /// Channel.
        channel: u8,
        /// Depth to water below the measuring point by tape, metres.
        tape_m: f32,
        /// Depth to water by the sensor, metres.
        sensor_m: Option<f32>,
    },
    /// A channel's quality changed; good again if no bit is set.
    SensorQuality {
        /// Channel; 255 is the barometer.
        channel: u8,
        /// The new quality.
        quality: Quality,
    },
    /// Months without any sample were closed as missing.
    MonthsEmpty {
        /// First of them, months since 0000-01.
        first_month_index: i32,
        /// How many.
        count: u16,
    },
    /// Samples are of a month that is already closed (the clock was set back); they are stored but not counted.
    SamplesLate {
        /// That month, months since 0000-01.
        month_index: i32,
    },
    /// A month's increment exceeded the configured limit.
    RateAlarm {
        /// The month, months since 0000-01.
        month_index: i32,
        /// Its increment in mm, down +.
        increment_mm: f32,
        /// The limit in mm.
        limit_mm: f32,
    },
    /// The log of months is full: no further month can be closed. No firmware of this flash format writes it; it keeps its number.
    MonthLogFull,
    /// Somebody confirmed a step of a channel's level.
    StepConfirmed {
        /// Channel.
        channel: u8,
    },
    /// Closed months became void: a wrong date had closed them.
    MonthsVoid {
        /// First of them, months since 0000-01.
        first_month_index: i32,
        /// How many.
        count: u16,
    },
    /// The site's time, by which months are closed, has changed with a newly active model. The open month was counted again.
    MonthOffset {
        /// Minutes ahead of UTC before.
        old_minutes: i16,
        /// Minutes ahead of UTC afterwards.
        new_minutes: i16,
    },
    /// The clock chip had no valid time at a start, or could not be set.
    ClockChip(super::ClockChipFault),
    /// The sensor at a channel's address was replaced by another one.
    SensorSwapped {
        /// Channel.
        channel: u8,
        /// Its identity: maker, model, version, serial number.
        found: heapless::String<MAX_MESSAGE>,
    },
    /// The times of samples taken while the clock was unsure were corrected when it was set.
    SamplesPlaced {
        /// Number of the first.
        first_sample: u32,
        /// How many.
        count: u32,
        /// Seconds added to their times.
        shift_s: i32,
    },
    /// The battery is low: samples are rarer from now on.
    BatteryLow {
        /// Its voltage in mV.
        battery_mv: u16,
        /// Seconds between two samples from now on.
        interval_s: u32,
    },
    /// The battery is no longer low: samples are as usual from now on.
    BatteryGood {
        /// Its voltage in mV.
        battery_mv: u16,
        /// Seconds between two samples from now on.
        interval_s: u32,
    },
    /// Another firmware was accepted; the next start runs it on trial.
    FirmwareAccepted {
        /// Its version: major, minor, patch.
        version: [u8; 3],
        /// CRC-32 of the program.
        program_crc: u32,
    },
    /// It runs, has passed its test and stays.
    FirmwareConfirmed {
        /// Its version: major, minor, patch.
        version: [u8; 3],
        /// CRC-32 of the program.
        program_crc: u32,
    },
    /// It did not pass its test, or had not begun it when the power went: the firmware before runs again.
    FirmwareReverted {
        /// The version that did not stay: major, minor, patch.
        version: [u8; 3],
        /// CRC-32 of that program.
        program_crc: u32,
    },
}

/// One entry of the event log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counts every event of this logger from 0.
    pub number: u32,
    /// UTC, seconds since 1970; 0 if the clock was not set.
    pub unix_s: u32,
    /// What happened.
    pub kind: EventKind,
}
