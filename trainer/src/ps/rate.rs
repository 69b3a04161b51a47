//! Rates of ps points and their classes.
//!
//! A rate has two readings: vertical, down positive, and along the line of sight, towards the satellite positive. Published classes are often of the
//! second, as those of Cao et al. 2022 (doi:10.11834/jrs.20211297) seem to be, so whoever shows a class says of which.

use jiff::civil::Date;

use super::{WellPoints, along_line_of_sight};
use crate::spread::median;

/// Mean rate of one ps point over all its scenes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Vertical, mm a year, down +.
    pub vertical_mm_per_year: f64,
    /// Along the line of sight, mm a year, towards the satellite +; `None` in a vertical product.
    pub los_mm_per_year: Option<f64>,
}

/// Rates of several points in short.
#[derive(Clone, Debug, PartialEq)]
pub struct RateSummary {
    /// How many points.
    pub points: usize,
    /// Median of their rates, mm a year.
    pub median_mm_per_year: f64,
    /// Class of the median, see [`rate_class`].
    pub class: usize,
    /// Share of the points in each class, see [`class_shares`].
    pub shares: Vec<f64>,
}

impl RateSummary {
    /// Summary of rates in mm a year, of which sinking is positive; `None` without rates.
    pub fn of(rates_mm_per_year: &[f64], boundaries_mm_per_year: &[f64]) -> Option<Self> {
        if rates_mm_per_year.is_empty() {
            return None;
        }
        let median = median(rates_mm_per_year);
        Some(Self {
            points: rates_mm_per_year.len(),
            median_mm_per_year: median,
            class: rate_class(median, boundaries_mm_per_year),
            shares: class_shares(rates_mm_per_year, boundaries_mm_per_year),
        })
    }
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

/// Class of a rate of which sinking is positive: how many of the rising boundaries it reaches.
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

/// Names of the classes between the boundaries: one more than boundaries.
pub fn class_names(boundaries_mm_per_year: &[f64]) -> Vec<String> {
    let Some((first, last)) = boundaries_mm_per_year
        .first()
        .zip(boundaries_mm_per_year.last())
    else {
        return vec!["all rates".to_owned()];
    };
    let between = boundaries_mm_per_year
        .windows(2)
        .map(|pair| format!("{}\u{2013}{}", pair[0], pair[1]));
    std::iter::once(format!("< {first}"))
        .chain(between)
        .chain([format!("\u{2265} {last}")])
        .collect()
}

impl WellPoints {
    /// Rate of each point over all scenes; `None` with fewer than two observations.
    pub fn rates(&self) -> Vec<Option<Rate>> {
        let years = years_since_first(&self.scenes);
        self.points
            .iter()
            .map(|point| {
                let vertical_mm_per_year = rate_mm_per_year(&years, &point.subsidence_mm)?;
                let along = |degrees| along_line_of_sight(vertical_mm_per_year, f64::from(degrees));
                Some(Rate {
                    vertical_mm_per_year,
                    los_mm_per_year: point.incidence_degrees.map(along),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    use crate::geodesy::Position;
    use crate::ps::PsPoint;

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

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        let summary = RateSummary::of(&[60.0, 20.0, 40.0, 10.0], &[30.0, 50.0]).unwrap();
        // Hand calculation: (20 + 40) / 2, which belongs to the class above 30.
        assert_eq!((summary.median_mm_per_year, summary.class), (30.0, 1));
        assert_eq!(summary.shares, [0.5, 0.25, 0.25]);
        assert_eq!(RateSummary::of(&[], &[30.0]), None);
    }

    #[test]
    fn classes_are_named_by_their_boundaries() {
        assert_eq!(
            class_names(&[30.0, 50.0, 80.5]),
            ["< 30", "30\u{2013}50", "50\u{2013}80.5", "\u{2265} 80.5"]
        );
        assert_eq!(class_names(&[]), ["all rates"]);
    }

    #[test]
    fn a_rate_along_the_line_of_sight_needs_an_incidence() {
        let point = |incidence_degrees| PsPoint {
            id: "p".into(),
            position: Position::Planar {
                easting: 0.0,
                northing: 0.0,
            },
            distance_m: 0.0,
            incidence_degrees,
            subsidence_mm: vec![Some(0.0), Some(20.0)],
        };
        let points = WellPoints {
            scenes: vec![date(2015, 1, 1), date(2016, 1, 1)],
            points: vec![point(Some(60.0)), point(None)],
        };
        let rates = points.rates();
        // 20 mm in 365 days; cos(60 degrees) = 1/2.
        let vertical = 20.0 * 365.25 / 365.0;
        assert!((rates[0].unwrap().los_mm_per_year.unwrap() + vertical / 2.0).abs() < 1e-6);
        assert_eq!(rates[1].unwrap().los_mm_per_year, None);
        assert!((rates[1].unwrap().vertical_mm_per_year - vertical).abs() < 1e-9);
    }
}
