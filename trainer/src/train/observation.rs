//! Observed rates of a well's points as the loss and the scores need them.
//!
//! With prediction p_i for interval i and observed rates r_ni of the points n of a batch, the loss over the N observed pairs is
//!
//! ```text
//! 1/N sum_ni (p_i - r_ni)^2 = sum_i c_i/N (p_i - mean_i)^2 + what does not depend on p
//! ```
//!
//! where c_i points of the batch observed interval i and mean_i is the mean of their rates. So the gradient needs the counts and the means only.

use amlstm_core::scaler::Scaler;

use super::{Epoch, TrainError, scaling};
use crate::series::{Interval, WellSeries};
use crate::split::{Part, Split};
use crate::spread::conformal_half_width;

/// Rates of all points, standardised.
pub(crate) struct Observations {
    intervals: usize,
    /// Intervals up to the last one of the training part.
    trained_intervals: usize,
    /// `[points, intervals]`; zero where `observed` is.
    rate: Vec<f32>,
    /// `[points, intervals]`: 1 where the rate belongs to the training part, otherwise 0.
    trained: Vec<f32>,
    /// Of the rates of all points, for each part and interval.
    sums: [Vec<RateSums>; 3],
    /// mm per month of one standardised unit.
    scale: f64,
}

/// Mean rates that a gradient step compares the predictions with, one for each interval of the training part.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Standardised rates, and after [`Target::differentiate`] the derivatives of the loss.
    pub(crate) rates: Vec<f32>,
    /// Factor of each interval's residual: the loss is the sum of the squares of the products.
    pub(crate) weights: Vec<f32>,
}

impl Target {
    /// Room for so many intervals.
    pub(crate) fn new(intervals: usize) -> Self {
        Self {
            rates: vec![0.0; intervals],
            weights: vec![0.0; intervals],
        }
    }

    /// Turns the rates into the derivatives of the loss to the predicted ones.
    pub(crate) fn differentiate(&mut self, predicted: &[f32]) -> &[f32] {
        for ((rate, predicted), weight) in self.rates.iter_mut().zip(predicted).zip(&self.weights) {
            let residual = weight * (predicted - *rate);
            *rate = weight * (residual + residual);
        }
        &self.rates
    }
}

/// Count, sum and sum of squares of rates: enough to score any prediction of an interval against all its observations.
#[derive(Clone, Copy, Default)]
struct RateSums {
    count: f64,
    rate: f64,
    square: f64,
}

impl RateSums {
    /// Sum of the squared differences between a prediction and all rates.
    fn squared_error(&self, predicted: f64) -> f64 {
        self.count * predicted * predicted - 2.0 * predicted * self.rate + self.square
    }
}

const PARTS: [(Part, &str); 3] = [
    (Part::Train, "training"),
    (Part::Validate, "validation"),
    (Part::Test, "test"),
];

/// Scaler of the rates in mm per month, from the training part.
///
/// # Errors
///
/// When the training part is empty.
pub(crate) fn target(series: &WellSeries, split: &Split) -> Result<Scaler, TrainError> {
    let rates: Vec<f32> = pairs(series)
        .filter(|(point, interval, _)| split.part(*point, *interval) == Part::Train)
        .map(|(_, _, rate)| rate)
        .collect();
    if rates.is_empty() {
        return Err(TrainError::NoObservation {
            well: series.well.clone(),
            part: PARTS[0].1,
        });
    }
    Ok(scaling::z_score(&rates))
}

/// Confidence of [`half_width_mm`].
const CONFIDENCE: f64 = 0.9;

/// Fewest validation intervals that carry an interval of 90 %.
pub const INTERVALS_NEEDED: usize = 20;

/// Half the width in mm per month of the split conformal interval around the well's rate, from distances between observed and predicted in the validation
/// part (see [`conformal_half_width`]). NaN where there are fewer than [`INTERVALS_NEEDED`].
pub fn half_width_mm(distances_mm: Vec<f64>) -> f64 {
    if distances_mm.len() < INTERVALS_NEEDED {
        return f64::NAN;
    }
    conformal_half_width(distances_mm, CONFIDENCE).unwrap_or(f64::NAN)
}

/// Point, interval and rate in mm per month of everything observed.
fn pairs(series: &WellSeries) -> impl Iterator<Item = (usize, usize, f32)> {
    series.points.iter().enumerate().flat_map(|(p, point)| {
        let increments = point.increment_mm.iter().zip(&series.intervals).enumerate();
        increments.filter_map(move |(i, (increment_mm, interval))| {
            let rate = interval.rate_mm_per_month(f64::from((*increment_mm)?));
            Some((p, i, rate as f32))
        })
    })
}

impl Observations {
    pub(crate) fn new(series: &WellSeries, split: &Split, target: Scaler) -> Self {
        let intervals = series.intervals.len();
        let size = series.points.len() * intervals;
        let months = split.training_steps(series);
        let within = |interval: &&Interval| interval.to < months;
        let mut observations = Self {
            intervals,
            trained_intervals: series.intervals.iter().take_while(within).count(),
            rate: vec![0.0; size],
            trained: vec![0.0; size],
            sums: std::array::from_fn(|_| vec![RateSums::default(); intervals]),
            scale: f64::from(target.scale),
        };
        for (point, interval, rate) in pairs(series) {
            let rate = target.standardise(rate);
            let part = split.part(point, interval);
            let Some(index) = PARTS.iter().position(|(of, _)| *of == part) else {
                continue;
            };
            if part == Part::Train {
                observations.rate[point * intervals + interval] = rate;
                observations.trained[point * intervals + interval] = 1.0;
            }
            let sums = &mut observations.sums[index][interval];
            let rate = f64::from(rate);
            sums.count += 1.0;
            sums.rate += rate;
            sums.square += rate * rate;
        }
        observations
    }

    /// Number of intervals up to the last one of the training part.
    pub(crate) fn trained_intervals(&self) -> usize {
        self.trained_intervals
    }

    /// Points with at least one rate in the training part, in their order.
    pub(crate) fn training_points(&self) -> Vec<usize> {
        let points = self.trained.chunks_exact(self.intervals).enumerate();
        points
            .filter(|(_, trained)| trained.contains(&1.0))
            .map(|(point, _)| point)
            .collect()
    }

    /// Refuses a part without observation.
    pub(crate) fn require(&self, part: Part, well: &str) -> Result<(), TrainError> {
        let of_part = PARTS
            .iter()
            .zip(&self.sums)
            .find(|((of, _), _)| *of == part);
        match of_part {
            Some(((_, name), sums)) if sums.iter().all(|sums| sums.count == 0.0) => {
                Err(TrainError::NoObservation {
                    well: well.to_owned(),
                    part: name,
                })
            }
            _ => Ok(()),
        }
    }

    /// Mean rate of a batch's points in each training interval, and the square root of its weight in the loss.
    pub(crate) fn batch(&self, points: &[usize], target: &mut Target) {
        let Target { rates, weights } = target;
        rates.fill(0.0);
        weights.fill(0.0);
        for point in points {
            let start = point * self.intervals;
            let row = start..start + self.trained_intervals;
            for (sum, rate) in rates.iter_mut().zip(&self.rate[row.clone()]) {
                *sum += rate;
            }
            for (sum, trained) in weights.iter_mut().zip(&self.trained[row]) {
                *sum += trained;
            }
        }
        let total: f32 = weights.iter().sum();
        for (rate, weight) in rates.iter_mut().zip(weights) {
            *rate /= weight.max(1.0);
            *weight = (*weight / total).sqrt();
        }
    }

    /// [`half_width_mm`] of the scored intervals of the validation part: distances between the mean of the part's points and the prediction.
    pub(crate) fn half_width(&self, series: &WellSeries, predicted: &[f32]) -> f64 {
        let [_, validate, _] = &self.sums;
        let of_intervals = series.intervals.iter().zip(validate).zip(predicted);
        let residuals: Vec<f64> = of_intervals
            .filter(|((interval, sums), _)| sums.count > 0.0 && series.is_scored(interval))
            .map(|((_, sums), predicted)| {
                (f64::from(*predicted) - sums.rate / sums.count).abs() * self.scale
            })
            .collect();
        half_width_mm(residuals)
    }

    /// Root mean square error on the test part of the other parts' mean rate of the same interval; NaN where there are no such pairs.
    pub(crate) fn floor(&self) -> f64 {
        let [train, validate, test] = &self.sums;
        let (mut square, mut count) = (0.0, 0.0);
        for ((train, validate), test) in train.iter().zip(validate).zip(test) {
            let known = train.count + validate.count;
            if known > 0.0 {
                square += test.squared_error((train.rate + validate.rate) / known);
                count += test.count;
            }
        }
        (square.max(0.0) / count).sqrt() * self.scale
    }

    /// Root mean square errors of all parts for predicted standardised rates.
    pub(crate) fn scores(&self, epoch: usize, predicted: &[f32]) -> Epoch {
        let [train_rmse_mm, validate_rmse_mm, test_rmse_mm] = [0, 1, 2].map(|part| {
            let (mut square, mut count) = (0.0, 0.0);
            for (predicted, sums) in predicted.iter().zip(&self.sums[part]) {
                square += sums.squared_error(f64::from(*predicted));
                count += sums.count;
            }
            // Rounding may leave a perfect fit a little below zero.
            (square.max(0.0) / count).sqrt() * self.scale
        });
        Epoch {
            epoch,
            train_rmse_mm,
            validate_rmse_mm,
            test_rmse_mm,
        }
    }
}
