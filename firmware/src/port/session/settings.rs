//! The settings as the console shows them.

use core::fmt;

use amlstm_core::link::{Sdi12Command, Sdi12Value, Sensor};
use embedded_io_async::Write;

use super::Session;
use super::or_dash::OrDash;
use super::quantity_words::word_of;
use crate::board::Board;
use crate::calendar::Moment;
use crate::settings::Settings;

impl<B: Board, W: Write> Session<'_, B, W> {
    pub(super) async fn show_settings(&mut self, settings: &Settings) -> Result<(), W::Error> {
        let Settings {
            station,
            datum,
            serial,
            interval_s,
            ..
        } = settings;
        self.line(format_args!(
            "station \"{station}\", datum \"{datum}\", serial {serial}, every {interval_s} s"
        ))
        .await?;
        self.line(format_args!(
            "limit {} mm a month",
            OrDash(settings.limit_mm_per_month)
        ))
        .await?;
        match settings.barometer {
            Some(barometer) => {
                self.line(format_args!(
                    "barometer {}, {} to one kPa",
                    Source(barometer.sensor),
                    barometer.units_per_kpa
                ))
                .await?;
            }
            None => self.text("no barometer\r\n").await?,
        }
        if let Some(seconds) = settings.warm_up_s {
            self.line(format_args!(
                "supply of the sensors on {seconds} s before each round, then off"
            ))
            .await?;
        }
        if let Some(low) = settings.low_battery {
            self.line(format_args!(
                "samples every {} s while the battery is below {} mV",
                low.interval_s, low.below_mv
            ))
            .await?;
        }
        if let Some(battery) = settings.battery {
            self.line(format_args!(
                "battery of {} mAh, fitted {}; sensors draw {} mA",
                battery.capacity_mah,
                Moment::from_unix(battery.fitted_unix_s).date(),
                battery.sensors_ma
            ))
            .await?;
        }
        for (index, channel) in settings.channels.iter().enumerate() {
            self.line(format_args!(
                "channel {index}: {}, {}, {}",
                channel.aquifer_layer,
                Source(channel.sensor),
                word_of(channel.quantity)
            ))
            .await?;
            self.line(format_args!(
                "  point {:.3} m, cable {:.3} m, density {:.1} kg/m3, offset {:.3} m, low {:.3} m, high {:.3} m, step {:.3} m, stuck after {}",
                channel.measuring_point_m,
                channel.cable_m,
                channel.density_kg_m3,
                channel.offset_m,
                channel.lowest_m,
                channel.highest_m,
                channel.largest_step_m,
                channel.stuck_after
            ))
            .await?;
        }
        Ok(())
    }
}

/// Where a raw value comes from, in the words of the command.
struct Source(Sensor);

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reading) = self.0.sdi12() {
            let Sdi12Value {
                address,
                value,
                crc,
            } = reading.value;
            write!(formatter, "sdi12 {} value {value}", char::from(address))?;
            if reading.command != Sdi12Command::DEFAULT {
                write!(formatter, " by {}", reading.command)?;
            }
            if reading.wake_ms > 0 {
                write!(formatter, ", woken {} ms earlier", reading.wake_ms)?;
            }
            return formatter.write_str(if crc { "" } else { ", no CRC" });
        }
        match self.0 {
            Sensor::Sdi12(_) | Sensor::Sdi12Reading(_) => Ok(()),
            Sensor::CurrentLoop(sensor) => write!(
                formatter,
                "loop {} from {} to {}",
                sensor.input, sensor.at_4_ma, sensor.at_20_ma
            ),
        }
    }
}
