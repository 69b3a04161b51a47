//! `amlstm check`: says what is in site folders before anything is trained.

use std::{path::PathBuf, process::ExitCode};

use amlstm::{
    config::Config,
    ps::{Rate, RateSummary, class_names},
    read::{Dataset, Ground, Well, read_folders},
    series::WellSeries,
    split::{Part, Split},
};

use super::{
    configuration::configuration,
    output::{Output, complain},
    table::{self, LEFT, RIGHT},
};

/// Read site folders and say what is in them.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm check sites/holly
  amlstm check sites/holly sites/d201 --config paper.toml")]
pub struct Args {
    /// Folders with wells.csv, levels.csv and subsidence.csv or points.csv.
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Configuration whose buffer, steps and split to check; see `amlstm train --print-config`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let config = configuration(&args.folders, args.config.as_deref())?;
    let dataset = read_folders(&args.folders, &config.data)?;
    writeln!(output, "{}\n", layers(&dataset).trim_fmt())?;
    if let Some(rates) = rates(&dataset, &config.data.rate_classes_mm_per_year) {
        writeln!(
            output,
            "Rates of the ps points, mm per year, sinking positive, and the share of points in each class:\n\n{}\n",
            rates.trim_fmt()
        )?;
    }
    let mut failed = 0;
    let mut table = table::new(&[
        ("well", LEFT),
        ("ground", LEFT),
        ("points", RIGHT),
        ("months", LEFT),
        ("intervals", RIGHT),
        ("train", RIGHT),
        ("validate", RIGHT),
        ("test", RIGHT),
        ("held out", LEFT),
    ]);
    for well in &dataset.wells {
        match series_row(well, &config) {
            Ok(row) => {
                table.add_row(row);
            }
            Err(error) => {
                failed += 1;
                complain(format_args!("{error:#}"));
            }
        }
    }
    writeln!(output, "{}\n", table.trim_fmt())?;
    let wells = dataset.wells.len();
    writeln!(
        output,
        "{} of {wells} wells can be trained.",
        wells - failed
    )?;
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Levels of each well and aquifer layer.
fn layers(dataset: &Dataset) -> comfy_table::Table {
    let mut table = table::new(&[
        ("well", LEFT),
        ("aquifer layer", LEFT),
        ("levels", LEFT),
        ("missing months", RIGHT),
        ("lowest m", RIGHT),
        ("highest m", RIGHT),
    ]);
    for well in &dataset.wells {
        for layer in &well.levels {
            let measured = || layer.level_m.iter().copied().flatten();
            table.add_row(vec![
                shown_name(well),
                layer.aquifer_layer.clone(),
                format!("{} to {}", layer.start, layer.last()),
                (layer.level_m.len() - measured().count()).to_string(),
                format!("{:.2}", measured().fold(f32::INFINITY, f32::min)),
                format!("{:.2}", measured().fold(f32::NEG_INFINITY, f32::max)),
            ]);
        }
    }
    table
}

/// Rates of the ps points, vertical and along the line of sight; `None` without any.
fn rates(dataset: &Dataset, boundaries_mm_per_year: &[f64]) -> Option<comfy_table::Table> {
    let names = class_names(boundaries_mm_per_year);
    let mut columns = vec![
        ("well", LEFT),
        ("rate", LEFT),
        ("points", RIGHT),
        ("median", RIGHT),
        ("its class", RIGHT),
    ];
    columns.extend(names.iter().map(|name| (name.as_str(), RIGHT)));
    let mut table = table::new(&columns);
    for well in &dataset.wells {
        let Ground::Points(points) = &well.ground else {
            continue;
        };
        let rates: Vec<Rate> = points.rates().into_iter().flatten().collect();
        let vertical = rates.iter().map(|rate| rate.vertical_mm_per_year).collect();
        let along = rates.iter().filter_map(|rate| Some(-rate.los_mm_per_year?));
        for (rate, rates) in [("vertical", vertical), ("line of sight", along.collect())] {
            let rates: Vec<f64> = rates;
            let Some(summary) = RateSummary::of(&rates, boundaries_mm_per_year) else {
                continue;
            };
            let mut row = vec![
                shown_name(well),
                rate.to_owned(),
                summary.points.to_string(),
                format!("{:.1}", summary.median_mm_per_year),
                names[summary.class].clone(),
            ];
            row.extend(
                summary
                    .shares
                    .iter()
                    .map(|share| format!("{:.0} %", 100.0 * share)),
            );
            table.add_row(row);
        }
    }
    (table.row_count() > 0).then_some(table)
}

/// What a well is trained on and how that is divided.
fn series_row(well: &Well, config: &Config) -> anyhow::Result<Vec<String>> {
    let series = WellSeries::new(well, &config.data)?;
    let split = Split::new(&series, &config.split, config.seed)?;
    let of_split = |part| match &split {
        Split::Points(_) => split.points_of(&series, part).to_string(),
        Split::Time(parts) => {
            let intervals = series.intervals.iter().zip(parts);
            intervals
                .filter(|(interval, of)| **of == part && series.is_scored(interval))
                .count()
                .to_string()
        }
    };
    let months = [series.months.first(), series.months.last()]
        .map(|month| month.map_or(String::new(), ToString::to_string));
    Ok(vec![
        shown_name(well),
        match well.ground {
            Ground::Direct(_) => "measured",
            Ground::Points(_) => "ps points",
        }
        .to_owned(),
        series.points.len().to_string(),
        months.join(" to "),
        series.intervals.len().to_string(),
        of_split(Part::Train),
        of_split(Part::Validate),
        of_split(Part::Test),
        match split {
            Split::Points(_) => "ps points",
            Split::Time(_) => "months",
        }
        .to_owned(),
    ])
}

/// A well's id, marked where it is not real.
fn shown_name(well: &Well) -> String {
    if well.is_synthetic() {
        format!("{} (SYNTHETIC)", well.id)
    } else {
        well.id.clone()
    }
}
