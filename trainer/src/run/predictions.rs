//! Every month of a network beside what was observed: the rows of `predictions.csv`.

use amlstm_core::artifact::ModelFile;

use super::{ModelKind, PredictionRow};
use crate::{
    metric::Simulation,
    series::{DAYS_PER_MONTH, WellSeries},
    split::{Part, Split},
};

/// Share of the points below the lower and above the upper line of [`PredictionRow`].
const TAIL: f64 = 0.05;

/// The rows of one network at one well.
pub fn predictions<'a>(
    series: &'a WellSeries,
    split: &'a Split,
    model: ModelKind,
    simulation: &'a Simulation,
    file: &'a ModelFile,
) -> impl Iterator<Item = PredictionRow> + 'a {
    let observed = observed_mm(series);
    let parts = step_parts(series, split);
    let days = days_of_steps(series);
    let first = series.intervals.first().map_or(0, |interval| interval.from);
    let trained_until = file.record().trained_until;
    let months = months_of_steps(series);
    let mut subsidence_mm = 0.0;
    series.months.iter().enumerate().map(move |(step, month)| {
        let increment_mm = f64::from(simulation.increment_mm[step]);
        if step > first {
            subsidence_mm += increment_mm * months[step];
        }
        let row = PredictionRow {
            well: series.well.clone(),
            model,
            month: *month,
            part: parts[step],
            days: days[step],
            observed_subsidence_mm: observed[step].map(|observed| observed.mean),
            observed_low_mm: observed[step].map(|observed| observed.low),
            observed_high_mm: observed[step].map(|observed| observed.high),
            predicted_increment_mm: increment_mm,
            predicted_subsidence_mm: (step >= first).then_some(subsidence_mm),
        };
        if *month == trained_until {
            subsidence_mm = f64::from(file.start().subsidence_mm);
        }
        row
    })
}

/// Part of each step where months are held out: that of the interval it belongs to.
fn step_parts(series: &WellSeries, split: &Split) -> Vec<Option<Part>> {
    let mut parts = vec![None; series.months.len()];
    if let Split::Time(of_interval) = split {
        for (interval, part) in series.intervals.iter().zip(of_interval) {
            parts[interval.from + 1..=interval.to].fill(Some(*part));
        }
    }
    parts
}

/// Days of the interval that ends at each step.
fn days_of_steps(series: &WellSeries) -> Vec<Option<f64>> {
    let mut days = vec![None; series.months.len()];
    for interval in &series.intervals {
        days[interval.to] = Some(interval.days);
    }
    days
}

/// Months of [`DAYS_PER_MONTH`] that pass in each step, so that the steps of an interval take its days: at an observed step the modelled sum is then that of
/// the day of the observation, as it is scored. One where nothing was observed any more.
fn months_of_steps(series: &WellSeries) -> Vec<f64> {
    let mut months = vec![1.0; series.months.len()];
    for interval in &series.intervals {
        let steps = (interval.to - interval.from) as f64;
        months[interval.from + 1..=interval.to].fill(interval.days / DAYS_PER_MONTH / steps);
    }
    months
}

/// Cumulative subsidence of the points at one step, in mm since the first observation.
#[derive(Clone, Copy)]
struct Observed {
    mean: f64,
    low: f64,
    high: f64,
}

/// What was observed at each step. The mean adds up the mean increments, so a point that misses a scene still counts in the others; the
/// tails are those of the points observed throughout.
fn observed_mm(series: &WellSeries) -> Vec<Option<Observed>> {
    let mut observed = vec![None; series.months.len()];
    let mut mean = 0.0;
    let mut sums: Vec<Option<f64>> = vec![Some(0.0); series.points.len()];
    for (i, interval) in series.intervals.iter().enumerate() {
        if i == 0 {
            observed[interval.from] = Some(Observed {
                mean: 0.0,
                low: 0.0,
                high: 0.0,
            });
        }
        let Some(increment) = series.mean_increment_mm(i) else {
            break;
        };
        mean += increment;
        for (sum, point) in sums.iter_mut().zip(&series.points) {
            *sum = sum
                .zip(point.increment_mm[i])
                .map(|(sum, increment)| sum + f64::from(increment));
        }
        let mut sorted: Vec<f64> = sums.iter().copied().flatten().collect();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| {
            sorted
                .get(((sorted.len() as f64 - 1.0) * share).round() as usize)
                .copied()
                .unwrap_or(mean)
        };
        observed[interval.to] = Some(Observed {
            mean,
            low: at(TAIL),
            high: at(1.0 - TAIL),
        });
    }
    observed
}
