//! `logger events`: what happened, in words.

use amlstm::logger::{month_text, quality_text, time_text};
use amlstm_core::link::{Event, EventKind};
use amlstm_core::month_mean::UtcOffset;

use super::show::metres;
use crate::command::output::Output;

/// Prints the events, or says them in JSON.
pub fn show(
    events: &[Event],
    layers: &[String],
    as_json: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    if as_json {
        return output.json(&events);
    }
    for event in events {
        writeln!(output, "{}", line(event, layers))?;
    }
    Ok(())
}

/// An event in a line.
pub fn line(event: &Event, layers: &[String]) -> String {
    let (number, time) = (event.number, time_text(event.unix_s));
    format!("{number:>6}  {time}  {}", words(&event.kind, layers))
}

#[allow(clippy::too_many_lines, reason = "one arm for each kind of event")]
fn words(kind: &EventKind, layers: &[String]) -> String {
    let channel_name = |channel: u8| match layers.get(usize::from(channel)) {
        Some(layer) => layer.clone(),
        None if channel == u8::MAX => "barometer".to_owned(),
        None => format!("channel {channel}"),
    };
    match kind {
        EventKind::Started {
            cause,
            boots,
            late_task,
        } => {
            let late = late_task.map_or_else(String::new, |task| format!(", last {task}"));
            format!("started ({cause}, start {boots}{late})")
        }
        EventKind::Panicked { message } => format!("the program stopped before: {message}"),
        EventKind::ClockSet {
            old_unix_s: 0,
            new_unix_s,
        } => format!("clock set to {}", time_text(*new_unix_s)),
        EventKind::ClockSet {
            old_unix_s,
            new_unix_s,
        } => {
            format!(
                "clock set from {} to {}",
                time_text(*old_unix_s),
                time_text(*new_unix_s)
            )
        }
        EventKind::Configured(key) => format!("setting changed: {key}"),
        EventKind::ModelActivated {
            generation,
            version,
            crc,
            older_allowed,
        } => format!(
            "model version {version} active as generation {generation}, CRC {crc:08x}{}",
            if *older_allowed {
                ", older than the minimum and allowed by hand"
            } else {
                ""
            }
        ),
        EventKind::ModelRolledBack {
            generation,
            version,
        } => {
            format!("rolled back to model version {version}, generation {generation}")
        }
        EventKind::Tape {
            channel,
            tape_m,
            sensor_m,
        } => format!(
            "tape at {}: {tape_m:.3} m to water, sensor {}",
            channel_name(*channel),
            metres(*sensor_m)
        ),
        EventKind::SensorQuality { channel, quality } => match quality_text(*quality) {
            words if words.is_empty() => format!("{}: good again", channel_name(*channel)),
            words => format!("{}: {words}", channel_name(*channel)),
        },
        EventKind::MonthsEmpty {
            first_month_index,
            count,
        } => {
            format!(
                "{count} months without samples from {} on closed as missing",
                month_text(*first_month_index)
            )
        }
        EventKind::SamplesLate { month_index } => {
            format!(
                "samples of {} came after it was closed; kept, not counted",
                month_text(*month_index)
            )
        }
        EventKind::RateAlarm {
            month_index,
            increment_mm,
            limit_mm,
        } => format!(
            "ALARM: {} subsided {increment_mm:.1} mm, the limit is {limit_mm:.1} mm",
            month_text(*month_index)
        ),
        EventKind::StepConfirmed { channel } => {
            format!("{}: the step was confirmed", channel_name(*channel))
        }
        EventKind::MonthsVoid {
            first_month_index,
            count,
        } => format!(
            "{count} months from {} on made void",
            month_text(*first_month_index)
        ),
        EventKind::MonthOffset {
            old_minutes,
            new_minutes,
        } => format!(
            "months closed by {} until now, by {} from now on; the open month was summed up anew",
            UtcOffset(*old_minutes),
            UtcOffset(*new_minutes)
        ),
        EventKind::ClockChip(fault) => format!("the clock chip {fault}"),
        EventKind::SensorSwapped { channel, found } => {
            format!(
                "{}: another sensor than before: {found}",
                channel_name(*channel)
            )
        }
        EventKind::SamplesPlaced {
            first_sample,
            count,
            shift_s,
        } => format!(
            "{count} samples from {first_sample} on, taken while the clock was unsure, dated anew by {shift_s:+} s"
        ),
        EventKind::BatteryLow {
            battery_mv,
            interval_s,
        } => format!("battery low: {battery_mv} mV; samples every {interval_s} s from then on"),
        EventKind::BatteryGood {
            battery_mv,
            interval_s,
        } => format!(
            "battery good again: {battery_mv} mV; samples every {interval_s} s from then on"
        ),
        EventKind::FirmwareAccepted {
            version: [major, minor, patch],
            program_crc,
        } => format!(
            "firmware {major}.{minor}.{patch}, CRC {program_crc:08x}, accepted; the next start tries it"
        ),
        EventKind::FirmwareConfirmed {
            version: [major, minor, patch],
            ..
        } => format!("firmware {major}.{minor}.{patch} passed its test and stays"),
        EventKind::FirmwareReverted {
            version: [major, minor, patch],
            ..
        } => format!("firmware {major}.{minor}.{patch} did not stay: the one before runs"),
        EventKind::MonthLogFull => "log of months full: no further month can be closed".to_owned(),
    }
}
