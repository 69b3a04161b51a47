//! `amlstm merge`: joins the shards of a run.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use amlstm::{report, run::RunFolder};

use super::{output::Output, train::complain_of};

/// Join the shards of a run.
///
/// Takes the folders that `amlstm train --shard I/N` has filled, in any order, and writes the run that one `amlstm train` would have
/// written, byte for byte.
#[derive(clap::Args)]
#[command(after_help = "Example:
  amlstm train nation --shard 1/2 --out part1
  amlstm train nation --shard 2/2 --out part2
  amlstm merge part1 part2 --out run

Exit codes: as of amlstm train")]
pub struct Args {
    /// Folders of all shards.
    #[arg(value_name = "RUN", required = true)]
    shards: Vec<PathBuf>,
    /// New folder for the whole run.
    #[arg(long, value_name = "RUN")]
    out: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let shards: Vec<&Path> = args.shards.iter().map(PathBuf::as_path).collect();
    let failed = RunFolder::merge(&shards, &args.out)?;
    report::write(&args.out)?;
    output.note(format_args!(
        "{} shards joined, models, tables and report.html in {}",
        shards.len(),
        args.out.display()
    ))?;
    Ok(complain_of(&failed))
}
