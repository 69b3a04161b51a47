//! What the logger kept, as tables: CSV for spreadsheets and scripts, TOA5 for Campbell's tools.

use std::io::{self, Write};

use amlstm_core::link::{EstimateRecord, LevelSource, MonthRecord, Quantity, Sample};

use super::column::Column;
use super::download::{Download, Table};
use super::toa5;
use super::words::{month_text, quality_text, time_text};

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One header line; unit and datum in the column names.
    Csv,
    /// Campbell Scientific's TOA5: four header lines (environment, names, units, processing).
    Toa5,
}

/// Writes a table to `out`.
///
/// # Errors
///
/// What `out` says.
pub fn write_download(
    download: &Download,
    table: Table,
    format: Format,
    out: impl Write,
) -> io::Result<()> {
    let (columns, rows) = match table {
        Table::Samples => (sample_columns(download), sample_rows(download)),
        Table::Months => (month_columns(download), month_rows(download)),
    };
    match format {
        Format::Csv => write_csv(&columns, &rows, out),
        Format::Toa5 => toa5::write(download, table, &columns, &rows, out),
    }
}

fn sample_columns(download: &Download) -> Vec<Column> {
    let mut columns = vec![
        Column::text("timestamp", "UTC", ""),
        Column::number("record", "RN", ""),
        Column::number("air_pressure", "kPa", "Smp"),
    ];
    for channel in &download.channels {
        let layer = &channel.aquifer_layer;
        columns.push(Column::number(
            format!("raw_{layer}"),
            raw_unit(channel.quantity),
            "Smp",
        ));
        columns.push(Column::number(
            format!("level_{layer}"),
            level_unit(download),
            "Smp",
        ));
        columns.push(Column::text(format!("quality_{layer}"), "", "Smp"));
    }
    columns
}

fn sample_rows(download: &Download) -> Vec<Vec<String>> {
    let row = |sample: &Sample| {
        let mut row = vec![
            time_text(sample.unix_s),
            sample.number.to_string(),
            number_text(sample.barometer_kpa),
        ];
        for reading in &sample.channels {
            row.push(number_text(reading.raw));
            row.push(number_text(reading.level_m));
            row.push(quality_text(reading.quality));
        }
        row
    };
    download.samples.iter().map(row).collect()
}

fn month_columns(download: &Download) -> Vec<Column> {
    let mut columns = vec![
        Column::text("timestamp", "UTC, end of month", ""),
        Column::number("record", "RN", ""),
        Column::text("month", "", ""),
    ];
    for channel in &download.channels {
        let layer = &channel.aquifer_layer;
        columns.push(Column::number(
            format!("level_{layer}"),
            level_unit(download),
            "Avg",
        ));
        columns.push(Column::number(format!("days_{layer}"), "d", "Tot"));
        columns.push(Column::text(format!("quality_{layer}"), "", ""));
    }
    columns.push(Column::number("increment", "mm, down +", "Est"));
    columns.push(Column::number("subsidence", "mm, down +", "Est"));
    columns.push(Column::number("half_width_90", "mm", "Est"));
    columns.push(Column::number("subsidence_half_width_90", "mm", "Est"));
    columns.push(Column::number("model_version", "", ""));
    columns.push(Column::text(
        "inputs_from_other_layers",
        "numbers from 1",
        "",
    ));
    columns
}

fn month_rows(download: &Download) -> Vec<Vec<String>> {
    let row = |(position, (record, estimate)): (usize, &(MonthRecord, Option<EstimateRecord>))| {
        let mut row = vec![
            time_text(record.closed_unix_s),
            position.to_string(),
            month_text(record.month_index),
        ];
        for level in &record.channels {
            row.push(number_text(level.mean_m));
            row.push(level.days.to_string());
            let mut words = quality_text(level.quality);
            if !level.complete {
                words = if words.is_empty() {
                    "incomplete".to_owned()
                } else {
                    format!("incomplete; {words}")
                };
            }
            row.push(words);
        }
        let estimate = estimate.as_ref();
        row.push(number_text(estimate.map(|estimate| estimate.increment_mm)));
        row.push(number_text(estimate.map(|estimate| estimate.subsidence_mm)));
        row.push(number_text(
            estimate.and_then(|estimate| estimate.half_width_mm),
        ));
        row.push(number_text(
            estimate.and_then(|estimate| estimate.subsidence_half_width_mm),
        ));
        row.push(estimate.map_or_else(String::new, |estimate| estimate.model_version.to_string()));
        row.push(estimate.map_or_else(String::new, bridged_inputs));
        row
    };
    download.months.iter().enumerate().map(row).collect()
}

/// Numbers of the model's inputs, from 1, whose level physics took from the other layers.
fn bridged_inputs(estimate: &EstimateRecord) -> String {
    let is_bridged =
        |input: &usize| estimate.level_source(*input) == Some(LevelSource::OtherLayers);
    let inputs = (0..estimate.inputs.len()).filter(is_bridged);
    let numbers: Vec<String> = inputs.map(|input| (input + 1).to_string()).collect();
    numbers.join(" ")
}

fn write_csv(columns: &[Column], rows: &[Vec<String>], out: impl Write) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(out);
    writer.write_record(columns.iter().map(Column::csv_header))?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.flush()
}

fn level_unit(download: &Download) -> String {
    let synthetic = if download.status.synthetic {
        " (SYNTHETIC)"
    } else {
        ""
    };
    format!("m above {}{synthetic}", download.status.datum)
}

fn raw_unit(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::AbsolutePressureKpa => "kPa absolute",
        Quantity::GaugePressureKpa => "kPa gauge",
        Quantity::SubmergenceM => "m above sensor",
        Quantity::DepthToWaterM => "m below measuring point",
        Quantity::LevelM => "m above datum",
    }
}

/// The shortest text that reads back to the same bits; empty for none.
fn number_text(value: Option<f32>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[cfg(test)]
pub(super) mod tests {
    use amlstm_core::link::{
        ChannelConfig, ClockState, CurrentLoop, Name, Quality, Reading, ResetCause, Sensor, Status,
    };

    use super::*;

    fn channel(layer: &str, quantity: Quantity) -> ChannelConfig {
        let sensor = Sensor::CurrentLoop(CurrentLoop {
            input: 0,
            at_4_ma: 0.0,
            at_20_ma: 1.0,
        });
        ChannelConfig::new(Name::try_from(layer).unwrap(), sensor, quantity)
    }

    pub(in crate::logger) fn station() -> Status {
        Status {
            station: Name::try_from("A").unwrap(),
            datum: Name::try_from("NAVD88").unwrap(),
            unix_s: 0,
            clock: ClockState::Set,
            uptime_s: 0,
            boots: 0,
            watchdog_resets: 0,
            reset_cause: ResetCause::Power,
            battery_mv: None,
            interval_s: 900,
            channels: 2,
            barometer: true,
            first_sample: 0,
            next_sample: 2,
            sample_capacity: 0,
            months: 0,
            months_free: 0,
            first_event: 0,
            next_event: 0,
            model_generation: None,
            rate_alarm: false,
            synthetic: false,
            storage_errors: 0,
            counts_from_month: None,
            unreadable_records: 0,
            utc_offset_minutes: 0,
            low_battery_interval_s: None,
            battery_life: None,
        }
    }

    /// The console's test compares with the same files.
    #[test]
    fn the_laptop_exports_what_the_console_exports() {
        let reading = |raw, level_m, quality| Reading {
            raw,
            level_m,
            quality,
        };
        let unsure = Quality::CLOCK_UNSURE;
        let download = Download {
            status: station(),
            firmware: [0, 1, 0],
            serial: 107,
            channels: vec![
                channel("phreatic", Quantity::AbsolutePressureKpa),
                channel("confined, 1", Quantity::SubmergenceM),
            ],
            samples: vec![
                Sample {
                    number: 0,
                    unix_s: 1_777_673_700,
                    barometer_kpa: Some(101.324_295),
                    channels: [
                        reading(Some(240.943), Some(20.657_146), Quality::GOOD),
                        reading(Some(35.243), Some(6.642_999_6), unsure),
                    ]
                    .into_iter()
                    .collect(),
                },
                Sample {
                    number: 1,
                    unix_s: 1_777_674_600,
                    barometer_kpa: None,
                    channels: [
                        reading(None, None, Quality::TIMEOUT.with(unsure)),
                        reading(None, None, Quality::BAROMETER_MISSING),
                    ]
                    .into_iter()
                    .collect(),
                },
            ],
            months: Vec::new(),
        };
        for (format, expected) in [
            (
                Format::Csv,
                include_str!("../../../tests/fixtures/samples.csv"),
            ),
            (
                Format::Toa5,
                include_str!("../../../tests/fixtures/samples.toa5.dat"),
            ),
        ] {
            let mut out = Vec::new();
            write_download(&download, Table::Samples, format, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
