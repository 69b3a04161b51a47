//! Samples as CSV or TOA5.

use core::fmt::Write as _;
use core::ops::ControlFlow;

use amlstm_core::link::{Fault, Quality, Quantity, Sample, Task};
use embedded_io_async::Write;
use heapless::{String, Vec};

use super::{MAX_LINE, Session};
use crate::board::{Board, Clock};
use crate::calendar::Moment;
use crate::settings::Settings;

/// Samples read at once while others wait for the flash.
const BATCH: usize = 8;

fn raw_unit(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::AbsolutePressureKpa | Quantity::GaugePressureKpa => "kPa",
        Quantity::SubmergenceM | Quantity::DepthToWaterM | Quantity::LevelM => "m",
    }
}

impl<B: Board, W: Write> Session<'_, B, W> {
    /// Prints every kept sample from `number` on.
    pub(super) async fn export(&mut self, toa5: bool, mut number: u32) -> Result<(), W::Error> {
        let shared = self.shared;
        let settings = shared.settings().await;
        if toa5 {
            self.toa5_head(&settings, shared.fw, shared.synthetic)
                .await?;
        } else {
            self.csv_head(&settings, shared.synthetic).await?;
        }
        loop {
            shared.deadlines.set(Task::Port, shared.clock.uptime_ms());
            let mut batch = Vec::<Sample, BATCH>::new();
            let mut logger = shared.logger.lock().await;
            let read = logger.store.each_sample(number, |sample, _| {
                let _ = batch.push(sample);
                if batch.is_full() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            let read = read.await;
            drop(logger);
            if read.is_err() {
                return self.fault(Fault::Storage).await;
            }
            let Some(last) = batch.last() else {
                return Ok(());
            };
            number = last.number.wrapping_add(1);
            for sample in &batch {
                self.row(sample, toa5).await?;
            }
        }
    }

    pub(super) async fn csv_head(
        &mut self,
        settings: &Settings,
        synthetic: bool,
    ) -> Result<(), W::Error> {
        if synthetic {
            self.text("# SYNTHETIC SENSORS: levels are computed, not measured\r\n")
                .await?;
        }
        self.text("time_utc,number,air_kPa").await?;
        for channel in &settings.channels {
            let (layer, unit, datum) = (
                &channel.aquifer_layer,
                raw_unit(channel.quantity),
                &settings.datum,
            );
            let mut columns = String::<MAX_LINE>::new();
            let _ = write!(
                columns,
                ",{layer} raw {unit},{layer} level m above {datum},{layer} quality"
            );
            self.text(&columns).await?;
        }
        self.text("\r\n").await
    }

    pub(super) async fn toa5_head(
        &mut self,
        settings: &Settings,
        [major, minor, patch]: [u8; 3],
        synthetic: bool,
    ) -> Result<(), W::Error> {
        let table = if synthetic { "SYNTHETIC" } else { "Samples" };
        let Settings {
            station,
            serial,
            datum,
            ..
        } = settings;
        self.line(format_args!(
            "\"TOA5\",\"{station}\",\"amlstm\",\"{serial}\",\"amlstm {major}.{minor}.{patch}\",\"datum {datum}\",\"0\",\"{table}\""
        ))
        .await?;
        for part in 0..3 {
            self.text(
                [
                    "\"TIMESTAMP\",\"RECORD\",\"air\"",
                    "\"TS\",\"RN\",\"kPa\"",
                    "\"\",\"\",\"Smp\"",
                ]
                .get(part)
                .unwrap_or(&""),
            )
            .await?;
            for channel in &settings.channels {
                let (layer, unit) = (&channel.aquifer_layer, raw_unit(channel.quantity));
                let mut columns = String::<MAX_LINE>::new();
                let _ = match part {
                    0 => write!(
                        columns,
                        ",\"{layer}_raw\",\"{layer}_level\",\"{layer}_quality\""
                    ),
                    1 => write!(columns, ",\"{unit}\",\"m above {datum}\",\"bits\""),
                    _ => write!(columns, ",\"Smp\",\"Smp\",\"Smp\""),
                };
                self.text(&columns).await?;
            }
            self.text("\r\n").await?;
        }
        Ok(())
    }

    pub(super) async fn row(&mut self, sample: &Sample, toa5: bool) -> Result<(), W::Error> {
        let (quote, missing) = if toa5 { ("\"", "\"NAN\"") } else { ("", "") };
        let moment = Moment::from_unix(sample.unix_s);
        let mut line = String::<MAX_LINE>::new();
        let _ = write!(line, "{quote}{moment}{quote},{}", sample.number);
        push_number(&mut line, sample.barometer_kpa, missing);
        for reading in &sample.channels {
            push_number(&mut line, reading.raw, missing);
            push_number(&mut line, reading.level_m, missing);
            let Quality(bits) = reading.quality;
            let _ = write!(line, ",{bits}");
        }
        self.line(format_args!("{line}")).await
    }
}

/// Every bit of a number: its shortest decimal that reads back the same.
fn push_number(line: &mut String<MAX_LINE>, value: Option<f32>, missing: &str) {
    let _ = match value {
        Some(value) => write!(line, ",{value}"),
        None => write!(line, ",{missing}"),
    };
}
