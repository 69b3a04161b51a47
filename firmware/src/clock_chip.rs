//! Clock chips with a battery, on an I2C bus: they keep the time across a loss of power.
//!
//! A chip's time is used only if its oscillator has run since it was set. Setting the logger's clock sets the chip. The chip is read at the start;
//! afterwards the logger's own clock counts.

mod ds3231;
mod rv3028;

use core::convert::Infallible;

use amlstm_core::link::ClockChipFault;

pub use ds3231::Ds3231;
pub use rv3028::Rv3028;

/// A clock chip.
pub trait ClockChip {
    /// UTC, seconds since 1970.
    ///
    /// # Errors
    /// The chip does not answer, or its oscillator has stopped since it was set.
    fn unix_s(&mut self) -> Result<u32, ClockChipFault>;

    /// Sets the chip and clears its record of a stopped oscillator.
    ///
    /// # Errors
    /// The chip does not answer.
    fn set(&mut self, unix_s: u32) -> Result<(), ClockChipFault>;
}

/// For a board without a clock chip.
impl ClockChip for Infallible {
    fn unix_s(&mut self) -> Result<u32, ClockChipFault> {
        match *self {}
    }

    fn set(&mut self, _: u32) -> Result<(), ClockChipFault> {
        match *self {}
    }
}

#[cfg(test)]
mod tests;
