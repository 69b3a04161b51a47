//! Reads a points file of any size in one pass and constant memory, by all threads at once: only points within a buffer are kept.
//!
//! EGMS style: one row a point, columns `pid`, `longitude,latitude` or `easting,northing` (whichever the wells have), `incidence_angle` in degrees or
//! `los_up` unless the values are vertical, and one column a scene named `YYYYMMDD` (or `DYYYYMMDD`) in mm, towards the satellite (or up) positive. Other
//! columns are passed over. Of EGMS level 3, which has its own grid, the wells may be in degrees all the same. A row outside all buffers is read only as far as its position, so errors further right in such rows are not found. A quoted
//! field must end on its line. Of rows with one id and the same values one is kept.

mod error;
mod header;
mod index;
pub(crate) mod laea;
mod nearest;
mod row;

use std::io::Read;
use std::path::Path;

pub use error::PointsError;
pub use index::PointsIndex;
pub use nearest::nearest_m;

use super::WellPoints;
use crate::geodesy::{Buffers, Position};
use crate::table::line::{Fields, LineError, Lines, Quotes};
use crate::table::{Conventions, Place, TableError};
use header::Header;
use row::Row;

/// Reads the points within `buffer_m` of any centre; the result has one entry a centre, in their order.
///
/// All centres must be geographic or all planar; they decide which position columns are read.
///
/// # Errors
///
/// When the file cannot be read, its header lacks a column, a row within a buffer is malformed, or two points of one id differ.
pub fn read_points(
    path: &Path,
    centres: &[Position],
    buffer_m: f64,
    conventions: &Conventions,
) -> Result<Vec<WellPoints>, PointsError> {
    let index = PointsIndex::new(path, centres, buffer_m, conventions)?;
    (0..centres.len())
        .map(|centre| Ok(index.points(centre)?.0))
        .collect()
}

/// Reads the first line; the centres decide which position columns are needed.
fn header_of(
    lines: &mut Lines<impl Read>,
    path: &Path,
    centres: &[Position],
) -> Result<Header, PointsError> {
    let planar = matches!(centres.first(), Some(Position::Planar { .. }));
    let mut line = Vec::new();
    if !read_line(lines, &mut line, path)? {
        return Err(Header::missing(path, "pid", "a header line"));
    }
    let mut fields = Fields::default();
    if fields.split(&line) != Quotes::Closed {
        let place = Place {
            path: path.to_owned(),
            line: 1,
        };
        return Err(TableError::Quote { place }.into());
    }
    Header::new(&fields, path, planar)
}

/// Hands `take` each row within a buffer with the byte where it starts, its position, and the centres around it with their distances in metres; gives the
/// number of all rows.
fn for_each_point(
    lines: &mut Lines<impl Read>,
    path: &Path,
    (header, conventions): (&Header, &Conventions),
    buffers: &Buffers,
    mut take: impl FnMut(&Row, u64, Position, &[(usize, f32)]) -> Result<(), PointsError>,
) -> Result<u64, PointsError> {
    let mut around = Vec::new();
    let mut line = Vec::new();
    let mut rows = 0;
    loop {
        line.clear();
        let byte = lines.bytes();
        if !read_line(lines, &mut line, path)? {
            return Ok(rows);
        }
        if line.iter().all(|byte| matches!(byte, b',' | b' ')) {
            continue;
        }
        rows += 1;
        let row = Row {
            header,
            bytes: &line,
            line: lines.count(),
            path,
            conventions,
        };
        let position = row.position()?;
        around.clear();
        around.extend(
            buffers
                .around(position)
                .map(|(centre, distance_m)| (centre, distance_m as f32)),
        );
        if !around.is_empty() {
            take(&row, byte, position, &around)?;
        }
    }
}

fn read_line(
    lines: &mut Lines<impl Read>,
    line: &mut Vec<u8>,
    path: &Path,
) -> Result<bool, PointsError> {
    let line_number = lines.count() + 1;
    lines.read(line).map_err(|error| {
        let path = path.to_owned();
        match error {
            LineError::Io(error) => error.into(),
            LineError::TooLong => TableError::LongRow {
                place: Place {
                    path,
                    line: line_number,
                },
            },
        }
        .into()
    })
}

#[cfg(test)]
mod tests;
