//! `amlstm export`: takes a well's model file out of a run.

use std::{path::PathBuf, process::ExitCode};

use amlstm::{
    export::AlignedBytes,
    run::{ModelName, RunFolder, file_stem, write_beside},
};
use amlstm_core::artifact::ModelFile;
use anyhow::Context;

/// Take a well's model file out of a run, for a logger.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm export run --well HOLLY -o holly.amlm
  amlstm export run                            where the run has one well only")]
pub struct Args {
    /// Folder that `amlstm train` wrote.
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Which well; needed where the run has several.
    #[arg(long, value_name = "WELL")]
    well: Option<String>,
    /// Where to [default: <WELL>.f32.amlm].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let folder = RunFolder::open(&args.run)?;
    let well = folder.one_well(args.well.as_deref())?;
    let source = folder.model_path(&well, ModelName::Model);
    let bytes = AlignedBytes::read(&source).with_context(|| source.display().to_string())?;
    let file = ModelFile::parse(&bytes).with_context(|| source.display().to_string())?;
    let output = args
        .output
        .clone()
        .unwrap_or_else(|| format!("{}.f32.amlm", file_stem(&well)).into());
    write_beside(&output, &bytes)?;
    println!(
        "{}: well {}, {} bytes, CRC-32 {:08x}, trained until {}{}",
        output.display(),
        file.record().well,
        bytes.len(),
        file.crc(),
        file.record().trained_until,
        if file.record().synthetic {
            ", SYNTHETIC data"
        } else {
            ""
        }
    );
    Ok(ExitCode::SUCCESS)
}
