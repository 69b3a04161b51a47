//! One row of a points file.

use std::borrow::Cow;
use std::path::Path;

use super::PointsError;
use super::header::Header;
use super::line::{Line, fields};
use crate::geodesy::Position;
use crate::ps::{PsPoint, vertical_mm};
use crate::table::plain_decimal;

/// Longest quotation of a wrong value in a message, bytes.
const MAX_FOUND: usize = 40;

/// One row that is being read.
pub(super) struct Row<'a> {
    pub(super) header: &'a Header,
    pub(super) line: Line<'a>,
    pub(super) path: &'a Path,
}

impl Row<'_> {
    /// The position, reading no further than its columns; a row with a quote before them is read wholly.
    pub(super) fn position(&self) -> Result<Position, PointsError> {
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
    pub(super) fn point(&self, position: Position) -> Result<PsPoint, PointsError> {
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
        let parsed = plain_decimal(field).or_else(|| {
            let text = std::str::from_utf8(field).ok()?;
            text.trim().parse::<f64>().ok()
        });
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
