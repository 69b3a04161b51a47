//! Predictions and observations of the ground at the observed months, added up over windows of some months.

use amlstm_core::cumulative_interval::{HORIZON_MONTHS, HORIZONS};

use crate::baseline::Curve;
use crate::metric::interval_rate;
use crate::series::WellSeries;
use crate::split::{Part, Split};
use crate::train::observation::half_width_mm;

/// The observed months of a part, from the last one before it on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Interval with which it begins.
    pub first: usize,
    /// Interval after its last one.
    pub end: usize,
    /// Months it spans.
    pub months: usize,
}

impl Window {
    /// All windows of `months` months in a part: they begin at the last observation before it or later, and end in it.
    pub fn of_part(series: &WellSeries, split: &Split, part: Part, months: usize) -> Vec<Self> {
        let Some(intervals) = split.intervals_of(part) else {
            return Vec::new();
        };
        let month = |step: usize| series.months[step].index();
        let mut windows = Vec::new();
        for first in intervals.clone() {
            let from = month(series.intervals[first].from);
            let last = (first..intervals.end)
                .find(|last| month(series.intervals[*last].to) >= from + months as i32);
            // Where the month was not observed, there is no such window.
            if let Some(last) = last
                && month(series.intervals[last].to) == from + months as i32
            {
                windows.push(Self {
                    first,
                    end: last + 1,
                    months,
                });
            }
        }
        windows
    }

    /// Observed and predicted change of the ground in mm, down +; nothing where a month is not predicted or not observed.
    pub fn change_mm(&self, series: &WellSeries, curve: &Curve) -> Option<(f64, f64)> {
        let (mut observed, mut predicted) = (0.0, 0.0);
        for index in self.first..self.end {
            let interval = &series.intervals[index];
            observed += series.mean_increment_mm(index)?;
            predicted += interval.increment_mm(interval_rate(curve, interval)?);
        }
        Some((observed, predicted))
    }
}

/// Half width in mm of the 90 % interval around the change over so many months by a curve that never saw the validation part, see [`half_width_mm`];
/// nothing with too few windows. Windows overlap, so far ahead they are fewer than they seem.
pub fn change_half_width_mm(
    series: &WellSeries,
    split: &Split,
    early: &Curve,
    months: usize,
) -> Option<f64> {
    let windows = Window::of_part(series, split, Part::Validate, months);
    let errors = windows
        .iter()
        .filter_map(|window| window.change_mm(series, early))
        .map(|(observed, predicted)| (predicted - observed).abs());
    let width = half_width_mm(errors.collect());
    width.is_finite().then_some(width)
}

/// [`change_half_width_mm`] of every horizon.
pub fn horizon_widths(
    series: &WellSeries,
    split: &Split,
    early: &Curve,
) -> [Option<f32>; HORIZONS] {
    HORIZON_MONTHS.map(|months| {
        change_half_width_mm(series, split, early, months.into()).map(|width| width as f32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::example::{in_order, levels, well};

    #[test]
    fn windows_add_up_what_was_observed_and_skip_what_was_not() {
        let mut series = well(&levels(), |t| t as f64);
        // Months 101 and 102 as one interval.
        let dropped = series.intervals.remove(100);
        series.intervals[100].from = dropped.from;
        series.intervals[100].days += dropped.days;
        series.points[0].increment_mm.remove(100);
        series.points[0].increment_mm[100] = Some(203.0);
        let split = in_order(&series);
        // From month 83 to 119: 36 intervals of a month but the gap.
        let windows = Window::of_part(&series, &split, Part::Test, 1);
        assert_eq!(windows.len(), 34);
        let windows = Window::of_part(&series, &split, Part::Test, 3);
        assert!(windows.iter().all(|window| window.months == 3));
        let curve: Curve = vec![Some(1.0); 120];
        // Months 84, 85, 86.
        let (observed, predicted) = windows[0].change_mm(&series, &curve).unwrap();
        assert!((observed - 255.0).abs() < 1e-9 && (predicted - 3.0).abs() < 1e-9);
    }

    #[test]
    fn errors_to_one_side_add_up_and_too_few_windows_give_no_width() {
        // The ground sinks by 1 mm a month, the curve says 1.25: after n months it is n quarters off.
        let series = well(&levels(), |_| 1.0);
        let part = |to| match to {
            ..48 => Part::Train,
            48..78 => Part::Validate,
            _ => Part::Test,
        };
        let parts = series.intervals.iter().map(|interval| part(interval.to));
        let split = Split::Time(parts.collect());
        let curve: Curve = vec![Some(1.25); 120];
        let widths = horizon_widths(&series, &split, &curve);
        for (mm, expected_mm) in widths.into_iter().zip([0.25, 0.75, 1.5]) {
            assert!((mm.unwrap() - expected_mm).abs() < 1e-5, "{widths:?}");
        }
        // 30 validation months hold 19 windows of twelve and 7 of twenty-four.
        assert_eq!(widths[3..], [None; 2]);
    }
}
