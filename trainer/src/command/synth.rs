//! `amlstm synth`.

use std::path::PathBuf;
use std::process::ExitCode;

use amlstm::synth::{self, AquiferLayer, DEFAULT_SEED, Options, Profile, TEMPLATES};
use anyhow::Context as _;
use clap::ValueEnum;
use indicatif::ProgressBar;

use super::{output::Output, progress};

/// Fewest wells that take long enough to be waited for.
const WELLS_WITH_PROGRESS: usize = 500;

/// Write SYNTHETIC wells in the form that every other command reads.
///
/// The six wells A-F imitate Cao et al. 2022, whose data are not public: water levels are drawn, clay beds compact under
/// them, and noisy ps points see the result. Use them to try the program and to test methods; they say nothing about
/// the ground at any real well. truth.csv holds what no measurement shows: each aquifer layer's share and the
/// noise-free subsidence.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm synth wells                          the six wells A-F
  amlstm synth nation --wells 20000           the six and 19,994 variations of them
  amlstm synth noisy --profile field          ps points as scattered as in an unsmoothed stack
  amlstm synth swapped --dominating phreatic  another aquifer layer drives the ground")]
pub struct Args {
    /// Folder for wells.csv, levels.csv, points.csv, levelling.csv, truth.csv and amlstm.toml; none of them may be there yet.
    folder: PathBuf,
    /// Number of wells; those after the sixth are random variations of A-F.
    #[arg(long, default_value_t = TEMPLATES, value_name = "N")]
    wells: usize,
    /// How noisy the ps points are.
    #[arg(long, value_enum, default_value_t = Noise::Paper)]
    profile: Noise,
    /// Start of all random numbers: the same seed gives the same files.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// Aquifer layer that gets the largest share of the subsidence at every well; by default the paper's.
    #[arg(long, value_enum, value_name = "LAYER")]
    dominating: Option<Layer>,
    /// Print JSON: what was written
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Noise {
    /// Fitted so that the attainable error is that of the paper.
    Paper,
    /// As in an unsmoothed stack.
    Field,
}

#[derive(Clone, Copy, ValueEnum)]
enum Layer {
    /// From the top the first.
    Phreatic,
    /// From the top the second.
    Confined1,
    /// From the top the third.
    Confined2,
}

/// Writes the files and says what to do with them.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let options = Options {
        seed: args.seed,
        wells: args.wells,
        profile: match args.profile {
            Noise::Paper => Profile::Paper,
            Noise::Field => Profile::Field,
        },
        dominating: args.dominating.map(|layer| match layer {
            Layer::Phreatic => AquiferLayer::Phreatic,
            Layer::Confined1 => AquiferLayer::Confined1,
            Layer::Confined2 => AquiferLayer::Confined2,
        }),
        points_seed: None,
    };
    let bar = if args.wells < WELLS_WITH_PROGRESS {
        ProgressBar::hidden()
    } else {
        progress::bar(output, args.wells as u64, "wells")
    };
    synth::write(&args.folder, &options, |done| bar.set_position(done as u64))
        .context("no synthetic wells written")?;
    bar.finish_and_clear();
    let folder = args.folder.display();
    if args.json {
        output.json(&serde_json::json!({
            "synthetic": true,
            "folder": args.folder,
            "wells": args.wells,
            "seed": args.seed,
            "files": synth::FILES,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    output.note(format_args!(
        "{} SYNTHETIC wells in {folder}: {}",
        args.wells,
        synth::FILES.join(", ")
    ))?;
    output.note(format_args!("next: amlstm train {folder}"))?;
    Ok(ExitCode::SUCCESS)
}
