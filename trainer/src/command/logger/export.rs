//! `amlstm logger export` and `levels`: what the logger kept, in files.

use std::path::{Path, PathBuf};

use amlstm::logger::{Client, Format, Table, download, month_text, write_download};
use amlstm::run::write_atomically;
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
    let bar = progress::bar(output, 0, "records");
    let records = download(client, table, |done, total| {
        progress::advance(&bar, done, total);
    })?;
    bar.finish_and_clear();
    let mut bytes = Vec::new();
    write_download(&records, table, format, &mut bytes)?;
    write_atomically(&args.output, &bytes)?;
    let count = records.samples.len() + records.months.len();
    output.note(format_args!("{}: {count} records", args.output.display()))?;
    Ok(())
}

/// Writes the closed months as a `levels.csv`.
pub fn levels(client: &mut Client, path: &Path, output: &mut Output) -> anyhow::Result<()> {
    let well = client.models()?.well;
    let bar = progress::bar(output, 0, "months");
    let records = download(client, Table::Months, |done, total| {
        progress::advance(&bar, done, total);
    })?;
    bar.finish_and_clear();
    let well = if well.is_empty() {
        records.status.station.clone()
    } else {
        well
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["well", "layer", "date", "level_m", "days"])?;
    for (record, _) in &records.months {
        for (channel, level) in records.channels.iter().zip(&record.channels) {
            // Months of too few days stand there with their days: the model's own rule decides whether they count.
            let days = level.days.to_string();
            let level = level
                .mean_m
                .map_or_else(String::new, |level| level.to_string());
            let date = format!("{}-15", month_text(record.month_index));
            writer.write_record([well.as_str(), &channel.aquifer_layer, &date, &level, &days])?;
        }
    }
    write_atomically(path, &writer.into_inner()?)?;
    output.note(format_args!(
        "{}: {} months",
        path.display(),
        records.months.len()
    ))?;
    Ok(())
}
