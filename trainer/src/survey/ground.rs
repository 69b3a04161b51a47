//! What the ground did at a well, in short.

use std::fmt;

use amlstm_core::month::Month;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    in_words,
    layer::year_of,
    trend::{Trend, median},
};
use crate::{
    config::DataConfig, level::LeftOut, ps::WellPoints, read::Reading, series::WellSeries,
    table::month_of,
};

/// Slowest rate that is called sinking or rising, mm a year: what a few years of InSAR or GNSS tell from nothing.
pub const STILL_MM_PER_YEAR: f64 = 1.0;

/// The observations of the ground at one well. Subsidence is mm, down +; of ps points it is the mean of those within the buffer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroundSurvey {
    /// Well id.
    pub well: String,
    /// How it was seen: measured directly, taken as vertical, or along which line of sight.
    pub kind: String,
    /// Points, 1 for a direct measurement.
    pub points: usize,
    /// Observations of all points.
    pub observations: usize,
    /// Cells and rows that were not used, in words.
    pub left_out: String,
    /// First day observed.
    pub first: Date,
    /// Last day observed.
    pub last: Date,
    /// Subsidence on the first day.
    pub first_mm: f64,
    /// Subsidence on the last day.
    pub last_mm: f64,
    /// Least subsidence.
    pub lowest_mm: f64,
    /// Most subsidence.
    pub highest_mm: f64,
    /// Slope of the straight line through it, a year, sinking positive.
    pub mm_per_year: f64,
    /// What that comes to.
    pub verdict: Verdict,
    /// Largest change from one observed month to the next.
    pub largest_change_mm: f64,
    /// The day observed in the later month.
    pub largest_change_on: Option<Date>,
    /// Usual size of such a change (median).
    pub usual_change_mm: f64,
    /// Observations before the first or after the last month with levels, which are not used.
    pub outside_levels: usize,
    /// Increments that training uses.
    pub increments_used: usize,
    /// Increments that are lost because a point was not observed at both ends.
    pub increments_lost: usize,
}

/// Which way the ground moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Down.
    Sinks,
    /// Up.
    Rises,
    /// Slower than [`STILL_MM_PER_YEAR`] either way.
    Still,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sinks => "sinks",
            Self::Rises => "rises",
            Self::Still => "still",
        })
    }
}

impl GroundSurvey {
    /// Of a directly measured series.
    pub(super) fn of_readings(
        well: &str,
        readings: &[Reading],
        left_out: LeftOut,
        levels: Option<(Month, Month)>,
    ) -> Option<Self> {
        let observed: Vec<(Date, f64)> = readings
            .iter()
            .map(|reading| (reading.date, reading.subsidence_mm))
            .collect();
        let kind = "measured directly".to_owned();
        Self::of(well, kind, 1, &observed, left_out, levels)
    }

    /// Of the ps points within a buffer.
    pub(super) fn of_points(
        well: &str,
        points: &WellPoints,
        left_out: LeftOut,
        levels: Option<(Month, Month)>,
        config: &DataConfig,
    ) -> Option<Self> {
        let scenes = points.scenes.iter().enumerate().skip(config.drop_scenes);
        let mean = |scene: usize| {
            let of_scene = points.points.iter();
            let values: Vec<f64> = of_scene
                .filter_map(|point| point.subsidence_mm[scene].map(f64::from))
                .collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let observed: Vec<(Date, f64)> = scenes
            .filter_map(|(scene, date)| Some((*date, mean(scene)?)))
            .collect();
        let kind = kind_of(points);
        let mut survey = Self::of(well, kind, points.points.len(), &observed, left_out, levels)?;
        let count = |scene: usize| {
            let observed = |point: &&crate::ps::PsPoint| point.subsidence_mm[scene].is_some();
            points.points.iter().filter(observed).count()
        };
        let outside = |scene: &usize| is_outside(points.scenes[*scene], levels);
        let all = || config.drop_scenes.min(points.scenes.len())..points.scenes.len();
        survey.observations = all().map(count).sum();
        survey.outside_levels = all().filter(outside).map(count).sum();
        let rates = points.rates().into_iter().flatten();
        if let Some(rate) = median(rates.map(|rate| rate.vertical_mm_per_year)) {
            survey.set_rate(rate);
        }
        Some(survey)
    }

    fn of(
        well: &str,
        kind: String,
        points: usize,
        observed: &[(Date, f64)],
        left_out: LeftOut,
        levels: Option<(Month, Month)>,
    ) -> Option<Self> {
        let (first, last) = (*observed.first()?, *observed.last()?);
        let of_months = monthly(observed);
        let change = |pair: &[(Date, f64)]| pair[1].1 - pair[0].1;
        let largest = of_months
            .windows(2)
            .max_by(|a, b| change(a).abs().total_cmp(&change(b).abs()));
        let values = || observed.iter().map(|(_, value)| *value);
        let in_years: Vec<(f64, f64)> = observed
            .iter()
            .map(|(date, value)| (year_of(*date), *value))
            .collect();
        let outside = |(date, _): &&(Date, f64)| is_outside(*date, levels);
        let mut survey = Self {
            well: well.to_owned(),
            kind,
            points,
            observations: observed.len(),
            left_out: in_words(left_out),
            first: first.0,
            last: last.0,
            first_mm: first.1,
            last_mm: last.1,
            lowest_mm: values().fold(f64::INFINITY, f64::min),
            highest_mm: values().fold(f64::NEG_INFINITY, f64::max),
            mm_per_year: 0.0,
            verdict: Verdict::Still,
            largest_change_mm: largest.map_or(0.0, change),
            largest_change_on: largest.map(|pair| pair[1].0),
            usual_change_mm: median(of_months.windows(2).map(|pair| change(pair).abs()))
                .unwrap_or(0.0),
            outside_levels: observed.iter().filter(outside).count(),
            increments_used: 0,
            increments_lost: 0,
        };
        survey.set_rate(Trend::of(&in_years).map_or(0.0, |trend| trend.per_year));
        Some(survey)
    }

    fn set_rate(&mut self, mm_per_year: f64) {
        self.mm_per_year = mm_per_year;
        self.verdict = if mm_per_year >= STILL_MM_PER_YEAR {
            Verdict::Sinks
        } else if mm_per_year <= -STILL_MM_PER_YEAR {
            Verdict::Rises
        } else {
            Verdict::Still
        };
    }

    /// With the number of increments that a series has.
    pub(super) fn with_increments(mut self, series: Option<&WellSeries>) -> Self {
        let increments = || {
            series
                .into_iter()
                .flat_map(|series| &series.points)
                .flat_map(|point| &point.increment_mm)
        };
        self.increments_used = increments().filter(|increment| increment.is_some()).count();
        self.increments_lost = increments().filter(|increment| increment.is_none()).count();
        self
    }
}

fn is_outside(date: Date, levels: Option<(Month, Month)>) -> bool {
    !levels.is_some_and(|(first, last)| (first..=last).contains(&month_of(date)))
}

/// Last value of each month with its day.
pub(super) fn monthly(observed: &[(Date, f64)]) -> Vec<(Date, f64)> {
    observed
        .chunk_by(|a, b| month_of(a.0) == month_of(b.0))
        .filter_map(<[_]>::last)
        .copied()
        .collect()
}

/// How points are seen, in words.
fn kind_of(points: &WellPoints) -> String {
    let angles = || {
        points
            .points
            .iter()
            .filter_map(|point| point.incidence_degrees)
    };
    let (least, largest) = (
        angles().fold(f32::INFINITY, f32::min),
        angles().fold(f32::NEG_INFINITY, f32::max),
    );
    if angles().count() < points.points.len() {
        "points, taken as vertical".to_owned()
    } else if largest - least < 1.0 {
        format!("points, line of sight, incidence {largest:.0} degrees")
    } else {
        format!("points, line of sight, incidence {least:.0} to {largest:.0} degrees")
    }
}
