//! Clock chips with a battery of their own, on an I2C bus: what tells the time after a loss of power.
//!
//! A chip is believed only if its oscillator has run since it was set. Setting the logger's clock sets the chip. While the logger runs its own
//! clock counts; the chip is asked at a start.

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

    /// Sets the chip and takes note that it runs from now on.
    ///
    /// # Errors
    /// The chip does not answer.
    fn set(&mut self, unix_s: u32) -> Result<(), ClockChipFault>;
}

/// The chip of a board that has none.
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
