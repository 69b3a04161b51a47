//! What can be wrong with a site folder.

use std::path::PathBuf;

use crate::{
    ps::PointsError,
    table::{Place, TableError},
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
        "{place}: well: found \"{well}\" a second time, expected every well once; rename or remove one"
    )]
    DuplicateWell {
        /// Where.
        place: Place,
        /// The id.
        well: String,
    },
    /// A row of a well that `wells.csv` does not have.
    #[error(
        "{place}: well: found \"{well}\", expected a well of wells.csv ({known}); add it there or correct the row"
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
    #[error("{place}: layer: found \"{layer}\", expected a layer of {of} ({known})")]
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
    /// Two values for one time.
    #[error(
        "{place}: date: found {time} a second time for {of} (first in line {first}); remove one"
    )]
    DuplicateDate {
        /// Where.
        place: Place,
        /// The time.
        time: String,
        /// Well and aquifer layer.
        of: String,
        /// Line of the other row.
        first: u64,
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
