//! Levelling benchmarks against the rates of the ps points around them (Cao et al. 2022, Fig. 5).
//!
//! As levelling campaigns report them and the paper prints them, rates here are those of the height: mm a year, up
//! positive. ps points and benchmarks should cover the same time; this module cannot know.

use std::path::Path;

use crate::geodesy::Position;
use crate::ps::WellPoints;
use crate::spread::correlation;
use crate::table::{Column, Row, Table, TableError};

/// Radius around a benchmark within which ps points count, m.
pub const BUFFER_M: f64 = 200.0;

/// One levelling benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct Benchmark {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub position: Position,
    /// Levelled rate of its height, mm a year, up positive.
    pub rate_mm_per_year: f64,
}

/// Reads `levelling.csv`: `benchmark`, `longitude,latitude` or `easting,northing`, and `rate_mm_per_year`, up positive.
///
/// # Errors
///
/// When the file cannot be read, lacks a column or holds something else than numbers.
pub fn read_benchmarks(path: &Path) -> Result<Vec<Benchmark>, TableError> {
    let mut table = Table::open(
        path,
        "benchmark, longitude and latitude or easting and northing, rate_mm_per_year",
    )?;
    let name = table.column("benchmark")?;
    let rate = table.column("rate_mm_per_year")?;
    let place = Place::find(&table)?;
    let mut benchmarks = Vec::new();
    while let Some(row) = table.next_row()? {
        benchmarks.push(Benchmark {
            name: row.name(name)?.into_owned(),
            position: place.read(&row)?,
            rate_mm_per_year: row.number(rate, "mm a year, up positive")?,
        });
    }
    Ok(benchmarks)
}

/// The two columns of a position.
enum Place {
    Geographic(Column, Column),
    Planar(Column, Column),
}

impl Place {
    fn find(table: &Table) -> Result<Self, TableError> {
        match (table.find("easting"), table.find("northing")) {
            (Some(easting), Some(northing)) if table.find("longitude").is_none() => {
                Ok(Self::Planar(easting, northing))
            }
            _ => Ok(Self::Geographic(
                table.column("longitude")?,
                table.column("latitude")?,
            )),
        }
    }

    fn read(&self, row: &Row) -> Result<Position, TableError> {
        Ok(match *self {
            Self::Geographic(longitude, latitude) => Position::Geographic {
                longitude: row.number(longitude, "degrees")?,
                latitude: row.number(latitude, "degrees")?,
            },
            Self::Planar(easting, northing) => Position::Planar {
                easting: row.number(easting, "metres")?,
                northing: row.number(northing, "metres")?,
            },
        })
    }
}

/// A benchmark beside the ps points around it; rates in mm a year, up positive.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The benchmark.
    pub benchmark: Benchmark,
    /// Number of ps points with a rate within [`BUFFER_M`].
    pub points: usize,
    /// Their mean rate; `None` without points.
    pub ps_mm_per_year: Option<f64>,
}

impl Comparison {
    /// Levelled rate and rate of the ps points; `None` without points.
    pub fn pair(&self) -> Option<(f64, f64)> {
        Some((self.benchmark.rate_mm_per_year, self.ps_mm_per_year?))
    }
}

/// Compares each benchmark with its points, which [`crate::ps::read_points`] finds within [`BUFFER_M`].
pub fn compare(benchmarks: Vec<Benchmark>, points: &[WellPoints]) -> Vec<Comparison> {
    benchmarks
        .into_iter()
        .zip(points)
        .map(|(benchmark, points)| {
            let rates = points.rates().into_iter().flatten();
            let rates: Vec<f64> = rates.map(|rate| rate.vertical_mm_per_year).collect();
            let mean = -rates.iter().sum::<f64>() / rates.len() as f64;
            Comparison {
                benchmark,
                points: rates.len(),
                ps_mm_per_year: (!rates.is_empty()).then_some(mean),
            }
        })
        .collect()
}

/// How well ps points and levelling agree; differences are ps points minus levelling, mm a year, up positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Benchmarks with ps points around them: what all other numbers are over.
    pub benchmarks: usize,
    /// Largest size of a difference.
    pub largest_mm_per_year: f64,
    /// Smallest size of a difference.
    pub smallest_mm_per_year: f64,
    /// Mean of the differences with their signs.
    pub mean_mm_per_year: f64,
    /// Square of the correlation between the two rates; `None` when either is the same everywhere.
    pub r2: Option<f64>,
}

/// Summary of the levelled rate and the ps points' rate of each benchmark that has both, mm a year; `None` without any.
pub fn agreement(pairs: &[(f64, f64)]) -> Option<Agreement> {
    if pairs.is_empty() {
        return None;
    }
    let sizes = || pairs.iter().map(|(levelled, ps)| (ps - levelled).abs());
    Some(Agreement {
        benchmarks: pairs.len(),
        largest_mm_per_year: sizes().fold(0.0, f64::max),
        smallest_mm_per_year: sizes().fold(f64::INFINITY, f64::min),
        mean_mm_per_year: mean(pairs.iter().map(|(levelled, ps)| ps - levelled)),
        r2: correlation(pairs).map(|r| r * r),
    })
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_keep_their_signs_in_the_mean_alone() {
        let found = agreement(&[(-10.0, -8.0), (-20.0, -23.0)]).unwrap();
        assert_eq!(
            (
                found.benchmarks,
                found.largest_mm_per_year,
                found.smallest_mm_per_year
            ),
            (2, 3.0, 2.0)
        );
        assert_eq!(found.mean_mm_per_year, -0.5);
    }

    #[test]
    fn r2_is_the_squared_correlation() {
        // x 1 2 3, y 1 3 2: covariance 1/3, variances 2/3 each, correlation 1/2.
        let found = agreement(&[(1.0, 1.0), (2.0, 3.0), (3.0, 2.0)]);
        assert!((found.unwrap().r2.unwrap() - 0.25).abs() < 1e-12);
        assert_eq!(agreement(&[(1.0, 1.0)]).unwrap().r2, None);
    }

    #[test]
    fn benchmarks_without_points_have_no_agreement() {
        assert_eq!(agreement(&[]), None);
    }

    #[test]
    fn a_rate_that_is_no_number_is_named() {
        let file = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
        std::fs::write(
            &file,
            "benchmark,easting,northing,rate_mm_per_year\nBM1,1,2,fast\n",
        )
        .unwrap();
        let error = read_benchmarks(file.path()).unwrap_err().to_string();
        assert!(
            error
                .ends_with(":2: rate_mm_per_year: found \"fast\", expected mm a year, up positive"),
            "{error}"
        );
    }
}
