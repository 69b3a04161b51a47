//! `amlstm update`: moves a model file on by newer months of levels, without training.

use std::{path::PathBuf, process::ExitCode};

use amlstm::{
    export::AlignedBytes,
    run::{file_stem, write_atomically},
};
use amlstm_core::{
    artifact::{ModelFile, start_from},
    estimator::Estimator,
    month::Month,
    saved_state::SavedState,
};
use anyhow::Context;
use serde_json::json;

use super::{levels::LevelsArgs, output::Output};

/// Bring a model file up to date with newer months of levels, without training.
///
/// A logger that is given the new file estimates the month after the last of these levels next. Weights, scores and golden months stay as they are; the
/// cumulative subsidence goes on as estimated. Months without a level in between are stepped as missing. The old file is not changed.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm update holly.amlm levels.csv                    writes HOLLY.2026-10.amlm
  amlstm update holly.amlm levels.csv -o holly-new.amlm
  amlstm logger levels --port /dev/ttyUSB0 -o levels.csv && amlstm update holly.amlm levels.csv")]
pub struct Args {
    /// Model file.
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    #[command(flatten)]
    levels: LevelsArgs,
    /// Where to [default: <WELL>.<MONTH>.amlm].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// An estimator after the newer months.
struct Moved {
    state: SavedState,
    /// Last month whose levels the model knew before.
    before: Month,
    months: u32,
    /// Of these, months without any level.
    without_level: u32,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let shown_path = || args.model.display().to_string();
    let mut bytes = AlignedBytes::read(&args.model)?;
    let moved = {
        let file = ModelFile::parse(&bytes).with_context(shown_path)?;
        moved_on(args, &file)?
    };
    start_from(&mut bytes, &moved.state).with_context(shown_path)?;
    let file = ModelFile::parse(&bytes).with_context(shown_path)?;
    let until = file.start().month;
    let path = args.output.clone().unwrap_or_else(|| {
        let well = file_stem(file.record().well);
        format!("{well}.{until}.amlm").into()
    });
    write_atomically(&path, &bytes)?;
    if args.json {
        output.json(&json!({
            "file": path,
            "well": file.record().well,
            "synthetic": file.record().synthetic,
            "crc32": format!("{:08x}", file.crc()),
            "levels_until_before": moved.before.to_string(),
            "levels_until": until.to_string(),
            "months": moved.months,
            "months_without_level": moved.without_level,
            "subsidence_mm": file.start().subsidence_mm,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let without = match moved.without_level {
        0 => String::new(),
        months => format!(", {months} of them without any level"),
    };
    output.note(format_args!(
        "{}: well {}{}, levels until {until} instead of {} ({} months{without}), CRC-32 {:08x}",
        path.display(),
        file.record().well,
        if file.record().synthetic {
            ", SYNTHETIC data"
        } else {
            ""
        },
        moved.before,
        moved.months,
        file.crc(),
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Steps an estimator through the months after the model's state.
fn moved_on(args: &Args, file: &ModelFile) -> anyhow::Result<Moved> {
    let levels = args.levels.read(file)?;
    let mut estimator = Estimator::at_start(file);
    let (mut months, mut without_level) = (0, 0);
    for month in levels.months_after_start(file, "nothing is to be done")? {
        let estimate = estimator.step(month, &levels.at(month))?;
        without_level += u32::from(estimate.is_without_levels());
        months += 1;
    }
    Ok(Moved {
        state: estimator.save(),
        before: file.start().month,
        months,
        without_level,
    })
}
