//! `amlstm logger export` and `levels`: what the logger kept, in files.

use std::path::PathBuf;

use amlstm::logger::{
    Client, Download, Format, LevelOfMonth, Table, corrected_levels, download, events,
    levels as levels_as_closed, time_text, write_download, write_levels,
};
use amlstm::run::write_atomically;
use amlstm_core::drift::{Correction, TapeReading};
use amlstm_core::link::Event;
use clap::ValueEnum;

use crate::command::{output::Output, progress};

/// What to export, and how.
#[derive(clap::Args)]
pub struct ExportArgs {
    /// File format
    format: FormatArg,
    /// What to export
    #[arg(long, value_enum, default_value_t = TableArg::Samples)]
    table: TableArg,
    /// File to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    Csv,
    Toa5,
}

#[derive(Clone, Copy, ValueEnum)]
enum TableArg {
    Samples,
    Months,
}

/// Writes samples or months with units and datum in the header.
pub fn run(client: &mut Client, args: &ExportArgs, output: &mut Output) -> anyhow::Result<()> {
    let table = match args.table {
        TableArg::Samples => Table::Samples,
        TableArg::Months => Table::Months,
    };
    let format = match args.format {
        FormatArg::Csv => Format::Csv,
        FormatArg::Toa5 => Format::Toa5,
    };
    let records = downloaded(client, table, "records", output)?;
    let mut bytes = Vec::new();
    write_download(&records, table, format, &mut bytes)?;
    write_atomically(&args.output, &bytes)?;
    let count = records.records();
    output.note(format_args!("{}: {count} records", args.output.display()))?;
    if let untold @ 1.. = records.untold(table) {
        output.note(format_args!("MISSING {}", untold_text(untold, count)))?;
    }
    Ok(())
}

/// What of a table did not arrive, beside what did.
pub fn untold_text(untold: u64, told: usize) -> String {
    format!(
        "{untold} of {} records, which the logger counts and did not give",
        untold + told as u64
    )
}

/// Where levels go, and what is done to them.
#[derive(clap::Args)]
pub struct LevelsArgs {
    /// File to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Take the drift of the sensors off by the tape readings, where the month's samples are still on the logger
    #[arg(long)]
    corrected: bool,
}

/// Writes the closed months as a `levels.csv`.
pub fn levels(client: &mut Client, args: &LevelsArgs, output: &mut Output) -> anyhow::Result<()> {
    let models = client.models()?;
    let mut records = downloaded(client, Table::Months, "months", output)?;
    let levels = if args.corrected {
        records.samples = downloaded(client, Table::Samples, "samples", output)?.samples;
        let bar = progress::bar(output, 0, "events");
        let events = events(client, |done, total| progress::advance(&bar, done, total))?;
        bar.finish_and_clear();
        let levels = corrected_levels(&records, &events, models.utc_offset_minutes);
        note_drifts(&records, &events, &levels, output)?;
        levels
    } else {
        levels_as_closed(&records)
    };
    let well = if models.well.is_empty() {
        &records.status.station
    } else {
        &models.well
    };
    let mut bytes = Vec::new();
    write_levels(well, &levels, &mut bytes)?;
    write_atomically(&args.output, &bytes)?;
    output.note(format_args!(
        "{}: {} months",
        args.output.display(),
        records.months.len()
    ))?;
    Ok(())
}

fn downloaded(
    client: &mut Client,
    table: Table,
    what: &'static str,
    output: &Output,
) -> anyhow::Result<Download> {
    let bar = progress::bar(output, 0, what);
    let records = download(client, table, |done, total| {
        progress::advance(&bar, done, total);
    })?;
    bar.finish_and_clear();
    Ok(records)
}

/// Says for each layer which tape readings there are and what became of its months.
fn note_drifts(
    records: &Download,
    events: &[Event],
    levels: &[LevelOfMonth],
    output: &mut Output,
) -> anyhow::Result<()> {
    for (channel, config) in records.channels.iter().enumerate() {
        let layer = config.aquifer_layer.as_str();
        let readings = events
            .iter()
            .filter_map(|event| TapeReading::of(channel as u8, event.unix_s, &event.kind));
        for reading in readings {
            output.note(format_args!(
                "{layer}: {}  tape {:.3} m, sensor {:.3} m, {:+.3} m to its level",
                time_text(reading.unix_s),
                reading.tape_m,
                reading.sensor_m,
                reading.correction_m()
            ))?;
        }
        let of_layer = || levels.iter().filter(|level| level.aquifer_layer == layer);
        let count = |wanted: Correction| {
            of_layer()
                .filter(|level| level.correction == wanted)
                .count()
        };
        let added = of_layer().filter_map(|level| match level.correction {
            Correction::Added(added_m) => Some(added_m),
            _ => None,
        });
        let added: Vec<f32> = added.collect();
        let from = added.iter().copied().fold(f32::INFINITY, f32::min);
        let to = added.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let range = if added.is_empty() {
            String::new()
        } else {
            format!(" by {from:+.3} to {to:+.3} m")
        };
        output.note(format_args!(
            "{layer}: {} months corrected{range}; as they were closed: {} without a tape reading, {} whose samples are no longer all on the logger",
            added.len(),
            count(Correction::NoTape),
            count(Correction::SamplesGone)
        ))?;
    }
    Ok(())
}
