//! The header of a points file.

use std::path::Path;

use jiff::civil::Date;

use super::PointsError;
use crate::format::scene_digits;
use crate::ps::Component;
use crate::table::line::Fields;
use crate::table::{Place, TableError, listed, quoted};

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
    /// Places are on the grid of EGMS level 3, and the wells' in degrees.
    pub(super) on_grid: bool,
    pub(super) view: View,
    /// Dates, ascending.
    pub(super) scenes: Vec<Date>,
    /// Column of each scene.
    pub(super) column_of_scene: Vec<usize>,
}

/// From where the movement was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// Values are vertical, up positive.
    Vertical,
    /// Along a line of sight under the angle from the vertical in this column, degrees.
    Incidence(usize),
    /// Along a line of sight with the vertical part of its unit vector in this column.
    Up(usize),
}

/// Words in names of columns that line-of-sight products have and vertical ones do not.
const LINE_OF_SIGHT: [&str; 6] = ["los", "heading", "track", "orbit", "azimuth", "pass"];

impl Header {
    /// Reads the first line's fields.
    pub(super) fn new(fields: &Fields, path: &Path, planar: bool) -> Result<Self, PointsError> {
        let names: Vec<String> = fields
            .iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        if let [only] = names.as_slice()
            && only.contains([';', '\t'])
        {
            return Err(TableError::MissingColumn {
                path: path.to_owned(),
                column: "pid".to_owned(),
                found: listed(&names),
            }
            .into());
        }
        let view = View::find(&names, path)?;
        let column = |name: &str| names.iter().position(|found| found == name);
        let needed = |name: &'static str, expected| {
            column(name).ok_or_else(|| Self::missing(path, name, expected))
        };
        let on_grid = !planar
            && Component::of_egms_name(path) == Some(Component::Vertical)
            && column("longitude").is_none();
        let [x, y] = if planar || on_grid {
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
            return Err(TableError::DuplicateColumn {
                path: path.to_owned(),
                column: quoted(names[pair[0].1].as_bytes()),
            }
            .into());
        }
        if dated.is_empty() {
            return Err(Self::missing(
                path,
                "YYYYMMDD",
                "one column a scene, named by its date",
            ));
        }
        Ok(Self {
            pid: needed("pid", "the point's id")?,
            x: needed(x, positions)?,
            y: needed(y, positions)?,
            planar,
            on_grid,
            view,
            column_of_scene: dated.iter().map(|(_, column)| *column).collect(),
            scenes: dated.into_iter().map(|(date, _)| date).collect(),
            names,
        })
    }

    pub(super) fn missing(
        path: &Path,
        column: &'static str,
        expected: &'static str,
    ) -> PointsError {
        PointsError::MissingColumn {
            path: path.to_owned(),
            column,
            expected,
        }
    }
}

impl View {
    fn find(names: &[String], path: &Path) -> Result<Self, PointsError> {
        let component = Component::of_egms_name(path);
        let column = |name: &str| names.iter().position(|found| found == name);
        let path = || path.to_owned();
        if component == Some(Component::EastWest) {
            return Err(PointsError::EastWest { path: path() });
        }
        if let Some(angle) = column("incidence_angle") {
            return Ok(Self::Incidence(angle));
        }
        if let Some(other) = names.iter().find(|name| looks_like_an_angle(name)) {
            return Err(PointsError::OtherAngle {
                path: path(),
                column: other.clone(),
            });
        }
        if let Some(up) = column("los_up") {
            return Ok(Self::Up(up));
        }
        if let Some(other) = names.iter().find(|name| {
            let of_line = |word: &String| LINE_OF_SIGHT.contains(&word.as_str());
            words(name).iter().any(of_line) || component == Some(Component::LineOfSight)
        }) {
            return Err(PointsError::NoAngle {
                path: path(),
                column: other.clone(),
            });
        }
        let is_level_3 = ["mean_velocity_std", "acceleration", "seasonality"]
            .iter()
            .all(|name| column(name).is_some());
        if is_level_3 && component.is_none() {
            return Err(PointsError::UnknownComponent { path: path() });
        }
        Ok(Self::Vertical)
    }
}

/// Whether a column is likely the incidence angle under another program's name: `inc_angle`, `incidenceAngle`, `los_inc`, `theta`, `look_angle`.
fn looks_like_an_angle(name: &str) -> bool {
    let words = words(name);
    let has = |word: &str| words.iter().any(|found| found == word);
    let joined = words.concat();
    let holds = |part: &str| joined.contains(part);
    has("inc")
        || has("lia")
        || has("theta")
        || matches!(
            joined.as_str(),
            "look" | "offnadir" | "incdeg" | "elevation" | "elevationangle" | "angle"
        )
        || holds("incid")
        || holds("inclin")
        || holds("lookangle")
        || holds("viewangle")
        || holds("viewingangle")
        || holds("incangle")
        || (has("los") && holds("ang"))
        || holds("offnadir")
}

/// The words of a name, in small letters: `incAngle_deg` is `inc`, `angle`, `deg`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_is_small = false;
    for letter in name.chars() {
        let begins = before_is_small && letter.is_uppercase() || !letter.is_alphanumeric();
        if begins && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
        before_is_small = letter.is_lowercase();
    }
    words
}

/// Date of a column named by eight digits, or by a D and eight digits; `None` for any other name.
fn scene_date(name: &str, path: &Path) -> Result<Option<Date>, PointsError> {
    let Some(digits) = scene_digits(name) else {
        return Ok(None);
    };
    match Date::strptime("%Y%m%d", digits) {
        Ok(date) => Ok(Some(date)),
        Err(_) => Err(TableError::Field {
            place: Place {
                path: path.to_owned(),
                line: 1,
            },
            column: name.to_owned(),
            found: name.to_owned(),
            expected: "a date YYYYMMDD",
            more: 0,
        }
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::line::Quotes;

    fn view(name: &str, header: &str) -> Result<View, String> {
        let names: Vec<String> = header.split(',').map(str::to_owned).collect();
        View::find(&names, Path::new(name)).map_err(|error| error.to_string())
    }

    #[test]
    fn an_angle_is_found_or_asked_for() {
        let view = |header: &str| view("points.csv", header);
        assert_eq!(view("pid,incidence_angle,los_up"), Ok(View::Incidence(1)));
        assert_eq!(view("pid,los_up"), Ok(View::Up(1)));
        assert_eq!(view("pid,height,note"), Ok(View::Vertical));
        for name in [
            "inc_angle",
            "incidenceAngle",
            "Incidence",
            "inc",
            "look_angle",
            "theta",
            "los_angle",
            "inc_deg",
            "los_inc",
            "inc_rad",
            "incAngle",
            "INC",
            "theta_inc",
            "angle",
            "LIA",
        ] {
            let message = view(&format!("pid,{name},los_up")).unwrap_err();
            assert!(
                message.contains(name) && message.contains("name it incidence_angle"),
                "{message}"
            );
        }
        for name in ["track_angle", "LOS_E", "velocityLos", "heading", "los_u"] {
            let message = view(&format!("pid,{name}")).unwrap_err();
            assert!(
                message.contains(name) && message.contains("belongs to line-of-sight values"),
                "{message}"
            );
        }
        for harmless in [
            "province",
            "principal",
            "land",
            "increment",
            "angle_bank",
            "rectangle",
            "loss",
        ] {
            assert_eq!(view(&format!("pid,{harmless}")), Ok(View::Vertical));
        }
    }

    #[test]
    fn the_component_of_level_3_is_read_from_the_name() {
        let level_3 =
            "pid,easting,northing,mean_velocity,mean_velocity_std,acceleration,seasonality";
        assert_eq!(
            view("EGMS_L3_E39N32_100km_U.csv", level_3),
            Ok(View::Vertical)
        );
        let east = view("EGMS_L3_E39N32_100km_E.csv", level_3).unwrap_err();
        assert!(east.contains("an east-west component"), "{east}");
        // Whatever the wells' positions are.
        let mut fields = Fields::default();
        assert_eq!(fields.split(level_3.as_bytes()), Quotes::Closed);
        let path = Path::new("EGMS_L3_E39N32_100km_E.csv");
        let east = Header::new(&fields, path, false).unwrap_err();
        assert!(matches!(east, PointsError::EastWest { .. }), "{east}");
        let unknown = view("points.csv", level_3).unwrap_err();
        assert!(unknown.contains("give it its own name"), "{unknown}");
    }
}
