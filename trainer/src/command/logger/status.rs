//! `amlstm logger status`: state and models of a logger.

use amlstm::logger::{Battery, Client, month_text, time_text};
use amlstm_core::link::{ClockState, Models, SlotInfo, Status};
use amlstm_core::month_mean::UtcOffset;

use super::json;
use super::show::{battery, battery_life};
use crate::command::output::{Output, OutputError};

/// `logger status`.
pub fn run(client: &mut Client, as_json: bool, output: &mut Output) -> anyhow::Result<()> {
    let (status, models) = (&client.status()?, &client.models()?);
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
    writeln!(output, "battery    {}", battery(status.battery_mv))?;
    if let Some(seconds) = status.low_battery_interval_s {
        writeln!(
            output,
            "LOW        battery: a sample every {seconds} s until it is good again"
        )?;
    }
    let known = Battery::receive(client)?;
    if let Some(life) = battery_life(status.battery_life, known.as_ref()) {
        writeln!(output, "           {life}")?;
    }
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
