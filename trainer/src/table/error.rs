//! What can be wrong with a table, and where.

use std::{fmt, path::PathBuf};

use super::line::MAX_ROW_BYTES;
use crate::format::Format;

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
    /// The file cannot be opened or read; says which.
    #[error(transparent)]
    Unreadable(#[from] std::io::Error),
    /// Not even column names.
    #[error("{}: the file is empty, expected the columns {expected}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// The columns that were looked for.
        expected: String,
    },
    /// Another program's file.
    #[error("{}: found {format}, expected CSV with the columns {expected}; {}", path.display(), remedy(*format))]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        format: Format,
        /// The columns that were looked for.
        expected: String,
    },
    /// A column is missing.
    #[error("{}:1: no column {column}, found {found}{}", path.display(), separator_hint(found))]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column, and what it holds where that helps.
        column: String,
        /// The columns that are there, shortened.
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
    #[error("{place}: {column}: found \"{found}\", expected {expected}{}", more_such(*more))]
    Field {
        /// Where.
        place: Place,
        /// The column.
        column: String,
        /// The text, shortened.
        found: String,
        /// What the column holds.
        expected: &'static str,
        /// How many further cells are as bad.
        more: u64,
    },
    /// A second row of headings.
    #[error("{place}: found a row of units; remove it, units stand in the column names")]
    UnitsRow {
        /// Where.
        place: Place,
    },
    /// Bytes that are not UTF-8.
    #[error("{place}: not UTF-8 text; save the file as CSV UTF-8")]
    NotUtf8 {
        /// Where.
        place: Place,
    },
    /// A quoted field runs on without end, holds whole rows, or is followed by other text.
    #[error("{place}: a quote without its partner; close the quoted field or remove the quote")]
    Quote {
        /// Where the field begins.
        place: Place,
    },
    /// A row never ends.
    #[error("{place}: found a row of more than {MAX_ROW_BYTES} bytes, expected one row a line")]
    LongRow {
        /// Where.
        place: Place,
    },
}

/// Longest quotation of a field in a message, bytes.
pub const MAX_QUOTED_BYTES: usize = 40;

/// Longest list of names in a message, bytes.
const MAX_LISTED_BYTES: usize = 120;

/// A field for a message: on one line, and cut where it is long.
pub fn quoted(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    let text: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    if text.len() <= MAX_QUOTED_BYTES {
        return text;
    }
    format!(
        "{}...",
        &text[..text.floor_char_boundary(MAX_QUOTED_BYTES - 3)]
    )
}

/// Names for a message: all of a few, the first of many.
pub fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let mut text = String::new();
    for (number, name) in names.iter().enumerate() {
        let name = quoted(name.as_ref().as_bytes());
        if number > 0 && text.len() + name.len() > MAX_LISTED_BYTES {
            return format!("{text} and {} more", names.len() - number);
        }
        if number > 0 {
            text.push_str(", ");
        }
        text.push_str(&name);
    }
    text
}

/// How another program's file comes into a site.
fn remedy(format: Format) -> &'static str {
    match format {
        Format::Utf16 => "save it as CSV UTF-8",
        Format::CarriageReturns => "save it with the line ends of Unix or Windows",
        Format::Spreadsheet => "save the sheet as CSV UTF-8",
        Format::Compressed => "unpack it first",
        Format::Hdf5 => "write its time series as CSV first, as docs/data.md shows",
        Format::Dino => "read it by `amlstm import --columns`, as docs/data.md shows",
        _ => "bring it in by `amlstm import`",
    }
}

/// Points at the likely cause where a whole header is one column.
fn separator_hint(found: &str) -> &'static str {
    if found.contains(';') || found.contains('\t') {
        "; columns must be separated by commas"
    } else {
        ""
    }
}

fn more_such(more: u64) -> String {
    match more {
        0 => String::new(),
        1 => "; another cell is as bad".to_owned(),
        more => format!("; {more} more cells are as bad"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_fields_and_lists_are_cut() {
        assert_eq!(quoted("4\u{fc}\n".repeat(40).as_bytes()).len(), 40);
        assert_eq!(listed(&["A", "B"]), "A, B");
        let many: Vec<String> = (0..1000).map(|number| format!("P{number}")).collect();
        let text = listed(&many);
        assert!(text.len() < 140 && text.ends_with(" more"), "{text}");
        assert!(listed(&["x".repeat(500)]).len() <= 43);
    }
}
