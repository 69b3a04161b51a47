//! Scores of an exported model, and of any curve beside it.
//!
//! A model is run as a logger runs it: [`amlstm_core`]'s estimator steps through the months once, from the zero state, on measured levels
//! alone (free run); what was observed of the ground is never fed back.

use amlstm_core::{artifact::ModelFile, estimator::Estimator, month::Month};

use crate::{
    series::{Interval, WellSeries},
    split::{Part, Split},
};

/// What a model file says for each step of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// Subsidence of each step in mm per month, down +, `[steps]`.
    pub increment_mm: Vec<f32>,
    /// Share of each aquifer layer in the attention, 0 to 1, `[steps][aquifer layers]`; empty in a plain LSTM.
    pub attention: Vec<Vec<f32>>,
}

impl Simulation {
    /// Steps a model through a series from the zero state.
    pub fn new(file: &ModelFile, series: &WellSeries) -> Self {
        Self::of(file, &series.months, &series.level_m)
    }

    /// Steps a model through months with these levels in m above datum, `[months][aquifer layers]`, from the zero state.
    pub fn of(file: &ModelFile, months: &[Month], level_m: &[Vec<Option<f32>>]) -> Self {
        let mut estimator = Estimator::cold(file);
        let steps = months.iter().zip(level_m);
        let (increment_mm, attention) = steps
            .map(|(month, level_m)| {
                let estimate = estimator.step_across_gap(*month, level_m);
                (estimate.network.increment_mm, estimate.attention.to_vec())
            })
            .unzip();
        Self {
            increment_mm,
            attention,
        }
    }

    /// The increments as a curve to be scored.
    pub fn curve(&self) -> Vec<Option<f64>> {
        self.increment_mm
            .iter()
            .map(|increment| Some(f64::from(*increment)))
            .collect()
    }
}

/// Errors of a curve over all points and intervals of one part, in mm per month; of a directly measured series these are the errors of the
/// increments between successive months in mm. All NaN where nothing was scored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Observed increments scored.
    pub count: usize,
    /// Root mean square error.
    pub rmse_mm: f64,
    /// Mean absolute error.
    pub mae_mm: f64,
    /// Mean of predicted minus observed.
    pub bias_mm: f64,
    /// Coefficient of determination 1 - SSE / SST about the part's own mean: the efficiency of Nash and Sutcliffe (1970,
    /// doi:10.1016/0022-1694(70)90255-6).
    pub r2: f64,
}

impl Score {
    /// Scores pairs of a predicted and an observed value.
    pub fn of(pairs: impl Iterator<Item = (f64, f64)>) -> Self {
        let (mut count, mut squares, mut absolute, mut errors) = (0_usize, 0.0, 0.0, 0.0);
        // Welford (1962): no cancellation where the mean is large against the spread.
        let (mut mean, mut total) = (0.0, 0.0);
        for (predicted, observed) in pairs {
            let error = predicted - observed;
            count += 1;
            squares += error * error;
            absolute += error.abs();
            errors += error;
            let from_mean = observed - mean;
            mean += from_mean / count as f64;
            total += from_mean * (observed - mean);
        }
        let n = count as f64;
        Self {
            count,
            rmse_mm: (squares / n).sqrt(),
            mae_mm: absolute / n,
            bias_mm: errors / n,
            r2: 1.0 - squares / total,
        }
    }
}

/// Rate of a curve over an interval in mm per month: the mean of the steps that cause it; nothing where one of them is not predicted.
pub fn interval_rate(curve: &[Option<f64>], interval: &Interval) -> Option<f64> {
    let steps = curve.get(interval.from + 1..=interval.to)?;
    let sum = steps.iter().copied().sum::<Option<f64>>()?;
    Some(sum / steps.len() as f64)
}

/// Scores a curve on one part.
pub fn score(series: &WellSeries, split: &Split, curve: &[Option<f64>], part: Part) -> Score {
    let scored = series
        .intervals
        .iter()
        .enumerate()
        .filter(|(_, interval)| series.is_scored(interval));
    Score::of(
        scored
            .filter_map(|(i, interval)| Some((i, interval, interval_rate(curve, interval)?)))
            .flat_map(|(i, interval, predicted)| {
                let points = series
                    .points
                    .iter()
                    .enumerate()
                    .filter(move |(point, _)| split.part(*point, i) == part);
                points.filter_map(move |(_, point)| {
                    Some((
                        predicted,
                        interval.rate_mm_per_month(f64::from(point.increment_mm[i]?)),
                    ))
                })
            }),
    )
}

/// RMSE in mm of the cumulative subsidence that a curve adds up from the last observation before the test part on, against the mean of
/// the points; nothing where points are held out, not months. Sums over gaps count, because they were measured.
pub fn cumulative_rmse_mm(
    series: &WellSeries,
    split: &Split,
    curve: &[Option<f64>],
) -> Option<f64> {
    let first = split.intervals_of(Part::Test)?.start;
    let (mut observed_mm, mut predicted_mm) = (0.0, 0.0);
    let mut pairs = Vec::new();
    for (i, interval) in series.intervals.iter().enumerate().skip(first) {
        let (Some(rate), Some(increment)) =
            (interval_rate(curve, interval), series.mean_increment_mm(i))
        else {
            break;
        };
        observed_mm += increment;
        predicted_mm += interval.increment_mm(rate);
        pairs.push((predicted_mm, observed_mm));
    }
    (!pairs.is_empty()).then(|| Score::of(pairs.into_iter()).rmse_mm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::{DAYS_PER_MONTH, PointSeries};

    /// Six months, five intervals of one month, one point with the given increments.
    fn series(increment_mm: [f32; 5]) -> WellSeries {
        let start = Month::new(2000, 1).unwrap();
        WellSeries {
            later_level_m: Vec::new(),
            month_definition: amlstm_core::month_mean::MonthDefinition::default(),
            well: "W".into(),
            name: "W".into(),
            aquifer_layers: vec!["upper".into()],
            synthetic: false,
            directly_measured: true,
            months: (0..6).map(|step| start.offset(step)).collect(),
            level_m: vec![vec![Some(0.0)]; 6],
            intervals: (0..5)
                .map(|from| Interval {
                    from,
                    to: from + 1,
                    days: DAYS_PER_MONTH,
                })
                .collect(),
            points: vec![PointSeries {
                id: "W".into(),
                distance_m: 0.0,
                increment_mm: increment_mm.map(Some).to_vec(),
            }],
        }
    }

    fn split() -> Split {
        Split::Time(vec![
            Part::Train,
            Part::Validate,
            Part::Border,
            Part::Test,
            Part::Test,
        ])
    }

    #[test]
    fn scores_agree_with_numbers_worked_by_hand() {
        // Errors 1, -1, 2 against observed 1, 2, 6: squares 6, total 14.
        let score = Score::of([(2.0, 1.0), (1.0, 2.0), (8.0, 6.0)].into_iter());
        assert_eq!(
            (score.count, score.rmse_mm, score.mae_mm),
            (3, 2.0_f64.sqrt(), 4.0 / 3.0)
        );
        assert!(
            (score.bias_mm - 2.0 / 3.0).abs() < 1e-15
                && (score.r2 - (1.0 - 6.0 / 14.0)).abs() < 1e-15
        );
        assert!(Score::of(std::iter::empty()).rmse_mm.is_nan());
    }

    #[test]
    fn only_the_asked_part_is_scored() {
        let curve = vec![Some(0.0); 6];
        let series = series([1.0, 2.0, 100.0, 3.0, 5.0]);
        let rmse = |part| score(&series, &split(), &curve, part).rmse_mm;
        assert_eq!(rmse(Part::Train), 1.0);
        assert_eq!(rmse(Part::Validate), 2.0);
        assert_eq!(rmse(Part::Test), 17.0_f64.sqrt());
    }

    #[test]
    fn a_gap_in_a_direct_series_counts_for_the_sum_but_not_for_the_months() {
        let mut series = series([1.0, 1.0, 1.0, 1.0, 1.0]);
        series.intervals = vec![
            Interval {
                from: 0,
                to: 1,
                days: DAYS_PER_MONTH,
            },
            Interval {
                from: 1,
                to: 2,
                days: DAYS_PER_MONTH,
            },
            Interval {
                from: 2,
                to: 4,
                days: 2.0 * DAYS_PER_MONTH,
            },
            Interval {
                from: 4,
                to: 5,
                days: DAYS_PER_MONTH,
            },
        ];
        series.points[0].increment_mm = [2.0, 2.0, 7.0, 4.0].map(Some).to_vec();
        let split = Split::Time(vec![Part::Train, Part::Validate, Part::Test, Part::Test]);
        let curve: Vec<Option<f64>> = [0.0, 0.0, 0.0, 2.0, 4.0, 1.0].map(Some).to_vec();
        // The gap: (2 + 4) of 7. Then 1 of 4.
        assert_eq!(score(&series, &split, &curve, Part::Test).rmse_mm, 3.0);
        assert_eq!(
            cumulative_rmse_mm(&series, &split, &curve),
            Some(f64::midpoint(1.0, 16.0).sqrt())
        );
    }

    #[test]
    fn the_free_run_starts_at_the_last_observation_before_the_test_part() {
        let series = series([9.0, 9.0, 1.0, 1.0, 1.0]);
        let curve = vec![Some(0.0); 6];
        assert_eq!(
            cumulative_rmse_mm(&series, &split(), &curve),
            Some((14.0 / 3.0_f64).sqrt())
        );
        assert_eq!(
            cumulative_rmse_mm(&series, &Split::Points(vec![Part::Test]), &curve),
            None
        );
    }
}
