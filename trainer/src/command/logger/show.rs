//! What the logger said, for people.

use amlstm::logger::{Download, month_text, quality_text, time_text};
use amlstm_core::estimate::Primary;
use amlstm_core::link::{
    ClockState, EstimateRecord, Hello, InputState, Models, MonthLevel, Now, Quality, Reading,
    SlotInfo, Status, VisitReport,
};
use amlstm_core::month_mean::UtcOffset;

use super::json;
use super::layers::LayersOf;
use crate::command::{
    output::{Output, OutputError},
    table::{self, LEFT, RIGHT, Table},
};

/// A table whose columns but the first are numbers.
fn table(header: &[&str]) -> Table {
    let mut columns: Vec<_> = header.iter().map(|name| (*name, RIGHT)).collect();
    columns[0].1 = LEFT;
    table::new(&columns)
}

pub(super) fn metres(value: Option<f32>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

/// `logger info`.
pub fn info(hello: &Hello, as_json: bool, output: &mut Output) -> anyhow::Result<()> {
    if as_json {
        return output.json(hello);
    }
    let [major, minor, patch] = hello.fw;
    writeln!(output, "firmware       {major}.{minor}.{patch}")?;
    writeln!(
        output,
        "protocol       {}.{}",
        hello.proto_major, hello.proto_minor
    )?;
    writeln!(output, "model format   {}", hello.model_format)?;
    writeln!(output, "serial number  {}", hello.serial)?;
    Ok(())
}

/// `logger status`.
pub fn status(
    status: &Status,
    models: &Models,
    as_json: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    if as_json {
        let status = &Status {
            synthetic: status.synthetic || models.synthetic_model,
            ..status.clone()
        };
        return output.json(&json::StatusAndModels { status, models });
    }
    let clock = match status.clock {
        ClockState::Unset => "never set: nothing is recorded; set it with `clock --set`",
        ClockState::Unsure => "carried on after a power loss; check it with `clock --set`",
        ClockState::Set => "set",
    };
    if status.synthetic {
        writeln!(
            output,
            "SYNTHETIC levels: computed by the firmware, not measured"
        )?;
    }
    if models.synthetic_model {
        writeln!(output, "SYNTHETIC model: trained on synthetic data")?;
    }
    writeln!(output, "station    {} ({})", status.station, status.datum)?;
    writeln!(
        output,
        "clock      {} UTC, {clock}",
        time_text(status.unix_s)
    )?;
    if let Some(month_index) = status.counts_from_month {
        writeln!(
            output,
            "NOT COUNTING until {}: earlier months are closed; `void-months` undoes what a wrong date closed",
            month_text(month_index)
        )?;
    }
    writeln!(
        output,
        "running    {} d, {} starts, {} by the watchdog, the last {}",
        status.uptime_s / 86_400,
        status.boots,
        status.watchdog_resets,
        status.reset_cause
    )?;
    writeln!(
        output,
        "battery    {}",
        status.battery_mv.map_or_else(
            || "not measured".to_owned(),
            |mv| format!("{:.2} V", f32::from(mv) / 1000.0)
        )
    )?;
    writeln!(
        output,
        "channels   {} water{}, every {} s",
        status.channels,
        if status.barometer {
            " and a barometer"
        } else {
            ""
        },
        status.interval_s
    )?;
    writeln!(
        output,
        "samples    {} of about {}",
        status.next_sample.saturating_sub(status.first_sample),
        status.sample_capacity
    )?;
    writeln!(
        output,
        "months     {} closed by {}, room for about {}",
        status.months,
        UtcOffset(status.utc_offset_minutes),
        status.months_free
    )?;
    active_and_before(models, output)?;
    writeln!(
        output,
        "flash      {} failed operations, {} records that this firmware cannot read",
        status.storage_errors, status.unreadable_records
    )?;
    if status.rate_alarm {
        writeln!(
            output,
            "ALARM      the last estimate passed the configured subsidence rate"
        )?;
    }
    Ok(())
}

/// The models on the logger.
fn active_and_before(models: &Models, output: &mut Output) -> Result<(), OutputError> {
    match &models.active {
        Some(active) => writeln!(
            output,
            "model      well {}, {}; {}",
            models.well,
            slot(active),
            models.month_rule_words()
        )?,
        None => writeln!(output, "model      none; push one")?,
    }
    if let Some(before) = &models.standby {
        writeln!(
            output,
            "before     {}; `rollback` returns to it",
            slot(before)
        )?;
    }
    Ok(())
}

/// A model on the logger.
pub fn slot(slot: &SlotInfo) -> String {
    let signed = if slot.signed { ", signed" } else { "" };
    format!(
        "model version {}, generation {}, {} bytes, CRC {:08x}{signed}",
        slot.version, slot.generation, slot.length, slot.crc
    )
}

fn reading_row(layer: &str, reading: &Reading) -> Vec<String> {
    vec![
        layer.to_owned(),
        metres(reading.raw),
        metres(reading.level_m),
        match quality_text(reading.quality) {
            words if words.is_empty() => "good".to_owned(),
            words => words,
        },
    ]
}

/// `logger now`.
pub fn now(now: &Now, layers: &[String], as_json: bool, output: &mut Output) -> anyhow::Result<()> {
    if as_json {
        return output.json(now);
    }
    writeln!(
        output,
        "{} UTC, air pressure {} kPa",
        time_text(now.unix_s),
        metres(now.barometer_kpa)
    )?;
    let mut table = table(&["layer", "raw", "level m", "quality"]);
    for (layer, reading) in layers.iter().zip(&now.channels) {
        table.add_row(reading_row(layer, reading));
    }
    writeln!(output, "{}", table.trim_fmt())?;
    Ok(())
}

/// `logger months`.
pub fn months(
    download: &Download,
    layers: &LayersOf,
    as_json: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    if as_json {
        return output.json(&json::months(download, layers));
    }
    if download.status.synthetic {
        writeln!(
            output,
            "SYNTHETIC levels: computed by the firmware, not measured"
        )?;
    }
    if layers.synthetic {
        writeln!(output, "SYNTHETIC model: trained on synthetic data")?;
    }
    let mut header = vec!["month".to_owned()];
    header.extend(
        download
            .channels
            .iter()
            .map(|channel| format!("{} m", channel.aquifer_layer)),
    );
    header.extend(["increment mm", "subsidence mm", "flags"].map(str::to_owned));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = table(&header);
    for (record, estimate) in &download.months {
        let mut row = vec![month_text(record.month_index)];
        row.extend(record.channels.iter().map(month_level));
        match estimate {
            Some(estimate) => {
                row.push(format!("{:.2}", estimate.increment_mm));
                row.push(format!("{:.2}", estimate.subsidence_mm));
                row.push(input_flags(estimate, layers).join("; "));
            }
            None => row.extend(["-", "-", "no model then"].map(str::to_owned)),
        }
        table.add_row(row);
    }
    writeln!(output, "{}", table.trim_fmt())?;
    let marked = |mark| {
        let mut levels = download
            .months
            .iter()
            .flat_map(|(record, _)| &record.channels);
        levels.any(|level| month_level(level).ends_with(mark))
    };
    for (mark, meaning) in [
        ('*', "fewer than 80 % of the month's days were read"),
        ('?', "clock not set since power loss"),
    ] {
        if marked(mark) {
            writeln!(output, "{mark} {meaning}")?;
        }
    }
    Ok(())
}

/// The mean of a month, marked as the console marks it.
fn month_level(level: &MonthLevel) -> String {
    let mark = if !level.complete {
        "*"
    } else if level.quality.has(Quality::CLOCK_UNSURE) {
        "?"
    } else {
        ""
    };
    format!("{}{mark}", metres(level.mean_m))
}

/// Each input that is not as trained, in words.
fn input_flags(estimate: &EstimateRecord, layers: &LayersOf) -> Vec<String> {
    let name = |index: usize| {
        layers
            .name(estimate.generation, index)
            .map_or_else(|| format!("input {}", index + 1), ToOwned::to_owned)
    };
    let without_levels = (estimate.months_without_levels > 0).then(|| {
        format!(
            "{} months without levels since training",
            estimate.months_without_levels
        )
    });
    estimate
        .inputs
        .iter()
        .enumerate()
        .filter_map(|(index, input)| match input {
            InputState::Trained => None,
            InputState::Missing => Some(format!("level of {} is missing", name(index))),
            InputState::Below { by_m } => Some(format!(
                "level of {} is {by_m:.1} m below anything the model was trained on",
                name(index)
            )),
            InputState::Above { by_m } => Some(format!(
                "level of {} is {by_m:.1} m above anything the model was trained on",
                name(index)
            )),
        })
        .chain(without_levels)
        .collect()
}

/// `logger estimate`.
pub fn estimate(
    estimate: &EstimateRecord,
    layers: &LayersOf,
    as_json: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    if as_json {
        return output.json(&json::estimate(estimate, layers));
    }
    if layers.synthetic {
        writeln!(output, "SYNTHETIC: the model was trained on synthetic data")?;
    }
    writeln!(
        output,
        "{}  well {}  model version {}",
        month_text(estimate.month_index),
        layers.well,
        estimate.model_version
    )?;
    let half_width = estimate
        .half_width_mm
        .map_or_else(String::new, |half| format!(" ± {half:.1} (90 %)"));
    writeln!(
        output,
        "increment   {:>8.2} mm{half_width}",
        estimate.increment_mm
    )?;
    writeln!(output, "subsidence  {:>8.2} mm", estimate.subsidence_mm)?;
    if let Some(other) = estimate.other_increment_mm {
        let (trusted, by) = match estimate.primary {
            Primary::Network => ("network", "physics"),
            Primary::Physics => ("physics", "network"),
        };
        writeln!(output, "by {trusted}; by {by} {other:.2} mm")?;
    }
    if estimate.disagree {
        writeln!(
            output,
            "note: network and physics disagree by more than their intervals: trust neither before somebody has looked"
        )?;
    }
    for (layer, share) in layers.names.iter().zip(&estimate.attention) {
        writeln!(output, "attention   {:>7.0} %  {layer}", share * 100.0)?;
    }
    for flag in input_flags(estimate, layers) {
        writeln!(output, "note: {flag}")?;
    }
    Ok(())
}

/// `logger visit`.
pub fn visit(
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
        report.battery_mv.map_or_else(
            || "not measured".to_owned(),
            |mv| format!("{:.2} V", f32::from(mv) / 1000.0)
        ),
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
        let quality = quality_text(reading.quality);
        table.add_row([
            (*layer).to_owned(),
            metres(reading.level_m),
            metres(sensor),
            metres(tape),
            metres(sensor.zip(tape).map(|(sensor, tape)| sensor - tape)),
            if quality.is_empty() {
                "good".to_owned()
            } else {
                quality
            },
        ]);
    }
    writeln!(output, "{}", table.trim_fmt())
}
