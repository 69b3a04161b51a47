//! `amlstm evaluate`: how well each model predicts months it has not seen.

use std::path::PathBuf;
use std::process::ExitCode;

use amlstm::config::Steps;
use amlstm::evaluate::{Evaluation, evaluate, summary};
use amlstm::read::Sites;
use amlstm::report;
use amlstm::run::RunFolder;
use amlstm::series::WellSeries;
use rayon::prelude::*;

use super::output::Output;
use super::{
    configuration::{configuration, seeds},
    progress, summary,
};

/// Folder of a run that keeps the tables.
const FOLDER: &str = "evaluation";

/// Judge models on unseen months: simulation and forecast, increments and cumulative, one month to two years ahead.
///
/// Months are divided in order, whatever [split] kind says. Networks are fitted with several seeds and run as a logger runs them.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  amlstm evaluate holly\n  amlstm evaluate holly d201 --config dates.toml --json > skill.json\n  amlstm evaluate holly --run run                        the tables go into run/report.html, too"
)]
pub struct Args {
    /// Site folders
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Configuration file; keys that it leaves out keep their defaults.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Number of seeds of the networks, counted up from the configuration's.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// Finished run whose report shall show the tables, too.
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    if let Some(run) = &args.run {
        RunFolder::open(run)?;
    }
    let mut config = configuration(&args.folders, args.config.as_deref())?;
    config.data.steps = Steps::Months;
    let sites = Sites::open(&args.folders, &config.data)?;
    let seeds = seeds(&config, args.seeds);
    let wells = sites.ids().len();
    let trainings = (2 * wells * seeds.len()) as u64;
    let bar = progress::bar(output, trainings, "trainings");
    let evaluations: Vec<Evaluation> = (0..wells)
        .into_par_iter()
        .map(|number| {
            let series = WellSeries::new(&sites.well(number)?, &config.data)?;
            Ok(evaluate(&series, &config, &seeds, &|| bar.inc(1))?)
        })
        .collect::<anyhow::Result<_>>()?;
    bar.finish_and_clear();
    let tables = summary(&evaluations);
    if args.json {
        output.json(&evaluations)?;
    } else {
        summary::print(&tables, output)?;
    }
    if let Some(run) = &args.run {
        summary::keep(&tables, run, FOLDER)?;
        output.note(format_args!(
            "{} shows them too",
            run.join(report::FILE).display()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
