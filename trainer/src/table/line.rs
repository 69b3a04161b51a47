//! Lines of a file and the fields of a row.

use std::io::{BufRead, BufReader, Read};
use std::ops::Range;

use memchr::{memchr, memchr_iter};

/// Bytes read at a time.
const CHUNK: usize = 1 << 18;

/// Longest row: a thousand scenes of a century at a dozen bytes is far below.
pub const MAX_ROW_BYTES: usize = 1 << 22;

/// The lines of a source, one after the other into a buffer of the caller.
pub struct Lines<R> {
    source: BufReader<R>,
    /// Lines read.
    count: u64,
    /// Bytes of the file read.
    bytes: u64,
}

/// Why no line was read.
#[derive(Debug)]
pub enum LineError {
    /// The source failed.
    Io(std::io::Error),
    /// The row is longer than [`MAX_ROW_BYTES`].
    TooLong,
}

impl<R: Read> Lines<R> {
    /// The lines of a source that begins behind so many bytes and lines of its file.
    pub fn behind(source: R, bytes: u64, lines: u64) -> Self {
        Self {
            source: BufReader::with_capacity(CHUNK, source),
            count: lines,
            bytes,
        }
    }

    /// Bytes of the file read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Lines of the file read so far: the number of the last line, from 1.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Appends the next line without its end to `row`; `false` at the end of the source.
    ///
    /// # Errors
    /// When the source fails or the row becomes too long.
    pub fn read(&mut self, row: &mut Vec<u8>) -> Result<bool, LineError> {
        let before = row.len();
        let room = MAX_ROW_BYTES.saturating_sub(before) as u64;
        let length = self
            .source
            .by_ref()
            .take(room)
            .read_until(b'\n', row)
            .map_err(LineError::Io)?;
        if length == 0 {
            return if room == 0 {
                Err(LineError::TooLong)
            } else {
                Ok(false)
            };
        }
        self.count += 1;
        self.bytes += length as u64;
        if row.last() == Some(&b'\n') {
            row.pop();
            if row.len() > before && row.last() == Some(&b'\r') {
                row.pop();
            }
        } else if length as u64 == room {
            return Err(LineError::TooLong);
        }
        if self.count == 1 && row.get(before..).is_some_and(|line| line.starts_with(MARK)) {
            row.drain(before..before + MARK.len());
        }
        Ok(true)
    }
}

/// The byte-order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What the quotes of a row say about its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotes {
    /// The row is whole.
    Closed,
    /// A quoted field goes on in the next line.
    Open,
    /// A quoted field is followed by other text.
    Stray,
}

/// The fields of a row, unquoted.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    text: Vec<u8>,
    bounds: Vec<Range<usize>>,
}

impl Fields {
    /// Takes a row apart. A quote within an unquoted field is text, as in `4" casing`; a doubled quote within a quoted field stands for one.
    pub fn split(&mut self, row: &[u8]) -> Quotes {
        self.text.clear();
        self.bounds.clear();
        if memchr(b'"', row).is_none() {
            self.text.extend_from_slice(row);
            let mut start = 0;
            for comma in memchr_iter(b',', row) {
                self.bounds.push(start..comma);
                start = comma + 1;
            }
            self.bounds.push(start..row.len());
            return Quotes::Closed;
        }
        let mut rest = row;
        loop {
            let start = self.text.len();
            let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
            if let Some(quoted) = rest[spaces..].strip_prefix(b"\"") {
                match self.unquote(quoted) {
                    Some(after) => rest = after.trim_ascii_start(),
                    None => return Quotes::Open,
                }
            } else {
                let end = memchr(b',', rest).unwrap_or(rest.len());
                self.text.extend_from_slice(&rest[..end]);
                rest = &rest[end..];
            }
            self.bounds.push(start..self.text.len());
            match rest.split_first() {
                None => return Quotes::Closed,
                Some((b',', more)) => rest = more,
                Some(_) => return Quotes::Stray,
            }
        }
    }

    /// Keeps a field from behind its opening quote; gives what follows its closing one.
    fn unquote<'a>(&mut self, mut rest: &'a [u8]) -> Option<&'a [u8]> {
        loop {
            let end = memchr(b'"', rest)?;
            self.text.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix(b"\"") {
                Some(more) => {
                    self.text.push(b'"');
                    rest = more;
                }
                None => return Some(rest),
            }
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.bounds.len()
    }

    /// One field without spaces around it; empty beyond the last.
    pub fn get(&self, field: usize) -> &[u8] {
        self.bounds
            .get(field)
            .map_or(&[][..], |bounds| self.text[bounds.clone()].trim_ascii())
    }

    /// All fields without spaces around them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.count()).map(|field| self.get(field))
    }

    /// Whether every field is empty, as in the rows that spreadsheets leave behind.
    pub fn are_blank(&self) -> bool {
        self.iter().all(<[u8]>::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(row: &str) -> (Quotes, Vec<String>) {
        let mut fields = Fields::default();
        let quotes = fields.split(row.as_bytes());
        let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
        (quotes, fields.iter().map(text).collect())
    }

    #[test]
    fn quotes_belong_to_the_row_or_to_the_text() {
        let closed = |row: &str, fields: &[&str]| {
            assert_eq!(
                split(row),
                (
                    Quotes::Closed,
                    fields.iter().map(ToString::to_string).collect()
                )
            );
        };
        closed("a, b ,", &["a", "b", ""]);
        closed("\"a, \"\"b\"\"\",c", &["a, \"b\"", "c"]);
        closed("4\" casing,x", &["4\" casing", "x"]);
        closed("a, \"b\" ,\"\"", &["a", "b", ""]);
        assert_eq!(split("a,\"b").0, Quotes::Open);
        assert_eq!(split("\"a\"b,c").0, Quotes::Stray);
    }

    #[test]
    fn lines_are_counted_whatever_their_ends() {
        let text = "\u{feff}one\r\n\ntwo\rtwo\nthree";
        let mut lines = Lines::behind(text.as_bytes(), 0, 0);
        let mut found = Vec::new();
        let mut row = Vec::new();
        while lines.read(&mut row).unwrap() {
            found.push((lines.count(), String::from_utf8(row.clone()).unwrap()));
            row.clear();
        }
        let found: Vec<(u64, &str)> = found.iter().map(|(n, t)| (*n, t.as_str())).collect();
        assert_eq!(found, [(1, "one"), (2, ""), (3, "two\rtwo"), (4, "three")]);
        assert_eq!(lines.bytes(), text.len() as u64);
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_fills_the_memory() {
        let mut row = Vec::new();
        let error = Lines::behind(std::io::repeat(b'x'), 0, 0).read(&mut row);
        assert!(matches!(error, Err(LineError::TooLong)));
    }
}
