//! Where the points around each centre stand in their file.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::{Header, PointsError, Row, for_each_point, line::Line, open};
use crate::geodesy::Position;
use crate::ps::{PsPoint, WellPoints};

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
    /// Looks through the file as [`read_points`] does, keeping 24 bytes a point and centre.
    ///
    /// # Errors
    ///
    /// As [`read_points`].
    pub fn new(path: &Path, centres: &[Position], buffer_m: f64) -> Result<Self, PointsError> {
        let file = open(path)?;
        let mut rows = vec![Vec::new(); centres.len()];
        let header = for_each_point(file, path, centres, buffer_m, |row, position, around| {
            row.point(position)?;
            for (centre, distance_m) in around {
                rows[*centre].push(IndexedRow {
                    byte: row.line.start,
                    number: row.line.number,
                    length: row.line.bytes.len() as u32,
                    distance_m: *distance_m,
                });
            }
            Ok(())
        })?;
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
