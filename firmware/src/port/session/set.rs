//! The configuration on the console.

use core::fmt;

use amlstm_core::link::{
    BarometerConfig, ChannelConfig, ConfigItem, CurrentLoop, Name, Quantity, Sdi12Value, Sensor,
};
use embedded_io_async::Write;

use super::Session;
use super::or_dash::OrDash;
use crate::board::Board;
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
set channel N off                  the last channel only\r\n";

impl<B: Board, W: Write> Session<'_, B, W> {
    pub(super) async fn set(&mut self, words: &[&str]) -> Result<(), W::Error> {
        let shared = self.shared;
        let settings = shared.logger.lock().await.settings.clone();
        if words.is_empty() {
            return self.show_settings(&settings).await;
        }
        let Some(item) = parse(&settings, words) else {
            return self.text(USAGE).await;
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
        self.text(USAGE).await
    }
}

fn parse(settings: &Settings, words: &[&str]) -> Option<ConfigItem> {
    Some(match words {
        ["station", name, datum, serial] => ConfigItem::Station {
            name: Name::try_from(*name).ok()?,
            datum: Name::try_from(*datum).ok()?,
            serial: serial.parse().ok()?,
        },
        ["interval", seconds] => ConfigItem::SampleInterval {
            seconds: seconds.parse().ok()?,
        },
        ["limit", "off"] => ConfigItem::RateLimit { mm_per_month: None },
        ["limit", limit] => ConfigItem::RateLimit {
            mm_per_month: Some(parse_decimal(limit.as_bytes())?),
        },
        ["channel", index, "off"] => ConfigItem::Channel {
            index: index.parse().ok()?,
            channel: None,
        },
        ["channel", index, field, number] => {
            let index = index.parse().ok()?;
            let channel = settings.channels.get(usize::from(index)).cloned()?;
            let channel = changed(channel, field, number)?;
            ConfigItem::Channel {
                index,
                channel: Some(channel),
            }
        }
        ["barometer", "off"] => ConfigItem::Barometer(None),
        ["barometer", address, value, units] => ConfigItem::Barometer(Some(BarometerConfig {
            sensor: sdi12(address, value)?,
            units_per_kpa: parse_decimal(units.as_bytes())?,
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
                input: input.parse().ok()?,
                at_4_ma: parse_decimal(at_4_ma.as_bytes())?,
                at_20_ma: parse_decimal(at_20_ma.as_bytes())?,
            };
            channel(index, layer, Sensor::CurrentLoop(sensor), quantity)?
        }
        _ => return None,
    })
}

fn sdi12(address: &str, value: &str) -> Option<Sensor> {
    let &[address] = address.as_bytes() else {
        return None;
    };
    Some(Sensor::Sdi12(Sdi12Value {
        address,
        value: value.parse().ok()?,
        crc: true,
    }))
}

fn channel(index: &str, layer: &str, sensor: Sensor, quantity: &str) -> Option<ConfigItem> {
    let layer = Name::try_from(layer).ok()?;
    Some(ConfigItem::Channel {
        index: index.parse().ok()?,
        channel: Some(ChannelConfig::new(layer, sensor, quantity_of(quantity)?)),
    })
}

fn changed(mut channel: ChannelConfig, field: &str, number: &str) -> Option<ChannelConfig> {
    if field == "stuck" {
        channel.stuck_after = number.parse().ok()?;
        return Some(channel);
    }
    let place = match field {
        "point" => &mut channel.measuring_point_m,
        "cable" => &mut channel.cable_m,
        "density" => &mut channel.density_kg_m3,
        "offset" => &mut channel.offset_m,
        "low" => &mut channel.lowest_m,
        "high" => &mut channel.highest_m,
        "step" => &mut channel.largest_step_m,
        _ => return None,
    };
    *place = parse_decimal(number.as_bytes())?;
    Some(channel)
}

/// The words for quantities, as typed and as shown.
const QUANTITIES: [(&str, Quantity); 5] = [
    ("absolute", Quantity::AbsolutePressureKpa),
    ("gauge", Quantity::GaugePressureKpa),
    ("submergence", Quantity::SubmergenceM),
    ("depth", Quantity::DepthToWaterM),
    ("level", Quantity::LevelM),
];

fn quantity_of(word: &str) -> Option<Quantity> {
    let mut words = QUANTITIES.into_iter();
    words
        .find(|(name, _)| *name == word)
        .map(|(_, quantity)| quantity)
}

fn word_of(quantity: Quantity) -> &'static str {
    let mut words = QUANTITIES.into_iter();
    words
        .find(|(_, named)| *named == quantity)
        .map_or("", |(name, _)| name)
}

/// Where a raw value comes from, in the words of the command.
struct Source(Sensor);

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Sensor::Sdi12(sensor) => {
                let (address, value) = (char::from(sensor.address), sensor.value);
                write!(formatter, "sdi12 {address} value {value}")
            }
            Sensor::CurrentLoop(sensor) => write!(
                formatter,
                "loop {} from {} to {}",
                sensor.input, sensor.at_4_ma, sensor.at_20_ma
            ),
        }
    }
}
