//! Where the points around each centre stand in their file.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::line::{Line, Lines};
use super::{Header, PointsError, Row, for_each_point, open};
use crate::geodesy::{Buffers, Position};
use crate::ps::{PsPoint, WellPoints};
use crate::table::{Found, Stretch, look_through};

/// Which rows of a points file lie around which centre; the points themselves are read when they are asked for.
#[derive(Debug)]
pub struct PointsIndex {
    path: PathBuf,
    header: Header,
    rows: Vec<Vec<IndexedRow>>,
}

/// A row around a centre.
#[derive(Clone, Copy, Debug)]
struct IndexedRow {
    byte: u64,
    /// Number of its line, from 1.
    number: u64,
    length: u32,
    distance_m: f32,
}

impl PointsIndex {
    /// Looks through the file by all threads at once, keeping 24 bytes a point and centre.
    ///
    /// # Errors
    ///
    /// As [`read_points`](super::read_points); the first of the file.
    pub fn new(path: &Path, centres: &[Position], buffer_m: f64) -> Result<Self, PointsError> {
        let failed = |source| PointsError::Io {
            path: path.to_owned(),
            source,
        };
        let mut lines = Lines::new(open(path)?, path);
        let header = Header::read(&mut lines, path, centres)?;
        let buffers = Buffers::new(centres.to_vec(), buffer_m);
        let look = |stretch: &Stretch| {
            let mut found = Vec::new();
            let mut file = open(path)?;
            let Range { start, end } = stretch.bytes;
            file.seek(SeekFrom::Start(start)).map_err(failed)?;
            let mut lines =
                Lines::behind(file.take(end - start), path, start, stretch.lines_before);
            for_each_point(
                &mut lines,
                path,
                &header,
                &buffers,
                |row, position, around| {
                    row.point(position)?;
                    found.extend(around.iter().map(|(centre, distance_m)| {
                        let indexed = IndexedRow {
                            byte: row.line.start,
                            number: row.line.number,
                            length: row.line.bytes.len() as u32,
                            distance_m: *distance_m,
                        };
                        (*centre, indexed)
                    }));
                    Ok(())
                },
            )?;
            Ok(Found {
                it: found,
                ends_a_row: true,
            })
        };
        let stretches = Stretch::cut(path, lines.read(), 1).map_err(failed)?;
        let mut rows = vec![Vec::new(); centres.len()];
        for (centre, row) in look_through(&stretches, look)?.into_iter().flatten() {
            rows[centre].push(row);
        }
        Ok(Self {
            path: path.to_owned(),
            header,
            rows,
        })
    }

    /// The points around a centre, in the order of the file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or was changed since.
    pub fn points(&self, centre: usize) -> Result<WellPoints, PointsError> {
        let mut file = open(&self.path)?;
        let failed = |source| PointsError::Io {
            path: self.path.clone(),
            source,
        };
        let mut bytes = Vec::new();
        let point = |indexed: &IndexedRow| {
            bytes.resize(indexed.length as usize, 0);
            file.seek(SeekFrom::Start(indexed.byte)).map_err(failed)?;
            file.read_exact(&mut bytes).map_err(failed)?;
            let row = Row {
                header: &self.header,
                line: Line {
                    bytes: &bytes,
                    number: indexed.number,
                    start: indexed.byte,
                },
                path: &self.path,
            };
            Ok(PsPoint {
                distance_m: indexed.distance_m,
                ..row.point(row.position()?)?
            })
        };
        Ok(WellPoints {
            scenes: self.header.scenes.clone(),
            points: self.rows[centre]
                .iter()
                .map(point)
                .collect::<Result<_, _>>()?,
        })
    }
}
