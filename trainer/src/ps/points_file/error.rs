//! What can be wrong with a points file.

use std::path::PathBuf;

use super::line::MAX_ROW;

/// Why a points file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PointsError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A field does not hold what it must.
    #[error("{path}:{line}: {column}: found {found:?}, expected {expected}")]
    Field {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Name of the column.
        column: String,
        /// The field, shortened.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A row has more or fewer fields than the header.
    #[error("{path}:{line}: found {found} fields, expected {expected} as in the header")]
    FieldCount {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Fields in the row.
        found: usize,
        /// Fields in the header.
        expected: usize,
    },
    /// A row never ends.
    #[error(
        "{path}:{line}: found a line of more than {MAX_ROW} bytes, expected one ps point a line"
    )]
    LongLine {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
    },
    /// A quoted field runs over the end of its line or is followed by other text.
    #[error(
        "{path}:{line}: found a quote without its partner, expected quoted fields to end on their line"
    )]
    Quote {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
    },
    /// The header lacks a column.
    #[error("{path}:1: found no column {column}, expected {expected}")]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// Name of the column.
        column: &'static str,
        /// What the header should have.
        expected: &'static str,
    },
    /// The header names a column twice.
    #[error("{path}:1: found column {column} twice, expected it once")]
    DoubleColumn {
        /// The file.
        path: PathBuf,
        /// Name of the column.
        column: String,
    },
}
