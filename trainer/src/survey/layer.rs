//! The raw readings of one aquifer layer in short.

use amlstm_core::month::Month;
use amlstm_core::month_mean::MonthRule;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{in_words, trend::median};
use crate::{
    level::{LayerReadings, LevelReading},
    read::WellReadings,
    table::month_of,
};

/// The raw readings of one aquifer layer at one well. Levels are m above the datum, up +.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerSurvey {
    /// Well id.
    pub well: String,
    /// Name of the aquifer layer.
    pub layer: String,
    /// Day of the first reading.
    pub first: Date,
    /// Day of the last one.
    pub last: Date,
    /// Number of readings used.
    pub readings: usize,
    /// Cells and rows that were not used, in words.
    pub left_out: String,
    /// Months that count.
    pub months: usize,
    /// Months between the first and last reading that have none, or too few days.
    pub missing_months: usize,
    /// Longest time between two readings, days.
    pub longest_gap_days: i32,
    /// Lowest level.
    pub lowest_m: f32,
    /// Its day.
    pub lowest_on: Date,
    /// Highest level.
    pub highest_m: f32,
    /// Its day.
    pub highest_on: Date,
    /// Largest change from one reading to the next.
    pub largest_step_m: f32,
    /// Day of the later of the two readings.
    pub largest_step_on: Option<Date>,
    /// Whether all layers of the well have their largest step on the same day: a change of the datum does that.
    pub step_is_shared: bool,
    /// Median share of the days of a month that were read, over the months with a reading.
    pub days_share: f64,
    /// Which months count.
    pub month_rule: MonthRule,
}

impl LayerSurvey {
    pub(super) fn of(well: &str, layer: &LayerReadings) -> Self {
        let readings = &layer.readings;
        let (first, last) = (readings[0], readings[readings.len() - 1]);
        let by_level = |a: &&LevelReading, b: &&LevelReading| a.level_m.total_cmp(&b.level_m);
        let lowest = readings.iter().min_by(by_level).unwrap_or(&first);
        let highest = readings.iter().max_by(by_level).unwrap_or(&first);
        let step = |pair: &[LevelReading]| pair[1].level_m - pair[0].level_m;
        let largest_step = readings
            .windows(2)
            .filter(|pair| step(pair) != 0.0)
            .max_by(|a, b| step(a).abs().total_cmp(&step(b).abs()));
        let gaps = readings
            .windows(2)
            .map(|pair| days_between(&pair[0], &pair[1]));
        let rule = layer.month_rule();
        let months: Vec<_> = layer.months().collect();
        let counted = months
            .iter()
            .filter(|(month, mean)| mean.counted(*month, rule).is_some())
            .count();
        let share = |(month, mean): &(Month, amlstm_core::month_mean::MonthMean)| {
            f64::from(mean.days()) / f64::from(month.days())
        };
        let span = months[months.len() - 1].0.index() - months[0].0.index() + 1;
        Self {
            well: well.to_owned(),
            layer: layer.aquifer_layer.clone(),
            first: first.time.date(),
            last: last.time.date(),
            readings: readings.len(),
            left_out: in_words(layer.left_out),
            months: counted,
            missing_months: span as usize - counted,
            longest_gap_days: gaps.max().unwrap_or(0),
            lowest_m: lowest.level_m,
            lowest_on: lowest.time.date(),
            highest_m: highest.level_m,
            highest_on: highest.time.date(),
            largest_step_m: largest_step.map_or(0.0, step),
            largest_step_on: largest_step.map(|pair| pair[1].time.date()),
            step_is_shared: false,
            days_share: median(months.iter().map(share)).unwrap_or(0.0),
            month_rule: rule,
        }
    }
}

fn days_between(from: &LevelReading, to: &LevelReading) -> i32 {
    (to.time.date() - from.time.date()).get_days()
}

/// Marks steps that all layers of a well have on the same day.
pub(super) fn mark_shared_steps(layers: &mut [LayerSurvey]) {
    let first = layers.first().and_then(|layer| layer.largest_step_on);
    let shared = layers.len() > 1
        && first.is_some()
        && layers.iter().all(|layer| layer.largest_step_on == first);
    for layer in layers {
        layer.step_is_shared = shared;
    }
}

/// First and last month in which any layer has a level that counts.
pub(super) fn months_with_levels(well: &WellReadings) -> Option<(Month, Month)> {
    let months = || {
        well.layers.iter().flat_map(|layer| {
            let rule = layer.month_rule();
            layer
                .months()
                .filter(move |(month, mean)| mean.counted(*month, rule).is_some())
                .map(|(month, _)| month)
        })
    };
    Some((months().min()?, months().max()?))
}

/// Years since year 0 of a day, for trends.
pub(super) fn year_of(date: Date) -> f64 {
    let month = month_of(date);
    (f64::from(month.index()) + (f64::from(date.day()) - 1.0) / f64::from(month.days())) / 12.0
}
