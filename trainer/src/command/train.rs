//! `amlstm train`: trains, exports and scores both networks at every well.

use std::{borrow::Cow, path::PathBuf, process::ExitCode, time::Instant};

use amlstm::{
    config::{Config, DEFAULT_TOML, MAX_SEED, Selection},
    fit_notes::{self, FitNotes},
    geodesy::Position,
    levelling::{self, Comparison},
    ps,
    read::{ReadError, Sites, Well},
    report,
    results::read_model,
    run::{
        BASELINES, FailureRow, ModelKind, Resumed, RunFolder, RunIdentity, Shard, WELLS_IN_FULL,
        WellRun, WellRunError, hash_of_folders, hash_of_wells,
    },
    survey::{Survey, SurveyedWell},
    synth::{self, Truth},
};
use anyhow::Context;
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde_json::json;

use super::{
    PARTLY_FAILED,
    configuration::configuration,
    output::{Output, complain},
    progress,
    summary::broken,
    table::{self, LEFT, RIGHT, number},
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
    let data = read(args, &config, output)?;
    let identity = RunIdentity {
        shard: args.shard,
        data: data.hash.clone(),
        wells: data.wells.ids(),
    };
    let folder = if args.resume {
        match RunFolder::resume(&args.out, &config, identity)? {
            Resumed::Open(folder) => folder,
            Resumed::Complete => {
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
            }
        }
    } else {
        RunFolder::create(&args.out, &config, identity)?
    };
    let wanted: Vec<usize> = folder.identity().wanted().collect();
    let is_open = |number: &usize| !folder.has_well(*number);
    let open: Vec<usize> = wanted.iter().copied().filter(is_open).collect();
    let failures = train(&open, &data, &config, &folder, output)?;
    folder.write_levelling(&data.levelling)?;
    let what = if args.shard.is_some() {
        folder.finish_shard(&failures)?;
        "models and parts for amlstm merge"
    } else {
        folder.finish(&failures)?;
        report::write(&args.out)?;
        if !output.is_quiet() && !args.json {
            print_scores(&folder, &data.wells, &config, output)?;
        }
        "models, tables and report.html"
    };
    let before = match wanted.len() - open.len() {
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
            "wells": wanted.len(),
            "trained_now": open.len() - failures.len(),
            "failed": failures,
            "test": test,
        }))?;
        return Ok(complain_of(&failures));
    }
    output.note(format_args!(
        "{} of {} wells trained in {:.1} s{before}, {what} in {}",
        wanted.len() - failures.len(),
        wanted.len(),
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

/// What a run is made from.
struct Data {
    wells: Wells,
    /// True shares; empty for measured wells.
    truth: Vec<Truth>,
    /// Levelling benchmarks and the ps points around them; may be empty.
    levelling: Vec<Comparison>,
    /// Fingerprint of all of it.
    hash: String,
}

/// Where the wells come from.
enum Wells {
    /// The generator, in memory.
    Made(Vec<Well>),
    /// Files, read well by well.
    Read(Sites),
}

impl Wells {
    fn ids(&self) -> Vec<String> {
        match self {
            Self::Made(wells) => wells.iter().map(|well| well.id.clone()).collect(),
            Self::Read(sites) => sites.ids(),
        }
    }

    fn synthetic(&self) -> bool {
        match self {
            Self::Made(_) => true,
            Self::Read(sites) => sites.synthetic(),
        }
    }

    fn well(&self, number: usize) -> Result<Cow<'_, Well>, ReadError> {
        match self {
            Self::Made(wells) => Ok(Cow::Borrowed(&wells[number])),
            Self::Read(sites) => sites.well(number).map(Cow::Owned),
        }
    }

    /// What is to be said of a well's files, if it has any and the report shows it.
    fn survey(&self, number: usize, config: &Config) -> Result<Option<Survey>, ReadError> {
        match self {
            Self::Read(sites) if number < WELLS_IN_FULL => {
                let surveyed = SurveyedWell::read(sites, number, &config.data)?;
                Ok(Some(surveyed.survey))
            }
            _ => Ok(None),
        }
    }
}

fn read(args: &Args, config: &Config, output: &Output) -> anyhow::Result<Data> {
    if args.folders.is_empty() {
        let options = synth::Options::default();
        let made = synth::dataset(&options);
        let (benchmarks, points): (Vec<_>, Vec<_>) =
            synth::benchmarks(options.seed).into_iter().unzip();
        Ok(Data {
            hash: hash_of_wells(&made.dataset.wells),
            wells: Wells::Made(made.dataset.wells),
            truth: made.truth,
            levelling: levelling::compare(benchmarks, &points),
        })
    } else {
        let _busy = progress::spinner(output, "reading the site folders".to_owned());
        Ok(Data {
            hash: hash_of_folders(&args.folders)?,
            wells: Wells::Read(Sites::open(&args.folders, &config.data)?),
            truth: Vec::new(),
            levelling: read_levelling(&args.folders, config)?,
        })
    }
}

/// `levelling.csv` of each folder against its `points.csv`, where both are there.
fn read_levelling(folders: &[PathBuf], config: &Config) -> anyhow::Result<Vec<Comparison>> {
    let mut all = Vec::new();
    for folder in folders {
        let (benchmarks, points) = (folder.join("levelling.csv"), folder.join("points.csv"));
        if benchmarks.is_file() && points.is_file() {
            let benchmarks = levelling::read_benchmarks(&benchmarks)?;
            let centres: Vec<Position> = benchmarks
                .iter()
                .map(|benchmark| benchmark.position)
                .collect();
            let conventions = config.data.conventions();
            let points = ps::read_points(&points, &centres, levelling::BUFFER_M, &conventions)?;
            all.extend(levelling::compare(benchmarks, &points));
        }
    }
    Ok(all)
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
        let failure = match train_well(number, &well, data, config) {
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

fn train_well(
    number: usize,
    well: &Well,
    data: &Data,
    config: &Config,
) -> Result<WellRun, WellRunError> {
    let mut run = WellRun::new(well, config)?;
    if number < WELLS_IN_FULL {
        run.add_report_rows(well, config, &data.truth);
    }
    Ok(run)
}

/// Where there is no terminal, as in the log of a batch job: a line every tenth of many wells.
fn log_progress(bar: &ProgressBar, started: Instant) {
    let (done, wells) = (bar.position(), bar.length().unwrap_or(0));
    if wells >= LOGGED_WELLS && done.is_multiple_of(wells / 10) {
        let left = started.elapsed().as_secs_f64() * (wells - done) as f64 / done as f64;
        complain(format_args!("{done} of {wells} wells, {left:.0} s left"));
    }
}

/// What a well's exported model says about its fit.
fn notes(folder: &RunFolder, well: &str) -> anyhow::Result<Option<FitNotes>> {
    match folder.model_path(well, folder.network()) {
        Some(path) if path.is_file() => Ok(read_model(&path, FitNotes::of)?),
        _ => Ok(None),
    }
}

/// RMSE on the test part, wells down and models across, beside what a network has to beat.
fn print_scores(
    folder: &RunFolder,
    data: &Wells,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    let test = folder.test_scores()?;
    let title = if data.synthetic() {
        "SYNTHETIC wells: "
    } else {
        ""
    };
    writeln!(
        output,
        "{title}RMSE on the test part, which none of these models had seen, mm per month"
    )?;
    if config.training.selection == Selection::Test {
        writeln!(
            output,
            "The epoch was chosen on the test part itself (the paper's protocol): these scores flatter the networks."
        )?;
    }
    let models: Vec<ModelKind> = [ModelKind::AM_LSTM, ModelKind::LSTM]
        .into_iter()
        .chain(BASELINES.map(ModelKind::Baseline))
        .collect();
    let baselines = BASELINES.map(|baseline| baseline.to_string().replace('-', " "));
    let mut columns = vec![("well", LEFT), ("AM-LSTM", RIGHT), ("LSTM", RIGHT)];
    columns.extend(baselines.iter().map(|name| (name.as_str(), RIGHT)));
    columns.push(("scored", RIGHT));
    let mut table = table::new(&columns);
    let mut verdicts: Vec<(String, Vec<String>)> = Vec::new();
    for of_well in test.chunk_by(|a, b| a.well == b.well) {
        let row = |model: ModelKind| of_well.iter().find(|row| row.model == model);
        let mut cells = vec![of_well[0].well.clone()];
        cells.extend(
            models
                .iter()
                .map(|model| number(row(*model).map_or(f64::NAN, |row| row.rmse_mm_per_month), 2)),
        );
        cells.push(
            row(ModelKind::AM_LSTM)
                .map_or(0, |row| row.increments)
                .to_string(),
        );
        if let Some(notes) = notes(folder, &of_well[0].well)? {
            let trusted = fit_notes::title(notes.primary);
            let verdict = format!(
                "{trusted} is trusted; {}: {}",
                notes.verdict, notes.verdict_reason
            );
            let well = of_well[0].well.clone();
            match verdicts.iter_mut().find(|(of, _)| *of == verdict) {
                Some((_, wells)) => wells.push(well),
                None => verdicts.push((verdict, vec![well])),
            }
        }
        table.add_row(cells);
    }
    writeln!(output, "\n{}\n", table.trim_fmt())?;
    for (verdict, wells) in verdicts {
        writeln!(
            output,
            "{}",
            broken(&format!("{}: {verdict}", wells.join(", ")))
        )?;
    }
    writeln!(output)?;
    if folder.identity().wells.len() > WELLS_IN_FULL {
        writeln!(
            output,
            "The first {WELLS_IN_FULL} wells are shown; metrics.csv has them all."
        )?;
    }
    Ok(())
}
