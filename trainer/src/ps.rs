//! Persistent scatterers: points file, line of sight to vertical, buffer around a well.

mod points_file;

pub use points_file::{PointsError, read_points, read_points_from};

use jiff::civil::Date;

use crate::geodesy::Position;

/// The ps points within a well's buffer.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WellPoints {
    /// Date of each scene, ascending.
    pub scenes: Vec<Date>,
    /// The points, in the order of the points file.
    pub points: Vec<PsPoint>,
}

/// One ps point.
#[derive(Clone, Debug, PartialEq)]
pub struct PsPoint {
    /// Its `pid`.
    pub id: String,
    /// Where it is.
    pub position: Position,
    /// Distance from the well in metres.
    pub distance_m: f32,
    /// Cumulative vertical subsidence in mm, down +, `[scenes]`; `None` where not observed.
    pub subsidence_mm: Vec<Option<f32>>,
}

/// Vertical subsidence, mm, down +, of a line-of-sight displacement, mm, towards the satellite +, seen under an incidence
/// angle; all motion is taken as vertical (Cao et al. 2022, equation 1).
pub fn vertical_mm(los_mm: f64, incidence_degrees: f64) -> f64 {
    -los_mm / incidence_degrees.to_radians().cos()
}

/// Years from the first scene to each scene, of 365.25 days.
pub fn years_since_first(scenes: &[Date]) -> Vec<f64> {
    let Some(first) = scenes.first() else {
        return Vec::new();
    };
    let days = |scene: &Date| first.duration_until(*scene).as_hours() / 24;
    scenes
        .iter()
        .map(|scene| days(scene) as f64 / 365.25)
        .collect()
}

/// Slope of the straight line through the observed values by least squares, mm a year, down +; `None` with fewer than two
/// observations.
pub fn rate_mm_per_year(years: &[f64], subsidence_mm: &[Option<f32>]) -> Option<f64> {
    let observed = || {
        years
            .iter()
            .zip(subsidence_mm)
            .filter_map(|(year, value)| Some((*year, f64::from((*value)?))))
    };
    let count = observed().count() as f64;
    if count < 2.0 {
        return None;
    }
    let mean_year = observed().map(|(year, _)| year).sum::<f64>() / count;
    let mean_mm = observed().map(|(_, value)| value).sum::<f64>() / count;
    let both: f64 = observed()
        .map(|(year, value)| (year - mean_year) * (value - mean_mm))
        .sum();
    let spread: f64 = observed().map(|(year, _)| (year - mean_year).powi(2)).sum();
    Some(both / spread)
}
