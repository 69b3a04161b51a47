//! Readings of the sensors and of the tape, on the console.

use core::fmt;

use amlstm_core::link::{ClockState, Quality};
use embedded_io_async::Write;
use heapless::String;

use super::or_dash::OrDash;
use super::{MAX_LINE, Session};
use crate::board::Board;
use crate::calendar::Moment;
use crate::port::state::{TAPE_AGREES_M, Taped};
use crate::sense::depth_to_water_m;
use crate::sense::sdi12::parse_decimal;

impl<B: Board, W: Write> Session<'_, B, W> {
    pub(super) async fn now(&mut self) -> Result<(), W::Error> {
        let shared = self.shared;
        let now = shared.now().await;
        let settings = shared.logger.lock().await.settings.clone();
        if settings.channels.is_empty() {
            return self.text("no channel is configured; see set\r\n").await;
        }
        self.line(format_args!(
            "{} UTC, air {} kPa",
            Moment::from_unix(now.unix_s),
            OrDash(now.barometer_kpa)
        ))
        .await?;
        self.line(format_args!(
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
            self.line(format_args!(
                "  {:16} {raw:>12} {level:>12} {depth:>12}{flags}",
                config.aquifer_layer
            ))
            .await?;
        }
        Ok(())
    }

    pub(super) async fn tape(
        &mut self,
        channel: &str,
        depth: &str,
        confirm: bool,
    ) -> Result<(), W::Error> {
        let shared = self.shared;
        let settings = shared.settings().await;
        let found = channel
            .parse::<u8>()
            .ok()
            .and_then(|index| Some((index, settings.channels.get(usize::from(index))?)));
        let (Some((channel, config)), Some(tape_m)) = (found, parse_decimal(depth.as_bytes()))
        else {
            return self
                .line(format_args!(
                    "tape: found \"{channel} {depth}\", expected a channel and metres"
                ))
                .await;
        };
        let now = shared.now().await;
        let reading = now.channels.get(usize::from(channel));
        let sensor_m = reading.and_then(|reading| depth_to_water_m(config, reading));
        let taped = Taped {
            tape_m,
            sensor_m,
            quality: reading.map_or(Quality::TIMEOUT, |reading| reading.quality),
        };
        let (layer, sensor) = (&config.aquifer_layer, OrDash(sensor_m));
        if !confirm && sensor_m.is_some() && !taped.agrees() {
            return self
                .line(format_args!(
                    "{layer}: tape {tape_m:.3} m, sensor {sensor} m: more than {TAPE_AGREES_M} m apart, not recorded; read again, or confirm behind it"
                ))
                .await;
        }
        if let Err(fault) = shared.tape(channel, taped, None).await {
            return self.fault(fault).await;
        }
        let difference = OrDash(sensor_m.map(|sensor_m| sensor_m - tape_m));
        self.line(format_args!(
            "{layer}: tape {tape_m:.3} m, sensor {sensor} m, sensor - tape {difference} m"
        ))
        .await?;
        if shared.logger.lock().await.clock_state() == ClockState::Set {
            return Ok(());
        }
        self.text("recorded without a time: set the clock, then read the tape once more\r\n")
            .await
    }

    pub(super) async fn confirm_step(&mut self, channel: &str) -> Result<(), W::Error> {
        let Ok(channel) = channel.parse() else {
            return self
                .line(format_args!(
                    "step: found \"{channel}\", expected a channel"
                ))
                .await;
        };
        match self.shared.confirm_step(channel).await {
            Ok(()) => self.text("the next level is taken as it is\r\n").await,
            Err(fault) => self.fault(fault).await,
        }
    }
}
