//! Predictions and observations of the ground at the observed months, added up over windows of some months.

use crate::baseline::Curve;
use crate::metric::interval_rate;
use crate::series::WellSeries;
use crate::split::{Part, Split};

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
}
