//! The event log on the console.

use core::fmt;

use amlstm_core::link::{EventKind, Fault};
use amlstm_core::month_mean::UtcOffset;
use embedded_io_async::Write;

use super::Session;
use super::month_name::MonthName;
use super::or_dash::OrDash;
use crate::board::Board;
use crate::calendar::Moment;
use crate::settings::Settings;

impl<B: Board, W: Write> Session<'_, B, W> {
    pub(super) async fn events(&mut self) -> Result<(), W::Error> {
        let shared = self.shared;
        let settings = shared.settings().await;
        let mut number = 0;
        loop {
            let event = shared.logger.lock().await.store.event_from(number).await;
            let event = match event {
                Ok(Some(event)) => event,
                Ok(None) => return Ok(()),
                Err(_) => return self.fault(Fault::Storage).await,
            };
            number = event.number.wrapping_add(1);
            let (number, words) = (event.number, InWords(&event.kind, &settings));
            if event.unix_s == 0 {
                self.line(format_args!("{number:5} clock not set        {words}"))
                    .await?;
            } else {
                let moment = Moment::from_unix(event.unix_s);
                self.line(format_args!("{number:5} {moment}  {words}"))
                    .await?;
            }
        }
    }
}

/// An event as a technician reads it.
struct InWords<'e>(&'e EventKind, &'e Settings);

/// A channel as a technician knows it: by its aquifer layer.
struct ChannelName<'e>(u8, &'e Settings);

impl fmt::Display for ChannelName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1.channels.get(usize::from(self.0))) {
            (_, Some(channel)) => f.write_str(&channel.aquifer_layer),
            (255, None) => f.write_str("barometer"),
            (channel, None) => write!(f, "channel {channel}"),
        }
    }
}

/// A version: major, minor, patch.
struct Version([u8; 3]);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl fmt::Display for InWords<'_> {
    #[allow(clippy::too_many_lines, reason = "one arm for each kind of event")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |channel: u8| ChannelName(channel, self.1);
        match self.0 {
            EventKind::Started {
                cause,
                boots,
                late_task,
            } => {
                write!(f, "start {boots} ({cause})")?;
                match late_task {
                    Some(task) => write!(f, "; it was last {task}"),
                    None => Ok(()),
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
            EventKind::Configured(key) => write!(f, "configuration changed: {key}"),
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
                    "tape at {}: {tape_m:.3} m, sensor {} m",
                    name(*channel),
                    OrDash(*sensor_m)
                )
            }
            EventKind::SensorQuality { channel, quality } => {
                write!(f, "{}:", name(*channel))?;
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
            EventKind::StepConfirmed { channel } => {
                write!(f, "{}: the step was confirmed", name(*channel))
            }
            EventKind::MonthsVoid {
                first_month_index,
                count,
            } => {
                write!(
                    f,
                    "{count} months from {} on made void",
                    MonthName(*first_month_index)
                )
            }
            EventKind::MonthOffset {
                old_minutes,
                new_minutes,
            } => {
                write!(
                    f,
                    "months closed by {} until now, by {} from now on",
                    UtcOffset(*old_minutes),
                    UtcOffset(*new_minutes)
                )
            }
            EventKind::ClockChip(fault) => write!(f, "the clock chip {fault}"),
            EventKind::SensorSwapped { channel, found } => {
                write!(f, "{}: another sensor than before: {found}", name(*channel))
            }
            EventKind::SamplesPlaced {
                first_sample,
                count,
                shift_s,
            } => write!(
                f,
                "{count} samples from {first_sample} on, taken while the clock was unsure, dated anew by {shift_s:+} s"
            ),
            EventKind::BatteryLow {
                battery_mv,
                interval_s,
            } => write!(
                f,
                "battery low: {battery_mv} mV; samples every {interval_s} s from now on"
            ),
            EventKind::BatteryGood {
                battery_mv,
                interval_s,
            } => write!(
                f,
                "battery good again: {battery_mv} mV; samples every {interval_s} s from now on"
            ),
            EventKind::FirmwareAccepted {
                version,
                program_crc,
            } => write!(
                f,
                "firmware {}, CRC {program_crc:08x}, accepted; the next start tries it",
                Version(*version)
            ),
            EventKind::FirmwareConfirmed { version, .. } => {
                write!(
                    f,
                    "firmware {} passed its test and stays",
                    Version(*version)
                )
            }
            EventKind::FirmwareReverted { version, .. } => write!(
                f,
                "firmware {} did not stay: the one before runs",
                Version(*version)
            ),
            EventKind::MonthLogFull => {
                write!(f, "the log of months is full: nothing more is closed")
            }
        }
    }
}
