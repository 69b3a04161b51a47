//! Maxim's DS3231, through the crate `ds323x`.

use amlstm_core::link::ClockChipFault;
use ds323x::ic::DS3231;
use ds323x::interface::I2cInterface;
use ds323x::{DateTimeAccess, Datelike, Ds323x, NaiveDate, Timelike};
use embedded_hal::i2c::I2c;

use super::ClockChip;
use crate::calendar::Moment;

/// A DS3231 at I2C address 0x68. Its flag OSF (status register 0x0f, bit 7) is set when the oscillator has stopped.
pub struct Ds3231<I>(Ds323x<I2cInterface<I>, DS3231>);

impl<I: I2c> Ds3231<I> {
    /// The chip on a bus.
    pub fn new(i2c: I) -> Self {
        Self(Ds323x::new_ds3231(i2c))
    }
}

impl<I: I2c> ClockChip for Ds3231<I> {
    fn unix_s(&mut self) -> Result<u32, ClockChipFault> {
        if self
            .0
            .has_been_stopped()
            .map_err(|_| ClockChipFault::Silent)?
        {
            return Err(ClockChipFault::Stopped);
        }
        // The crate refuses digits that are no date: the chip was never set, or it is another one.
        let time = self.0.datetime().map_err(|_| ClockChipFault::Silent)?;
        let moment = Moment {
            year: time.year() as u16,
            month: time.month() as u8,
            day: time.day() as u8,
            second_of_day: time.num_seconds_from_midnight(),
        };
        moment.to_unix().ok_or(ClockChipFault::Stopped)
    }

    fn set(&mut self, unix_s: u32) -> Result<(), ClockChipFault> {
        let Moment {
            year,
            month,
            day,
            second_of_day,
        } = Moment::from_unix(unix_s);
        let date = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into());
        let time = date.and_then(|date| {
            date.and_hms_opt(
                second_of_day / 3600,
                second_of_day / 60 % 60,
                second_of_day % 60,
            )
        });
        let time = time.ok_or(ClockChipFault::Silent)?;
        // The oscillator is enabled on battery, too; the flag is cleared after the time is set.
        self.0
            .enable()
            .and_then(|()| self.0.set_datetime(&time))
            .and_then(|()| self.0.clear_has_been_stopped_flag())
            .map_err(|_| ClockChipFault::Silent)
    }
}
