//! Where a value comes from.

use amlstm_core::link::{CurrentLoop, Sdi12Value, Sensor};
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

impl Source {
    /// The sensor of one of the station's places.
    pub(super) fn sensor(&self, place: &str) -> Result<Sensor, StationError> {
        match (self.sdi12, self.loop_input) {
            (Some(address), None) => Ok(Sensor::Sdi12(Sdi12Value {
                // What is no ASCII letter or digit is refused by the item's own check.
                address: u8::try_from(address).unwrap_or(0),
                value: self.value,
                crc: self.crc,
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
            loop_input: None,
            at_4_ma: 0.0,
            at_20_ma: 0.0,
        };
        match sensor {
            Sensor::Sdi12(value) => Self {
                sdi12: Some(char::from(value.address)),
                value: value.value,
                crc: value.crc,
                ..none
            },
            Sensor::CurrentLoop(current) => Self {
                loop_input: Some(current.input),
                at_4_ma: current.at_4_ma,
                at_20_ma: current.at_20_ma,
                ..none
            },
        }
    }
}
