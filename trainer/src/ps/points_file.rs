//! Reads a points file of any size in one pass and constant memory: only points within a buffer are kept.
//!
//! EGMS style: one row a point, columns `pid`, `longitude,latitude` or `easting,northing` (whichever the wells have),
//! `incidence_angle` in degrees unless the product is vertical, and one column a scene named `YYYYMMDD` in mm, towards
//! the satellite (or up) positive. Other columns are passed over. A row outside all buffers is read only as far as its
//! position, so errors further right in such rows are not found. A quoted field must end on its line.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::{PsPoint, WellPoints, vertical_mm};
use crate::geodesy::{Buffers, Position};

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;

/// Longest row: a thousand scenes of a century at a dozen bytes is far below.
const MAX_ROW: u64 = 1 << 22;

/// Longest quotation of a wrong value in a message, bytes.
const MAX_FOUND: usize = 40;

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

/// Reads the points within `buffer_m` of any centre; the result has one entry a centre, in their order.
///
/// All centres must be geographic or all planar; they decide which position columns are read.
///
/// # Errors
///
/// When the file cannot be read, its header lacks a column, or a row within a buffer is malformed.
pub fn read_points(
    path: &Path,
    centres: &[Position],
    buffer_m: f64,
) -> Result<Vec<WellPoints>, PointsError> {
    let file = File::open(path).map_err(|source| PointsError::Io {
        path: path.to_owned(),
        source,
    })?;
    read_points_from(file, path, centres, buffer_m)
}

/// [`read_points`] from any source; `path` is what messages call it.
///
/// # Errors
///
/// As [`read_points`].
pub fn read_points_from(
    source: impl Read,
    path: &Path,
    centres: &[Position],
    buffer_m: f64,
) -> Result<Vec<WellPoints>, PointsError> {
    let planar = matches!(centres.first(), Some(Position::Planar { .. }));
    let buffers = Buffers::new(centres.to_vec(), buffer_m);
    let mut lines = Lines::new(source, path);
    let header = match lines.next_line()? {
        Some(line) => Header::parse(line, path, planar)?,
        None => return Err(Header::missing(path, "pid", "a header line")),
    };
    let mut found = vec![
        WellPoints {
            scenes: header.scenes.clone(),
            points: Vec::new()
        };
        centres.len()
    ];
    while let Some(line) = lines.next_line()? {
        if line.bytes.is_empty() {
            continue;
        }
        let row = Row {
            header: &header,
            line,
            path,
        };
        let position = row.position()?;
        let mut around: Vec<(usize, f64)> = buffers.around(position).collect();
        let Some((last, last_distance_m)) = around.pop() else {
            continue;
        };
        let point = row.point(position)?;
        for (centre, distance_m) in around {
            found[centre].points.push(PsPoint {
                distance_m: distance_m as f32,
                ..point.clone()
            });
        }
        found[last].points.push(PsPoint {
            distance_m: last_distance_m as f32,
            ..point
        });
    }
    Ok(found)
}

/// One line without its end, and its number from 1.
#[derive(Clone, Copy)]
struct Line<'a> {
    bytes: &'a [u8],
    number: u64,
}

/// The lines of a source, each read into the same buffer.
struct Lines<'p, R> {
    source: BufReader<R>,
    path: &'p Path,
    line: Vec<u8>,
    number: u64,
}

impl<'p, R: Read> Lines<'p, R> {
    fn new(source: R, path: &'p Path) -> Self {
        Self {
            source: BufReader::with_capacity(CHUNK, source),
            path,
            line: Vec::new(),
            number: 0,
        }
    }

    fn next_line(&mut self) -> Result<Option<Line<'_>>, PointsError> {
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
        }))
    }
}

/// Where the columns are.
struct Header {
    names: Vec<String>,
    pid: usize,
    /// Column of longitude or easting.
    x: usize,
    /// Column of latitude or northing.
    y: usize,
    planar: bool,
    incidence: Option<usize>,
    /// Dates, ascending.
    scenes: Vec<Date>,
    /// For each column that is a scene, its place in `scenes`.
    scene_of_column: Vec<Option<usize>>,
}

impl Header {
    fn parse(line: Line, path: &Path, planar: bool) -> Result<Self, PointsError> {
        let names: Vec<String> = fields(line.bytes)
            .ok_or_else(|| PointsError::Quote {
                path: path.to_owned(),
                line: line.number,
            })?
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_owned())
            .collect();
        let column = |name: &str| names.iter().position(|found| found == name);
        let needed = |name: &'static str, expected| {
            column(name).ok_or_else(|| Self::missing(path, name, expected))
        };
        let [x, y] = if planar {
            ["easting", "northing"]
        } else {
            ["longitude", "latitude"]
        };
        let positions = if planar {
            "easting and northing in metres, as in wells.csv"
        } else {
            "longitude and latitude in degrees, as in wells.csv"
        };
        let mut dated = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if let Some(date) = scene_date(name, path)? {
                dated.push((date, index));
            }
        }
        dated.sort_unstable();
        if let Some(pair) = dated.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(PointsError::DoubleColumn {
                path: path.to_owned(),
                column: names[pair[0].1].clone(),
            });
        }
        if dated.is_empty() {
            return Err(Self::missing(
                path,
                "YYYYMMDD",
                "one column a scene, named by its date",
            ));
        }
        let mut scene_of_column = vec![None; names.len()];
        for (scene, (_, column)) in dated.iter().enumerate() {
            scene_of_column[*column] = Some(scene);
        }
        Ok(Self {
            pid: needed("pid", "the point's id")?,
            x: needed(x, positions)?,
            y: needed(y, positions)?,
            planar,
            incidence: column("incidence_angle"),
            scenes: dated.into_iter().map(|(date, _)| date).collect(),
            scene_of_column,
            names,
        })
    }

    fn missing(path: &Path, column: &'static str, expected: &'static str) -> PointsError {
        PointsError::MissingColumn {
            path: path.to_owned(),
            column,
            expected,
        }
    }
}

/// Date of a column name of eight digits; `None` for any other name.
fn scene_date(name: &str, path: &Path) -> Result<Option<Date>, PointsError> {
    if name.len() != 8 || !name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    match Date::strptime("%Y%m%d", name) {
        Ok(date) => Ok(Some(date)),
        Err(_) => Err(PointsError::Field {
            path: path.to_owned(),
            line: 1,
            column: name.to_owned(),
            found: name.to_owned(),
            expected: "a date YYYYMMDD",
        }),
    }
}

/// All fields of a line, unquoted; `None` when a quote has no partner.
fn fields(line: &[u8]) -> Option<Vec<Cow<'_, [u8]>>> {
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

/// One row that is being read.
struct Row<'a> {
    header: &'a Header,
    line: Line<'a>,
    path: &'a Path,
}

impl Row<'_> {
    /// The position, reading no further than its columns; a row with a quote before them is read wholly.
    fn position(&self) -> Result<Position, PointsError> {
        let Header { x, y, .. } = *self.header;
        let mut place: [&[u8]; 2] = [&[]; 2];
        let mut start = 0;
        let bytes = self.line.bytes;
        for column in 0..=x.max(y) {
            let rest = bytes.get(start..).ok_or_else(|| self.field_count(column))?;
            let length = rest
                .iter()
                .position(|byte| matches!(byte, b',' | b'"'))
                .unwrap_or(rest.len());
            if rest.get(length) == Some(&b'"') {
                let fields = self.fields()?;
                return self.position_of(&fields[x], &fields[y]);
            }
            if column == x {
                place[0] = &rest[..length];
            }
            if column == y {
                place[1] = &rest[..length];
            }
            start += length + 1;
        }
        self.position_of(place[0], place[1])
    }

    fn position_of(&self, x: &[u8], y: &[u8]) -> Result<Position, PointsError> {
        let Header {
            planar,
            x: x_column,
            y: y_column,
            ..
        } = *self.header;
        if planar {
            let metres = "metres";
            let easting = self.number(x_column, x, f64::MIN..=f64::MAX, metres)?;
            let northing = self.number(y_column, y, f64::MIN..=f64::MAX, metres)?;
            Ok(Position::Planar { easting, northing })
        } else {
            let longitude = self.number(x_column, x, -180.0..=360.0, "degrees from -180 to 360")?;
            let latitude = self.number(y_column, y, -90.0..=90.0, "degrees from -90 to 90")?;
            Ok(Position::Geographic {
                longitude,
                latitude,
            })
        }
    }

    /// The whole point, at distance 0.
    fn point(&self, position: Position) -> Result<PsPoint, PointsError> {
        let header = self.header;
        let fields = self.fields()?;
        let incidence_degrees = match header.incidence {
            Some(column) => {
                Some(self.number(column, &fields[column], 0.0..=89.0, "degrees from 0 to 89")?)
            }
            None => None,
        };
        let mut subsidence_mm = vec![None; header.scenes.len()];
        for ((column, field), scene) in fields.iter().enumerate().zip(&header.scene_of_column) {
            if let Some(scene) = scene
                && !is_missing(field)
            {
                let los_mm = self.number(column, field, -1e6..=1e6, "mm or an empty field")?;
                subsidence_mm[*scene] =
                    Some(vertical_mm(los_mm, incidence_degrees.unwrap_or(0.0)) as f32);
            }
        }
        Ok(PsPoint {
            id: String::from_utf8_lossy(&fields[header.pid])
                .trim()
                .to_owned(),
            position,
            distance_m: 0.0,
            incidence_degrees: incidence_degrees.map(|degrees| degrees as f32),
            subsidence_mm,
        })
    }

    /// All fields, as many as the header has.
    fn fields(&self) -> Result<Vec<Cow<'_, [u8]>>, PointsError> {
        let fields = fields(self.line.bytes).ok_or_else(|| PointsError::Quote {
            path: self.path.to_owned(),
            line: self.line.number,
        })?;
        if fields.len() == self.header.names.len() {
            Ok(fields)
        } else {
            Err(self.field_count(fields.len()))
        }
    }

    fn field_count(&self, found: usize) -> PointsError {
        PointsError::FieldCount {
            path: self.path.to_owned(),
            line: self.line.number,
            found,
            expected: self.header.names.len(),
        }
    }

    fn number(
        &self,
        column: usize,
        field: &[u8],
        range: std::ops::RangeInclusive<f64>,
        expected: &'static str,
    ) -> Result<f64, PointsError> {
        let parsed = std::str::from_utf8(field)
            .ok()
            .and_then(|text| text.trim().parse::<f64>().ok());
        match parsed {
            Some(number) if range.contains(&number) => Ok(number),
            _ => Err(PointsError::Field {
                path: self.path.to_owned(),
                line: self.line.number,
                column: self.header.names[column].clone(),
                found: shortened(field),
                expected,
            }),
        }
    }
}

/// An empty field or the not-a-number that some writers leave instead.
fn is_missing(field: &[u8]) -> bool {
    let field = field.trim_ascii();
    field.is_empty() || field.eq_ignore_ascii_case(b"nan")
}

fn shortened(field: &[u8]) -> String {
    match field.get(..MAX_FOUND) {
        Some(start) if field.len() > MAX_FOUND => format!("{}...", String::from_utf8_lossy(start)),
        _ => String::from_utf8_lossy(field).into_owned(),
    }
}

#[cfg(test)]
mod tests;
