//! `amlstm train`: trains, exports and scores both networks at every well.

use std::{path::PathBuf, process::ExitCode, sync::Mutex, time::Instant};

use amlstm::{
    baseline::Baseline,
    config::{Config, DEFAULT_TOML, Selection},
    read::{Dataset, Well, read_folders},
    report::{self, Sources},
    run::{BASELINES, MetricRow, Resumed, RunFolder, Shard, ShardRecord, WellRun},
    synth,
};
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

use super::table::{self, LEFT, RIGHT, number};

/// Scenes of 2010 that the paper leaves out; the synthetic stack has them.
const SYNTHETIC_DROP_SCENES: usize = 2;

/// Most wells that get a row of the printed table; the rest stand in metrics.csv.
const SHOWN_WELLS: usize = 40;

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
  amlstm train --print-config > my.toml           every key with its default")]
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
    #[arg(long)]
    seed: Option<u64>,
    /// Wells trained at a time; the results are the same [default: one a core].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Go on with a run that was interrupted: wells that are finished are not trained again. Starts a new run if there is none.
    #[arg(long)]
    resume: bool,
    /// Train only the I-th of N parts, to be joined by `amlstm merge`.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Print every configuration key with its default and its meaning, and stop.
    #[arg(long)]
    print_config: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.print_config {
        print!("{DEFAULT_TOML}");
        return Ok(ExitCode::SUCCESS);
    }
    let started = Instant::now();
    let config = resolve(args)?;
    let (dataset, sources) = read(args, &config)?;
    let folder = if args.resume {
        match RunFolder::resume(&args.out, &config)? {
            Resumed::Open(folder) => folder,
            Resumed::Complete => {
                println!("{} is complete, nothing to do", args.out.display());
                return Ok(ExitCode::SUCCESS);
            }
        }
    } else {
        RunFolder::create(&args.out, &config)?
    };
    let is_wanted = |number: usize| args.shard.is_none_or(|shard| shard.has(number));
    let wanted: Vec<(usize, &Well)> = dataset
        .wells
        .iter()
        .enumerate()
        .filter(|(number, _)| is_wanted(*number))
        .collect();
    let open: Vec<(usize, &Well)> = wanted
        .iter()
        .copied()
        .filter(|(number, _)| !folder.has_well(*number))
        .collect();
    if open.len() < wanted.len() {
        println!("{} wells are finished already", wanted.len() - open.len());
    }
    if let Some(threads) = args.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .context("--threads")?;
    }
    let outcome = train(&open, &config, &folder)?;
    if let Some(shard) = args.shard {
        folder.finish_shard(&ShardRecord {
            shard,
            wells: dataset.wells.iter().map(|well| well.id.clone()).collect(),
            failed: outcome.failed.clone(),
        })?;
    } else {
        folder.finish(dataset.wells.len())?;
        report::write(&args.out, &dataset.wells, &sources)?;
    }
    print_scores(&outcome.test, &dataset, &config);
    println!(
        "{} of {} wells trained in {:.1} s, models, tables and report.html in {}",
        open.len() - outcome.failed.len(),
        open.len(),
        started.elapsed().as_secs_f64(),
        args.out.display()
    );
    for (_, failure) in &outcome.failed {
        eprintln!("amlstm: {failure}");
    }
    Ok(if outcome.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn resolve(args: &Args) -> anyhow::Result<Config> {
    let mut config = match &args.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    if let Some(seed) = args.seed {
        config.seed = seed;
    }
    if args.folders.is_empty() && args.config.is_none() {
        config.data.drop_scenes = SYNTHETIC_DROP_SCENES;
    }
    Ok(config)
}

fn read(args: &Args, config: &Config) -> anyhow::Result<(Dataset, Sources)> {
    if args.folders.is_empty() {
        let options = synth::Options::default();
        let made = synth::dataset(&options);
        Ok((made.dataset, Sources::synthetic(made.truth, options.seed)))
    } else {
        Ok((
            read_folders(&args.folders, &config.data)?,
            Sources::of_folders(&args.folders)?,
        ))
    }
}

/// What remains in memory of a run.
#[derive(Default)]
struct Outcome {
    /// Scores on the test part, with the well's number.
    test: Vec<(usize, MetricRow)>,
    /// One line a failed well, with the well's number.
    failed: Vec<(usize, String)>,
}

/// Trains the wells in parallel; each is written as soon as it is finished.
fn train(wells: &[(usize, &Well)], config: &Config, folder: &RunFolder) -> anyhow::Result<Outcome> {
    let bar = progress_bar(wells.len());
    let outcome = Mutex::new(Outcome::default());
    let one = |&(number, well): &(usize, &Well)| -> anyhow::Result<()> {
        let result = WellRun::new(well, config);
        if let Ok(run) = &result {
            folder.write_well(number, run)?;
        }
        let mut outcome = outcome
            .lock()
            .expect("no thread panics while it holds the lock");
        match result {
            Ok(run) if number < SHOWN_WELLS => {
                outcome.test.extend(
                    run.metrics
                        .into_iter()
                        .filter(|row| row.part == "test")
                        .map(|row| (number, row)),
                );
            }
            Ok(_) => {}
            Err(error) => outcome.failed.push((number, error.to_string())),
        }
        bar.inc(1);
        Ok(())
    };
    wells.par_iter().try_for_each(one)?;
    bar.finish_and_clear();
    let mut outcome = outcome
        .into_inner()
        .expect("no thread panics while it holds the lock");
    outcome.test.sort_by_key(|(number, _)| *number);
    outcome.failed.sort();
    Ok(outcome)
}

/// On a terminal only; elsewhere nothing is drawn.
fn progress_bar(wells: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("training {bar:30} {pos}/{len} wells, {eta} left")
        .expect("the template is part of the program");
    ProgressBar::new(wells as u64).with_style(style)
}

/// RMSE on the test part, wells down and models across, beside what a network has to beat.
fn print_scores(test: &[(usize, MetricRow)], dataset: &Dataset, config: &Config) {
    let title = if dataset.synthetic {
        "SYNTHETIC wells: "
    } else {
        ""
    };
    println!("{title}RMSE of the exported models on the test part, mm per month");
    if config.training.selection == Selection::Test {
        println!(
            "The epoch was chosen on the test part itself (the paper's protocol): these scores flatter the networks."
        );
    }
    let models: Vec<&str> = ["am-lstm", "lstm"]
        .into_iter()
        .chain(BASELINES.map(Baseline::name))
        .collect();
    let mut columns = vec![("well", LEFT), ("AM-LSTM", RIGHT), ("LSTM", RIGHT)];
    columns.extend(BASELINES.map(|baseline| (baseline.name(), RIGHT)));
    columns.push(("scored", RIGHT));
    let mut table = table::new(&columns);
    for of_well in test.chunk_by(|a, b| a.0 == b.0) {
        let row = |model: &str| {
            of_well
                .iter()
                .map(|(_, row)| row)
                .find(|row| row.model == model)
        };
        let mut cells = vec![of_well[0].1.well.clone()];
        cells.extend(
            models
                .iter()
                .map(|model| number(row(model).map_or(f64::NAN, |row| row.rmse_mm_per_month), 2)),
        );
        cells.push(row("am-lstm").map_or(0, |row| row.increments).to_string());
        table.add_row(cells);
    }
    println!("\n{}\n", table.trim_fmt());
    if dataset.wells.len() > SHOWN_WELLS {
        println!("The first {SHOWN_WELLS} wells are shown; metrics.csv has them all.");
    }
}
