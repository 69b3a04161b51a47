//! `amlstm export`: takes a well's model file out of a run, as it is or in fixed point.

use std::{path::PathBuf, process::ExitCode};

use amlstm::{
    config::NetworkKind,
    export::AlignedBytes,
    fit_notes::{FitNotes, Verdict},
    quantise::{Deviation, MonthOfLevels, deviation, to_q15},
    run::{RunFolder, file_stem, write_atomically},
};
use amlstm_core::artifact::ModelFile;
use anyhow::Context;
use clap::ValueEnum;
use serde_json::json;

use super::{
    output::{Output, OutputError, complain},
    table::{self, LEFT, RIGHT, number},
};

/// Take a well's model file out of a run, for a logger.
///
/// With --format q15 the model is converted to fixed point, for loggers without a floating-point unit. Ranges come from the training months, and the
/// table says what the conversion costs: how far each month's increment lies from the floating-point model's.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm export run --well HOLLY -o holly.amlm
  amlstm export run --well HOLLY --format q15   for a Cortex-M0+ or M3
  amlstm export run --well HOLLY --model lstm   the plain LSTM
  amlstm export run                             where the run has one well only")]
pub struct Args {
    /// Folder that `amlstm train` wrote.
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Which well; needed where the run has several.
    #[arg(long, value_name = "WELL")]
    well: Option<String>,
    /// Which of the well's two networks [default: the configuration's network.kind].
    #[arg(long, value_enum)]
    model: Option<Network>,
    /// Numbers the model computes with.
    #[arg(long, value_enum, default_value_t = Format::F32)]
    format: Format,
    /// Where to [default: <WELL>.<FORMAT>.amlm].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print JSON: what was written and what the conversion costs
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Network {
    /// With attention over the aquifer layers.
    AmLstm,
    /// Without attention.
    Lstm,
}

impl From<Network> for NetworkKind {
    fn from(network: Network) -> Self {
        match network {
            Network::AmLstm => Self::AmLstm,
            Network::Lstm => Self::Lstm,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// 32-bit floating point.
    F32,
    /// Fixed point with 16-bit weights.
    Q15,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Q15 => "q15",
        }
    }
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let folder = RunFolder::open(&args.run)?;
    let well = folder.one_well(args.well.as_deref())?;
    let network = args.model.map_or(folder.network(), NetworkKind::from);
    let source = folder
        .model_path(&well, network)
        .context("a well of the run has models")?;
    let place = || source.display().to_string();
    let trained = AlignedBytes::read(&source).with_context(place)?;
    let file = ModelFile::parse(&trained).with_context(place)?;
    let months = folder.levels(&well)?;
    let bytes = match args.format {
        Format::F32 => trained.clone(),
        Format::Q15 => convert(&file, &months).with_context(place)?,
    };
    let path = args
        .output
        .clone()
        .unwrap_or_else(|| format!("{}.{}.amlm", file_stem(&well), args.format.name()).into());
    write_atomically(&path, &bytes)?;
    let written = ModelFile::parse(&bytes).with_context(|| path.display().to_string())?;
    let cost = match args.format {
        Format::F32 => Vec::new(),
        Format::Q15 => cost(&file, &written, &months),
    };
    let notes = FitNotes::of(&written);
    if let Some(notes) = &notes
        && notes.verdict == Verdict::DoNotFlash
    {
        complain(format_args!(
            "{}: {}: {}",
            path.display(),
            notes.verdict,
            notes.verdict_reason
        ));
    }
    if args.json {
        let cost = cost.iter().map(|(months, cost)| {
            json!({ "months": months, "count": cost.months, "max_mm": cost.max_mm, "rms_mm": cost.rms_mm, "spread_mm": cost.spread_mm })
        });
        output.json(&json!({
            "file": path,
            "well": written.record().well,
            "synthetic": written.record().synthetic,
            "format": args.format.name(),
            "bytes": bytes.len(),
            "crc32": format!("{:08x}", written.crc()),
            "trained_until": written.record().trained_until.to_string(),
            "levels_until": written.start().month.to_string(),
            "fit": notes,
            "conversion": cost.collect::<Vec<_>>(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if !cost.is_empty() && !output.is_quiet() {
        print_cost(&cost, output)?;
    }
    output.note(format_args!(
        "{}: well {}, {}, {} bytes, CRC-32 {:08x}, trained until {}, levels until {}{}",
        path.display(),
        written.record().well,
        args.format.name(),
        bytes.len(),
        written.crc(),
        written.record().trained_until,
        written.start().month,
        if written.record().synthetic {
            ", SYNTHETIC data"
        } else {
            ""
        }
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The model in fixed point, whose ranges come from the months of training.
fn convert(file: &ModelFile, months: &[MonthOfLevels]) -> anyhow::Result<AlignedBytes> {
    let trained_until = file.record().trained_until;
    let training = months.partition_point(|(month, _)| *month <= trained_until);
    Ok(to_q15(file, &months[..training])?)
}

/// What the conversion costs, over the months of training and over those after it, where there are any.
fn cost(
    file: &ModelFile,
    fixed: &ModelFile,
    months: &[MonthOfLevels],
) -> Vec<(&'static str, Deviation)> {
    let trained_until = file.record().trained_until;
    let mut cost = vec![
        (
            "train",
            deviation(file, fixed, months, |month| month <= trained_until),
        ),
        (
            "after",
            deviation(file, fixed, months, |month| month > trained_until),
        ),
    ];
    cost.retain(|(_, of)| of.months > 0);
    cost
}

fn print_cost(cost: &[(&str, Deviation)], output: &mut Output) -> Result<(), OutputError> {
    let mut table = table::new(&[
        ("months", LEFT),
        ("count", RIGHT),
        ("max mm", RIGHT),
        ("rms mm", RIGHT),
        ("rms % of spread", RIGHT),
    ]);
    for (name, of) in cost {
        table.add_row([
            (*name).to_owned(),
            of.months.to_string(),
            number(of.max_mm, 5),
            number(of.rms_mm, 5),
            number(100.0 * of.rms_mm / of.spread_mm, 3),
        ]);
    }
    writeln!(
        output,
        "Increment of the fixed-point model against the floating-point one\n\n{}\n",
        table.trim_fmt()
    )
}
