//! `amlstm study`: the paper's study on the user's wells, or on the synthetic ones.

use std::path::PathBuf;
use std::process::ExitCode;

use amlstm::config::Config;
use amlstm::read;
use amlstm::report;
use amlstm::run::write_atomically;
use amlstm::series::WellSeries;
use amlstm::study::{self, Study, Subject};
use amlstm::synth;

use super::{
    configuration::{configuration, seeds},
    output::Output,
    progress, summary,
};

/// Folder of a run that keeps the tables.
const FOLDER: &str = "study";

/// LSTM against AM-LSTM and every baseline, over many seeds.
///
/// Trains both networks at every well with each seed: as configured, with other batch sizes, with other scalings of the levels, with the paper's way of choosing
/// the epoch, and with scenes as steps. Prints the tables and writes them as tidy CSV files to RUN/study/. If RUN has a report.html, that shows them too.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  amlstm study                          the six SYNTHETIC wells\n  amlstm study site/ --config site.toml --seeds 20\n  amlstm study site/ --json > study.json"
)]
pub struct Args {
    /// Folders with wells.csv, levels.csv and points.csv or subsidence.csv; without one, the six SYNTHETIC wells.
    #[arg(value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Configuration file; keys that it leaves out keep their defaults.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Number of seeds, counted up from the configuration's.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(2..=1000))]
    seeds: u64,
    /// Run folder; the tables go to its folder study. Train before: `amlstm train` asks for a new folder.
    #[arg(long, value_name = "RUN", default_value = "run")]
    out: PathBuf,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let config = configuration(&args.folders, args.config.as_deref())?;
    let subjects = subjects(&args.folders, &config)?;
    let seeds = seeds(&config, args.seeds);
    let bar = progress::bar(
        output,
        study::work(&subjects, &config, &seeds) as u64,
        "trainings",
    );
    let study = study::run(subjects, &config, &seeds, &|| bar.inc(1))?;
    bar.finish_and_clear();

    let folder = args.out.join(FOLDER);
    fs_err::create_dir_all(&folder)?;
    for tidy in study.tidy() {
        write_atomically(&folder.join(tidy.file), tidy.csv.as_bytes())?;
    }
    let summary = study.summary();
    let has_page = summary::keep(&summary, &args.out, FOLDER)?;
    if args.json {
        output.json(&json(&study))?;
    } else {
        summary::print(&summary, output)?;
        output.note(format_args!("\nTidy tables: {}", folder.display()))?;
        if has_page {
            let page = args.out.join(report::FILE);
            output.note(format_args!("{} shows them too", page.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Series with months and with scenes as steps, and the truth where it is known.
pub fn subjects(folders: &[PathBuf], config: &Config) -> anyhow::Result<Vec<Subject>> {
    let (wells, truth) = if folders.is_empty() {
        let made = synth::dataset(&synth::Options::default());
        (made.dataset.wells, made.truth)
    } else {
        (read::read_folders(folders, &config.data)?.wells, Vec::new())
    };
    let mut scenes = config.data.clone();
    scenes.steps = amlstm::config::Steps::Scenes;
    let subject = |well: &read::Well| -> anyhow::Result<Subject> {
        let series = WellSeries::new(well, &config.data)?;
        let scenes = if series.directly_measured {
            None
        } else {
            Some(WellSeries::new(well, &scenes)?)
        };
        let true_shares = truth
            .iter()
            .find(|truth| truth.well == well.id)
            .map(|truth| truth.share.to_vec());
        Ok(Subject {
            series,
            scenes,
            true_shares,
        })
    };
    wells.iter().map(subject).collect()
}

fn json(study: &Study) -> serde_json::Value {
    let comparisons: Vec<serde_json::Value> = study
        .comparisons()
        .iter()
        .map(|comparison| {
            let series = &study.subjects[comparison.well].series;
            let [lstm, am_lstm] = comparison.rmse_mm;
            serde_json::json!({
                "well": series.well,
                "synthetic": series.synthetic,
                "setting": comparison.setting.name(),
                "lstm_rmse_mm_per_month": lstm.median,
                "am_lstm_rmse_mm_per_month": am_lstm.median,
                "am_lstm_over_floor": comparison.over_floor[1].median,
                "gain_percent": comparison.gain_percent.mean,
                "gain_low_percent": comparison.gain_percent.low,
                "gain_high_percent": comparison.gain_percent.high,
                "wins": comparison.wins,
                "pairs": comparison.pairs,
                "diverged": comparison.diverged.iter().sum::<usize>(),
                "verdict": comparison.verdict(),
            })
        })
        .collect();
    serde_json::json!({
        "seeds": study.seeds,
        "rmse_mm_per_month": study.medians(),
        "comparisons": comparisons,
        "attribution": study.verdicts(),
    })
}
