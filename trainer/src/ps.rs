//! Persistent scatterers: points file, line of sight to vertical, buffer around a well.

mod points_file;
mod rate;

pub use points_file::{PointsError, PointsIndex, read_points};
pub use rate::{
    Rate, RateSummary, class_names, class_shares, rate_class, rate_mm_per_year, years_since_first,
};

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
    /// Angle between the line of sight and the vertical, degrees; `None` in a vertical product.
    pub incidence_degrees: Option<f32>,
    /// Cumulative vertical subsidence in mm, down +, `[scenes]`; `None` where not observed.
    pub subsidence_mm: Vec<Option<f32>>,
}

/// Vertical subsidence, mm, down +, of a line-of-sight displacement, mm, towards the satellite +, seen under an incidence
/// angle; all motion is taken as vertical (Cao et al. 2022, equation 1).
pub fn vertical_mm(los_mm: f64, incidence_degrees: f64) -> f64 {
    -los_mm / incidence_degrees.to_radians().cos()
}

/// Displacement or rate along the line of sight, towards the satellite +, of a vertical subsidence, down +, in the same unit.
pub fn along_line_of_sight(subsidence: f64, incidence_degrees: f64) -> f64 {
    -subsidence * incidence_degrees.to_radians().cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_motion_is_taken_as_vertical() {
        // cos(60 degrees) = 1/2; a vertical product has incidence 0.
        assert!((vertical_mm(-10.0, 60.0) - 20.0).abs() < 1e-9);
        assert_eq!(vertical_mm(3.0, 0.0), -3.0);
        assert!((along_line_of_sight(20.0, 60.0) + 10.0).abs() < 1e-9);
    }
}
