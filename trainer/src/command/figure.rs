//! `amlstm figure`: one figure of a run as a file.

use std::path::PathBuf;
use std::process::ExitCode;

use amlstm::figure::{Kind, draw};
use amlstm::results::RunResults;
use amlstm::run::{RunFolder, write_atomically};
use anyhow::{Context as _, bail};

use super::output::Output;

/// Draw a figure of a run as an SVG or PNG file.
///
/// The same figures as in report.html: of one well levels, observed, training, attention and attribution; of the whole run errors, map and levelling.
/// Figures of synthetic data say SYNTHETIC.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm figure run --well A --kind observed -o observed-a.svg    observed subsidence against LSTM and AM-LSTM
  amlstm figure run --well A --kind attention -o attention-a.png  attention over time, 1840 pixels wide
  amlstm figure run --kind map -o map.svg                         rates of the ps points around the wells")]
pub struct Args {
    /// Folder of a finished run.
    run: PathBuf,
    /// What to draw.
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(names()))]
    kind: String,
    /// Well, for the kinds that show one; not needed where the run has one well.
    #[arg(long)]
    well: Option<String>,
    /// File to write; its ending, .svg or .png, decides the form. A PNG file has Latin, Greek and
    /// Cyrillic letters, an SVG file any.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

fn names() -> Vec<&'static str> {
    Kind::OF_A_WELL
        .into_iter()
        .chain(Kind::OF_THE_RUN)
        .map(Kind::name)
        .collect()
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let kind = Kind::of_name(&args.kind).context("clap lets known kinds pass only")?;
    let run = RunFolder::open(&args.run)?;
    let well = if kind.needs_well() {
        Some(run.one_well(args.well.as_deref())?)
    } else {
        None
    };
    let results = RunResults::read(&run, well.as_deref())?;
    let figure = draw(kind, &results, well.as_deref().unwrap_or_default())?;
    let bytes = match args.output.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => figure.svg().into_bytes(),
        Some("png") => figure.png()?,
        _ => bail!(
            "{}: found no known ending, expected .svg or .png",
            args.output.display()
        ),
    };
    write_atomically(&args.output, &bytes)?;
    output.note(format_args!("{}: written", args.output.display()))?;
    Ok(ExitCode::SUCCESS)
}
