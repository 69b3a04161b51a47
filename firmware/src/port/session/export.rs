//! Samples as CSV or TOA5, cell for cell as `amlstm logger export` writes them; lines end with a carriage return and a line feed.

use core::fmt::{self, Write as _};
use core::ops::ControlFlow;

use amlstm_core::link::{Fault, Quantity, Sample, Task};
use embedded_io_async::Write;
use heapless::{String, Vec};

use super::{MAX_LINE, Session};
use crate::board::{Board, Clock};
use crate::calendar::Moment;
use crate::settings::Settings;

/// Samples read at once while others wait for the flash.
const BATCH: usize = 8;
/// Longest name of a column with its unit: two names and some words.
const MAX_CELL: usize = 160;

/// Unit of a raw value, and what it is measured from.
fn raw_unit(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::AbsolutePressureKpa => "kPa absolute",
        Quantity::GaugePressureKpa => "kPa gauge",
        Quantity::SubmergenceM => "m above sensor",
        Quantity::DepthToWaterM => "m below measuring point",
        Quantity::LevelM => "m above datum",
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
        self.text("timestamp [UTC],record [RN],air_pressure [kPa]")
            .await?;
        let datum = Datum(&settings.datum, synthetic);
        for channel in &settings.channels {
            let layer = &channel.aquifer_layer;
            let raw = raw_unit(channel.quantity);
            self.csv_name(format_args!("raw_{layer} [{raw}]")).await?;
            self.csv_name(format_args!("level_{layer} [m above {datum}]"))
                .await?;
            self.csv_name(format_args!("quality_{layer}")).await?;
        }
        self.text("\r\n").await
    }

    /// Prints the name of a further column of a CSV file, in quotes where needed.
    async fn csv_name(&mut self, name: fmt::Arguments<'_>) -> Result<(), W::Error> {
        let mut cell = String::<MAX_CELL>::new();
        let _ = cell.write_fmt(name);
        self.text(",").await?;
        if cell.contains([',', '"', '\r', '\n']) {
            self.quoted(&cell).await
        } else {
            self.text(&cell).await
        }
    }

    /// Prints text in quotes.
    async fn quoted(&mut self, text: &str) -> Result<(), W::Error> {
        self.text("\"").await?;
        for (number, part) in text.split('"').enumerate() {
            if number > 0 {
                self.text("\"\"").await?;
            }
            self.text(part).await?;
        }
        self.text("\"").await
    }

    /// Prints a further text cell of a TOA5 file.
    async fn toa5_text(&mut self, text: fmt::Arguments<'_>) -> Result<(), W::Error> {
        let mut cell = String::<MAX_CELL>::new();
        let _ = cell.write_fmt(text);
        self.text(",").await?;
        self.quoted(&cell).await
    }

    pub(super) async fn toa5_head(
        &mut self,
        settings: &Settings,
        [major, minor, patch]: [u8; 3],
        synthetic: bool,
    ) -> Result<(), W::Error> {
        let levels = if synthetic { "SYNTHETIC" } else { "measured" };
        self.text("\"TOA5\"").await?;
        self.toa5_text(format_args!("{}", settings.station)).await?;
        self.toa5_text(format_args!("amlstm")).await?;
        self.toa5_text(format_args!("{}", settings.serial)).await?;
        self.toa5_text(format_args!("amlstm-firmware.{major}.{minor}.{patch}"))
            .await?;
        self.toa5_text(format_args!("{levels} levels")).await?;
        self.text(",\"\",\"samples\"\r\n").await?;
        let datum = Datum(&settings.datum, synthetic);
        self.text("\"TIMESTAMP\",\"RECORD\",\"air_pressure\"")
            .await?;
        for channel in &settings.channels {
            for column in ["raw", "level", "quality"] {
                self.toa5_text(format_args!("{column}_{}", channel.aquifer_layer))
                    .await?;
            }
        }
        self.text("\r\n\"TS\",\"RN\",\"kPa\"").await?;
        for channel in &settings.channels {
            self.toa5_text(format_args!("{}", raw_unit(channel.quantity)))
                .await?;
            self.toa5_text(format_args!("m above {datum}")).await?;
            self.text(",\"\"").await?;
        }
        self.text("\r\n\"\",\"\",\"Smp\"").await?;
        for _ in &settings.channels {
            self.text(",\"Smp\",\"Smp\",\"Smp\"").await?;
        }
        self.text("\r\n").await
    }

    pub(super) async fn row(&mut self, sample: &Sample, toa5: bool) -> Result<(), W::Error> {
        let (quote, missing) = if toa5 { ("\"", "\"NAN\"") } else { ("", "") };
        let mut line = String::<MAX_LINE>::new();
        let _ = match sample.unix_s {
            0 => write!(line, "{quote}clock never set{quote}"),
            unix_s => write!(line, "{quote}{}{quote}", Moment::from_unix(unix_s)),
        };
        let _ = write!(line, ",{}", sample.number);
        push_number(&mut line, sample.barometer_kpa, missing);
        self.text(&line).await?;
        for reading in &sample.channels {
            line.clear();
            push_number(&mut line, reading.raw, missing);
            push_number(&mut line, reading.level_m, missing);
            let _ = write!(line, ",{quote}");
            self.text(&line).await?;
            for (number, words) in reading.quality.words().enumerate() {
                self.text(if number > 0 { "; " } else { "" }).await?;
                self.text(words).await?;
            }
            self.text(quote).await?;
        }
        self.text("\r\n").await
    }
}

/// Appends a number as the shortest decimal that reads back the same.
fn push_number(line: &mut String<MAX_LINE>, value: Option<f32>, missing: &str) {
    let _ = match value {
        Some(value) => write!(line, ",{value}"),
        None => write!(line, ",{missing}"),
    };
}

/// A datum, and whether the levels above it are synthetic.
struct Datum<'s>(&'s str, bool);

impl fmt::Display for Datum<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)?;
        f.write_str(if self.1 { " (SYNTHETIC)" } else { "" })
    }
}
