//! The header of a points file.

use std::io::Read;
use std::path::Path;

use jiff::civil::Date;

use super::PointsError;
use super::line::{Line, Lines, fields};
use crate::geodesy::Position;

/// Where the columns are.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) names: Vec<String>,
    pub(super) pid: usize,
    /// Column of longitude or easting.
    pub(super) x: usize,
    /// Column of latitude or northing.
    pub(super) y: usize,
    pub(super) planar: bool,
    pub(super) incidence: Option<usize>,
    /// Dates, ascending.
    pub(super) scenes: Vec<Date>,
    /// For each column that is a scene, its place in `scenes`.
    pub(super) scene_of_column: Vec<Option<usize>>,
}

impl Header {
    /// Reads the first line; the centres decide which position columns are needed.
    pub(super) fn read(
        lines: &mut Lines<impl Read>,
        path: &Path,
        centres: &[Position],
    ) -> Result<Self, PointsError> {
        let planar = matches!(centres.first(), Some(Position::Planar { .. }));
        match lines.next_line()? {
            Some(line) => Self::parse(line, path, planar),
            None => Err(Self::missing(path, "pid", "a header line")),
        }
    }

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
