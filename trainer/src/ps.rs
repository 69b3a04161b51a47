//! Persistent scatterers: points file, line of sight to vertical, buffer around a well.

mod component;
mod points_file;
mod rate;

pub use component::Component;
pub(crate) use points_file::laea;
pub use points_file::{PointsError, PointsIndex, nearest_m, read_points};
pub use rate::{
    Rate, RateSummary, class_names, class_shares, rate_class, rate_mm_per_year, years_since_first,
};

use jiff::civil::Date;

use crate::geodesy::Position;

/// Largest cumulative movement, mm either way: no ground sank by 100 m, and beyond are markers for "no data".
pub const MAX_SUBSIDENCE_MM: f64 = 100_000.0;

/// A usual marker for "no data" is none if it lies within this of a neighbour, mm.
pub const CLOSE_MM: f64 = 50.0;

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

impl WellPoints {
    /// Adds points of another file, whose scenes may be others; a point that is there already with the same values is left out and counted.
    ///
    /// # Errors
    /// The id of a point that is there already with other values.
    pub fn merge(&mut self, other: Self) -> Result<u64, String> {
        if self.points.is_empty() && self.scenes.is_empty() {
            *self = other;
            return Ok(0);
        }
        let mut scenes: Vec<Date> = self.scenes.iter().chain(&other.scenes).copied().collect();
        scenes.sort_unstable();
        scenes.dedup();
        let spread = |of: &[Date], mut points: Vec<PsPoint>| {
            let place = |scene: &Date| scenes.binary_search(scene).unwrap_or_default();
            let places: Vec<usize> = of.iter().map(place).collect();
            for point in &mut points {
                let mut subsidence_mm = vec![None; scenes.len()];
                for (place, value) in places.iter().zip(&point.subsidence_mm) {
                    subsidence_mm[*place] = *value;
                }
                point.subsidence_mm = subsidence_mm;
            }
            points
        };
        self.points = spread(&self.scenes, std::mem::take(&mut self.points));
        let mut copies = 0;
        for point in spread(&other.scenes, other.points) {
            match self.points.iter().find(|known| known.id == point.id) {
                None => self.points.push(point),
                Some(known) if *known == point => copies += 1,
                Some(_) => return Err(point.id),
            }
        }
        self.scenes = scenes;
        Ok(copies)
    }
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
