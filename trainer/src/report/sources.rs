//! What a report needs of the data beside the run folder, kept in the folder as tables of its own.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{ReportError, page::WELLS_MAX};
use crate::attribution::{self, Method};
use crate::baseline::{PhysicsFit, Problem};
use crate::config::Config;
use crate::figure::gather::{self, ATTRIBUTION_TABLE, LEVELLING_TABLE, POINTS_TABLE};
use crate::figure::shown::{LevelledPoint, RatePoint, Share};
use crate::geodesy::Position;
use crate::levelling::{self, Comparison};
use crate::metric::Simulation;
use crate::ps::{self, PsPoint, Rate};
use crate::read::{Ground, Well};
use crate::run;
use crate::series::WellSeries;
use crate::split::Split;
use crate::spread::Spread;
use crate::synth::{self, Truth};

/// Mean radius of the earth in metres (IUGG): directions within a buffer need no ellipsoid.
const EARTH_M: f64 = 6_371_008.8;

/// Data a run was made from, beside its wells.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// True shares; empty for measured wells.
    pub truth: Vec<Truth>,
    /// Levelling benchmarks and the ps points around them; may be empty.
    pub levelling: Vec<Comparison>,
}

impl Sources {
    /// What belongs to the generator's wells.
    pub fn synthetic(truth: Vec<Truth>, seed: u64) -> Self {
        let (benchmarks, points): (Vec<_>, Vec<_>) = synth::benchmarks(seed).into_iter().unzip();
        Self {
            truth,
            levelling: levelling::compare(benchmarks, &points),
        }
    }

    /// `levelling.csv` of each folder against its `points.csv`, where both are there.
    ///
    /// # Errors
    /// When one of the files is malformed.
    pub fn of_folders(folders: &[PathBuf]) -> Result<Self, ReportError> {
        let mut all = Vec::new();
        for folder in folders {
            let (benchmarks, points) = (folder.join("levelling.csv"), folder.join("points.csv"));
            if benchmarks.is_file() && points.is_file() {
                let benchmarks = levelling::read_benchmarks(&benchmarks)?;
                let centres: Vec<Position> = benchmarks
                    .iter()
                    .map(|benchmark| benchmark.position)
                    .collect();
                let points = ps::read_points(&points, &centres, levelling::BUFFER_M)?;
                all.extend(levelling::compare(benchmarks, &points));
            }
        }
        Ok(Self {
            truth: Vec::new(),
            levelling: all,
        })
    }
}

/// Writes the tables that the report and the figures take from the data: rates of the ps points, levelling, and attribution of the exported models.
///
/// # Errors
/// When a model file cannot be read or a table cannot be written.
pub(super) fn write_tables(
    folder: &Path,
    wells: &[Well],
    sources: &Sources,
) -> Result<(), ReportError> {
    let shown = &wells[..wells.len().min(WELLS_MAX)];
    write_table(
        folder,
        POINTS_TABLE,
        &shown.iter().flat_map(rates).collect::<Vec<_>>(),
    )?;
    write_table(
        folder,
        LEVELLING_TABLE,
        &sources
            .levelling
            .iter()
            .filter_map(levelled)
            .collect::<Vec<_>>(),
    )?;
    let config = Config::read(&folder.join("config.toml")).map_err(gather::GatherError::from)?;
    let mut shares = Vec::new();
    for well in shown {
        shares.extend(of_well(folder, well, &config, &sources.truth)?);
    }
    write_table(folder, ATTRIBUTION_TABLE, &shares)
}

/// A table without rows is not written.
fn write_table<T: Serialize>(folder: &Path, name: &str, rows: &[T]) -> Result<(), ReportError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .serialize(row)
            .expect("rows are flat and memory does not fail");
    }
    let bytes = writer.into_inner().expect("memory does not fail");
    Ok(run::write_beside(&folder.join(name), &bytes)?)
}

fn rates(well: &Well) -> Vec<RatePoint> {
    let (Ground::Points(points), Some(centre)) = (&well.ground, well.position) else {
        return Vec::new();
    };
    let row = |(point, rate): (&PsPoint, Option<Rate>)| {
        let rate = rate?;
        let (east, north) = direction(centre, point.position)?;
        let metres = f64::from(point.distance_m);
        Some(RatePoint {
            well: well.id.clone(),
            point: point.id.clone(),
            east_m: tenth(east * metres),
            north_m: tenth(north * metres),
            vertical_rate_mm_per_year: hundredth(rate.vertical_mm_per_year),
            los_rate_mm_per_year: rate.los_mm_per_year.map(hundredth),
        })
    };
    points
        .points
        .iter()
        .zip(points.rates())
        .filter_map(row)
        .collect()
}

/// Parts to the east and to the north of the unit vector from one position to another; `None` between kinds of positions.
fn direction(from: Position, to: Position) -> Option<(f64, f64)> {
    let (east, north) = match (from, to) {
        (
            Position::Geographic {
                longitude: from_longitude,
                latitude: from_latitude,
            },
            Position::Geographic {
                longitude,
                latitude,
            },
        ) => {
            let shrink = from_latitude.to_radians().cos();
            let metres = |degrees: f64| degrees.to_radians() * EARTH_M;
            (
                metres(longitude - from_longitude) * shrink,
                metres(latitude - from_latitude),
            )
        }
        (
            Position::Planar {
                easting: from_easting,
                northing: from_northing,
            },
            Position::Planar { easting, northing },
        ) => (easting - from_easting, northing - from_northing),
        _ => return None,
    };
    let length = east.hypot(north);
    Some(if length > 0.0 {
        (east / length, north / length)
    } else {
        (0.0, 0.0)
    })
}

fn tenth(metres: f64) -> f64 {
    (metres * 10.0).round() / 10.0
}

fn hundredth(rate: f64) -> f64 {
    (rate * 100.0).round() / 100.0
}

fn levelled(comparison: &Comparison) -> Option<LevelledPoint> {
    Some(LevelledPoint {
        benchmark: comparison.benchmark.name.clone(),
        levelling_mm_per_year: comparison.benchmark.rate_mm_per_year,
        ps_mm_per_year: comparison.ps_mm_per_year?,
    })
}

/// Shares of a well's aquifer layers by every method that applies; none for a well that was not trained.
fn of_well(
    folder: &Path,
    well: &Well,
    config: &Config,
    truth: &[Truth],
) -> Result<Vec<Share>, ReportError> {
    let path = run::RunFolder::open(folder)?.model_path(&well.id, run::ModelName::Model);
    let Ok(series) = WellSeries::new(well, &config.data) else {
        return Ok(Vec::new());
    };
    let Ok(split) = Split::new(&series, &config.split, config.seed) else {
        return Ok(Vec::new());
    };
    let Some(problem) = Problem::new(&series, &split, config.seed).filter(|_| path.is_file())
    else {
        return Ok(Vec::new());
    };
    let mut shares = gather::read_model(&path, |file| {
        let predict = |levels: &attribution::Levels| attribution::curve(file, &series, levels);
        let permutation = attribution::permutation(&problem, predict, config.seed);
        let attention = attribution::attention(&Simulation::new(file, &series), &series)
            .map(|shares| (Method::Attention, exact(shares)));
        let mut of_model: Vec<(Method, Shares)> = attention.into_iter().collect();
        let permutation = permutation
            .iter()
            .map(|importance| (importance.share, Some(importance.spread)));
        of_model.push((Method::Permutation, permutation.collect()));
        of_model
    })?;
    shares.push((
        Method::Physics,
        exact(PhysicsFit::new(&problem).layer_shares(&problem)),
    ));
    if let Some(truth) = truth.iter().find(|truth| truth.well == well.id) {
        shares.push((Method::Truth, exact(truth.share.to_vec())));
    }
    let row = |method: Method, layer: &String, share: f64, spread: Option<Spread>| Share {
        well: well.id.clone(),
        aquifer_layer: layer.clone(),
        method: method.name().to_owned(),
        share: ten_thousandth(share),
        share_lower_quartile: spread.map(|spread| ten_thousandth(spread.low)),
        share_upper_quartile: spread.map(|spread| ten_thousandth(spread.high)),
    };
    let rows = shares.iter().flat_map(|(method, shares)| {
        series
            .aquifer_layers
            .iter()
            .zip(shares)
            .map(|(layer, (share, spread))| row(*method, layer, *share, *spread))
    });
    Ok(rows.collect())
}

/// Shares of a well's aquifer layers, with the spread of those that have one.
type Shares = Vec<(f64, Option<Spread>)>;

/// Shares that one computation gives, without a spread.
fn exact(shares: Vec<f64>) -> Shares {
    shares.into_iter().map(|share| (share, None)).collect()
}

fn ten_thousandth(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_east_and_north() {
        let at = |longitude: f64, latitude: f64| Position::Geographic {
            longitude,
            latitude,
        };
        let (east, north) = direction(at(116.0, 60.0), at(116.0 + 2e-3, 60.0 + 1e-3)).unwrap();
        // cos(60 degrees) = 1/2: two thousandths of a degree of longitude are as long as one of latitude.
        assert!((east - north).abs() < 1e-6 && (east.hypot(north) - 1.0).abs() < 1e-12);
        assert_eq!(direction(at(1.0, 2.0), at(1.0, 2.0)), Some((0.0, 0.0)));
    }
}
