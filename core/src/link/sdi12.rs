//! How an SDI-12 sensor is read (SDI-12 version 1.4).

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// One value of an SDI-12 sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sdi12Value {
    /// Address character, `0`-`9`, `A`-`Z`, `a`-`z`.
    pub address: u8,
    /// Index of the value among those of its command, from 0.
    pub value: u8,
    /// Use `MC`, `CC` or `RC`, so that the sensor adds a CRC.
    pub crc: bool,
}

/// The command that returns a sensor's values, with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sdi12Command {
    /// `aM!`, `aM1!` to `aM9!`: a measurement.
    Measure(u8),
    /// `aC!`, `aC1!` to `aC9!`: a concurrent measurement.
    Concurrent(u8),
    /// `aR0!` to `aR9!`: values that the sensor measures continuously.
    Continuous(u8),
}

/// A value of a sensor with its own command or wake-up time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sdi12Reading {
    /// The value.
    pub value: Sdi12Value,
    /// The command that returns it.
    pub command: Sdi12Command,
    /// Additional time to wake the sensor before a command, milliseconds, 0 to [`MAX_WAKE_MS`].
    pub wake_ms: u8,
}

/// Longest additional wake-up time: sensors sleep again after 100 ms of marking (section 7.1).
pub const MAX_WAKE_MS: u8 = 90;

impl Sdi12Command {
    /// `aM!`, the default command.
    pub const DEFAULT: Self = Self::Measure(0);

    /// The command's letter and its number.
    pub fn parts(self) -> (u8, u8) {
        match self {
            Self::Measure(number) => (b'M', number),
            Self::Concurrent(number) => (b'C', number),
            Self::Continuous(number) => (b'R', number),
        }
    }
}

impl fmt::Display for Sdi12Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            (letter @ (b'M' | b'C'), 0) => write!(formatter, "{}", char::from(letter)),
            (letter, number) => write!(formatter, "{}{number}", char::from(letter)),
        }
    }
}

/// The error of a text that is not a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCommand;

impl fmt::Display for NoCommand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("expected M, M1 to M9, C, C1 to C9, or R0 to R9")
    }
}

impl core::error::Error for NoCommand {}

impl FromStr for Sdi12Command {
    type Err = NoCommand;

    fn from_str(text: &str) -> Result<Self, NoCommand> {
        let (letter, number) = match text.as_bytes() {
            [letter @ (b'M' | b'C')] => (*letter, 0),
            [letter @ (b'M' | b'C'), digit @ b'1'..=b'9'] => (*letter, digit - b'0'),
            [b'R', digit @ b'0'..=b'9'] => (b'R', digit - b'0'),
            _ => return Err(NoCommand),
        };
        Ok(match letter {
            b'M' => Self::Measure(number),
            b'C' => Self::Concurrent(number),
            _ => Self::Continuous(number),
        })
    }
}

impl From<Sdi12Value> for Sdi12Reading {
    fn from(value: Sdi12Value) -> Self {
        Self {
            value,
            command: Sdi12Command::DEFAULT,
            wake_ms: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn commands_are_read_as_they_are_written() {
        for text in ["M", "M1", "M9", "C", "C3", "R0", "R9"] {
            let command: Sdi12Command = text.parse().unwrap();
            assert_eq!(command.to_string(), text);
        }
        for text in ["", "M0", "M10", "C0", "R", "D0", "m"] {
            assert_eq!(text.parse::<Sdi12Command>(), Err(NoCommand), "{text}");
        }
    }
}
