//! `amlstm export`: takes a well's model file out of a run, as it is or in fixed point, or writes its weights for other programs.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use amlstm::{
    config::NetworkKind,
    export::{AlignedBytes, c_header, safetensors},
    fit_notes::{FitNotes, Verdict},
    quantise::{Deviation, MonthOfLevels, deviation, to_q15},
    run::{RunFolder, file_stem, write_atomically},
};
use amlstm_core::artifact::ModelFile;
use anyhow::{Context, bail};
use clap::ValueEnum;
use serde_json::json;

use super::{
    output::{Output, OutputError, complain},
    table::{self, LEFT, RIGHT, number},
};

/// Take a well's model file out of a run, for a logger, or its weights for others.
///
/// With --format q15 the model is converted to fixed point, for loggers without a floating-point unit. Ranges come from the training months, and the
/// table says what the conversion costs: how far each month's increment lies from the floating-point model's.
///
/// With --as c the model becomes a C99 header that computes the same bits, with --as safetensors a file of tensors for PyTorch and others
/// (docs/weights.md); both floating point only.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm export run --well HOLLY -o holly.amlm
  amlstm export run --well HOLLY --format q15   for a Cortex-M0+ or M3
  amlstm export run --well HOLLY --model lstm   the plain LSTM
  amlstm export run                             where the run has one well only
  amlstm export run --well HOLLY --as c         HOLLY.h, a C99 header
  amlstm export holly.amlm --as safetensors     from a model file at hand")]
pub struct Args {
    /// Folder that `amlstm train` wrote; with --as c or safetensors a model file will do, too.
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
    /// What to write.
    #[arg(long = "as", value_name = "KIND", value_enum, default_value_t = Kind::Model)]
    kind: Kind,
    /// Where to [default: <WELL>.<FORMAT>.amlm, <WELL>.h or <WELL>.safetensors].
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

/// What is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A model file.
    Model,
    /// A C99 header with the weights, a step of network and physics, and golden months.
    C,
    /// Named tensors, for PyTorch and others.
    Safetensors,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::C => "c",
            Self::Safetensors => "safetensors",
        }
    }
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    match args.kind {
        Kind::Model => export_model(args, output)?,
        Kind::C | Kind::Safetensors => export_weights(args, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a model file.
fn export_model(args: &Args, output: &mut Output) -> anyhow::Result<()> {
    if args.run.is_file() {
        bail!(
            "{}: expected a run folder; a model file can be exported --as c or safetensors",
            args.run.display()
        );
    }
    let (folder, well) = open(args)?;
    let source = source(args, &folder, &well)?;
    let place = || source.display().to_string();
    let trained = AlignedBytes::read(&source)?;
    let file = ModelFile::parse(&trained).with_context(place)?;
    let months = folder.levels(&well)?;
    let bytes = match args.format {
        Format::F32 => trained.clone(),
        Format::Q15 => convert(&file, &months).with_context(place)?,
    };
    let ending = format!("{}.amlm", args.format.name());
    let path = path(args, &well, &ending);
    write_atomically(&path, &bytes)?;
    let written = ModelFile::parse(&bytes).with_context(|| path.display().to_string())?;
    let cost = match args.format {
        Format::F32 => Vec::new(),
        Format::Q15 => cost(&file, &written, &months),
    };
    if !args.json && !cost.is_empty() && !output.is_quiet() {
        print_cost(&cost, output)?;
    }
    print_written(args, &path, &written, bytes.len(), &cost, output)
}

/// Writes the weights of a model for other programs.
fn export_weights(args: &Args, output: &mut Output) -> anyhow::Result<()> {
    if args.format != Format::F32 {
        bail!(
            "--as {}: found --format {}, expected f32: fixed point is for loggers alone",
            args.kind.name(),
            args.format.name()
        );
    }
    let source = if args.run.is_file() {
        if args.well.is_some() || args.model.is_some() {
            bail!(
                "{}: is a model file; --well and --model choose from a run folder",
                args.run.display()
            );
        }
        args.run.clone()
    } else {
        let (folder, well) = open(args)?;
        source(args, &folder, &well)?
    };
    let place = || source.display().to_string();
    let bytes = AlignedBytes::read(&source)?;
    let file = ModelFile::parse(&bytes).with_context(place)?;
    let (ending, content) = match args.kind {
        Kind::Safetensors => ("safetensors", safetensors(&file)),
        _ => ("h", c_header(&file).map(String::into_bytes)),
    };
    let content = content.with_context(|| {
        format!(
            "{}: found a model in fixed point, expected f32: export the one that the run trained",
            source.display()
        )
    })?;
    let path = path(args, file.record().well, ending);
    write_atomically(&path, &content)?;
    print_written(args, &path, &file, content.len(), &[], output)
}

fn open(args: &Args) -> anyhow::Result<(RunFolder, String)> {
    let folder = RunFolder::open(&args.run)?;
    let well = folder.one_well(args.well.as_deref())?;
    Ok((folder, well))
}

/// The model file of a well in a run.
fn source(args: &Args, folder: &RunFolder, well: &str) -> anyhow::Result<PathBuf> {
    let network = args.model.map_or(folder.network(), NetworkKind::from);
    folder
        .model_path(well, network)
        .context("a well of the run has models")
}

/// Where to write.
fn path(args: &Args, well: &str, ending: &str) -> PathBuf {
    let default = || format!("{}.{ending}", file_stem(well)).into();
    args.output.clone().unwrap_or_else(default)
}

/// Says what was written: `bytes` with the model of `file`.
fn print_written(
    args: &Args,
    path: &Path,
    file: &ModelFile,
    bytes: usize,
    cost: &[(&str, Deviation)],
    output: &mut Output,
) -> anyhow::Result<()> {
    let record = file.record();
    let notes = FitNotes::of(file);
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
        return output.json(&json!({
            "file": path,
            "as": args.kind.name(),
            "well": record.well,
            "synthetic": record.synthetic,
            "format": args.format.name(),
            "bytes": bytes,
            "crc32": format!("{:08x}", file.crc()),
            "trained_until": record.trained_until.to_string(),
            "levels_until": file.start().month.to_string(),
            "fit": notes,
            "conversion": cost.collect::<Vec<_>>(),
        }));
    }
    output.note(format_args!(
        "{}: well {}, {}, {} bytes, {}CRC-32 {:08x}, trained until {}, levels until {}{}",
        path.display(),
        record.well,
        args.format.name(),
        bytes,
        if args.kind == Kind::Model {
            ""
        } else {
            "of the model file with "
        },
        file.crc(),
        record.trained_until,
        file.start().month,
        if record.synthetic {
            ", SYNTHETIC data"
        } else {
            ""
        }
    ))?;
    Ok(())
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
