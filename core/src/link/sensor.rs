//! Where raw values come from.

use serde::{Deserialize, Serialize};

use super::config_problem::{ConfigProblem, ensure};
use super::sdi12::{MAX_WAKE_MS, Sdi12Reading, Sdi12Value};

/// What a raw value measures, with its unit. The logger converts it to a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Absolute pressure in kPa: needs the barometer.
    AbsolutePressureKpa,
    /// Pressure above the air's in kPa (vented cable).
    GaugePressureKpa,
    /// Water above the sensor in metres.
    SubmergenceM,
    /// Depth to water below the measuring point in metres, down +.
    DepthToWaterM,
    /// Level above the station's datum in metres, up +.
    LevelM,
}

/// A 4-20 mA input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurrentLoop {
    /// Input of the board, from 0.
    pub input: u8,
    /// Raw value at 4 mA.
    pub at_4_ma: f32,
    /// Raw value at 20 mA.
    pub at_20_ma: f32,
}

/// Where a raw value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Sensor {
    /// A sensor on the SDI-12 bus, read by `aM!`.
    Sdi12(Sdi12Value),
    /// A two-wire transmitter.
    CurrentLoop(CurrentLoop),
    /// A sensor on the SDI-12 bus, read by another command or with a longer wake-up.
    Sdi12Reading(Sdi12Reading),
}

impl Sensor {
    /// A sensor on the SDI-12 bus.
    pub fn of_sdi12(reading: Sdi12Reading) -> Self {
        if reading == reading.value.into() {
            Self::Sdi12(reading.value)
        } else {
            Self::Sdi12Reading(reading)
        }
    }

    /// How the sensor is read, if it is on the SDI-12 bus.
    pub fn sdi12(&self) -> Option<Sdi12Reading> {
        match self {
            Self::Sdi12(value) => Some((*value).into()),
            Self::Sdi12Reading(reading) => Some(*reading),
            Self::CurrentLoop(_) => None,
        }
    }
}

pub(super) fn check_sensor(sensor: &Sensor) -> Result<(), ConfigProblem> {
    match sensor {
        Sensor::Sdi12(value) => ensure(
            value.address.is_ascii_alphanumeric(),
            ConfigProblem::Address,
        ),
        Sensor::Sdi12Reading(reading) => {
            ensure(
                reading.value.address.is_ascii_alphanumeric(),
                ConfigProblem::Address,
            )?;
            let (_, number) = reading.command.parts();
            ensure(
                number <= 9 && reading.wake_ms <= MAX_WAKE_MS,
                ConfigProblem::Sdi12,
            )
        }
        Sensor::CurrentLoop(current) => ensure(
            current.at_4_ma.is_finite()
                && current.at_20_ma.is_finite()
                && current.at_4_ma != current.at_20_ma,
            ConfigProblem::Number,
        ),
    }
}
