//! What the logger kept, as tables: CSV for spreadsheets and scripts, TOA5 for Campbell's tools, `levels.csv` for training.

use std::io::{self, Write};

use amlstm_core::link::{
    ChannelConfig, ConfigItem, ConfigKey, EstimateRecord, Event, MonthRecord, Quality, Quantity,
    Sample, Status,
};
use amlstm_core::month::Month;
use jiff::Timestamp;

use super::client::{Client, LoggerError};

/// Most samples or events that a logger can hold: some fifteen times what fits its largest flash. What claims more is no logger.
const MOST_RECORDS: u32 = 1_000_000;

/// Which of the logger's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Every kept sample.
    Samples,
    /// Every closed month with its estimate.
    Months,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One header line; unit and datum in the column names.
    Csv,
    /// Campbell Scientific's TOA5: four header lines (environment, names, units, processing).
    Toa5,
}

/// Everything that one table needs.
#[derive(Debug, Clone)]
pub struct Download {
    /// Station, datum, state.
    pub status: Status,
    /// Firmware version of the logger.
    pub firmware: [u8; 3],
    /// Serial number of the logger.
    pub serial: u32,
    /// The water channels, in channel order.
    pub channels: Vec<ChannelConfig>,
    /// Kept samples, oldest first; empty unless asked for.
    pub samples: Vec<Sample>,
    /// Closed months, oldest first, each with its estimate; empty unless asked for.
    pub months: Vec<(MonthRecord, Option<EstimateRecord>)>,
}

/// Reads one table from the logger; `progress` gets how many of how many records arrived.
///
/// # Errors
///
/// Line and refusals.
pub fn download(
    client: &mut Client,
    table: Table,
    mut progress: impl FnMut(u64, u64),
) -> Result<Download, LoggerError> {
    let status = client.status()?;
    let mut channels = Vec::new();
    for index in 0..status.channels {
        if let Some(ConfigItem::Channel {
            channel: Some(channel),
            ..
        }) = client.config(ConfigKey::Channel(index))?
        {
            channels.push(channel);
        }
    }
    let mut download = Download {
        firmware: client.hello.fw,
        serial: client.hello.serial,
        channels,
        samples: Vec::new(),
        months: Vec::new(),
        status,
    };
    match table {
        Table::Samples => {
            let (mut next, end) = (download.status.first_sample, download.status.next_sample);
            let total = count("number of samples", next, end)?;
            while next < end {
                let page = client.samples(next)?;
                if page.is_empty() {
                    break;
                }
                for sample in page {
                    next = after("sample", sample.number, next)?;
                    download.samples.push(sample);
                }
                progress(download.samples.len() as u64, total);
            }
        }
        Table::Months => {
            let total = download.status.months;
            for position in 0..total {
                let Some(month) = client.month(position)? else {
                    break;
                };
                download.months.push(month);
                progress(u64::from(position) + 1, u64::from(total));
            }
        }
    }
    Ok(download)
}

/// Reads every kept event, oldest first; `progress` gets how many of how many arrived.
///
/// # Errors
///
/// Line and refusals.
pub fn events(
    client: &mut Client,
    mut progress: impl FnMut(u64, u64),
) -> Result<Vec<Event>, LoggerError> {
    let status = client.status()?;
    let (mut next, end) = (status.first_event, status.next_event);
    let total = count("number of events", next, end)?;
    let mut events = Vec::new();
    while next < end {
        let Some(event) = client.event(next)? else {
            break;
        };
        next = after("event", event.number, next)?;
        events.push(event);
        progress(events.len() as u64, total);
    }
    Ok(events)
}

/// How many records lie from `first` to before `end`.
fn count(what: &'static str, first: u32, end: u32) -> Result<u64, LoggerError> {
    match end.checked_sub(first) {
        Some(count) if count <= MOST_RECORDS => Ok(count.into()),
        claimed => Err(LoggerError::Implausible {
            what,
            found: claimed.unwrap_or(end),
            expected: format!("at most {MOST_RECORDS}"),
        }),
    }
}

/// The number after that of a record asked for with `asked`.
fn after(what: &'static str, found: u32, asked: u32) -> Result<u32, LoggerError> {
    match found.checked_add(1) {
        Some(next) if found >= asked => Ok(next),
        _ => Err(LoggerError::Implausible {
            what,
            found,
            expected: format!("{asked} or a later one"),
        }),
    }
}

/// A column: name, unit, processing (TOA5's word for how a value came about).
struct Column {
    name: String,
    unit: String,
    processing: &'static str,
    /// Whether its cells are numbers, which TOA5 leaves bare.
    is_number: bool,
}

impl Column {
    fn number(name: impl Into<String>, unit: impl Into<String>, processing: &'static str) -> Self {
        Self {
            name: name.into(),
            unit: unit.into(),
            processing,
            is_number: true,
        }
    }

    fn text(name: impl Into<String>, unit: impl Into<String>, processing: &'static str) -> Self {
        Self {
            is_number: false,
            ..Self::number(name, unit, processing)
        }
    }

    /// Name and unit in one, as a CSV header has it.
    fn csv_header(&self) -> String {
        if self.unit.is_empty() {
            self.name.clone()
        } else {
            format!("{} [{}]", self.name, self.unit)
        }
    }
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
        Format::Toa5 => write_toa5(download, table, &columns, &rows, out),
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
    columns.push(Column::number("model_version", "", ""));
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
        row.push(estimate.map_or_else(String::new, |estimate| estimate.model_version.to_string()));
        row
    };
    download.months.iter().enumerate().map(row).collect()
}

fn write_csv(columns: &[Column], rows: &[Vec<String>], out: impl Write) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(out);
    writer.write_record(columns.iter().map(Column::csv_header))?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.flush()
}

fn write_toa5(
    download: &Download,
    table: Table,
    columns: &[Column],
    rows: &[Vec<String>],
    mut out: impl Write,
) -> io::Result<()> {
    let [major, minor, patch] = download.firmware;
    let environment = [
        "TOA5",
        &download.status.station,
        "amlstm",
        &download.serial.to_string(),
        &format!("amlstm-firmware.{major}.{minor}.{patch}"),
        if download.status.synthetic {
            "SYNTHETIC levels"
        } else {
            "measured levels"
        },
        "",
        match table {
            Table::Samples => "samples",
            Table::Months => "months",
        },
    ];
    let names = columns.iter().map(|column| match column.name.as_str() {
        "timestamp" => "TIMESTAMP",
        "record" => "RECORD",
        other => other,
    });
    let units = columns.iter().map(|column| match column.name.as_str() {
        "timestamp" => "TS",
        _ => column.unit.as_str(),
    });
    let processing = columns.iter().map(|column| column.processing);
    write_toa5_line(environment.into_iter().map(quoted), &mut out)?;
    write_toa5_line(names.map(quoted), &mut out)?;
    write_toa5_line(units.map(quoted), &mut out)?;
    write_toa5_line(processing.map(quoted), &mut out)?;
    for row in rows {
        let cells =
            row.iter()
                .zip(columns)
                .map(|(cell, column)| match (column.is_number, cell.as_str()) {
                    (true, "") => quoted("NAN"),
                    (true, number) => number.to_owned(),
                    (false, text) => quoted(text),
                });
        write_toa5_line(cells, &mut out)?;
    }
    Ok(())
}

fn write_toa5_line(cells: impl Iterator<Item = String>, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{}\r\n", cells.collect::<Vec<_>>().join(","))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
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

/// `2026-03-01 00:15:00`, UTC; a logger whose clock was never set says 0.
pub fn time_text(unix_s: u32) -> String {
    if unix_s == 0 {
        return "clock never set".to_owned();
    }
    Timestamp::from_second(i64::from(unix_s)).map_or_else(
        |_| unix_s.to_string(),
        |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// `2026-03` from the months since 0000-01.
pub fn month_text(index: i32) -> String {
    Month::from_index(index).map_or_else(|| format!("month {index}"), |month| month.to_string())
}

/// The shortest text that reads back to the same bits; empty for none.
fn number_text(value: Option<f32>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// What is known against a value, in words; empty for nothing.
pub fn quality_text(quality: Quality) -> String {
    quality.words().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
pub(super) mod tests {
    use amlstm_core::link::{ClockState, CurrentLoop, Name, Reading, ResetCause, Sensor};

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
