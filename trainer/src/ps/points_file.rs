//! Reads a points file of any size in one pass and constant memory, by all threads at once: only points within a buffer are kept.
//!
//! EGMS style: one row a point, columns `pid`, `longitude,latitude` or `easting,northing` (whichever the wells have),
//! `incidence_angle` in degrees unless the product is vertical, and one column a scene named `YYYYMMDD` in mm, towards
//! the satellite (or up) positive. Other columns are passed over. A row outside all buffers is read only as far as its
//! position, so errors further right in such rows are not found. A quoted field must end on its line.

mod error;
mod header;
mod index;
mod line;
mod row;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use error::PointsError;
pub use index::PointsIndex;

use super::WellPoints;
use crate::geodesy::{Buffers, Position};
use header::Header;
use line::Lines;
use row::Row;

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
    let index = PointsIndex::new(path, centres, buffer_m)?;
    (0..centres.len())
        .map(|centre| index.points(centre))
        .collect()
}

/// Hands `take` each row within a buffer with its position, and the centres around it with their distances in metres.
fn for_each_point(
    lines: &mut Lines<impl Read>,
    path: &Path,
    header: &Header,
    buffers: &Buffers,
    mut take: impl FnMut(&Row, Position, &[(usize, f32)]) -> Result<(), PointsError>,
) -> Result<(), PointsError> {
    let mut around = Vec::new();
    while let Some(line) = lines.next_line()? {
        if line.bytes.is_empty() {
            continue;
        }
        let row = Row { header, line, path };
        let position = row.position()?;
        around.clear();
        around.extend(
            buffers
                .around(position)
                .map(|(centre, distance_m)| (centre, distance_m as f32)),
        );
        if !around.is_empty() {
            take(&row, position, &around)?;
        }
    }
    Ok(())
}

fn open(path: &Path) -> Result<File, PointsError> {
    File::open(path).map_err(|source| PointsError::Io {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
