//! One CSV file with named columns, read row by row in constant memory.
//!
//! UTF-8, separated by commas, first line the column names, in any order; further columns are ignored. Quoted fields, a byte-order
//! mark, Windows line ends, empty rows and spaces around a field are fine. A quoted field may go over line ends, but not over whole rows: then a quote
//! lacks its partner. Every message starts with file and line.

mod cell;
mod error;
pub(crate) mod line;
mod row;
mod section;
mod time;

use std::{
    io::{Read, Seek, SeekFrom, Take},
    ops::Range,
    path::{Path, PathBuf},
};

pub use cell::{Cell, Conventions, NoData, is_usual_marker, is_word_for_nothing};
pub use error::{Place, TableError, listed, quoted};
pub use row::Row;
pub(crate) use row::is_row_of_units;
pub use section::{Section, scan_sections};
pub use time::{month_of, parse_time, shown_time};

use fs_err::File;

use crate::format::{FIRST_BYTES, Format};
use line::{Fields, LineError, Lines, Quotes};

/// A column of one table, found by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column(usize);

impl Column {
    /// Its place among the columns.
    pub fn index(self) -> usize {
        self.0
    }
}

/// An open table.
pub struct Table<R = File> {
    path: PathBuf,
    columns: Vec<String>,
    lines: Lines<R>,
    row: Vec<u8>,
    fields: Fields,
}

impl Table {
    /// Opens a file; `expected` names its columns for the message about an empty or another program's file.
    ///
    /// # Errors
    /// When the file cannot be read, is empty, is another program's, or names a column twice.
    pub fn open(path: &Path, expected: &str) -> Result<Self, TableError> {
        Self::new(open_own(path, expected, None)?, path, expected)
    }

    /// The rows behind the column names, none of which was read yet, in sections for [`scan_sections`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sections(&self) -> Result<Vec<Section>, TableError> {
        let sections = Section::cut(&self.path, self.lines.bytes(), self.lines.count())?;
        Ok(sections)
    }

    /// Some rows of the same file once more; `file` is that file, opened by the caller.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn again<'f>(
        &self,
        mut file: &'f File,
        rows: &Section,
    ) -> Result<Table<Take<&'f File>>, TableError> {
        let Range { start, end } = rows.bytes;
        file.seek(SeekFrom::Start(start))?;
        Ok(Table {
            path: self.path.clone(),
            columns: self.columns.clone(),
            lines: Lines::behind(file.take(end - start), start, rows.lines_before),
            row: Vec::new(),
            fields: Fields::default(),
        })
    }
}

/// Opens a file for reading.
///
/// # Errors
/// [`TableError::Unreadable`].
pub fn open(path: &Path) -> Result<File, TableError> {
    Ok(File::open(path)?)
}

/// Opens a table for reading that is not in another program's format, except in `own`; `expected` names its columns for messages.
///
/// # Errors
/// When the file cannot be read or is another program's.
pub(crate) fn open_own(
    path: &Path,
    expected: &str,
    own: Option<Format>,
) -> Result<File, TableError> {
    let mut file = open(path)?;
    let mut first = Vec::new();
    file.by_ref()
        .take(FIRST_BYTES as u64)
        .read_to_end(&mut first)
        .and_then(|_| file.rewind())?;
    match Format::of(&first) {
        Some(format) if Some(format) != own => Err(TableError::Foreign {
            path: path.to_owned(),
            format,
            expected: expected.to_owned(),
        }),
        _ => Ok(file),
    }
}

impl<R: Read> Table<R> {
    /// Reads a table from anything; `path` is for messages.
    ///
    /// # Errors
    /// When the source cannot be read, is empty, or names a column twice.
    pub fn new(source: R, path: &Path, expected: &str) -> Result<Self, TableError> {
        let mut table = Self {
            path: path.to_owned(),
            columns: Vec::new(),
            lines: Lines::behind(source, 0, 0),
            row: Vec::new(),
            fields: Fields::default(),
        };
        if table.read_fields()?.is_none() {
            return Err(TableError::Empty {
                path: path.to_owned(),
                expected: expected.to_owned(),
            });
        }
        for field in table.fields.iter() {
            let column = std::str::from_utf8(field).map_err(|_| TableError::NotUtf8 {
                place: Place {
                    path: path.to_owned(),
                    line: 1,
                },
            })?;
            if !column.is_empty() && table.columns.iter().any(|other| other == column) {
                return Err(TableError::DuplicateColumn {
                    path: path.to_owned(),
                    column: quoted(column.as_bytes()),
                });
            }
            table.columns.push(column.to_owned());
        }
        Ok(table)
    }

    /// The file, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Column names in their order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Finds a column that may be absent.
    pub fn find(&self, name: &str) -> Option<Column> {
        self.columns
            .iter()
            .position(|column| column == name)
            .map(Column)
    }

    /// Finds a column that must be there.
    ///
    /// # Errors
    /// [`TableError::MissingColumn`] lists the columns that are there.
    pub fn column(&self, name: &str) -> Result<Column, TableError> {
        self.find(name).ok_or_else(|| self.missing(name))
    }

    /// That a column is missing.
    pub fn missing(&self, column: &str) -> TableError {
        TableError::MissingColumn {
            path: self.path.clone(),
            column: column.to_owned(),
            found: listed(&self.columns),
        }
    }

    /// The next row, or `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read on or the row has the wrong number of fields.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, TableError> {
        let start = [self.lines.bytes(), self.lines.count()];
        let Some(line) = self.read_fields()? else {
            return Ok(None);
        };
        let row = Row {
            path: &self.path,
            columns: &self.columns,
            fields: &self.fields,
            line,
            start,
            end: self.lines.bytes(),
        };
        if self.fields.count() == self.columns.len() {
            Ok(Some(row))
        } else {
            Err(TableError::FieldCount {
                place: row.place(),
                found: self.fields.count(),
                expected: self.columns.len(),
            })
        }
    }

    /// Reads the next row that is not empty; gives the line on which it starts.
    fn read_fields(&mut self) -> Result<Option<u64>, TableError> {
        loop {
            self.row.clear();
            let line = self.lines.count() + 1;
            if !self.read_line(line)? {
                return Ok(None);
            }
            let mut line_start = 0;
            loop {
                match self.fields.split(&self.row) {
                    Quotes::Closed => break,
                    Quotes::Stray => return Err(self.quote(line)),
                    Quotes::Open => {}
                }
                let inner = &self.row[line_start..];
                if line_start > 0 && self.is_as_long_as_a_row(inner) {
                    return Err(self.quote(line));
                }
                self.row.push(b'\n');
                line_start = self.row.len();
                if !self.read_line(line)? {
                    return Err(self.quote(line));
                }
            }
            if !self.fields.are_blank() {
                return Ok(Some(line));
            }
        }
    }

    /// Whether a line has as many commas as the column names, so that a quoted field that holds it has lost its end.
    fn is_as_long_as_a_row(&self, line: &[u8]) -> bool {
        let commas = memchr::memchr_iter(b',', line).count();
        !self.columns.is_empty() && commas + 1 >= self.columns.len()
    }

    fn read_line(&mut self, line: u64) -> Result<bool, TableError> {
        self.lines.read(&mut self.row).map_err(|error| match error {
            LineError::Io(error) => error.into(),
            LineError::TooLong => TableError::LongRow {
                place: self.place(line),
            },
        })
    }

    fn quote(&self, line: u64) -> TableError {
        TableError::Quote {
            place: self.place(line),
        }
    }

    fn place(&self, line: u64) -> Place {
        Place {
            path: self.path.clone(),
            line,
        }
    }
}

#[cfg(test)]
mod tests;
