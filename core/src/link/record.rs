//! What the logger keeps and sends: samples, months, estimates, events.
//!
//! The same bytes lie on its flash and travel the line, so fields are appended only.

use core::fmt;

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{MAX_CHANNELS, MAX_MESSAGE};
use crate::input::InputState;

/// What is known against a reading: a set of bits, none set for a good one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality(pub u16);

impl Quality {
    /// Nothing against it.
    pub const GOOD: Self = Self(0);
    /// The sensor did not answer in time, retries included.
    pub const TIMEOUT: Self = Self(1);
    /// The answer's CRC was wrong, retries included.
    pub const CRC: Self = Self(1 << 1);
    /// The level lies outside the channel's configured range.
    pub const RANGE: Self = Self(1 << 2);
    /// The sensor repeats one value.
    pub const STUCK: Self = Self(1 << 3);
    /// The level jumped from the last good reading, and has not come back; confirming the step makes it good.
    pub const STEP: Self = Self(1 << 4);
    /// No water above the sensor.
    pub const DRY: Self = Self(1 << 5);
    /// An absolute transducer without a barometer reading.
    pub const BAROMETER_MISSING: Self = Self(1 << 6);
    /// The loop current lies in a fault band of NAMUR NE 43, or the loop is open.
    pub const LOOP_FAULT: Self = Self(1 << 7);
    /// The logger lost power and nobody has set its clock since.
    pub const CLOCK_UNSURE: Self = Self(1 << 8);
    /// The sensor answered something that is no measurement.
    pub const GARBLED: Self = Self(1 << 9);
    /// The level jumped and the raw value stays the same: what sensors send in place of a measurement.
    pub const ERROR_CODE: Self = Self(1 << 10);

    const WORDS: [(Self, &'static str); 11] = [
        (Self::TIMEOUT, "sensor does not answer"),
        (Self::CRC, "answer damaged on the cable"),
        (Self::RANGE, "outside the configured range"),
        (Self::STUCK, "sensor stuck at one value"),
        (Self::STEP, "sudden step"),
        (Self::DRY, "no water above the sensor"),
        (Self::BAROMETER_MISSING, "barometer missing"),
        (Self::LOOP_FAULT, "4-20 mA loop fault"),
        (Self::CLOCK_UNSURE, "clock not set since power loss"),
        (Self::GARBLED, "answer not understood"),
        (
            Self::ERROR_CODE,
            "one value again and again after a step: an error code of the sensor",
        ),
    ];

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True if one of `other`'s bits is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// True if the reading may count in a monthly mean. An unsure clock alone does not forbid it.
    pub const fn is_usable(self) -> bool {
        self.0 & !Self::CLOCK_UNSURE.0 == 0
    }

    /// Each set bit in words for a technician.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Self::WORDS
            .into_iter()
            .filter(move |(bit, _)| self.has(*bit))
            .map(|(_, words)| words)
    }
}

/// One channel at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What the sensor said, in the unit of its configured [`super::Quantity`]; `None` if it said nothing.
    pub raw: Option<f32>,
    /// Water level above the station's datum in metres, up +; `None` if it cannot be computed.
    pub level_m: Option<f32>,
    /// What is known against it.
    pub quality: Quality,
}

/// All channels at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Counts every sample of this logger from 0.
    pub number: u32,
    /// UTC, seconds since 1970.
    pub unix_s: u32,
    /// Air pressure in kPa; `None` without barometer.
    pub barometer_kpa: Option<f32>,
    /// One reading for each configured channel, in channel order.
    pub channels: Vec<Reading, MAX_CHANNELS>,
}

/// Iterates the samples packed in a [`super::Response::Samples`].
#[derive(Clone, Debug)]
pub struct Samples<'a>(pub &'a [u8]);

impl Iterator for Samples<'_> {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        let (sample, rest) = postcard::take_from_bytes(self.0).ok()?;
        self.0 = rest;
        Some(sample)
    }
}

/// One channel over one month.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonthLevel {
    /// Mean of the usable readings in metres above datum; `None` if there were none.
    pub mean_m: Option<f32>,
    /// Days with at least one usable reading.
    pub days: u8,
    /// Usable readings.
    pub readings: u32,
    /// Readings left out of the mean.
    pub rejected: u32,
    /// Every quality bit that occurred.
    pub quality: Quality,
    /// At least 80 % of the month's days have a usable reading: the mean may enter the model.
    pub complete: bool,
}

impl MonthLevel {
    /// The level the model sees: the mean of a complete month.
    pub fn model_level_m(&self) -> Option<f32> {
        if self.complete { self.mean_m } else { None }
    }
}

/// One closed month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonthRecord {
    /// Months since 0000-01.
    pub month_index: i32,
    /// When it was closed: UTC, seconds since 1970.
    pub closed_unix_s: u32,
    /// Number of the first sample after the month's last one.
    pub next_sample: u32,
    /// One entry for each configured channel, in channel order.
    pub channels: Vec<MonthLevel, MAX_CHANNELS>,
}

/// After more months without any level since the training of a model, the interval that its file states is not believed.
pub const MAX_MONTHS_WITHOUT_LEVELS: u16 = 12;

/// The estimate for one month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimated {
    /// Months since 0000-01.
    pub month_index: i32,
    /// Generation of the model that estimated; counts activations on this logger.
    pub generation: u32,
    /// Version the model file states.
    pub model_version: u32,
    /// Vertical displacement of the month in mm, down +.
    pub increment_mm: f32,
    /// Cumulative subsidence in mm, down +.
    pub subsidence_mm: f32,
    /// Half width of the 90 % interval of the increment in mm; `None` if the model file states none, or if more than
    /// [`MAX_MONTHS_WITHOUT_LEVELS`] months had no level since its training.
    pub half_width_mm: Option<f32>,
    /// Share of each model input, in the model's order; sums to 1 unless all are missing.
    pub attention: Vec<f32, MAX_CHANNELS>,
    /// State of each model input, in the model's order.
    pub inputs: Vec<InputState, MAX_CHANNELS>,
    /// Months since the end of the model's training that had no level at all.
    pub months_without_levels: u16,
}

/// Why the logger started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetCause {
    /// Power came on.
    Power,
    /// The watchdog bit.
    Watchdog,
    /// The program panicked and restarted itself.
    Panic,
    /// Reset pin, debugger or software.
    Other,
}

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

impl fmt::Display for ResetCause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Power => "power came on",
            Self::Watchdog => "by the watchdog",
            Self::Panic => "after a panic",
            Self::Other => "by reset or command",
        })
    }
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

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// The logger started.
    Started {
        /// Why.
        cause: ResetCause,
        /// Starts so far, this one included.
        boots: u32,
        /// The task that had not checked in when the watchdog bit, or that ran when the program stopped.
        late_task: Option<Task>,
    },
    /// The program panicked before this start.
    Panicked {
        /// Start of its message.
        message: heapless::String<MAX_MESSAGE>,
    },
    /// The clock was set.
    ClockSet {
        /// Its time before, 0 if it had none.
        old_unix_s: u32,
        /// Its time since.
        new_unix_s: u32,
    },
    /// A configuration item was changed.
    Configured(super::ConfigKey),
    /// A model became active.
    ModelActivated {
        /// Its generation.
        generation: u32,
        /// The version it states.
        version: u32,
        /// CRC-32 of its file.
        crc: u32,
        /// It is older than the minimum and was allowed by hand.
        older_allowed: bool,
    },
    /// The model before became active again.
    ModelRolledBack {
        /// Its new generation.
        generation: u32,
        /// The version it states.
        version: u32,
    },
    /// A tape reading.
    Tape {
        /// Channel.
        channel: u8,
        /// Depth to water below the measuring point by tape, metres.
        tape_m: f32,
        /// The same by the sensor, metres.
        sensor_m: Option<f32>,
    },
    /// A channel's quality changed; good again if no bit is set.
    SensorQuality {
        /// Channel; 255 is the barometer.
        channel: u8,
        /// Now.
        quality: Quality,
    },
    /// Months without any sample were closed as missing.
    MonthsEmpty {
        /// First of them, months since 0000-01.
        first_month_index: i32,
        /// How many.
        count: u16,
    },
    /// Samples carry a month that is closed already (the clock was set back); they are kept and not counted.
    SamplesLate {
        /// That month, months since 0000-01.
        month_index: i32,
    },
    /// A month's increment passed the configured limit.
    RateAlarm {
        /// The month, months since 0000-01.
        month_index: i32,
        /// Its increment in mm, down +.
        increment_mm: f32,
        /// The limit in mm.
        limit_mm: f32,
    },
    /// The log of months is full: no further month can be closed. Written by earlier firmware alone.
    MonthLogFull,
    /// Somebody confirmed that a level which jumped is right.
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
