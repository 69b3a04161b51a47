//! What can be wrong with another program's file.

use std::path::PathBuf;

use crate::format::Format;
use crate::ps::PointsError;
use crate::read::ReadError;
use crate::table::{Place, TableError, quoted};

/// Why a file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The site's own files are malformed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The site's own files are malformed.
    #[error(transparent)]
    Site(#[from] ReadError),
    /// A points file is malformed.
    #[error(transparent)]
    Points(#[from] PointsError),
    /// A file that no memory holds.
    #[error("{}: larger than 4 GB, expected the readings of a well; cut it into parts", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A format that is known and not read here.
    #[error("{}: found {format}, which is not read here; docs/data.md says how to bring it in", path.display())]
    NotRead {
        /// The file.
        path: PathBuf,
        /// What it is.
        format: Format,
    },
    /// No format of any reader.
    #[error("{}: not a file of a known format; a CSV is read by --columns MAPPING.toml, see docs/data.md", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// Sound, and without a reading.
    #[error("{}: found no reading to take", path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
    },
    /// Something that is not as the format's description says.
    #[error("{place}: found \"{}\", expected {expected}", quoted(found.as_bytes()))]
    Malformed {
        /// Where.
        place: Place,
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
    },
    /// A column is needed and not there, or there are several to choose from.
    #[error("{}: {what}, found {found}", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// What is wanted.
        what: String,
        /// The columns there are.
        found: String,
    },
    /// Day and month cannot be told apart, or the order given contradicts a date.
    #[error("{place}: date: found \"{}\", expected {expected}; say the order by --date-order dmy or mdy", quoted(found.as_bytes()))]
    Date {
        /// Where.
        place: Place,
        /// The date.
        found: String,
        /// How dates are read.
        expected: &'static str,
    },
    /// A mapping that is not one.
    #[error("{}:{line}: {message}", path.display())]
    Mapping {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}
