//! `amlstm init`: writes an example site to begin with.

use std::{fmt::Write as _, path::PathBuf, process::ExitCode};

use anyhow::bail;

use super::output::Output;

/// Write a small example site with its form explained.
///
/// Its values are made up and marked SYNTHETIC; replace them by your own. `amlstm check SITE` and `amlstm train SITE` work at once.
#[derive(clap::Args)]
#[command(after_help = "Example:
  amlstm init mysite && amlstm check mysite")]
pub struct Args {
    /// Folder to write; made if it is missing.
    #[arg(value_name = "SITE")]
    site: PathBuf,
}

/// What the files mean.
const READ_ME: &str =
    "A site of amlstm. All values here are made up (SYNTHETIC); replace them by your own.

wells.csv       One row a well: well (its id in all files, at most 48 bytes) and name. For points
                also longitude,latitude in degrees or easting,northing in metres.
levels.csv      Water levels, one row a reading: well, layer, date, level_m.
                level_m is metres above a datum, UP positive; empty where nothing was read.
                Depths to water go into depth_to_water_m with measuring_point_m instead.
                date is 2010-11-22 or 2010-11-22 06:00 in the site's time; with Z or +02:00 it is
                an instant, and utc_offset in amlstm.toml says what the site's time is.
subsidence.csv  What the ground did, measured directly: well, date, subsidence_mm.
                Cumulative millimetres, DOWN positive.
points.csv      Or by InSAR, one row a point: pid, position, incidence_angle, and a column
                YYYYMMDD for each scene, mm towards the satellite (or UP) positive. EGMS files
                keep their own names.
layers.csv      Optional: one column layer, the aquifer layers from the top.
amlstm.toml     Optional: configuration of this site.

amlstm check .      says what is in the files, and what looks wrong
amlstm train . --out run
amlstm import ...   brings files of agencies, loggers and InSAR services in
docs/data.md says more.
";

/// The site's own configuration.
const CONFIGURATION: &str =
    "# Configuration of this site; `amlstm train --print-config` shows every key.
[data]
# Values that mean \"no reading\": left out and counted.
no_data = [-9999]
# Hours by which the site's time is ahead of UTC.
utc_offset = 0.0
";

/// Months of the example: eight years, so that each part of a split sees whole years.
const MONTHS: usize = 96;

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let files = [
        ("README.txt", READ_ME.to_owned()),
        ("amlstm.toml", CONFIGURATION.to_owned()),
        (
            "wells.csv",
            "well,name\nexample,SYNTHETIC example\n".to_owned(),
        ),
        ("layers.csv", "layer\nphreatic\nconfined\n".to_owned()),
        ("levels.csv", levels()),
        ("subsidence.csv", subsidence()),
    ];
    for (name, _) in &files {
        let path = args.site.join(name);
        if path.exists() {
            bail!(
                "{}: found a file, expected none; name another folder",
                path.display()
            );
        }
    }
    fs_err::create_dir_all(&args.site)?;
    for (name, text) in files {
        fs_err::write(args.site.join(name), text)?;
    }
    output.note(format_args!(
        "{}: an example site; begin with its README.txt, then amlstm check {}",
        args.site.display(),
        args.site.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Level of a month in the phreatic and the confined layer, m: seasons, and a decline below.
fn level_m(month: usize) -> [f64; 2] {
    let time = month as f64;
    let season = (time * std::f64::consts::TAU / 12.0).sin();
    let pumping = (time * 0.37).sin();
    [
        28.0 + 0.6 * season,
        8.0 - 0.06 * time + 1.5 * season + 0.8 * pumping,
    ]
}

fn date(month: usize) -> String {
    format!("{}-{:02}-15", 2012 + month / 12, month % 12 + 1)
}

fn levels() -> String {
    let mut text = "well,layer,date,level_m\n".to_owned();
    for month in 0..MONTHS {
        for (layer, level_m) in ["phreatic", "confined"].iter().zip(level_m(month)) {
            writeln!(text, "example,{layer},{},{level_m:.2}", date(month)).expect("a string grows");
        }
    }
    text
}

/// The ground sinks while the confined level lies below 9 m, and swells a little when it recovers.
fn subsidence() -> String {
    let mut text = "well,date,subsidence_mm\n".to_owned();
    let mut subsidence_mm = 0.0;
    for month in 0..MONTHS {
        let [_, confined_m] = level_m(month);
        subsidence_mm += 0.8 * (9.0 - confined_m).max(-0.5);
        writeln!(text, "example,{},{subsidence_mm:.1}", date(month)).expect("a string grows");
    }
    text
}
