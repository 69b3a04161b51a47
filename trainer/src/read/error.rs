//! What can be wrong with a site folder.

use std::path::{Path, PathBuf};

use amlstm_core::artifact::MAX_NAME_BYTES;
use jiff::civil::Date;

use crate::{
    level::SeriesFault,
    ps::PointsError,
    table::{Place, TableError, quoted, shown_time},
};

/// Why a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A CSV file is malformed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The points file is malformed.
    #[error(transparent)]
    Points(#[from] PointsError),
    /// No such folder.
    #[error("{}: not a folder; expected one with wells.csv, levels.csv and subsidence.csv or points.csv", path.display())]
    NotAFolder {
        /// What was given.
        path: PathBuf,
    },
    /// Neither subsidence nor points.
    #[error("{}: found neither subsidence.csv nor points.csv, expected what the ground did in one of them", path.display())]
    NoGround {
        /// The folder.
        path: PathBuf,
    },
    /// Column names but no well.
    #[error("{}: found no well, expected at least one row", path.display())]
    NoWells {
        /// The file.
        path: PathBuf,
    },
    /// One id for two wells.
    #[error(
        "{place}: well: found \"{}\" a second time, expected every well once; rename or remove one", quoted(well.as_bytes())
    )]
    DuplicateWell {
        /// Where.
        place: Place,
        /// The id.
        well: String,
    },
    /// A row of a well that `wells.csv` does not have.
    #[error(
        "{place}: well: found \"{}\", expected a well of wells.csv ({known}); add it there or correct the row", quoted(well.as_bytes())
    )]
    UnknownWell {
        /// Where.
        place: Place,
        /// The id.
        well: String,
        /// The wells there are, shortened.
        known: String,
    },
    /// An aquifer layer that `layers.csv` or the model does not have.
    #[error("{place}: layer: found \"{}\", expected a layer of {of} ({known})", quoted(layer.as_bytes()))]
    UnknownLayer {
        /// Where.
        place: Place,
        /// The layer.
        layer: String,
        /// Who names the layers.
        of: &'static str,
        /// The layers there are.
        known: String,
    },
    /// Not a single level of the well.
    #[error("{}: found no level of well {well}; correct the column well, or leave it out where all rows are this well's", path.display())]
    NoLevels {
        /// The file.
        path: PathBuf,
        /// Well id.
        well: String,
    },
    /// A name that no model file can hold.
    #[error(
        "{place}: {column}: found \"{}\", {} bytes long, expected at most {MAX_NAME_BYTES}; shorten it", quoted(name.as_bytes()), name.len()
    )]
    LongName {
        /// Where.
        place: Place,
        /// The column.
        column: &'static str,
        /// The name.
        name: String,
    },
    /// Levels stated twice.
    #[error("{}:1: found both level_m and depth_to_water_m, expected one of them; remove the other", path.display())]
    TwoLevelColumns {
        /// The file.
        path: PathBuf,
    },
    /// Readings that contradict each other, or markers for "no data" among them.
    #[error("{}", shown_fault(path, column, of, fault))]
    Series {
        /// The file.
        path: PathBuf,
        /// The column of the values.
        column: &'static str,
        /// Well and aquifer layer.
        of: String,
        /// What is wrong.
        fault: SeriesFault,
    },
    /// A row for a model years after the one before.
    #[error(
        "{place}: date: found {date}, {years} years after {before}, the row before it; correct the date"
    )]
    LongPause {
        /// Where.
        place: Place,
        /// The date.
        date: Date,
        /// Whole years between.
        years: i32,
        /// Date of the row before.
        before: Date,
    },
    /// `points.csv` without positions of the wells.
    #[error("{}: points.csv needs to know where the wells are, expected the columns longitude, latitude or easting, northing", path.display())]
    NoPositions {
        /// `wells.csv`.
        path: PathBuf,
    },
    /// A position that cannot be.
    #[error(
        "{place}: found longitude {longitude}, latitude {latitude}, expected -180 to 180 and -90 to 90 degrees"
    )]
    Position {
        /// Where.
        place: Place,
        /// Degrees.
        longitude: f64,
        /// Degrees.
        latitude: f64,
    },
}

fn shown_fault(path: &Path, column: &str, of: &str, fault: &SeriesFault) -> String {
    let path = path.display();
    match fault {
        SeriesFault::Contradiction {
            time,
            first,
            again,
            more,
        } => {
            let more = match more {
                0 => String::new(),
                1 => "; there is another such pair".to_owned(),
                more => format!("; there are {more} more such pairs"),
            };
            format!(
                "{path}:{again}: date: found {} a second time for {of} with another value (first in line {first}); remove one{more}",
                shown_time(*time)
            )
        }
        SeriesFault::Marker { line, value, more } => {
            let more = match more {
                0 => String::new(),
                more => format!(" (and {more} more for {of})"),
            };
            format!(
                "{path}:{line}: {column}: found {}{more}, which looks like \"no reading\" beside its neighbours; list it in no_data of [data], or correct it",
                // Levels are f32: their shortest decimal is what the file holds.
                *value as f32
            )
        }
    }
}
