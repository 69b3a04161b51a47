//! The plain-text console: what a technician can do with nothing but a terminal program.

mod export;
mod set;

use core::fmt;

use amlstm_core::link::{
    ClockState, EventKind, Fault, InputState, MAX_CHANNELS, Name, ResetCause, Task,
};
use amlstm_core::month::Month;
use embedded_io_async::Write;
use heapless::{String, Vec};

use super::dispatch;
use crate::app::Shared;
use crate::board::{Clock, Machine, MappedFlash, SensorBus};
use crate::calendar::Moment;
use crate::month_close::inputs_of;
use crate::sense::depth_to_water_m;
use crate::sense::sdi12::parse_decimal;

/// Longest line a technician types.
const MAX_COMMAND: usize = 120;
/// Longest line printed at once.
const MAX_LINE: usize = 512;
/// Most words of a command.
const MAX_WORDS: usize = 8;

const HELP: &str = "\
help                               this list\r\n\
status                             station, clock, battery, memory, model\r\n\
now                                every channel now\r\n\
months                             closed months and their estimates\r\n\
est                                estimate of the last closed month\r\n\
events                             what happened\r\n\
clock [YYYY-MM-DD HH:MM:SS]        show or set the clock, UTC\r\n\
set                                show the configuration and how to change it\r\n\
tape CHANNEL DEPTH                 record a tape reading, m below the measuring point\r\n\
model [rollback]                   show the models, or go back to the one before\r\n\
export csv|toa5 [NUMBER]           every sample, from a number on\r\n";

/// A line being typed.
pub struct Console {
    line: String<MAX_COMMAND>,
    overlong: bool,
}

/// Prints to the port.
pub(super) struct Out<'w, W: Write>(&'w mut W);

impl<W: Write> Out<'_, W> {
    pub async fn text(&mut self, text: &str) -> Result<(), W::Error> {
        self.0.write_all(text.as_bytes()).await
    }

    /// One line and its end. What is longer than a line is cut.
    pub async fn line(&mut self, arguments: fmt::Arguments<'_>) -> Result<(), W::Error> {
        let mut line = String::<MAX_LINE>::new();
        let _ = fmt::Write::write_fmt(&mut line, arguments);
        self.text(&line).await?;
        self.text("\r\n").await
    }

    pub async fn fault(&mut self, fault: Fault) -> Result<(), W::Error> {
        self.line(format_args!("refused: {fault}")).await
    }
}

/// A number with three decimals, or a dash.
pub(super) struct OrDash(pub Option<f32>);

impl fmt::Display for OrDash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::<16>::new();
        let written = match self.0 {
            Some(value) => fmt::Write::write_fmt(&mut text, format_args!("{value:.3}")),
            None => fmt::Write::write_str(&mut text, "-"),
        };
        formatter.pad(if written.is_ok() { &text } else { "..." })
    }
}

/// A month in months since 0000-01, as `2026-11`.
struct MonthName(i32);

impl fmt::Display for MonthName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Month::from_index(self.0) {
            Some(month) => write!(formatter, "{month}"),
            None => write!(formatter, "month {}", self.0),
        }
    }
}

impl Console {
    /// An empty line.
    pub const fn new() -> Self {
        Self {
            line: String::new(),
            overlong: false,
        }
    }

    /// Takes a typed byte; a carriage return or line feed runs the line.
    pub async fn push<C, F, B, M, W>(
        &mut self,
        shared: &Shared<C, F, B, M>,
        byte: u8,
        to: &mut W,
    ) -> Result<(), W::Error>
    where
        C: Clock,
        F: MappedFlash,
        B: SensorBus,
        M: Machine,
        W: Write,
    {
        let mut out = Out(to);
        match byte {
            b'\r' | b'\n' => {
                let line = core::mem::take(&mut self.line);
                if core::mem::take(&mut self.overlong) {
                    out.text("\r\ntoo long; try help\r\n> ").await?;
                } else if !line.trim().is_empty() {
                    out.text("\r\n").await?;
                    run(shared, line.trim(), &mut out).await?;
                    out.text("> ").await?;
                }
            }
            // Backspace and delete.
            8 | 127 if self.line.pop().is_some() => {
                out.text("\x08 \x08").await?;
            }
            b' '..=b'~' => {
                self.overlong |= self.line.push(char::from(byte)).is_err();
                out.0.write_all(&[byte]).await?;
            }
            _ => {}
        }
        out.0.flush().await
    }
}

async fn run<C, F, B, M, W>(
    shared: &Shared<C, F, B, M>,
    line: &str,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error>
where
    C: Clock,
    F: MappedFlash,
    B: SensorBus,
    M: Machine,
    W: Write,
{
    let words: Vec<&str, MAX_WORDS> = line.split_ascii_whitespace().take(MAX_WORDS).collect();
    match words.as_slice() {
        ["help" | "?"] => out.text(HELP).await,
        ["status"] => status(shared, out).await,
        ["now"] => now(shared, out).await,
        ["months"] => months(shared, out).await,
        ["est"] => estimate(shared, out).await,
        ["events"] => events(shared, out).await,
        ["clock"] => clock(shared, out).await,
        ["clock", date, time] => set_clock(shared, date, time, out).await,
        ["set", words @ ..] => set::run(shared, words, out).await,
        ["tape", channel, depth] => tape(shared, channel, depth, out).await,
        ["model"] => model(shared, out).await,
        ["model", "rollback"] => rollback(shared, out).await,
        ["export", format @ ("csv" | "toa5")] => {
            export::run(shared, *format == "toa5", 0, out).await
        }
        ["export", format @ ("csv" | "toa5"), number] => match number.parse() {
            Ok(number) => export::run(shared, *format == "toa5", number, out).await,
            Err(_) => {
                out.line(format_args!(
                    "export: found \"{number}\", expected the number of a sample"
                ))
                .await
            }
        },
        _ => {
            out.line(format_args!("unknown: \"{line}\"; try help"))
                .await
        }
    }
}

async fn status<C, F, B, M, W>(
    shared: &Shared<C, F, B, M>,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error>
where
    C: Clock,
    F: MappedFlash,
    M: Machine,
    W: Write,
{
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

async fn now<C, F, B, M, W>(
    shared: &Shared<C, F, B, M>,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error>
where
    C: Clock,
    F: MappedFlash,
    B: SensorBus,
    W: Write,
{
    let now = dispatch::now(shared).await;
    let settings = shared.logger.lock().await.settings.clone();
    if settings.channels.is_empty() {
        return out.text("no channel is configured; see set\r\n").await;
    }
    out.line(format_args!(
        "{} UTC, air {} kPa",
        Moment::from_unix(now.unix_s),
        OrDash(now.barometer_kpa)
    ))
    .await?;
    out.line(format_args!(
        "  layer                raw      level m     depth to water m   (level above {})",
        settings.datum
    ))
    .await?;
    for (config, reading) in settings.channels.iter().zip(&now.channels) {
        let depth = OrDash(depth_to_water_m(config, reading));
        let mut flags = String::<MAX_LINE>::new();
        for words in reading.quality.words() {
            let _ = fmt::Write::write_fmt(&mut flags, format_args!("  {words}"));
        }
        let (raw, level) = (OrDash(reading.raw), OrDash(reading.level_m));
        out.line(format_args!(
            "  {:16} {raw:>12} {level:>12} {depth:>12}{flags}",
            config.aquifer_layer
        ))
        .await?;
    }
    Ok(())
}

async fn months<C, F, B, M, W>(
    shared: &Shared<C, F, B, M>,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error>
where
    C: Clock,
    F: MappedFlash,
    W: Write,
{
    let count = shared.logger.lock().await.store.held().months;
    out.text("month    mean level of each layer, m (* fewer than 80 % of days)   increment mm   subsidence mm\r\n").await?;
    for position in 0..count {
        let month = shared.logger.lock().await.month_at(position).await;
        let (record, estimate) = match month {
            Ok(Some(month)) => month,
            Ok(None) => break,
            Err(fault) => return out.fault(fault).await,
        };
        let mut line = String::<MAX_LINE>::new();
        let _ = fmt::Write::write_fmt(&mut line, format_args!("{}", MonthName(record.month_index)));
        for level in &record.channels {
            let mark = if level.complete { ' ' } else { '*' };
            let _ = fmt::Write::write_fmt(
                &mut line,
                format_args!(" {:>10}{mark}", OrDash(level.mean_m)),
            );
        }
        let increment = OrDash(estimate.as_ref().map(|estimate| estimate.increment_mm));
        let subsidence = OrDash(estimate.as_ref().map(|estimate| estimate.subsidence_mm));
        out.line(format_args!("{line}  {increment:>12} {subsidence:>12}"))
            .await?;
    }
    Ok(())
}

async fn estimate<C, F, B, M, W>(
    shared: &Shared<C, F, B, M>,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error>
where
    C: Clock,
    F: MappedFlash,
    W: Write,
{
    let (estimate, layers) = {
        let mut logger = shared.logger.lock().await;
        match logger.estimate_at(None).await {
            Ok(estimate) => (estimate, model_layers(&mut logger).await),
            Err(fault) => return out.fault(fault).await,
        }
    };
    let month = MonthName(estimate.month_index);
    if shared.synthetic {
        out.text("SYNTHETIC SENSORS: levels are computed, not measured\r\n")
            .await?;
    }
    match estimate.half_width_mm {
        Some(half_width) => {
            let increment = estimate.increment_mm;
            out.line(format_args!(
                "{month}   increment {increment:.3} mm +- {half_width:.3} mm (90 %), down +"
            ))
            .await?;
        }
        None => {
            out.line(format_args!(
                "{month}   increment {:.3} mm, down +",
                estimate.increment_mm
            ))
            .await?;
        }
    }
    out.line(format_args!(
        "          subsidence {:.3} mm",
        estimate.subsidence_mm
    ))
    .await?;
    for (input, state) in estimate.inputs.iter().enumerate() {
        let layer = layers.get(input).cloned().unwrap_or_default();
        let share = OrDash(estimate.attention.get(input).copied());
        match state {
            InputState::Trained => {
                out.line(format_args!("  {layer}: attention {share}"))
                    .await?;
            }
            InputState::Missing => {
                out.line(format_args!("  {layer}: no level this month, left out"))
                    .await?;
            }
            InputState::Below { by_m } => {
                let below = "below anything the model was trained on";
                out.line(format_args!(
                    "  {layer}: attention {share}; level is {by_m:.1} m {below}"
                ))
                .await?;
            }
            InputState::Above { by_m } => {
                let above = "above anything the model was trained on";
                out.line(format_args!(
                    "  {layer}: attention {share}; level is {by_m:.1} m {above}"
                ))
                .await?;
            }
        }
    }
    Ok(())
}

/// Names of the active model's layers, in its order.
async fn model_layers<F: MappedFlash>(
    logger: &mut crate::logger::Logger<F>,
) -> Vec<Name, MAX_CHANNELS> {
    let settings = logger.settings.clone();
    let Ok(file) = logger.active_model().await else {
        return Vec::new();
    };
    let Ok(file) = amlstm_core::artifact::ModelFile::parse(file) else {
        return Vec::new();
    };
    let channels = inputs_of(&file, &settings).unwrap_or_default();
    channels
        .into_iter()
        .filter_map(|channel| {
            settings
                .channels
                .get(channel)
                .map(|config| config.aquifer_layer.clone())
        })
        .collect()
}

async fn events<C, F, B, M, W>(
    shared: &Shared<C, F, B, M>,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error>
where
    C: Clock,
    F: MappedFlash,
    W: Write,
{
    let mut number = 0;
    loop {
        let event = shared.logger.lock().await.store.event_from(number).await;
        let event = match event {
            Ok(Some(event)) => event,
            Ok(None) => return Ok(()),
            Err(_) => return out.fault(Fault::Storage).await,
        };
        number = event.number.wrapping_add(1);
        let (number, words) = (event.number, InWords(&event.kind));
        if event.unix_s == 0 {
            out.line(format_args!("{number:5} clock not set        {words}"))
                .await?;
        } else {
            let moment = Moment::from_unix(event.unix_s);
            out.line(format_args!("{number:5} {moment}  {words}"))
                .await?;
        }
    }
}

/// An event as a technician reads it.
struct InWords<'e>(&'e EventKind);

impl fmt::Display for InWords<'_> {
    #[allow(clippy::too_many_lines, reason = "one arm for each kind of event")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            EventKind::Started {
                cause,
                boots,
                late_task,
            } => {
                write!(f, "start {boots} ({cause:?})")?;
                match late_task {
                    Some(Task::Sense) => write!(f, "; it was last at the sensors"),
                    Some(Task::Port) => write!(f, "; it was last at the port"),
                    Some(Task::MonthClose) => {
                        write!(f, "; it was last at the month's closing")
                    }
                    Some(Task::Health) | None => Ok(()),
                }
            }
            EventKind::Panicked { message } => write!(f, "the program had stopped: {message}"),
            EventKind::ClockSet {
                old_unix_s: 0,
                new_unix_s,
            } => {
                write!(f, "clock set to {}", Moment::from_unix(*new_unix_s))
            }
            EventKind::ClockSet {
                old_unix_s,
                new_unix_s,
            } => {
                let seconds = i64::from(*new_unix_s) - i64::from(*old_unix_s);
                write!(
                    f,
                    "clock set from {} by {seconds} s",
                    Moment::from_unix(*old_unix_s)
                )
            }
            EventKind::Configured(key) => write!(f, "configuration changed: {key:?}"),
            EventKind::ModelActivated {
                generation,
                version,
                crc,
                older_allowed,
            } => {
                let older = if *older_allowed {
                    ", older than the minimum by hand"
                } else {
                    ""
                };
                write!(
                    f,
                    "model generation {generation}, version {version}, CRC {crc:08x}{older}"
                )
            }
            EventKind::ModelRolledBack {
                generation,
                version,
            } => {
                write!(
                    f,
                    "model rolled back to version {version}, now generation {generation}"
                )
            }
            EventKind::Tape {
                channel,
                tape_m,
                sensor_m,
            } => {
                write!(
                    f,
                    "tape on channel {channel}: {tape_m:.3} m, sensor {} m",
                    OrDash(*sensor_m)
                )
            }
            EventKind::SensorQuality { channel, quality } => {
                match channel {
                    255 => write!(f, "barometer:")?,
                    channel => write!(f, "channel {channel}:")?,
                }
                if quality.is_usable() {
                    return write!(f, " good again");
                }
                quality.words().try_for_each(|words| write!(f, " {words};"))
            }
            EventKind::MonthsEmpty {
                first_month_index,
                count,
            } => {
                write!(
                    f,
                    "{count} months without samples from {}",
                    MonthName(*first_month_index)
                )
            }
            EventKind::SamplesLate { month_index } => {
                write!(
                    f,
                    "samples of {}, which is closed: kept, not counted",
                    MonthName(*month_index)
                )
            }
            EventKind::RateAlarm {
                month_index,
                increment_mm,
                limit_mm,
            } => {
                write!(
                    f,
                    "ALARM {}: {increment_mm:.3} mm, limit {limit_mm:.3} mm",
                    MonthName(*month_index)
                )
            }
            EventKind::MonthLogFull => {
                write!(f, "the log of months is full: nothing more is closed")
            }
        }
    }
}

async fn clock<C, F, B, M, W>(
    shared: &Shared<C, F, B, M>,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error>
where
    C: Clock,
    F: MappedFlash,
    W: Write,
{
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

async fn set_clock<C, F, B, M, W>(
    shared: &Shared<C, F, B, M>,
    date: &str,
    time: &str,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error>
where
    C: Clock,
    F: MappedFlash,
    W: Write,
{
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
        .set_clock(&shared.clock, unix_s, false)
        .await;
    match set {
        Ok(()) => {
            shared.retimed.signal(());
            clock(shared, out).await
        }
        Err(fault) => out.fault(fault).await,
    }
}

async fn tape<C, F, B, M, W>(
    shared: &Shared<C, F, B, M>,
    channel: &str,
    depth: &str,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error>
where
    C: Clock,
    F: MappedFlash,
    B: SensorBus,
    W: Write,
{
    let settings = shared.logger.lock().await.settings.clone();
    let found = channel
        .parse::<u8>()
        .ok()
        .and_then(|index| Some((index, settings.channels.get(usize::from(index))?)));
    let (Some((channel, config)), Some(tape_m)) = (found, parse_decimal(depth.as_bytes())) else {
        return out
            .line(format_args!(
                "tape: found \"{channel} {depth}\", expected a channel and metres"
            ))
            .await;
    };
    let now = dispatch::now(shared).await;
    let sensor_m = now
        .channels
        .get(usize::from(channel))
        .and_then(|reading| depth_to_water_m(config, reading));
    let event = EventKind::Tape {
        channel,
        tape_m,
        sensor_m,
    };
    if shared
        .logger
        .lock()
        .await
        .note(&shared.clock, event)
        .await
        .is_err()
    {
        return out.fault(Fault::Storage).await;
    }
    let difference = OrDash(sensor_m.map(|sensor_m| sensor_m - tape_m));
    out.line(format_args!(
        "{}: tape {tape_m:.3} m, sensor {} m, sensor - tape {difference} m",
        config.aquifer_layer,
        OrDash(sensor_m)
    ))
    .await
}

async fn model<C, F, B, M, W>(
    shared: &Shared<C, F, B, M>,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error>
where
    C: Clock,
    F: MappedFlash,
    W: Write,
{
    let models = shared.logger.lock().await.models().await;
    let models = match models {
        Ok(models) => models,
        Err(fault) => return out.fault(fault).await,
    };
    for (role, slot) in [("active", models.active), ("before", models.standby)] {
        match slot {
            Some(info) => {
                let signed = if info.signed { ", signed" } else { "" };
                let (generation, version, length, crc) =
                    (info.generation, info.version, info.length, info.crc);
                out.line(format_args!(
                    "{role}  generation {generation}, version {version}, {length} bytes, CRC {crc:08x}{signed}"
                ))
                .await?;
            }
            None => out.line(format_args!("{role}  none")).await?,
        }
    }
    if models.well.is_empty() {
        Ok(())
    } else {
        out.line(format_args!("well    {}", models.well)).await
    }
}

async fn rollback<C, F, B, M, W>(
    shared: &Shared<C, F, B, M>,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error>
where
    C: Clock,
    F: MappedFlash,
    W: Write,
{
    let rolled_back = shared.logger.lock().await.rollback(&shared.clock).await;
    match rolled_back {
        Ok(_) => {
            shared.closed.signal(());
            model(shared, out).await
        }
        Err(fault) => out.fault(fault).await,
    }
}
