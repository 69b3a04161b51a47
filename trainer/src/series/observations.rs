//! What was observed of the ground, month by month.

use amlstm_core::{month::Month, month_mean::MonthMean};
use jiff::civil::Date;

use super::interval::DAYS_PER_MONTH;
use crate::{
    ps::{PsPoint, WellPoints},
    read::Reading,
    table::month_of,
};

/// Observed increments of one point.
#[derive(Clone, Debug, PartialEq)]
pub struct PointSeries {
    /// Point id; for a direct measurement the well id.
    pub id: String,
    /// Distance from the well in metres.
    pub distance_m: f32,
    /// Vertical subsidence over each interval in mm, down +, `[intervals]`; `None` where not observed at both ends.
    pub increment_mm: Vec<Option<f32>>,
}

/// What was observed of all points.
pub struct Observations {
    /// Months with an observation.
    pub months: Vec<Month>,
    /// Days between successive observed months.
    pub days: Vec<f64>,
    pub points: Vec<PointSeries>,
}

impl Observations {
    /// Means of each month's days.
    pub fn direct(well: &str, readings: &[Reading], from: Month, until: Month) -> Self {
        let month = |reading: &Reading| month_of(reading.date);
        let inside: Vec<Reading> = readings
            .iter()
            .filter(|reading| (from..=until).contains(&month(reading)))
            .copied()
            .collect();
        let (months, means): (Vec<Month>, Vec<Option<f64>>) = inside
            .chunk_by(|a, b| month(a) == month(b))
            .map(|of_month| {
                let mut mean = MonthMean::default();
                for reading in of_month {
                    mean.add(reading.date.day() as u8, reading.subsidence_mm);
                }
                (month(&of_month[0]), mean.mean())
            })
            .unzip();
        let span = |pair: &[Month]| f64::from(pair[1].index() - pair[0].index()) * DAYS_PER_MONTH;
        let moved = |pair: &[Option<f64>]| Some((pair[1]? - pair[0]?) as f32);
        Self {
            days: months.windows(2).map(span).collect(),
            months,
            points: vec![PointSeries {
                id: well.to_owned(),
                distance_m: 0.0,
                increment_mm: means.windows(2).map(moved).collect(),
            }],
        }
    }

    /// The last observed scene of each month.
    pub fn points(points: &WellPoints, drop_scenes: usize, from: Month, until: Month) -> Self {
        let scenes: Vec<(usize, Date)> = points
            .scenes
            .iter()
            .copied()
            .enumerate()
            .skip(drop_scenes)
            .collect();
        let month = |scene: &(usize, Date)| month_of(scene.1);
        let of_months: Vec<&[(usize, Date)]> = scenes
            .chunk_by(|a, b| month(a) == month(b))
            .filter(|scenes| (from..=until).contains(&month(&scenes[0])))
            .collect();
        let last: Vec<Date> = of_months
            .iter()
            .filter_map(|scenes| Some(scenes.last()?.1))
            .collect();
        let days: Vec<f64> = last
            .windows(2)
            .map(|pair| days_between(pair[0], pair[1]))
            .collect();
        let increments = |point: &PsPoint| {
            let last_observed = |scenes: &&[(usize, Date)]| {
                let observed = |(scene, date): &(usize, Date)| {
                    Some((f64::from(point.subsidence_mm[*scene]?), *date))
                };
                scenes.iter().rev().find_map(observed)
            };
            let observed: Vec<Option<(f64, Date)>> = of_months.iter().map(last_observed).collect();
            let pairs = observed.windows(2).zip(&days);
            pairs
                .map(|(pair, days)| Some(moved_mm(pair[0]?, pair[1]?, *days) as f32))
                .collect()
        };
        Self {
            months: of_months.iter().map(|scenes| month(&scenes[0])).collect(),
            points: points
                .points
                .iter()
                .map(|point| PointSeries {
                    id: point.id.clone(),
                    distance_m: point.distance_m,
                    increment_mm: increments(point),
                })
                .collect(),
            days,
        }
    }
}

/// Movement in mm between two observations, brought at its own rate to an interval of so many days.
fn moved_mm((from_mm, from): (f64, Date), (to_mm, to): (f64, Date), days: f64) -> f64 {
    let own_days = days_between(from, to);
    let moved_mm = to_mm - from_mm;
    if own_days == days {
        moved_mm
    } else {
        moved_mm / own_days * days
    }
}

fn days_between(from: Date, to: Date) -> f64 {
    f64::from((to - from).get_days())
}
