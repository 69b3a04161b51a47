//! Where raw values come from.

use serde::{Deserialize, Serialize};

use super::config_problem::{ConfigProblem, ensure};

/// What a raw value measures, in SI-near units. The logger turns it into a level.
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

/// One value of an SDI-12 sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sdi12Value {
    /// Address character, `0`-`9`, `A`-`Z`, `a`-`z`.
    pub address: u8,
    /// Which of the values of its `M` command, from 0.
    pub value: u8,
    /// Ask with `MC`: the sensor adds a CRC.
    pub crc: bool,
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
    /// A sensor on the SDI-12 bus.
    Sdi12(Sdi12Value),
    /// A two-wire transmitter.
    CurrentLoop(CurrentLoop),
}

pub(super) fn check_sensor(sensor: &Sensor) -> Result<(), ConfigProblem> {
    match sensor {
        Sensor::Sdi12(value) => ensure(
            value.address.is_ascii_alphanumeric(),
            ConfigProblem::Address,
        ),
        Sensor::CurrentLoop(current) => ensure(
            current.at_4_ma.is_finite()
                && current.at_20_ma.is_finite()
                && current.at_4_ma != current.at_20_ma,
            ConfigProblem::Number,
        ),
    }
}
