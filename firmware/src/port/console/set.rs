//! The configuration on the console.

use amlstm_core::link::{ChannelConfig, ConfigItem, Name, Quantity, Sdi12Value, Sensor};
use embedded_io_async::Write;

use super::{OrDash, Out};
use crate::app::Shared;
use crate::board::Board;
use crate::sense::sdi12::parse_decimal;
use crate::settings::Settings;

const USAGE: &str = "\
set station NAME DATUM SERIAL      one word each\r\n\
set interval SECONDS               between samples\r\n\
set limit MM|off                   alarm on a month's increment\r\n\
set channel N LAYER sdi12 ADDRESS VALUE absolute|gauge|submergence|depth|level\r\n\
set channel N point|cable|density|offset|low|high|step|stuck NUMBER\r\n\
set channel N off                  the last channel only\r\n";

pub(super) async fn run<B: Board, W: Write>(
    shared: &Shared<B>,
    words: &[&str],
    out: &mut Out<'_, W>,
) -> Result<(), W::Error> {
    let settings = shared.logger.lock().await.settings.clone();
    if words.is_empty() {
        return show(&settings, out).await;
    }
    let Some(item) = parse(&settings, words) else {
        return out.text(USAGE).await;
    };
    let set = shared
        .logger
        .lock()
        .await
        .configure(&shared.clock, item)
        .await;
    match set {
        Ok(()) => {
            shared.retimed.signal(());
            shared.closed.signal(());
            out.text("set\r\n").await
        }
        Err(fault) => out.fault(fault).await,
    }
}

async fn show<W: Write>(settings: &Settings, out: &mut Out<'_, W>) -> Result<(), W::Error> {
    let Settings {
        station,
        datum,
        serial,
        interval_s,
        ..
    } = settings;
    out.line(format_args!(
        "station \"{station}\", datum \"{datum}\", serial {serial}, every {interval_s} s"
    ))
    .await?;
    out.line(format_args!(
        "limit {} mm a month",
        OrDash(settings.limit_mm_per_month)
    ))
    .await?;
    match settings.barometer {
        Some(barometer) => {
            out.line(format_args!("barometer {:?}", barometer.sensor))
                .await?;
        }
        None => out.text("no barometer\r\n").await?,
    }
    for (index, channel) in settings.channels.iter().enumerate() {
        out.line(format_args!(
            "channel {index}: {} {:?} {:?}",
            channel.aquifer_layer, channel.quantity, channel.sensor
        ))
        .await?;
        out.line(format_args!(
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
    out.text(USAGE).await
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
        ["channel", index, layer, "sdi12", address, value, quantity] => {
            let sensor = Sdi12Value {
                address: *address.as_bytes().first()?,
                value: value.parse().ok()?,
                crc: true,
            };
            let layer = Name::try_from(*layer).ok()?;
            let channel = ChannelConfig::new(layer, Sensor::Sdi12(sensor), quantity_of(quantity)?);
            ConfigItem::Channel {
                index: index.parse().ok()?,
                channel: Some(channel),
            }
        }
        _ => return None,
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

fn quantity_of(word: &str) -> Option<Quantity> {
    Some(match word {
        "absolute" => Quantity::AbsolutePressureKpa,
        "gauge" => Quantity::GaugePressureKpa,
        "submergence" => Quantity::SubmergenceM,
        "depth" => Quantity::DepthToWaterM,
        "level" => Quantity::LevelM,
        _ => return None,
    })
}
