//! What can be wrong with a points file beyond what can be wrong with any table.

use std::path::PathBuf;

use crate::table::{Place, TableError, quoted};

/// Why a points file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PointsError {
    /// As a table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The header lacks a column.
    #[error("{}:1: found no column {column}, expected {expected}", path.display())]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// Name of the column.
        column: &'static str,
        /// What the header should have.
        expected: &'static str,
    },
    /// A column that looks like the incidence angle under another name.
    #[error(
        "{}:1: column {} looks like the angle of the line of sight; name it incidence_angle (degrees from the vertical), or remove it where values are vertical", path.display(), quoted(column.as_bytes())
    )]
    OtherAngle {
        /// The file.
        path: PathBuf,
        /// Name of the column.
        column: String,
    },
    /// Columns of a line-of-sight product, but no incidence angle.
    #[error(
        "{}:1: column {} belongs to line-of-sight values, expected incidence_angle (degrees from the vertical) beside it; remove it where values are vertical", path.display(), quoted(column.as_bytes())
    )]
    NoAngle {
        /// The file.
        path: PathBuf,
        /// Name of the column.
        column: String,
    },
    /// Horizontal movement.
    #[error("{}: an east-west component, expected vertical or line-of-sight values; take the file whose name has _U", path.display())]
    EastWest {
        /// The file.
        path: PathBuf,
    },
    /// An EGMS level 3 file under another name.
    #[error(
        "{}: an EGMS level 3 file, whose vertical and east-west values have the same columns; give it its own name (EGMS_L3_..._U.csv), which tells them apart", path.display()
    )]
    UnknownComponent {
        /// The file.
        path: PathBuf,
    },
    /// Two points of one id with different values.
    #[error(
        "{place}: pid: found \"{}\" a second time with other values (first in line {first}); remove or rename one", quoted(pid.as_bytes())
    )]
    Contradiction {
        /// Where.
        place: Place,
        /// The id.
        pid: String,
        /// Line of the first.
        first: u64,
    },
    /// The same in two files.
    #[error(
        "{}: pid: found \"{}\" with other values than in {}; remove or rename one", path.display(), quoted(pid.as_bytes()), first.display()
    )]
    ContradictingFiles {
        /// The second file.
        path: PathBuf,
        /// The id.
        pid: String,
        /// The first file.
        first: PathBuf,
    },
    /// A usual marker for "no data" far from its neighbours.
    #[error(
        "{place}: {column}: found {value}{}, which looks like \"no reading\" beside its neighbours; list it in no_data of [data], or correct it", and_more(*more)
    )]
    Marker {
        /// Where.
        place: Place,
        /// The scene.
        column: String,
        /// The value.
        value: f64,
        /// Further such values of points near the wells.
        more: u64,
    },
}

fn and_more(more: u64) -> String {
    match more {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    }
}
