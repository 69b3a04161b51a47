//! Lines of a points file and the fields of a line.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::PointsError;

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;

/// Longest row: a thousand scenes of a century at a dozen bytes is far below.
pub(super) const MAX_ROW: u64 = 1 << 22;

/// One line without its end, its number from 1, and the byte of the file where it starts.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) number: u64,
    pub(super) start: u64,
}

/// The lines of a source, each read into the same buffer.
pub(super) struct Lines<'p, R> {
    source: BufReader<R>,
    path: &'p Path,
    line: Vec<u8>,
    number: u64,
    /// Bytes of the file read.
    read: u64,
}

impl<'p, R: Read> Lines<'p, R> {
    pub(super) fn new(source: R, path: &'p Path) -> Self {
        Self::behind(source, path, 0, 0)
    }

    /// The lines of a source that begins behind so many bytes and lines of the file.
    pub(super) fn behind(source: R, path: &'p Path, bytes: u64, lines: u64) -> Self {
        Self {
            source: BufReader::with_capacity(CHUNK, source),
            path,
            line: Vec::new(),
            number: lines,
            read: bytes,
        }
    }

    /// Bytes of the file that were read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    pub(super) fn next_line(&mut self) -> Result<Option<Line<'_>>, PointsError> {
        self.line.clear();
        self.number += 1;
        let mut limited = self.source.by_ref().take(MAX_ROW);
        let length = limited
            .read_until(b'\n', &mut self.line)
            .map_err(|source| PointsError::Io {
                path: self.path.to_owned(),
                source,
            })?;
        if length == 0 {
            return Ok(None);
        }
        let start = self.read;
        self.read += length as u64;
        let mut bytes = self.line.as_slice();
        match bytes.strip_suffix(b"\n") {
            Some(whole) => bytes = whole.strip_suffix(b"\r").unwrap_or(whole),
            None if length as u64 == MAX_ROW => {
                return Err(PointsError::LongLine {
                    path: self.path.to_owned(),
                    line: self.number,
                });
            }
            None => {}
        }
        if self.number == 1 {
            bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        }
        Ok(Some(Line {
            bytes,
            number: self.number,
            start,
        }))
    }
}

/// All fields of a line, unquoted; `None` when a quote has no partner.
pub(super) fn fields(line: &[u8]) -> Option<Vec<Cow<'_, [u8]>>> {
    let mut fields = Vec::with_capacity(64);
    let mut rest = line;
    loop {
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let (field, after) = unquoted(quoted)?;
            fields.push(Cow::Owned(field));
            rest = after;
        } else {
            let end = rest
                .iter()
                .position(|byte| *byte == b',')
                .unwrap_or(rest.len());
            fields.push(Cow::Borrowed(&rest[..end]));
            rest = &rest[end..];
        }
        match rest.split_first() {
            None => return Some(fields),
            Some((b',', more)) => rest = more,
            Some(_) => return None,
        }
    }
}

/// A field from behind its opening quote, and what follows its closing one; a doubled quote stands for one.
fn unquoted(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut field = Vec::new();
    loop {
        let end = rest.iter().position(|byte| *byte == b'"')?;
        field.extend_from_slice(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix(b"\"") {
            Some(more) => {
                field.push(b'"');
                rest = more;
            }
            None => return Some((field, rest)),
        }
    }
}
