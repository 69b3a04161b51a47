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

/// Class of a rate: how many of the rising boundaries it reaches.
pub fn rate_class(rate_mm_per_year: f64, boundaries_mm_per_year: &[f64]) -> usize {
    boundaries_mm_per_year
        .iter()
        .filter(|boundary| rate_mm_per_year >= **boundary)
        .count()
}

/// Share of the rates in each class, one class more than boundaries; all zero without rates.
pub fn class_shares(rates_mm_per_year: &[f64], boundaries_mm_per_year: &[f64]) -> Vec<f64> {
    let mut shares = vec![0.0; boundaries_mm_per_year.len() + 1];
    for rate in rates_mm_per_year {
        shares[rate_class(*rate, boundaries_mm_per_year)] += 1.0 / rates_mm_per_year.len() as f64;
    }
    shares
}

impl WellPoints {
    /// Rate of each point over all scenes, mm a year, down +; `None` with fewer than two observations.
    pub fn rates_mm_per_year(&self) -> Vec<Option<f64>> {
        let years = years_since_first(&self.scenes);
        self.points
            .iter()
            .map(|point| rate_mm_per_year(&years, &point.subsidence_mm))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn all_motion_is_taken_as_vertical() {
        // cos(60 degrees) = 1/2; a vertical product has incidence 0.
        assert!((vertical_mm(-10.0, 60.0) - 20.0).abs() < 1e-9);
        assert_eq!(vertical_mm(3.0, 0.0), -3.0);
    }

    #[test]
    fn a_rate_is_the_slope_through_what_was_observed() {
        // Hand calculation: values 0, 1, 5 in years 0, 1, 2 have slope 2.5.
        assert_eq!(
            rate_mm_per_year(&[0.0, 1.0, 2.0], &[Some(0.0), Some(1.0), Some(5.0)]),
            Some(2.5)
        );
        assert_eq!(
            rate_mm_per_year(&[0.0, 1.0, 2.0], &[Some(0.0), None, Some(5.0)]),
            Some(2.5)
        );
        assert_eq!(
            rate_mm_per_year(&[0.0, 1.0, 2.0], &[None, None, Some(5.0)]),
            None
        );
    }

    #[test]
    fn scenes_are_placed_by_their_days() {
        let years = years_since_first(&[date(2015, 3, 1), date(2016, 2, 29), date(2016, 3, 1)]);
        assert_eq!(years, [0.0, 365.0 / 365.25, 366.0 / 365.25]);
    }

    #[test]
    fn a_boundary_belongs_to_the_class_above_it() {
        let boundaries = [30.0, 50.0];
        assert_eq!(
            [29.9, 30.0, 49.9, 50.0].map(|rate| rate_class(rate, &boundaries)),
            [0, 1, 1, 2]
        );
        assert_eq!(
            class_shares(&[-4.0, 10.0, 40.0, 90.0], &boundaries),
            [0.5, 0.25, 0.25]
        );
        assert_eq!(class_shares(&[], &boundaries), [0.0; 3]);
    }
}
