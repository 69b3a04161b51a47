//! Where the points around each centre stand in their file.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use fs_err::File;

use super::row::Refused;
use super::{Header, PointsError, Row, for_each_point, header_of};
use crate::format::{Format, scene_digits};
use crate::geodesy::{Buffers, Position};
use crate::level::LeftOut;
use crate::ps::{PsPoint, WellPoints};
use crate::table::line::Lines;
use crate::table::{Conventions, Section, TableError, open, open_own, scan_sections};

/// Which rows of a points file lie around which centre; the points themselves are read when they are asked for.
#[derive(Debug)]
pub struct PointsIndex {
    path: PathBuf,
    header: Header,
    conventions: Conventions,
    rows: Vec<Vec<IndexedRow>>,
    /// Rows of the file.
    count: u64,
    /// Copies of other rows around each centre.
    copies: Vec<u64>,
}

/// A row around a centre.
#[derive(Clone, Copy, Debug)]
struct IndexedRow {
    byte: u64,
    /// Number of its line, from 1.
    line: u64,
    pid_hash: u64,
    length: u32,
    distance_m: f32,
}

impl PointsIndex {
    /// Scans the file by all threads at once, keeping 32 bytes a point and centre.
    ///
    /// # Errors
    ///
    /// As [`read_points`](super::read_points); the first of the file.
    pub fn new(
        path: &Path,
        centres: &[Position],
        buffer_m: f64,
        conventions: &Conventions,
    ) -> Result<Self, PointsError> {
        let expected = "pid, longitude, latitude, YYYYMMDD";
        let file = open_own(path, expected, Some(Format::InSarCsv))?;
        let mut lines = Lines::behind(file, 0, 0);
        let header = header_of(&mut lines, path, centres)?;
        let buffers = Buffers::new(centres.to_vec(), buffer_m);
        let scan = |section: &Section| {
            let mut found = Vec::new();
            let mut file = open(path)?;
            let Range { start, end } = section.bytes;
            file.seek(SeekFrom::Start(start))
                .map_err(TableError::from)?;
            let mut lines = Lines::behind(file.take(end - start), start, section.lines_before);
            let count = for_each_point(
                &mut lines,
                path,
                (&header, conventions),
                &buffers,
                |row, byte, position, around| {
                    let (point, _) = row.point(position)?;
                    let mut hasher = DefaultHasher::new();
                    point.id.hash(&mut hasher);
                    found.extend(around.iter().map(|(centre, distance_m)| {
                        let indexed = IndexedRow {
                            byte,
                            line: row.line,
                            pid_hash: hasher.finish(),
                            length: row.bytes.len() as u32,
                            distance_m: *distance_m,
                        };
                        (*centre, indexed)
                    }));
                    Ok(())
                },
            )?;
            Ok::<_, PointsError>((found, count))
        };
        let sections =
            Section::cut(path, lines.bytes(), lines.count()).map_err(TableError::from)?;
        let scanned = scan_sections(&sections, scan).map_err(|error| {
            with_count(error, || {
                refused_of(&mut lines, path, (&header, conventions), &buffers)
            })
        })?;
        let mut rows = vec![Vec::new(); centres.len()];
        let mut count = 0;
        for (of_section, count_of_section) in scanned {
            count += count_of_section;
            for (centre, row) in of_section {
                rows[centre].push(row);
            }
        }
        let mut index = Self {
            path: path.to_owned(),
            header,
            conventions: conventions.clone(),
            count,
            copies: vec![0; centres.len()],
            rows,
        };
        for centre in 0..centres.len() {
            index.leave_out_copies(centre)?;
        }
        Ok(index)
    }

    /// Leaves out rows that repeat an earlier row's id and values.
    fn leave_out_copies(&mut self, centre: usize) -> Result<(), PointsError> {
        let rows = &self.rows[centre];
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|row| (rows[*row].pid_hash, *row));
        let mut copies = Vec::new();
        let mut file = None;
        for same in order.chunk_by(|a, b| rows[*a].pid_hash == rows[*b].pid_hash) {
            let [first, others @ ..] = same else { continue };
            if others.is_empty() {
                continue;
            }
            let file = match &mut file {
                Some(file) => file,
                none => none.insert(open(&self.path)?),
            };
            let (kept, _) = self.point(file, &rows[*first])?;
            for other in others {
                let (again, _) = self.point(file, &rows[*other])?;
                if again.id != kept.id {
                    continue;
                }
                if again != kept {
                    return Err(PointsError::Contradiction {
                        place: crate::table::Place {
                            path: self.path.clone(),
                            line: rows[*other].line,
                        },
                        pid: again.id,
                        first: rows[*first].line,
                    });
                }
                copies.push(*other);
            }
        }
        self.copies[centre] = copies.len() as u64;
        copies.sort_unstable();
        for copy in copies.into_iter().rev() {
            self.rows[centre].remove(copy);
        }
        Ok(())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The points around a centre, in the order of the file, and what was not used.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or was changed since.
    pub fn points(&self, centre: usize) -> Result<(WellPoints, LeftOut), PointsError> {
        let mut file = open(&self.path)?;
        let copies = self.copies[centre];
        let mut left_out = LeftOut {
            copies,
            outside: self.count - copies - self.rows[centre].len() as u64,
            ..LeftOut::default()
        };
        let point = |indexed: &IndexedRow| {
            let (point, of_point) = self.point(&mut file, indexed)?;
            left_out += of_point;
            Ok(point)
        };
        let points: Result<Vec<PsPoint>, PointsError> =
            self.rows[centre].iter().map(point).collect();
        let points = WellPoints {
            scenes: self.header.scenes.clone(),
            points: points?,
        };
        Ok((points, left_out))
    }

    fn point(
        &self,
        file: &mut File,
        indexed: &IndexedRow,
    ) -> Result<(PsPoint, LeftOut), PointsError> {
        let mut bytes = vec![0; indexed.length as usize];
        file.seek(SeekFrom::Start(indexed.byte))
            .map_err(TableError::from)?;
        file.read_exact(&mut bytes).map_err(TableError::from)?;
        let row = Row {
            header: &self.header,
            bytes: &bytes,
            line: indexed.line,
            path: &self.path,
            conventions: &self.conventions,
        };
        let (point, left_out) = row.point(row.position()?)?;
        let distance_m = indexed.distance_m;
        Ok((
            PsPoint {
                distance_m,
                ..point
            },
            left_out,
        ))
    }
}

/// What is refused of all rows around the centres that follow, as far as they are rows.
fn refused_of(
    lines: &mut Lines<File>,
    path: &Path,
    header: (&Header, &Conventions),
    buffers: &Buffers,
) -> Refused {
    let mut all = Refused::default();
    // A row that is none ends the count, and is the next to be refused.
    let _ = for_each_point(lines, path, header, buffers, |row, _, _, _| {
        let refused = row.refused();
        all.cells += refused.cells;
        all.markers += refused.markers;
        Ok(())
    });
    all
}

/// Adds to the first refused cell of a file how many further ones there are, so that they are mended together.
fn with_count(mut error: PointsError, refused: impl FnOnce() -> Refused) -> PointsError {
    match &mut error {
        PointsError::Table(TableError::Field { column, more, .. })
            if scene_digits(column).is_some() =>
        {
            *more = refused().cells.saturating_sub(1);
        }
        PointsError::Marker { more, .. } => *more = refused().markers.saturating_sub(1),
        _ => {}
    }
    error
}
