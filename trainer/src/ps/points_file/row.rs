//! One row of a points file.

use std::path::Path;

use super::header::{Header, View};
use super::{PointsError, laea};
use crate::geodesy::Position;
use crate::level::{LeftOut, isolated_markers};
use crate::ps::{CLOSE_MM, MAX_SUBSIDENCE_MM, PsPoint, vertical_mm};
use crate::table::line::{Fields, Quotes};
use crate::table::{Cell, Conventions, Place, TableError, is_row_of_units, quoted};

/// Least incidence angle, degrees: satellites look under 20 to 50 degrees, and an angle in radians is below 1.6.
const LEAST_INCIDENCE_DEGREES: f64 = 10.0;

/// Largest incidence angle, degrees: beyond, the cosine vanishes.
const LARGEST_INCIDENCE_DEGREES: f64 = 89.0;

/// Cells of a row that no point can have.
#[derive(Clone, Copy, Default)]
pub(super) struct Refused {
    /// Neither a value within the limits nor a word for none.
    pub(super) cells: u64,
    /// Values that look like "no reading".
    pub(super) markers: u64,
}

/// One row that is being read.
pub(super) struct Row<'a> {
    pub(super) header: &'a Header,
    pub(super) bytes: &'a [u8],
    /// Line, from 1.
    pub(super) line: u64,
    pub(super) path: &'a Path,
    pub(super) conventions: &'a Conventions,
}

impl Row<'_> {
    /// The position, reading no further than its columns; a row with a quote before them is read wholly.
    pub(super) fn position(&self) -> Result<Position, PointsError> {
        let Header { x, y, .. } = *self.header;
        let mut place: [&[u8]; 2] = [&[]; 2];
        let mut start = 0;
        for column in 0..=x.max(y) {
            let rest = self
                .bytes
                .get(start..)
                .ok_or_else(|| self.field_count(column))?;
            let length = rest
                .iter()
                .position(|byte| matches!(byte, b',' | b'"'))
                .unwrap_or(rest.len());
            if rest.get(length) == Some(&b'"') {
                let fields = self.fields()?;
                return self.position_of(fields.get(x), fields.get(y));
            }
            if column == x {
                place[0] = &rest[..length];
            }
            if column == y {
                place[1] = &rest[..length];
            }
            start += length + 1;
        }
        self.position_of(place[0].trim_ascii(), place[1].trim_ascii())
    }

    fn position_of(&self, x: &[u8], y: &[u8]) -> Result<Position, PointsError> {
        let Header {
            planar,
            on_grid,
            x: x_column,
            y: y_column,
            ..
        } = *self.header;
        if on_grid {
            let metres = "metres of ETRS89-LAEA Europe, 0 to 10,000,000";
            let easting = self.number(x_column, x, 0.0..=1e7, metres)?;
            let northing = self.number(y_column, y, 0.0..=1e7, metres)?;
            Ok(laea::position(easting, northing))
        } else if planar {
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

    /// The whole point, at distance 0, and its cells without a value.
    pub(super) fn point(&self, position: Position) -> Result<(PsPoint, LeftOut), PointsError> {
        let header = self.header;
        let fields = self.fields()?;
        let incidence_degrees = self.incidence(&fields)?;
        let mut left_out = LeftOut::default();
        let mut subsidence_mm = vec![None; header.scenes.len()];
        let (mut scenes, mut observed) = (Vec::new(), Vec::new());
        for (scene, column) in header.column_of_scene.iter().enumerate() {
            let field = fields.get(*column);
            match Cell::read(field, self.conventions) {
                Some(Cell::Value(los_mm)) if los_mm.abs() <= MAX_SUBSIDENCE_MM => {
                    scenes.push(scene);
                    observed.push(los_mm);
                    subsidence_mm[scene] =
                        Some(vertical_mm(los_mm, incidence_degrees.unwrap_or(0.0)) as f32);
                }
                Some(Cell::Value(_)) => {
                    let limit =
                        "mm within 100 m; list a value for \"no reading\" in no_data of [data]";
                    return Err(self.wrong_field(*column, field, limit).into());
                }
                Some(nothing) => left_out.count(nothing),
                None => {
                    return Err(self
                        .wrong_field(*column, field, "mm or an empty field")
                        .into());
                }
            }
        }
        if let Some(first) = isolated_markers(&observed, CLOSE_MM).first() {
            return Err(PointsError::Marker {
                place: self.place(),
                column: header.names[header.column_of_scene[scenes[*first]]].clone(),
                value: observed[*first],
                more: 0,
            });
        }
        let point = PsPoint {
            id: String::from_utf8_lossy(fields.get(header.pid)).into_owned(),
            position,
            distance_m: 0.0,
            incidence_degrees: incidence_degrees.map(|degrees| degrees as f32),
            subsidence_mm,
        };
        Ok((point, left_out))
    }

    /// What of its scenes is refused by [`Row::point`].
    pub(super) fn refused(&self) -> Refused {
        let Ok(fields) = self.fields() else {
            return Refused::default();
        };
        let mut observed = Vec::new();
        let mut cells = 0;
        for column in &self.header.column_of_scene {
            match Cell::read(fields.get(*column), self.conventions) {
                Some(Cell::Value(los_mm)) if los_mm.abs() <= MAX_SUBSIDENCE_MM => {
                    observed.push(los_mm);
                }
                Some(Cell::Value(_)) | None => cells += 1,
                Some(_) => {}
            }
        }
        Refused {
            cells,
            markers: isolated_markers(&observed, CLOSE_MM).len() as u64,
        }
    }

    fn incidence(&self, fields: &Fields) -> Result<Option<f64>, PointsError> {
        let range = LEAST_INCIDENCE_DEGREES..=LARGEST_INCIDENCE_DEGREES;
        match self.header.view {
            View::Vertical => Ok(None),
            View::Incidence(column) => {
                let expected = "degrees from the vertical, 10 to 89; remove the column where values are vertical";
                let degrees = self.number(column, fields.get(column), range, expected)?;
                Ok(Some(degrees))
            }
            View::Up(column) => {
                let [low, high] =
                    [range.end(), range.start()].map(|degrees| degrees.to_radians().cos());
                let expected =
                    "the vertical part of the unit vector to the satellite, 0.02 to 0.98";
                let up = self.number(column, fields.get(column), low..=high, expected)?;
                Ok(Some(up.acos().to_degrees()))
            }
        }
    }

    /// All fields, as many as the header has.
    fn fields(&self) -> Result<Fields, PointsError> {
        let mut fields = Fields::default();
        if fields.split(self.bytes) != Quotes::Closed {
            let place = self.place();
            return Err(TableError::Quote { place }.into());
        }
        if fields.count() == self.header.names.len() {
            Ok(fields)
        } else {
            Err(self.field_count(fields.count()))
        }
    }

    fn field_count(&self, found: usize) -> PointsError {
        TableError::FieldCount {
            place: self.place(),
            found,
            expected: self.header.names.len(),
        }
        .into()
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
            .and_then(|text| text.parse::<f64>().ok());
        match parsed {
            Some(number) if range.contains(&number) => Ok(number),
            _ => Err(self.wrong_field(column, field, expected).into()),
        }
    }

    fn wrong_field(&self, column: usize, field: &[u8], expected: &'static str) -> TableError {
        if self.fields().is_ok_and(|fields| is_row_of_units(&fields)) {
            return TableError::UnitsRow {
                place: self.place(),
            };
        }
        TableError::Field {
            place: self.place(),
            column: quoted(self.header.names[column].as_bytes()),
            found: quoted(field),
            expected,
            more: 0,
        }
    }

    pub(super) fn place(&self) -> Place {
        Place {
            path: self.path.to_owned(),
            line: self.line,
        }
    }
}
