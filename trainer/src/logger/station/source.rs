//! Where a value comes from.

use amlstm_core::link::{CurrentLoop, Sdi12Command, Sdi12Reading, Sdi12Value, Sensor};
use serde::{Deserialize, Serialize};

use super::error::StationError;

/// Where a value comes from: an SDI-12 sensor or a 4-20 mA input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// SDI-12 address, one digit or letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdi12: Option<char>,
    /// Which of the sensor's values, from 0.
    #[serde(default)]
    pub value: u8,
    /// Ask the SDI-12 sensor for a CRC.
    #[serde(default = "yes")]
    pub crc: bool,
    /// The SDI-12 command that brings the value: `M`, `M1` to `M9`, `C`, `C1` to `C9`, `R0` to `R9`.
    #[serde(default = "measurement", skip_serializing_if = "is_measurement")]
    pub command: String,
    /// Wake the SDI-12 sensor so many milliseconds earlier, 0 to 90.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub wake_ms: u8,
    /// Current-loop input of the board, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loop_input: Option<u8>,
    /// Raw value at 4 mA.
    #[serde(default)]
    pub at_4_ma: f32,
    /// Raw value at 20 mA.
    #[serde(default)]
    pub at_20_ma: f32,
}

fn yes() -> bool {
    true
}

fn measurement() -> String {
    Sdi12Command::DEFAULT.to_string()
}

fn is_measurement(command: &str) -> bool {
    command == measurement()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(wake_ms: &u8) -> bool {
    *wake_ms == 0
}

impl Source {
    /// The sensor of one of the station's places.
    pub(super) fn sensor(&self, place: &str) -> Result<Sensor, StationError> {
        match (self.sdi12, self.loop_input) {
            (Some(address), None) => Ok(Sensor::of_sdi12(Sdi12Reading {
                value: Sdi12Value {
                    // What is no ASCII letter or digit is refused by the item's own check.
                    address: u8::try_from(address).unwrap_or(0),
                    value: self.value,
                    crc: self.crc,
                },
                command: self.command.parse().map_err(|_| StationError::Command {
                    place: place.to_owned(),
                    found: self.command.clone(),
                })?,
                wake_ms: self.wake_ms,
            })),
            (None, Some(input)) => Ok(Sensor::CurrentLoop(CurrentLoop {
                input,
                at_4_ma: self.at_4_ma,
                at_20_ma: self.at_20_ma,
            })),
            _ => Err(StationError::Source {
                place: place.to_owned(),
            }),
        }
    }

    /// The source that a sensor is.
    pub(super) fn of(sensor: Sensor) -> Self {
        let none = Self {
            sdi12: None,
            value: 0,
            crc: false,
            command: measurement(),
            wake_ms: 0,
            loop_input: None,
            at_4_ma: 0.0,
            at_20_ma: 0.0,
        };
        if let Some(Sdi12Reading {
            value,
            command,
            wake_ms,
        }) = sensor.sdi12()
        {
            return Self {
                sdi12: Some(char::from(value.address)),
                value: value.value,
                crc: value.crc,
                command: command.to_string(),
                wake_ms,
                ..none
            };
        }
        match sensor {
            Sensor::CurrentLoop(current) => Self {
                loop_input: Some(current.input),
                at_4_ma: current.at_4_ma,
                at_20_ma: current.at_20_ma,
                ..none
            },
            Sensor::Sdi12(_) | Sensor::Sdi12Reading(_) => none,
        }
    }
}
