//! One CSV file with named columns, read row by row in constant memory.
//!
//! UTF-8, separated by commas, first line the column names, in any order; further columns are ignored. Quoted fields, a byte-order
//! mark, Windows line ends, empty lines and spaces around a field are fine. Every message starts with file and line.

mod decimal;
mod error;
mod row;
mod stretch;

use std::{
    fs::File,
    io::{Chain, Read, Seek, SeekFrom, Take},
    ops::Range,
    path::{Path, PathBuf},
};

use csv::{ByteRecord, ReaderBuilder, Terminator, Trim};

pub use decimal::plain_decimal;
pub use error::{Place, TableError};
pub use row::{Row, month_of, shown_time};
pub use stretch::{Found, Stretch, look_through};

/// A column of one table, found by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column(usize);

/// An open table.
pub struct Table<R = File> {
    path: PathBuf,
    columns: Vec<String>,
    reader: csv::Reader<Chain<R, &'static [u8]>>,
    record: ByteRecord,
    /// Whether the last field of the last row may go on behind the end of the source: it ends with a line feed.
    is_open: bool,
    /// Where the source begins in the file.
    origin: Origin,
}

/// A place in a file between two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Origin {
    byte: u64,
    /// Lines before it.
    lines: u64,
}

impl Table {
    /// Opens a file; `expected` names its columns for the message about an empty file.
    ///
    /// # Errors
    /// When the file cannot be read, is empty, or names a column twice.
    pub fn open(path: &Path, expected: &str) -> Result<Self, TableError> {
        let file = File::open(path).map_err(|source| TableError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::new(file, path, expected)
    }

    /// The rows behind the column names, none of which was read yet, in stretches for [`look_through`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn stretches(&self) -> Result<Vec<Stretch>, TableError> {
        let first = self.reader.position();
        Stretch::cut(&self.path, first.byte(), first.line() - 1).map_err(|source| {
            TableError::Unreadable {
                path: self.path.clone(),
                source,
            }
        })
    }

    /// Some rows of the same file once more; `file` is that file, opened by the caller.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn again<'f>(
        &self,
        mut file: &'f File,
        rows: &Stretch,
    ) -> Result<Table<Take<&'f File>>, TableError> {
        let Range { start, end } = rows.bytes;
        file.seek(SeekFrom::Start(start))
            .map_err(|source| TableError::Unreadable {
                path: self.path.clone(),
                source,
            })?;
        Ok(Table {
            path: self.path.clone(),
            columns: self.columns.clone(),
            reader: reader(file.take(end - start), false),
            record: ByteRecord::new(),
            is_open: false,
            origin: Origin {
                byte: start,
                lines: rows.lines_before,
            },
        })
    }
}

/// A line ends with its line feed, and the last one gets one too, so that lines can be counted; trimming takes carriage returns. Fields are trimmed where
/// they are read: the reader would copy every row for it.
fn reader<R: Read>(source: R, has_headers: bool) -> csv::Reader<Chain<R, &'static [u8]>> {
    ReaderBuilder::new()
        .has_headers(has_headers)
        .trim(Trim::Headers)
        .terminator(Terminator::Any(b'\n'))
        .flexible(true)
        .buffer_capacity(1 << 16)
        .from_reader(source.chain(&b"\n"[..]))
}

impl<R: Read> Table<R> {
    /// Reads a table from anything; `path` is for messages.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub fn new(source: R, path: &Path, expected: &str) -> Result<Self, TableError> {
        let mut table = Self {
            path: path.to_owned(),
            columns: Vec::new(),
            reader: reader(source, true),
            record: ByteRecord::new(),
            is_open: false,
            origin: Origin { byte: 0, lines: 0 },
        };
        let headers = table
            .reader
            .byte_headers()
            .cloned()
            .map_err(|error| unreadable(path, error))?;
        for field in &headers {
            let column = std::str::from_utf8(field).map_err(|_| TableError::NotUtf8 {
                place: Place {
                    path: path.to_owned(),
                    line: 1,
                },
            })?;
            if !column.is_empty() && table.columns.iter().any(|other| other == column) {
                return Err(TableError::DuplicateColumn {
                    path: path.to_owned(),
                    column: column.to_owned(),
                });
            }
            table.columns.push(column.to_owned());
        }
        if table.columns.iter().all(String::is_empty) {
            return Err(TableError::Empty {
                path: path.to_owned(),
                expected: expected.to_owned(),
            });
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
        self.find(name).ok_or_else(|| TableError::MissingColumn {
            path: self.path.clone(),
            column: name.to_owned(),
            found: self.columns.join(", "),
        })
    }

    /// Whether the rows read so far surely end where the source ends, and not within a quoted field.
    pub fn ends_a_row(&self) -> bool {
        !self.is_open
    }

    /// The next row, or `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read on or the row has the wrong number of fields.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, TableError> {
        let start = loop {
            let start = self.reader.position().clone();
            let found = self
                .reader
                .read_byte_record(&mut self.record)
                .map_err(|error| unreadable(&self.path, error))?;
            if !found {
                return Ok(None);
            }
            let last = self.record.iter().next_back();
            self.is_open = last.is_some_and(|field| field.ends_with(b"\n"));
            let blank = self.record.len() == 1 && self.record[0].trim_ascii().is_empty();
            if !blank {
                break start;
            }
        };
        let after = self.reader.position();
        let Origin { byte, lines } = self.origin;
        let row = Row {
            path: &self.path,
            columns: &self.columns,
            record: &self.record,
            line_after: lines + after.line(),
            start: [byte + start.byte(), lines + start.line() - 1],
            end: byte + after.byte(),
        };
        if row.record.len() == self.columns.len() {
            Ok(Some(row))
        } else {
            Err(TableError::FieldCount {
                place: row.place(),
                found: row.record.len(),
                expected: self.columns.len(),
            })
        }
    }
}

fn unreadable(path: &Path, error: csv::Error) -> TableError {
    let source = match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        other => std::io::Error::other(format!("{other:?}")),
    };
    TableError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<Table<&[u8]>, TableError> {
        Table::new(text.as_bytes(), Path::new("levels.csv"), "well,level_m")
    }

    fn levels(text: &str) -> Result<Vec<(String, Option<f64>, u64)>, TableError> {
        let mut table = table(text)?;
        let (well, level) = (table.column("well")?, table.column("level_m")?);
        let mut rows = Vec::new();
        while let Some(row) = table.next_row()? {
            rows.push((
                row.name(well)?.to_owned(),
                row.optional_number(level, "metres or an empty field")?,
                row.place().line,
            ));
        }
        Ok(rows)
    }

    fn message(text: &str) -> String {
        levels(text).unwrap_err().to_string()
    }

    #[test]
    fn what_spreadsheets_write_reads_like_the_plain_file() {
        let plain = levels("well,level_m\nA,1.5\nB,\n").unwrap();
        assert_eq!(
            plain,
            [("A".to_owned(), Some(1.5), 2), ("B".to_owned(), None, 3)]
        );
        let lines = |text| {
            levels(text)
                .unwrap()
                .iter()
                .map(|row| row.2)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            lines("well,level_m\r\n\r\n\r\nA,1\r\n\n\n\"A\nB\",2\nC,3"),
            [4, 7, 9]
        );
        assert_eq!(
            levels("\u{feff}well,level_m\r\nA,1.5\r\nB,\r\n").unwrap(),
            plain
        );
        assert_eq!(
            levels("\"level_m\",\"note\",\"well\"\n\"1.5\",\"a, b\",\"A\"\n,\"\",B").unwrap(),
            plain
        );
        assert_eq!(levels(" well , level_m\n A , 1.5\n B ,\n").unwrap(), plain);
    }

    #[test]
    fn rows_read_again_are_the_same_and_keep_their_lines() {
        let text = "well,level_m\r\n\r\nA,1\r\n\n\"A\",2\nB,3\n\n\"A\nA\",4\nA,5\nA,x";
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut table = Table::open(file.path(), "").unwrap();
        let well = table.column("well").unwrap();
        let mut rows = Vec::new();
        let mut stretches: Vec<Stretch> = Vec::new();
        while let Some(row) = table.next_row().unwrap() {
            if row.name(well).unwrap() == "B" {
                continue;
            }
            rows.push((format!("{:?}", row.record), row.line()));
            let next = row.stretch();
            if !stretches.last_mut().is_some_and(|last| last.join(&next)) {
                stretches.push(next);
            }
        }
        assert_eq!(stretches.len(), 2, "before B and after it");
        let opened = File::open(file.path()).unwrap();
        let mut again = Vec::new();
        for stretch in &stretches {
            let mut part = table.again(&opened, stretch).unwrap();
            while let Some(row) = part.next_row().unwrap() {
                again.push((format!("{:?}", row.record), row.line()));
            }
        }
        assert_eq!(again, rows);
        let lines: Vec<u64> = rows.iter().map(|row| row.1).collect();
        assert_eq!(lines, [3, 5, 8, 10, 11]);
    }

    #[test]
    fn a_bad_number_is_refused_with_line_and_column() {
        let expected = "levels.csv:3: level_m: found \"n/a\", expected metres or an empty field";
        assert_eq!(message("well,level_m\nA,1\nA,n/a\n"), expected);
        for bad in ["NaN", "inf", "-infinity", "1,5", "1.5 m", "1e999"] {
            let text = format!("well,level_m\nA,\"{bad}\"\n");
            assert_eq!(
                message(&text),
                format!(
                    "levels.csv:2: level_m: found \"{bad}\", expected metres or an empty field"
                )
            );
        }
    }

    #[test]
    fn a_missing_column_is_named_beside_those_that_are_there() {
        assert_eq!(
            message("well,level\nA,1\n"),
            "levels.csv:1: no column level_m, found well, level"
        );
        assert_eq!(
            message("well;level_m\nA;1\n"),
            "levels.csv:1: no column well, found well;level_m; columns must be separated by commas"
        );
        assert_eq!(
            message("well,level_m,well\nA,1,B\n"),
            "levels.csv:1: two columns well; remove or rename one"
        );
    }

    #[test]
    fn an_empty_file_and_a_ragged_row_are_refused() {
        for empty in ["", "\n\n", "\u{feff}", "\r\n"] {
            assert_eq!(
                message(empty),
                "levels.csv: the file is empty, expected the columns well,level_m"
            );
        }
        assert_eq!(
            message("well,level_m\nA,1,2\n"),
            "levels.csv:2: found 3 fields, expected 2 as in the first line; quote a field that contains a comma"
        );
        assert_eq!(levels("well,level_m\n").unwrap(), []);
    }

    #[test]
    fn other_encodings_are_refused() {
        let mut table = Table::new(
            &b"well,level_m\nM\xfcnchen,1\n"[..],
            Path::new("levels.csv"),
            "",
        )
        .unwrap();
        let well = table.column("well").unwrap();
        let row = table.next_row().unwrap().unwrap();
        assert_eq!(
            row.name(well).unwrap_err().to_string(),
            "levels.csv:2: not UTF-8 text; save the file as CSV UTF-8"
        );
    }
}
