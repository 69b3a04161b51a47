//! `amlstm check`: says what is in site folders before anything is trained.

use std::{path::PathBuf, process::ExitCode};

use amlstm::{
    config::Config,
    ps::{Rate, RateSummary, class_names},
    read::{Ground, Sites, Well},
    series::WellSeries,
    split::{Part, Split},
    survey::{Survey, SurveyedWell},
    train,
};
use serde::Serialize;

use super::{
    configuration::configuration,
    output::{Output, complain},
};

mod tables;

/// The form of a site's files.
const FORM: &str = "Files of a site folder (CSV, UTF-8, commas; further columns are ignored; docs/data.md says more):
  wells.csv       well        id, at most 48 bytes
                  name        for people; may be empty
                  longitude, latitude (degrees) or easting, northing (metres): needed with points
  levels.csv      well, layer aquifer layers, in the order of layers.csv or of their first row
                  date        2010-11-22 or 2010-11-22 06:00, the site's time; with Z or +02:00 an
                              instant
                  level_m     metres above the datum, up positive; may be empty; or instead of it
                  depth_to_water_m, measuring_point_m
                              metres below a point, and that point's height above the datum
                  days        if the level is already a mean: of how many days
                  approval    A or Approved counts under approved_only
  subsidence.csv  well, date  as above
                  subsidence_mm
                              cumulative millimetres, DOWN positive
  points.csv      pid         one row a point, each once
                  longitude, latitude or easting, northing, as in wells.csv
                  incidence_angle
                              degrees from the vertical, 10 to 89 (or los_up); without it values
                              are vertical
                  YYYYMMDD    one column a scene: cumulative millimetres, towards the satellite
                              (or UP) positive
                  EGMS files keep their own names (EGMS_L2b_....csv, EGMS_L3_..._U.csv)
  layers.csv      layer       the aquifer layers from the top; may be missing

  amlstm.toml     configuration of the site: [data] no_data = [-9999] names values that mean
                  \"no reading\", utc_offset = 8 the site's time

Examples:
  amlstm check sites/holly
  amlstm check sites/holly sites/d201 --config paper.toml
  amlstm check sites/holly --json";

/// Read site folders and say what is in them, and what looks wrong.
#[derive(clap::Args)]
#[command(after_help = FORM)]
pub struct Args {
    /// Folders with wells.csv, levels.csv and subsidence.csv or points.csv.
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Configuration whose buffer, steps, split and values for "no reading" to check; see `amlstm train --print-config`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Everything that is said.
#[derive(Serialize)]
struct Report<'a> {
    wells: &'a [CheckedWell],
    trainable: usize,
}

/// What is said of one well.
#[derive(Serialize)]
struct CheckedWell {
    #[serde(flatten)]
    survey: Survey,
    synthetic: bool,
    /// What it is trained on; `None` if it cannot be.
    training: Option<Training>,
    /// Why it cannot be trained.
    error: Option<String>,
    rates: Vec<RateRow>,
}

/// What a well is trained on and how that is divided.
#[derive(Serialize)]
struct Training {
    points: usize,
    first_month: String,
    last_month: String,
    intervals: usize,
    train: usize,
    validate: usize,
    test: usize,
    held_out: &'static str,
}

/// Rates of the points around a well.
#[derive(Serialize)]
struct RateRow {
    rate: &'static str,
    points: usize,
    median_mm_per_year: f64,
    class: String,
    shares: Vec<f64>,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let config = configuration(&args.folders, args.config.as_deref())?;
    let sites = Sites::open(&args.folders, &config.data)?;
    let mut wells = Vec::new();
    for number in 0..sites.ids().len() {
        wells.push(checked(&sites, number, &config)?);
    }
    let trainable = wells.iter().filter(|well| well.error.is_none()).count();
    if args.json {
        let wells = &wells;
        output.json(&Report { wells, trainable })?;
    } else {
        tables::print(&wells, &config, output)?;
    }
    for error in wells.iter().filter_map(|well| well.error.as_ref()) {
        complain(format_args!("{error}"));
    }
    if !args.json {
        let all = wells.len();
        writeln!(output, "{trainable} of {all} wells can be trained.")?;
    }
    Ok(if trainable == wells.len() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn checked(sites: &Sites, number: usize, config: &Config) -> anyhow::Result<CheckedWell> {
    let SurveyedWell {
        survey,
        well,
        series,
    } = SurveyedWell::read(sites, number, &config.data)?;
    let rates = rates(&well, &config.data.rate_classes_mm_per_year);
    let training = series
        .map_err(anyhow::Error::from)
        .and_then(|series| training(&series, config));
    let (training, error) = match training {
        Ok(training) => (Some(training), None),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    Ok(CheckedWell {
        survey,
        synthetic: well.is_synthetic(),
        training,
        error,
        rates,
    })
}

fn training(series: &WellSeries, config: &Config) -> anyhow::Result<Training> {
    let split = Split::new(series, &config.split, config.seed)?;
    train::check(series, &split, config)?;
    let of_split = |part| match &split {
        Split::Points(_) => split.points_of(series, part),
        Split::Time(parts) => {
            let intervals = series.intervals.iter().zip(parts);
            intervals
                .filter(|(interval, of)| **of == part && series.is_scored(interval))
                .count()
        }
    };
    let month = |month: Option<&amlstm_core::month::Month>| {
        month.map_or_else(String::new, ToString::to_string)
    };
    Ok(Training {
        points: series.points.len(),
        first_month: month(series.months.first()),
        last_month: month(series.months.last()),
        intervals: series.intervals.len(),
        train: of_split(Part::Train),
        validate: of_split(Part::Validate),
        test: of_split(Part::Test),
        held_out: match split {
            Split::Points(_) => "ps points",
            Split::Time(_) => "months",
        },
    })
}

/// Rates of the ps points, vertical and along the line of sight.
fn rates(well: &Well, boundaries_mm_per_year: &[f64]) -> Vec<RateRow> {
    let Ground::Points(points) = &well.ground else {
        return Vec::new();
    };
    let names = class_names(boundaries_mm_per_year);
    let rates: Vec<Rate> = points.rates().into_iter().flatten().collect();
    let vertical = rates.iter().map(|rate| rate.vertical_mm_per_year).collect();
    let along = rates.iter().filter_map(|rate| Some(-rate.los_mm_per_year?));
    [("vertical", vertical), ("line of sight", along.collect())]
        .into_iter()
        .filter_map(|(rate, rates): (_, Vec<f64>)| {
            let summary = RateSummary::of(&rates, boundaries_mm_per_year)?;
            Some(RateRow {
                rate,
                points: summary.points,
                median_mm_per_year: summary.median_mm_per_year,
                class: names[summary.class].clone(),
                shares: summary.shares,
            })
        })
        .collect()
}
