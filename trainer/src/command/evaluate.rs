//! `amlstm evaluate`: how well each model predicts months it has not seen.

use std::path::PathBuf;
use std::process::ExitCode;

use amlstm::config::Steps;
use amlstm::evaluate::{Evaluation, HORIZONS, Kind, Row, evaluate};
use amlstm::read::Sites;
use amlstm::series::WellSeries;
use rayon::prelude::*;

use super::output::Output;
use super::table::{self, LEFT, RIGHT, number};
use super::{
    configuration::{configuration, seeds},
    progress,
};

/// Judge models on unseen months: simulation and forecast, increments and cumulative, one month to two years ahead.
///
/// Months are divided in order, whatever [split] kind says. Networks are fitted with several seeds and run as a logger runs them.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  amlstm evaluate holly\n  amlstm evaluate holly d201 --config dates.toml --json > skill.json"
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
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
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
    if args.json {
        output.json(&evaluations)?;
        return Ok(ExitCode::SUCCESS);
    }
    for evaluation in &evaluations {
        print(evaluation, output)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(evaluation: &Evaluation, output: &mut Output) -> anyhow::Result<()> {
    let made = if evaluation.synthetic {
        " (SYNTHETIC)"
    } else {
        ""
    };
    writeln!(
        output,
        "well {}{made}: {} test increments; primary: {}, {}",
        evaluation.well,
        evaluation.increments,
        evaluation.primary.title(),
        evaluation.reason
    )?;
    writeln!(
        output,
        "levels known (simulation), mm; cumulative over month climatology's; ratio of increment errors to the primary's with its 90 % interval"
    )?;
    let mut rows = table::new(&[
        ("model", LEFT),
        ("RMSE", RIGHT),
        ("range", RIGHT),
        ("R2", RIGHT),
        ("cumulative", RIGHT),
        ("ratio", RIGHT),
    ]);
    for row in &evaluation.rows {
        let ratio = row.ratio_to_primary.map_or_else(String::new, |ratio| {
            format!("{:.2} [{:.2}, {:.2}]", ratio.ratio, ratio.low, ratio.high)
        });
        rows.add_row([
            row.model.title().to_owned(),
            number(row.rmse_mm.median, 2),
            range(row),
            number(row.r2.median, 2),
            number(row.cumulative_ratio, 2),
            ratio,
        ]);
    }
    writeln!(output, "{}", rows.trim_fmt())?;
    writeln!(
        output,
        "RMSE of the change over so many months, mm: simulation / forecast; 90 % half width (coverage)"
    )?;
    let names: Vec<String> = HORIZONS
        .iter()
        .map(|months| format!("{months} mo"))
        .collect();
    let columns: Vec<_> = names.iter().map(|name| (name.as_str(), RIGHT)).collect();
    let mut rows = table::new(&[&[("model", LEFT)], &columns[..]].concat());
    for row in &evaluation.rows {
        let cells = row.horizons.iter().map(|horizon| {
            let errors = format!(
                "{} / {}",
                number(horizon.simulation_rmse_mm.median, 1),
                number(horizon.forecast_rmse_mm.median, 1)
            );
            match horizon.half_width_mm.zip(horizon.coverage) {
                Some((width, coverage)) => {
                    format!("{errors}; {width:.1} ({:.0} %)", 100.0 * coverage)
                }
                None => errors,
            }
        });
        rows.add_row([row.model.title().to_owned()].into_iter().chain(cells));
    }
    writeln!(output, "{}\n", rows.trim_fmt())?;
    Ok(())
}

fn range(row: &Row) -> String {
    if matches!(row.model, Kind::PretrainedAmLstm | Kind::AmLstm) {
        format!("{:.2}-{:.2}", row.rmse_mm.low, row.rmse_mm.high)
    } else {
        String::new()
    }
}
