//! `amlstm swap-test`: does attention name the aquifer layer that dominates?

use std::path::PathBuf;
use std::process::ExitCode;

use amlstm::config::{Config, Steps};
use amlstm::series::WellSeries;
use amlstm::study::{
    Subject,
    swap::{self, Draw},
};
use amlstm::synth::{self, AquiferLayer};

use super::{
    configuration::{configuration, seeds},
    output::Output,
    progress,
    summary::print_table,
};

/// Make each aquifer layer of the SYNTHETIC wells dominate in turn and count how often attention, permutation importance and physics name it.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  amlstm swap-test\n  amlstm swap-test --seeds 20 --json")]
pub struct Args {
    /// Configuration file; keys that it leaves out keep their defaults.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Number of seeds, counted up from the configuration's.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let mut config = configuration(&[], args.config.as_deref())?;
    config.data.steps = Steps::Months;
    let mut draws = Vec::new();
    for seed in seeds(&config, args.seeds) {
        let subjects = subjects(seed, &config)?;
        draws.push(Draw { seed, subjects });
    }
    let bar = progress::bar(output, swap::work(&draws) as u64, "trainings");
    let test = swap::run(&draws, &config, &|| bar.inc(1))?;
    bar.finish_and_clear();
    if args.json {
        let rows: Vec<serde_json::Value> = swap::Explanation::ALL
            .iter()
            .map(|explanation| {
                let (hits, asked) = test.hits(*explanation, None);
                let by_truth = (0..test.aquifer_layers.len()).map(|truth| test.hits(*explanation, Some(truth)));
                serde_json::json!({ "explanation": explanation.title(), "hits": hits, "asked": asked, "by_dominating_layer": by_truth.collect::<Vec<_>>() })
            })
            .collect();
        let value = serde_json::json!({ "synthetic": true, "aquifer_layers": test.aquifer_layers, "chance": 1.0 / test.aquifer_layers.len() as f64, "explanations": rows });
        output.json(&value)?;
    } else {
        print_table(&test.table(), output)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The wells, each aquifer layer dominating in turn, with points drawn from a seed.
fn subjects(seed: u64, config: &Config) -> anyhow::Result<Vec<Subject>> {
    let mut subjects = Vec::new();
    for layer in AquiferLayer::ALL {
        let made = synth::dataset(&synth::Options {
            dominating: Some(layer),
            points_seed: Some(seed),
            ..synth::Options::default()
        });
        for (well, truth) in made.dataset.wells.iter().zip(&made.truth) {
            subjects.push(Subject {
                series: WellSeries::new(well, &config.data)?,
                scenes: None,
                true_shares: Some(truth.share.to_vec()),
            });
        }
    }
    Ok(subjects)
}
