//! `amlstm train`: trains, exports and scores both networks at every well.

mod data;
mod scores;

use std::{path::PathBuf, process::ExitCode, time::Instant};

use amlstm::{
    config::{Config, DEFAULT_TOML, MAX_SEED, Selection},
    report,
    run::{FailureRow, RunFolder, RunIdentity, Shard, WELLS_IN_FULL, WellRun},
};
use anyhow::Context;
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde_json::json;

use self::data::Data;
use super::{
    PARTLY_FAILED,
    configuration::configuration,
    output::{Output, complain},
    progress,
};

/// Fewest wells of a run that logs its progress.
const LOGGED_WELLS: u64 = 200;

/// Train models and score them beside baselines.
///
/// Trains the AM-LSTM and the plain LSTM at every well, exports both, and scores the exported files as a data logger runs them.
/// Without a folder it trains the six built-in SYNTHETIC wells.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm train                                    the six built-in SYNTHETIC wells, into the folder run
  amlstm train sites/holly sites/d201 --out run1  two sites in one run
  amlstm train sites/holly --config my.toml       with a configuration
  amlstm train nation --shard 2/8 --out part2     the second of eight parts, for amlstm merge
  amlstm train nation --out run1 --resume         go on after an interruption
  amlstm train --print-config > my.toml           every key with its default
  amlstm train sites/holly --json > scores.json   for another program

Exit codes: 0 all wells have models, 3 some wells have none (failures.csv says why, --resume tries them again), 1 the run was stopped, 2 wrong usage")]
#[expect(clippy::struct_excessive_bools, reason = "flags of the command line")]
pub struct Args {
    /// Folders with wells.csv, levels.csv and subsidence.csv or points.csv.
    #[arg(value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// New folder for models, tables and report.
    #[arg(long, value_name = "RUN", default_value = "run")]
    out: PathBuf,
    /// TOML file with the keys to change.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Instead of the configuration's seed.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=MAX_SEED))]
    seed: Option<u64>,
    /// Export the models as they were scored, with their state at the end of training, instead of fitting them once more to everything observed.
    #[arg(long)]
    no_refit: bool,
    /// Wells trained at a time; the results are the same [default: one a core].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Go on with a run that was interrupted or has failed wells: wells that are finished are not trained again. Starts a new run if there is none.
    /// The configuration and the data must be those of the run.
    #[arg(long)]
    resume: bool,
    /// Train only the I-th of N parts, to be joined by `amlstm merge`.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Print every configuration key with its default and its meaning, and stop.
    #[arg(long)]
    print_config: bool,
    /// Print JSON: what was trained and the scores on the test part
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    if args.print_config {
        write!(output, "{DEFAULT_TOML}")?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(threads) = args.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .context("--threads")?;
    }
    let started = Instant::now();
    let config = resolve(args)?;
    let data = Data::read(&args.folders, &config, output)?;
    let identity = RunIdentity {
        shard: args.shard,
        data: data.hash.clone(),
        wells: data.wells.ids(),
    };
    let (folder, open) = if args.resume {
        let Some(resumed) = RunFolder::resume(&args.out, &config, identity)? else {
            // The report is written last.
            if args.shard.is_none() && !args.out.join(report::FILE).is_file() {
                report::write(&args.out)?;
            }
            if args.json {
                output.json(&json!({ "run": args.out, "complete": true, "trained_now": 0 }))?;
            } else {
                output.note(format_args!(
                    "{} is complete, nothing to do",
                    args.out.display()
                ))?;
            }
            return Ok(ExitCode::SUCCESS);
        };
        resumed
    } else {
        let folder = RunFolder::create(&args.out, &config, identity)?;
        let all = folder.identity().wanted().collect();
        (folder, all)
    };
    let wanted = folder.identity().wanted().count();
    let failures = train(&open, &data, &config, &folder, output)?;
    folder.write_levelling(&data.levelling)?;
    let what = if args.shard.is_some() {
        folder.finish_shard(&failures)?;
        "models and parts for amlstm merge"
    } else {
        folder.finish(&failures)?;
        report::write(&args.out)?;
        if !output.is_quiet() && !args.json {
            scores::print(&folder, data.wells.synthetic(), &config, output)?;
        }
        "models, tables and report.html"
    };
    let before = match wanted - open.len() {
        0 => String::new(),
        finished => format!(", {finished} of them before this start"),
    };
    if args.json {
        let test = match args.shard {
            Some(_) => Vec::new(),
            None => folder.test_scores()?,
        };
        output.json(&json!({
            "run": args.out,
            "complete": args.shard.is_none() && failures.is_empty(),
            "synthetic": data.wells.synthetic(),
            "selected_on_test": config.training.selection == Selection::Test,
            "wells": wanted,
            "trained_now": open.len() - failures.len(),
            "failed": failures,
            "test": test,
        }))?;
        return Ok(complain_of(&failures));
    }
    output.note(format_args!(
        "{} of {} wells trained in {:.1} s{before}, {what} in {}",
        wanted - failures.len(),
        wanted,
        started.elapsed().as_secs_f64(),
        args.out.display()
    ))?;
    Ok(complain_of(&failures))
}

/// Says which wells have no model, and gives the exit code.
pub fn complain_of(failures: &[FailureRow]) -> ExitCode {
    for failure in failures {
        complain(format_args!("{}", failure.message));
    }
    if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(PARTLY_FAILED)
    }
}

fn resolve(args: &Args) -> anyhow::Result<Config> {
    let mut config = configuration(&args.folders, args.config.as_deref())?;
    if let Some(seed) = args.seed {
        config.seed = seed;
    }
    config.training.refit &= !args.no_refit;
    Ok(config)
}

/// Trains the wells in parallel; each is written as soon as it is finished. Gives the wells that have no model; that a file cannot be read or written is no
/// well's failure and stops the run.
fn train(
    wells: &[usize],
    data: &Data,
    config: &Config,
    folder: &RunFolder,
    output: &Output,
) -> anyhow::Result<Vec<FailureRow>> {
    let bar = progress::bar(output, wells.len() as u64, "wells");
    let logs = bar.is_hidden() && !output.is_quiet();
    let started = Instant::now();
    let one = |&number: &usize| -> anyhow::Result<Option<FailureRow>> {
        let well = data.wells.well(number)?;
        let trained = if number < WELLS_IN_FULL {
            WellRun::in_full(&well, config, &data.truth)
        } else {
            WellRun::new(&well, config)
        };
        let failure = match trained {
            Ok(mut run) => {
                run.survey = data.wells.survey(number, config)?;
                folder.write_well(number, &run)?;
                None
            }
            Err(error) => Some(FailureRow {
                well: well.id.clone(),
                stage: error.stage(),
                message: format!("{:#}", anyhow::Error::from(error)),
            }),
        };
        bar.inc(1);
        if logs {
            log_progress(&bar, started);
        }
        Ok(failure)
    };
    let failures = wells.par_iter().map(one).collect::<Result<Vec<_>, _>>()?;
    bar.finish_and_clear();
    Ok(failures.into_iter().flatten().collect())
}

/// Where there is no terminal, as in the log of a batch job: a line every tenth of many wells.
fn log_progress(bar: &ProgressBar, started: Instant) {
    let (done, wells) = (bar.position(), bar.length().unwrap_or(0));
    if wells >= LOGGED_WELLS && done.is_multiple_of(wells / 10) {
        let left = started.elapsed().as_secs_f64() * (wells - done) as f64 / done as f64;
        complain(format_args!("{done} of {wells} wells, {left:.0} s left"));
    }
}
