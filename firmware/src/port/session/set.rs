//! The configuration on the console.

use core::str::FromStr;

use amlstm_core::link::{
    BarometerConfig, Battery, ChannelConfig, ConfigItem, CurrentLoop, LowBattery, Name, Sdi12Value,
    Sensor,
};
use embedded_io_async::Write;

use super::Session;
use super::quantity_words::quantity_of;
use crate::board::Board;
use crate::calendar::Moment;
use crate::sense::sdi12::parse_decimal;
use crate::settings::Settings;

const USAGE: &str = "\
set station NAME DATUM SERIAL      one word each\r\n\
set interval SECONDS               between samples\r\n\
set limit MM|off                   alarm on a month's increment\r\n\
set barometer ADDRESS VALUE UNITS  SDI-12; units in one kPa: 10 for hPa\r\n\
set barometer off\r\n\
set channel N LAYER sdi12 ADDRESS VALUE absolute|gauge|submergence|depth|level\r\n\
set channel N LAYER loop INPUT AT_4_MA AT_20_MA absolute|gauge|submergence|depth|level\r\n\
set channel N point|cable|density|offset|low|high|step|stuck NUMBER\r\n\
set channel N command M|M1..M9|C|C1..C9|R0..R9   how its SDI-12 sensor is asked\r\n\
set channel N wake MS              wake its sensor so much earlier, 0 to 90\r\n\
set channel N crc on|off           off for sensors older than SDI-12 1.3\r\n\
set supply SECONDS|off             switch the sensors' supply on so long before each round; off: always on\r\n\
set low MV SECONDS|off             samples so far apart while the battery is below MV\r\n\
set battery MAH SENSORS_MA YYYY-MM-DD|off   capacity, what all sensors draw while they have power, fitted on\r\n\
set channel N off                  the last channel only\r\n";

impl<B: Board, W: Write> Session<'_, B, W> {
    pub(super) async fn set(&mut self, words: &[&str]) -> Result<(), W::Error> {
        let shared = self.shared;
        let settings = shared.logger.lock().await.settings.clone();
        if words.is_empty() {
            self.show_settings(&settings).await?;
            return self.text(USAGE).await;
        }
        let item = match parse(&settings, words) {
            Ok(item) => item,
            Err(Wrong { found, expected }) => {
                return self
                    .line(format_args!(
                        "set: found \"{found}\", expected {expected}; set alone shows the list"
                    ))
                    .await;
            }
        };
        let set = shared
            .logger
            .lock()
            .await
            .configure(&shared.clock, item)
            .await;
        match set {
            Ok(()) => {
                shared.schedule_changed.signal(());
                shared.estimate_wanted.signal(());
                self.text("set\r\n").await
            }
            Err(fault) => self.fault(fault).await,
        }
    }
}

/// What was typed and what was expected in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wrong<'w> {
    found: &'w str,
    expected: &'static str,
}

fn wrong<'w>(found: &'w str, expected: &'static str) -> Wrong<'w> {
    Wrong { found, expected }
}

fn parse<'w>(settings: &Settings, words: &[&'w str]) -> Result<ConfigItem, Wrong<'w>> {
    Ok(match words {
        ["station", station, datum, serial] => ConfigItem::Station {
            name: name(station)?,
            datum: name(datum)?,
            serial: whole(serial, "a serial number")?,
        },
        ["interval", seconds] => ConfigItem::SampleInterval {
            seconds: whole(seconds, "seconds, 1 to 86400")?,
        },
        ["limit", "off"] => ConfigItem::RateLimit { mm_per_month: None },
        ["limit", limit] => ConfigItem::RateLimit {
            mm_per_month: Some(number(limit)?),
        },
        ["channel", index, "off"] => ConfigItem::Channel {
            index: channel_number(index)?,
            channel: None,
        },
        ["channel", index, field, value] => {
            let number = channel_number(index)?;
            let channel = settings.channels.get(usize::from(number)).cloned();
            let channel = channel.ok_or(wrong(index, "a channel that is configured"))?;
            ConfigItem::Channel {
                index: number,
                channel: Some(changed(channel, field, value)?),
            }
        }
        ["supply", "off"] => ConfigItem::SensorSupply { warm_up_s: None },
        ["supply", seconds] => ConfigItem::SensorSupply {
            warm_up_s: Some(whole(seconds, "seconds, 0 to 10, or off")?),
        },
        ["low", "off"] => ConfigItem::LowBattery(None),
        ["low", below_mv, seconds] => ConfigItem::LowBattery(Some(LowBattery {
            below_mv: whole(below_mv, "mV, 1 to 65535, or off")?,
            interval_s: whole(seconds, "seconds, 1 to 86400")?,
        })),
        ["battery", "off"] => ConfigItem::Battery(None),
        ["battery", capacity, sensors, date] => ConfigItem::Battery(Some(Battery {
            capacity_mah: whole(capacity, "mAh, above 0, or off")?,
            sensors_ma: number(sensors)?,
            fitted_unix_s: Moment::parse_date(date)
                .and_then(Moment::to_unix)
                .ok_or(wrong(date, "the day it was fitted, YYYY-MM-DD"))?,
        })),
        ["barometer", "off"] => ConfigItem::Barometer(None),
        ["barometer", address, value, units] => ConfigItem::Barometer(Some(BarometerConfig {
            sensor: sdi12(address, value)?,
            units_per_kpa: number(units)?,
        })),
        ["channel", index, layer, "sdi12", address, value, quantity] => {
            channel(index, layer, sdi12(address, value)?, quantity)?
        }
        [
            "channel",
            index,
            layer,
            "loop",
            input,
            at_4_ma,
            at_20_ma,
            quantity,
        ] => {
            let sensor = CurrentLoop {
                input: whole(input, "a loop input, from 0")?,
                at_4_ma: number(at_4_ma)?,
                at_20_ma: number(at_20_ma)?,
            };
            channel(index, layer, Sensor::CurrentLoop(sensor), quantity)?
        }
        [
            word @ ("station" | "interval" | "limit" | "barometer" | "channel" | "supply" | "low"
            | "battery"),
            ..,
        ] => {
            return Err(wrong(word, "its words as the list says"));
        }
        [word, ..] => {
            return Err(wrong(
                word,
                "station, interval, limit, barometer, channel, supply, low or battery",
            ));
        }
        [] => return Err(wrong("", "a word of the list")),
    })
}

fn name(word: &str) -> Result<Name, Wrong<'_>> {
    Name::try_from(word).map_err(|_| wrong(word, "a name of at most 48 letters"))
}

fn number(word: &str) -> Result<f32, Wrong<'_>> {
    parse_decimal(word.as_bytes()).ok_or(wrong(word, "a number of at most 7 digits"))
}

fn whole<'w, T: FromStr>(word: &'w str, expected: &'static str) -> Result<T, Wrong<'w>> {
    word.parse().map_err(|_| wrong(word, expected))
}

fn channel_number(word: &str) -> Result<u8, Wrong<'_>> {
    whole(word, "the number of a channel, 0 to 7")
}

fn sdi12<'w>(address: &'w str, value: &'w str) -> Result<Sensor, Wrong<'w>> {
    let &[letter] = address.as_bytes() else {
        return Err(wrong(address, "an SDI-12 address, one digit or letter"));
    };
    Ok(Sensor::Sdi12(Sdi12Value {
        address: letter,
        value: whole(value, "which of the sensor's values, from 0")?,
        crc: true,
    }))
}

fn channel<'w>(
    index: &'w str,
    layer: &'w str,
    sensor: Sensor,
    quantity: &'w str,
) -> Result<ConfigItem, Wrong<'w>> {
    let measured = quantity_of(quantity).ok_or(wrong(
        quantity,
        "absolute, gauge, submergence, depth or level",
    ))?;
    Ok(ConfigItem::Channel {
        index: channel_number(index)?,
        channel: Some(ChannelConfig::new(name(layer)?, sensor, measured)),
    })
}

fn changed<'w>(
    mut channel: ChannelConfig,
    field: &'w str,
    value: &'w str,
) -> Result<ChannelConfig, Wrong<'w>> {
    if field == "stuck" {
        channel.stuck_after = whole(value, "a number of samples, 0 for never")?;
        return Ok(channel);
    }
    if matches!(field, "command" | "wake" | "crc") {
        channel.sensor = asked_otherwise(channel.sensor, field, value)?;
        return Ok(channel);
    }
    let place = match field {
        "point" => &mut channel.measuring_point_m,
        "cable" => &mut channel.cable_m,
        "density" => &mut channel.density_kg_m3,
        "offset" => &mut channel.offset_m,
        "low" => &mut channel.lowest_m,
        "high" => &mut channel.highest_m,
        "step" => &mut channel.largest_step_m,
        _ => {
            return Err(wrong(
                field,
                "point, cable, density, offset, low, high, step, stuck, command, wake or crc",
            ));
        }
    };
    *place = number(value)?;
    Ok(channel)
}

/// The same sensor with another command, wake-up time or CRC setting.
fn asked_otherwise<'w>(
    sensor: Sensor,
    field: &'w str,
    value: &'w str,
) -> Result<Sensor, Wrong<'w>> {
    let mut reading = sensor
        .sdi12()
        .ok_or(wrong(field, "a channel with an SDI-12 sensor"))?;
    match (field, value) {
        ("crc", "on") => reading.value.crc = true,
        ("crc", "off") => reading.value.crc = false,
        ("crc", _) => return Err(wrong(value, "on or off")),
        ("wake", _) => reading.wake_ms = whole(value, "milliseconds, 0 to 90")?,
        _ => reading.command = whole(value, "M, M1 to M9, C, C1 to C9, or R0 to R9")?,
    }
    Ok(Sensor::of_sdi12(reading))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let settings = Settings::default();
        let parsed = |line: &'static str| {
            let words: std::vec::Vec<&str> = line.split(' ').collect();
            parse(&settings, &words).map_err(|wrong| wrong.found)
        };
        for (line, found) in [
            ("interval soon", "soon"),
            ("channel 0 point 1", "0"),
            ("channel x off", "x"),
            ("channel 0 phreatic sdi12 12 0 level", "12"),
            ("channel 0 phreatic sdi12 1 0 height", "height"),
            ("channel 0 phreatic loop 0 1e3 5 level", "1e3"),
            ("station A NAVD88", "station"),
            ("chanel 0 off", "chanel"),
        ] {
            assert_eq!(parsed(line), Err(found), "{line}");
        }
        assert_eq!(
            parsed("interval 60"),
            Ok(ConfigItem::SampleInterval { seconds: 60 })
        );
    }
}
