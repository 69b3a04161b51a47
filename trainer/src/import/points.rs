//! Tables of InSAR points of any program as one `points.csv`.
//!
//! Names of columns of EGMS (levels 2a, 2b, 3), `MintPy` (`save_qgis.py`), `LiCSBAS` and QGIS InSAR Explorer are known. Several files come together with all
//! their scenes; rows far from all wells are left out. The file is written row by row.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::{
    ImportError, LengthUnit,
    text::{fields, number},
};
use crate::format::scene_digits;
use crate::geodesy::{Buffers, Position};
use crate::level::isolated_markers;
use crate::ps::{CLOSE_MM, Component, laea};
use crate::table::{Place, listed};

/// Points farther than this from every well are left out, m: far beyond any buffer.
pub const KEPT_M: f64 = 5000.0;

/// From where the values of a file were seen, where it does not say so itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum View {
    /// As the file's columns or its EGMS name say.
    AsNamed,
    /// Values are vertical.
    Vertical,
    /// Along a line of sight under one angle from the vertical, degrees.
    Incidence(f64),
}

/// What became of the rows of a points file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PointsTaken {
    /// Rows written.
    pub taken: usize,
    /// Rows far from all wells.
    pub far: usize,
    /// What was converted, in words.
    pub converted: Vec<String>,
}

/// Where a file's columns are.
struct Header {
    path: PathBuf,
    pid: Option<usize>,
    place: [usize; 2],
    planar: bool,
    /// Places are on the grid of EGMS level 3, and the wells' in degrees.
    on_grid: bool,
    incidence: Option<usize>,
    up: Option<usize>,
    view: View,
    scenes: Vec<(Date, usize)>,
    count: usize,
    converted: Vec<String>,
}

/// Names of the columns that other programs give.
const PID: [&str; 8] = ["pid", "PID", "id", "ID", "code", "CODE", "fid", "point_id"];
const EAST: [[&str; 4]; 2] = [
    ["longitude", "lon", "Longitude", "X"],
    ["easting", "Easting", "x_m", "E"],
];
const NORTH: [[&str; 4]; 2] = [
    ["latitude", "lat", "Latitude", "Y"],
    ["northing", "Northing", "y_m", "N"],
];
const INCIDENCE: [&str; 5] = [
    "incidence_angle",
    "incidenceAngle",
    "inc_angle",
    "incidence",
    "inc",
];

impl Header {
    fn read(path: &Path, view: View, planar: bool) -> Result<Self, ImportError> {
        let file = fs_err::File::open(path)?;
        let mut line = String::new();
        BufReader::new(std::io::Read::take(file, 1 << 22)).read_line(&mut line)?;
        let names = fields(line.trim_start_matches('\u{feff}').trim_end(), ',');
        let find = |known: &[&str]| {
            let column = |name: &&str| names.iter().position(|found| found == name);
            known.iter().find_map(column)
        };
        let missing = |what: &str| ImportError::Column {
            path: path.to_owned(),
            what: what.to_owned(),
            found: listed(&names),
        };
        let component = Component::of_egms_name(path);
        let on_grid = !planar && component == Some(Component::Vertical) && find(&EAST[0]).is_none();
        let kind = usize::from(planar || on_grid);
        let place = [
            find(&EAST[kind]).ok_or_else(|| missing(wanted(planar)))?,
            find(&NORTH[kind]).ok_or_else(|| missing(wanted(planar)))?,
        ];
        let mut scenes = Vec::new();
        for (column, name) in names.iter().enumerate() {
            if let Some(digits) = scene_digits(name) {
                let date = Date::strptime("%Y%m%d", digits)
                    .map_err(|_| missing("columns of scenes named YYYYMMDD"))?;
                scenes.push((date, column));
            }
        }
        if scenes.is_empty() {
            return Err(missing("columns of scenes named YYYYMMDD"));
        }
        if component == Some(Component::EastWest) {
            return Err(crate::ps::PointsError::EastWest {
                path: path.to_owned(),
            }
            .into());
        }
        let (incidence, up) = (find(&INCIDENCE), find(&["los_up"]));
        let is_known = incidence.is_some()
            || up.is_some()
            || component == Some(Component::Vertical)
            || view != View::AsNamed;
        if !is_known {
            return Err(missing(
                "no incidence angle: say --incidence DEGREES for line-of-sight values, --vertical for vertical ones",
            ));
        }
        let converted = match (incidence, up, view) {
            (_, _, View::Vertical) => "values taken as vertical".to_owned(),
            (_, _, View::Incidence(degrees)) => format!("line of sight under {degrees} degrees"),
            (Some(_), ..) => "line of sight, its angle in the file".to_owned(),
            (None, Some(_), _) => "line of sight, its angle from los_up".to_owned(),
            _ => "vertical, as the file's name says".to_owned(),
        };
        Ok(Self {
            path: path.to_owned(),
            pid: find(&PID),
            place,
            planar,
            on_grid,
            incidence,
            up,
            view,
            scenes,
            count: names.len(),
            converted: vec![converted],
        })
    }

    /// A row's position, and its angle as text, empty for vertical values.
    fn read_row(&self, line: u64, cells: &[String]) -> Result<(Position, String), ImportError> {
        let malformed = |found: &str, expected: &str| ImportError::Malformed {
            place: Place {
                path: self.path.clone(),
                line,
            },
            found: found.to_owned(),
            expected: expected.to_owned(),
        };
        if cells.len() != self.count {
            let expected = format!("{} fields as in the first line", self.count);
            return Err(malformed(&cells.join(","), &expected));
        }
        let coordinate = |column: usize| {
            let found = number(&cells[column]).ok().flatten();
            found.ok_or_else(|| malformed(&cells[column], wanted(self.planar)))
        };
        let [east, north] = [coordinate(self.place[0])?, coordinate(self.place[1])?];
        let position = if self.on_grid {
            laea::position(east, north)
        } else if self.planar {
            Position::Planar {
                easting: east,
                northing: north,
            }
        } else {
            if !(-180.0..=360.0).contains(&east) || !(-90.0..=90.0).contains(&north) {
                return Err(malformed(&format!("{east}, {north}"), wanted(false)));
            }
            Position::Geographic {
                longitude: east,
                latitude: north,
            }
        };
        let angle = match (self.view, self.incidence, self.up) {
            (View::Vertical, ..) | (View::AsNamed, None, None) => String::new(),
            (View::Incidence(degrees), ..) => degrees.to_string(),
            (View::AsNamed, Some(column), _) => cells[column].clone(),
            (View::AsNamed, None, Some(column)) => {
                let up = number(&cells[column])
                    .ok()
                    .flatten()
                    .filter(|up| up.abs() <= 1.0);
                let up = up.ok_or_else(|| malformed(&cells[column], "los_up from 0 to 1"))?;
                format!("{:.3}", up.acos().to_degrees())
            }
        };
        Ok((position, angle))
    }
}

fn wanted(planar: bool) -> &'static str {
    if planar {
        "easting and northing in metres, as in wells.csv"
    } else {
        "longitude and latitude in degrees"
    }
}

/// Writes the points of some files as one `points.csv` to `output`; `wells` decide which positions are read and which rows are near.
///
/// # Errors
/// When a file cannot be read or written, lacks a column, or holds a row that is none.
pub fn write_points(
    files: &[PathBuf],
    wells: &[Position],
    view: View,
    unit: LengthUnit,
    output: &mut impl Write,
) -> Result<Vec<PointsTaken>, ImportError> {
    let planar = matches!(wells.first(), Some(Position::Planar { .. }));
    let headers: Vec<Header> = files
        .iter()
        .map(|path| Header::read(path, view, planar))
        .collect::<Result<_, _>>()?;
    let mut scenes: Vec<Date> = headers
        .iter()
        .flat_map(|header| header.scenes.iter().map(|(date, _)| *date))
        .collect();
    scenes.sort_unstable();
    scenes.dedup();
    let angles = headers.iter().any(|header| {
        header.view != View::Vertical && (header.incidence.is_some() || header.up.is_some())
            || matches!(header.view, View::Incidence(_))
    });
    let [x, y] = if planar {
        ["easting", "northing"]
    } else {
        ["longitude", "latitude"]
    };
    write!(output, "pid,{x},{y}")?;
    if angles {
        write!(output, ",incidence_angle")?;
    }
    for scene in &scenes {
        write!(output, ",{}", scene.strftime("%Y%m%d"))?;
    }
    writeln!(output)?;
    let near = (!wells.is_empty()).then(|| Buffers::new(wells.to_vec(), KEPT_M));
    let mut taken = Vec::new();
    for header in &headers {
        taken.push(write_file(
            header,
            (&scenes, angles, unit),
            near.as_ref(),
            output,
        )?);
    }
    Ok(taken)
}

fn write_file(
    header: &Header,
    (scenes, angles, unit): (&[Date], bool, LengthUnit),
    near: Option<&Buffers>,
    output: &mut impl Write,
) -> Result<PointsTaken, ImportError> {
    let mut taken = PointsTaken {
        converted: header.converted.clone(),
        ..PointsTaken::default()
    };
    if unit != LengthUnit::Mm {
        let name = unit.name();
        taken.converted.push(format!("{name} to mm"));
    }
    let place_of = |date: &Date| scenes.binary_search(date).unwrap_or_default();
    let places: Vec<(usize, usize)> = header
        .scenes
        .iter()
        .map(|(date, column)| (place_of(date), *column))
        .collect();
    let mut row = vec![String::new(); scenes.len()];
    let mut bytes = Vec::new();
    let mut reader = BufReader::new(fs_err::File::open(&header.path)?);
    let mut line = 0;
    loop {
        bytes.clear();
        line += 1;
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(taken);
        }
        let text = String::from_utf8_lossy(&bytes);
        let cells = fields(text.trim_end(), ',');
        if line == 1 || cells.iter().all(String::is_empty) {
            continue;
        }
        let (position, angle) = header.read_row(line, &cells)?;
        if near.is_some_and(|near| near.around(position).next().is_none()) {
            taken.far += 1;
            continue;
        }
        row.iter_mut().for_each(String::clear);
        let of_scenes = places.iter().map(|(_, column)| cells[*column].as_str());
        for ((place, _), cell) in places.iter().zip(in_mm(of_scenes, unit)) {
            row[*place] = cell;
        }
        let pid = header
            .pid
            .map_or_else(|| format!("row {line}"), |pid| cells[pid].clone());
        let pid = pid.replace(['"', ','], "_");
        let (x, y) = (&cells[header.place[0]], &cells[header.place[1]]);
        write!(output, "{pid},{x},{y}")?;
        if angles {
            write!(output, ",{angle}")?;
        }
        writeln!(output, ",{}", row.join(","))?;
        taken.taken += 1;
    }
}

/// The cells of a row in mm. What is no number, or looks like "no reading" beside the others, stays as it is, so that reading the site refuses it by its name.
fn in_mm<'a>(cells: impl Iterator<Item = &'a str> + Clone, unit: LengthUnit) -> Vec<String> {
    let numbers = cells.clone().map(|cell| number(cell).ok().flatten());
    let numbers: Vec<(usize, f64)> = numbers
        .enumerate()
        .filter_map(|(place, number)| Some((place, number?)))
        .collect();
    let values: Vec<f64> = numbers.iter().map(|(_, value)| *value).collect();
    let mm = unit.metres() * 1000.0;
    let markers = isolated_markers(&values, CLOSE_MM / mm);
    let markers: Vec<usize> = markers
        .into_iter()
        .map(|marker| numbers[marker].0)
        .collect();
    let in_mm = |(place, cell): (usize, &str)| match number(cell) {
        Err(_) => cell.replace(['"', ','], "_"),
        Ok(None) => String::new(),
        Ok(_) if unit == LengthUnit::Mm || markers.contains(&place) => cell.to_owned(),
        // A ten-thousandth of a millimetre at most: conversions leave digits that nobody measured.
        Ok(Some(value)) => format!("{}", (value * mm * 1e4).round() / 1e4),
    };
    cells.enumerate().map(in_mm).collect()
}
