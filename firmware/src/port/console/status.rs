//! State of the logger and its clock on the console.

use core::fmt;

use amlstm_core::link::{ClockState, Name, ResetCause};
use embedded_io_async::Write;
use heapless::String;

use super::{Out, dispatch};
use crate::app::Shared;
use crate::board::Board;
use crate::calendar::Moment;

pub(super) async fn show<B: Board, W: Write>(
    shared: &Shared<B>,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error> {
    let status = match dispatch::status(shared).await {
        Ok(status) => status,
        Err(fault) => return out.fault(fault).await,
    };
    let [major, minor, patch] = shared.fw;
    let serial = shared.logger.lock().await.settings.serial;
    let name = |name: &Name| {
        if name.is_empty() {
            Name::try_from("(not set)").unwrap_or_default()
        } else {
            name.clone()
        }
    };
    if status.synthetic {
        out.text("SYNTHETIC SENSORS: levels are computed, not measured\r\n")
            .await?;
    }
    out.line(format_args!(
        "station    {}, serial {serial}, firmware {major}.{minor}.{patch}",
        name(&status.station)
    ))
    .await?;
    out.line(format_args!("datum      {}", name(&status.datum)))
        .await?;
    clock(shared, out).await?;
    let cause = match status.reset_cause {
        ResetCause::Power => "power",
        ResetCause::Watchdog => "WATCHDOG",
        ResetCause::Panic => "PANIC",
        ResetCause::Other => "reset",
    };
    let watchdog = status.watchdog_resets;
    out.line(format_args!(
        "running    {} s since start by {cause}; {} starts, {watchdog} by the watchdog",
        status.uptime_s, status.boots
    ))
    .await?;
    match status.battery_mv {
        Some(millivolts) => out.line(format_args!("battery    {millivolts} mV")).await?,
        None => {
            out.text("battery    not measured by this board\r\n")
                .await?;
        }
    }
    let barometer = if status.barometer {
        "and a barometer"
    } else {
        "and no barometer"
    };
    out.line(format_args!(
        "sampling   {} channels {barometer} every {} s",
        status.channels, status.interval_s
    ))
    .await?;
    let kept = status.next_sample - status.first_sample;
    out.line(format_args!(
        "samples    {kept} kept of about {}, then the oldest go",
        status.sample_capacity
    ))
    .await?;
    out.line(format_args!(
        "months     {} closed, room for about {}",
        status.months, status.months_free
    ))
    .await?;
    match status.model_generation {
        Some(generation) => {
            out.line(format_args!("model      generation {generation}"))
                .await?;
        }
        None => out.text("model      none\r\n").await?,
    }
    if status.rate_alarm {
        out.text("ALARM      the last month's subsidence passed the limit\r\n")
            .await?;
    }
    if status.storage_errors > 0 {
        out.line(format_args!(
            "FLASH      {} errors since start",
            status.storage_errors
        ))
        .await?;
    }
    Ok(())
}

pub(super) async fn clock<B: Board, W: Write>(
    shared: &Shared<B>,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error> {
    let (unix_s, state) = {
        let logger = shared.logger.lock().await;
        (logger.unix_s(&shared.clock), logger.clock_state())
    };
    match (unix_s, state) {
        (Some(unix_s), ClockState::Set) => {
            out.line(format_args!("clock      {} UTC", Moment::from_unix(unix_s)))
                .await
        }
        (Some(unix_s), _) => {
            let moment = Moment::from_unix(unix_s);
            out.line(format_args!(
                "clock      {moment} UTC, UNSURE since a power loss: set it"
            ))
            .await
        }
        (None, _) => {
            out.text(
                "clock      NOT SET: nothing is recorded; clock YYYY-MM-DD HH:MM:SS sets it\r\n",
            )
            .await
        }
    }
}

pub(super) async fn set_clock<B: Board, W: Write>(
    shared: &Shared<B>,
    date: &str,
    time: &str,
    confirm_jump: bool,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error> {
    let mut text = String::<32>::new();
    let written = fmt::Write::write_fmt(&mut text, format_args!("{date} {time}"));
    let Some(unix_s) = written.ok().and_then(|()| Moment::parse(&text)?.to_unix()) else {
        return out
            .line(format_args!(
                "clock: found \"{date} {time}\", expected YYYY-MM-DD HH:MM:SS"
            ))
            .await;
    };
    let set = shared
        .logger
        .lock()
        .await
        .set_clock(&shared.clock, unix_s, confirm_jump)
        .await;
    match set {
        Ok(()) => {
            shared.retimed.signal(());
            clock(shared, out).await
        }
        Err(fault) => out.fault(fault).await,
    }
}
