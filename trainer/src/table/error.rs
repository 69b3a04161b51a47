//! What can be wrong with a table, and where.

use std::{fmt, path::PathBuf};

/// A place in a file, shown as `levels.csv:214`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// Line, from 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be opened or read.
    #[error("{}: cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Not even column names.
    #[error("{}: the file is empty, expected the columns {expected}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// The columns that were looked for.
        expected: String,
    },
    /// A column is missing.
    #[error("{}:1: no column {column}, found {found}{}", path.display(), separator_hint(found))]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The columns that are there.
        found: String,
    },
    /// Two columns of one name.
    #[error("{}:1: two columns {column}; remove or rename one", path.display())]
    DuplicateColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// A row with too many or too few fields.
    #[error(
        "{place}: found {found} fields, expected {expected} as in the first line; quote a field that contains a comma"
    )]
    FieldCount {
        /// Where.
        place: Place,
        /// Fields of this row.
        found: usize,
        /// Fields of the first line.
        expected: usize,
    },
    /// A field that is not what the column holds.
    #[error("{place}: {column}: found \"{found}\", expected {expected}")]
    Field {
        /// Where.
        place: Place,
        /// The column.
        column: String,
        /// The text.
        found: String,
        /// What the column holds.
        expected: &'static str,
    },
    /// Bytes that are not UTF-8.
    #[error("{place}: not UTF-8 text; save the file as CSV UTF-8")]
    NotUtf8 {
        /// Where.
        place: Place,
    },
}

/// Points at the likely cause where a whole header is one column.
fn separator_hint(found: &str) -> &'static str {
    if found.contains(';') || found.contains('\t') {
        "; columns must be separated by commas"
    } else {
        ""
    }
}
