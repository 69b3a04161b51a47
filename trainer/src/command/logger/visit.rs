//! `amlstm logger visit`: what a technician does at a well, in one step and in one file.

use std::path::PathBuf;

use amlstm::logger::{Client, Station, quality_text, time_text};
use amlstm::run::write_atomically;
use amlstm_core::link::{Now, VisitReport};
use anyhow::bail;
use jiff::Timestamp;
use serde::Serialize;

use super::show::{battery, battery_life, metres, quality_or_good, table};
use crate::command::output::{Output, OutputError};

/// What the technician brings.
#[derive(clap::Args)]
pub struct VisitArgs {
    /// Depth to water below the measuring point by tape, LAYER=METRES; once a layer
    #[arg(long = "tape", value_name = "LAYER=M", value_parser = tape)]
    tapes: Vec<(String, f32)>,
    /// Record tape readings that lie far from the sensor's, too
    #[arg(long)]
    confirm_tape: bool,
    /// Note of the technician
    #[arg(long, default_value = "")]
    note: String,
    /// Visit file to write (JSON); visit-STATION-TIME.json unless given
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn tape(text: &str) -> Result<(String, f32), String> {
    let expected =
        || format!("found \"{text}\", expected LAYER=METRES, for example phreatic=12.34");
    let (layer, metres) = text.split_once('=').ok_or_else(expected)?;
    let metres: f32 = metres.trim().parse().map_err(|_| expected())?;
    if !metres.is_finite() {
        return Err(expected());
    }
    Ok((layer.trim().to_owned(), metres))
}

/// Records the visit on the logger and writes the visit file.
pub fn run(
    client: &mut Client,
    args: &VisitArgs,
    as_json: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    let station = Station::receive(client)?;
    let layers: Vec<&str> = station
        .channel
        .iter()
        .map(|channel| channel.aquifer_layer.as_str())
        .collect();
    let mut tape_m = vec![None; layers.len()];
    for (layer, metres) in &args.tapes {
        let Some(channel) = layers.iter().position(|name| name == layer) else {
            bail!(
                "--tape: found layer \"{layer}\", expected one of: {}",
                layers.join(", ")
            );
        };
        if tape_m[channel].replace(*metres).is_some() {
            bail!("--tape: found two readings of layer \"{layer}\", expected one");
        }
    }
    if !args.confirm_tape && !args.tapes.is_empty() {
        compare(&station, &client.now()?, &tape_m)?;
    }
    let time = Timestamp::now();
    let unix_s = u32::try_from(time.as_second()).unwrap_or(u32::MAX);
    let report = client.visit(unix_s, &tape_m)?;
    let text = serde_json::to_string_pretty(&VisitFile {
        station: &station.station,
        serial: report.serial,
        datum: &station.datum,
        laptop_time_utc: time_text(unix_s),
        logger_time_utc: time_text(report.now.unix_s),
        clock_error_s: (report.now.unix_s > 0).then_some(report.clock_error_s),
        battery_mv: report.battery_mv,
        battery_days_left: report.battery_life.map(|life| life.days_left),
        air_pressure_kpa: report.now.barometer_kpa,
        samples: report.samples,
        sample_capacity: report.sample_capacity,
        months_free: report.months_free,
        channels: channels(&report, &layers, &tape_m),
        note: &args.note,
    })?;
    let path = args.output.clone().unwrap_or_else(|| {
        let stamp = time.strftime("%Y%m%dT%H%M%SZ");
        PathBuf::from(format!(
            "visit-{}-{stamp}.json",
            file_name(&station.station)
        ))
    });
    write_atomically(&path, format!("{text}\n").as_bytes())?;
    if as_json {
        writeln!(output, "{text}")?;
    } else {
        show(&report, &layers, &tape_m, output)?;
        if let Some(life) = battery_life(report.battery_life, station.battery.as_ref()) {
            writeln!(output, "battery {life}")?;
        }
        output.note(format_args!("\n{}: written", path.display()))?;
    }
    Ok(())
}

/// A tape reading farther from the sensor's is likely a slip of the pen, or of the cable. The logger's console has the same limit.
const TAPE_AGREES_M: f32 = 0.5;

/// Asks back before anything is recorded.
fn compare(station: &Station, now: &Now, tape_m: &[Option<f32>]) -> anyhow::Result<()> {
    for ((channel, reading), tape_m) in station.channel.iter().zip(&now.channels).zip(tape_m) {
        let (Some(level_m), Some(tape_m)) = (reading.level_m, tape_m) else {
            continue;
        };
        let sensor_m = channel.measuring_point_m - level_m;
        if (sensor_m - tape_m).abs() > TAPE_AGREES_M {
            bail!(
                "--tape: found {tape_m:.3} m at {}, expected about the sensor's {sensor_m:.3} m; nothing was recorded; read the tape again (--confirm-tape records it all the same)",
                channel.aquifer_layer
            );
        }
    }
    Ok(())
}

/// The visit for people.
fn show(
    report: &VisitReport,
    layers: &[&str],
    tape_m: &[Option<f32>],
    output: &mut Output,
) -> Result<(), OutputError> {
    let clock = match report.now.unix_s {
        0 => "clock never set".to_owned(),
        _ => format!("clock error {:+} s", report.clock_error_s),
    };
    writeln!(
        output,
        "{clock}   battery {}   samples {} of about {}   months free about {}",
        battery(report.battery_mv),
        report.samples,
        report.sample_capacity,
        report.months_free
    )?;
    let mut table = table(&[
        "layer",
        "level m",
        "depth by sensor m",
        "by tape m",
        "difference m",
        "quality",
    ]);
    for (index, (layer, reading)) in layers.iter().zip(&report.now.channels).enumerate() {
        let sensor = report.depth_to_water_m.get(index).copied().flatten();
        let tape = tape_m.get(index).copied().flatten();
        table.add_row([
            (*layer).to_owned(),
            metres(reading.level_m),
            metres(sensor),
            metres(tape),
            metres(sensor.zip(tape).map(|(sensor, tape)| sensor - tape)),
            quality_or_good(reading.quality),
        ]);
    }
    writeln!(output, "{}", table.trim_fmt())
}

/// What the visit file holds; levels in metres above the datum, depths in metres below the measuring point.
#[derive(Serialize)]
struct VisitFile<'a> {
    station: &'a str,
    serial: u32,
    datum: &'a str,
    laptop_time_utc: String,
    logger_time_utc: String,
    clock_error_s: Option<i32>,
    battery_mv: Option<u16>,
    battery_days_left: Option<u32>,
    air_pressure_kpa: Option<f32>,
    samples: u32,
    sample_capacity: u32,
    months_free: u16,
    channels: Vec<VisitChannel<'a>>,
    note: &'a str,
}

#[derive(Serialize)]
struct VisitChannel<'a> {
    aquifer_layer: &'a str,
    raw: Option<f32>,
    level_m: Option<f32>,
    quality: String,
    depth_to_water_sensor_m: Option<f32>,
    depth_to_water_tape_m: Option<f32>,
    sensor_minus_tape_m: Option<f32>,
}

fn channels<'a>(
    report: &VisitReport,
    layers: &[&'a str],
    tape_m: &[Option<f32>],
) -> Vec<VisitChannel<'a>> {
    let readings = layers.iter().zip(&report.now.channels).enumerate();
    readings
        .map(|(index, (layer, reading))| {
            let sensor = report.depth_to_water_m.get(index).copied().flatten();
            let tape = tape_m.get(index).copied().flatten();
            VisitChannel {
                aquifer_layer: layer,
                raw: reading.raw,
                level_m: reading.level_m,
                quality: quality_text(reading.quality),
                depth_to_water_sensor_m: sensor,
                depth_to_water_tape_m: tape,
                sensor_minus_tape_m: sensor.zip(tape).map(|(sensor, tape)| sensor - tape),
            }
        })
        .collect()
}

/// The station's name as part of a file name.
fn file_name(station: &str) -> String {
    let name: String = station
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .collect();
    if name.is_empty() {
        "logger".to_owned()
    } else {
        name
    }
}
