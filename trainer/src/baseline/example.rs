//! A small well for tests: two aquifer layers, ten years, rates of the test's choice.

use amlstm_core::month::Month;

use crate::series::{DAYS_PER_MONTH, Interval, PointSeries, WellSeries};
use crate::split::{Part, Split};

pub const MONTHS: usize = 120;

/// Two aquifer layers whose levels fall and swing, each in its own way.
pub fn levels() -> Vec<Vec<f64>> {
    let month = |t: f64| {
        vec![
            -0.04 * t + (t * 0.52).sin() + 0.4 * (t * 0.21).cos(),
            -0.02 * t + 1.5 * (t * 0.47).cos() - (t * 0.09).sin(),
        ]
    };
    (0..MONTHS).map(|t| month(t as f64)).collect()
}

/// A directly measured well with these monthly rates; the rate of the first month is not observed.
pub fn well(level_m: &[Vec<f64>], rate: impl Fn(usize) -> f64) -> WellSeries {
    let start = Month::new(2000, 1).unwrap();
    WellSeries {
        later_level_m: Vec::new(),
        month_definition: amlstm_core::month_mean::MonthDefinition::default(),
        well: "T".into(),
        name: "test".into(),
        aquifer_layers: vec!["upper".into(), "lower".into()],
        synthetic: true,
        directly_measured: true,
        months: (0..level_m.len()).map(|t| start.offset(t as i32)).collect(),
        level_m: level_m
            .iter()
            .map(|levels| levels.iter().map(|&level| Some(level as f32)).collect())
            .collect(),
        intervals: (1..level_m.len())
            .map(|to| Interval {
                from: to - 1,
                to,
                days: DAYS_PER_MONTH,
            })
            .collect(),
        points: vec![PointSeries {
            id: "T".into(),
            distance_m: 0.0,
            increment_mm: (1..level_m.len()).map(|t| Some(rate(t) as f32)).collect(),
        }],
    }
}

/// The first 72 months train, the next 12 validate, the rest are test.
pub fn in_order(series: &WellSeries) -> Split {
    let part = |to| match to {
        ..72 => Part::Train,
        72..84 => Part::Validate,
        _ => Part::Test,
    };
    Split::Time(
        series
            .intervals
            .iter()
            .map(|interval| part(interval.to))
            .collect(),
    )
}
