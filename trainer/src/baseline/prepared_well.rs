//! A well as the baselines see it: levels without gaps and, for each interval, the mean rate of the points that may be fitted.

use std::ops::Range;

use amlstm_core::month::Month;
use nalgebra::{DMatrix, DVector};

use crate::physics::as_measured;
use crate::series::{Interval, WellSeries};
use crate::split::{Part, Split};

/// A rate in mm per month for each step of the series, down +; `None` where the model says nothing.
pub type Curve = Vec<Option<f64>>;

/// Levels in m above datum, `[months][aquifer layers]`, `None` where not measured.
pub type MeasuredLevels = Vec<Vec<Option<f32>>>;

/// A well prepared for fitting.
#[derive(Debug, Clone)]
pub struct PreparedWell<'a> {
    /// The well's series; its steps are months.
    pub series: &'a WellSeries,
    /// Which observations are fitted and which are scored.
    pub split: &'a Split,
    /// Start of the random streams of seeded models.
    pub seed: u64,
    /// First step at which every aquifer layer has been measured.
    first: usize,
    /// Step after the last one with a measured level: later steps have nothing to predict from.
    end: usize,
    /// Step from which on levels are forecast.
    known: usize,
    /// Levels without gaps from `first` to `end`, `[end - first][aquifer layers]`.
    level_m: Vec<Vec<f64>>,
}

impl<'a> PreparedWell<'a> {
    /// Fills the levels: linear inside the fitted months, the last value held in test months and where no later value is in the same part.
    ///
    /// `None` if an aquifer layer was never measured.
    pub fn new(series: &'a WellSeries, split: &'a Split, seed: u64) -> Option<Self> {
        let layers = series.aquifer_layers.len();
        let first_of = |layer: usize| {
            series
                .level_m
                .iter()
                .position(|levels| levels[layer].is_some())
        };
        let firsts: Option<Vec<usize>> = (0..layers).map(first_of).collect();
        let first = firsts?.into_iter().max()?;
        let end = series
            .level_m
            .iter()
            .rposition(|levels| levels.iter().any(Option::is_some))?
            + 1;
        let mut prepared = Self {
            series,
            split,
            seed,
            first,
            end,
            known: end,
            level_m: Vec::new(),
        };
        let unseen = prepared.test_steps().start;
        let columns: Vec<Vec<f64>> = (0..layers)
            .map(|layer| filled(series, layer, unseen))
            .collect();
        prepared.level_m = (first..end)
            .map(|step| columns.iter().map(|column| column[step]).collect())
            .collect();
        Some(prepared)
    }

    /// Number of steps of the series.
    pub fn steps(&self) -> usize {
        self.series.level_m.len()
    }

    /// First step the levels cover; earlier steps get no prediction.
    pub fn first(&self) -> usize {
        self.first
    }

    /// Levels without gaps from [`PreparedWell::first`] to the last month with a measured level, `[months][aquifer layers]`.
    pub fn level_m(&self) -> &[Vec<f64>] {
        &self.level_m
    }

    /// Whether whole months are held out rather than points.
    pub fn is_chronological(&self) -> bool {
        matches!(self.split, Split::Time(_))
    }

    /// The steps from the first test observation on when months are held out; empty when points are.
    pub fn test_steps(&self) -> Range<usize> {
        let Split::Time(parts) = self.split else {
            return self.end..self.end;
        };
        let first = self
            .series
            .intervals
            .iter()
            .zip(parts)
            .find(|(_, part)| **part == Part::Test);
        first.map_or(self.end, |(interval, _)| interval.from.min(self.end))..self.end
    }

    /// Months before the test part with their levels as measured, gaps and all.
    pub fn known(&self) -> (&[Month], &[Vec<Option<f32>>]) {
        let until = self.test_steps().start;
        (&self.series.months[..until], &self.series.level_m[..until])
    }

    /// Levels from [`PreparedWell::first`] on: those that are known, filled in the fitted months and with gaps, as measured, in test months; then as forecast.
    pub fn levels_to_bridge(&self) -> (MeasuredLevels, MeasuredLevels) {
        let mut known = as_measured(&self.level_m);
        let forecast = known.split_off(self.known - self.first);
        for step in self.test_steps().start.max(self.first)..self.known {
            known[step - self.first].clone_from(&self.series.level_m[step]);
        }
        (known, forecast)
    }

    /// The rows of [`PreparedWell::level_m`] that fall in observed months.
    pub fn observed_rows(&self) -> Range<usize> {
        let from = self
            .series
            .intervals
            .first()
            .map_or(0, |interval| interval.from + 1);
        let to = self
            .series
            .intervals
            .last()
            .map_or(0, |interval| interval.to + 1);
        from.saturating_sub(self.first)..to.clamp(self.first, self.end) - self.first
    }

    /// A curve of one rate for every step.
    pub fn constant(&self, rate_mm_per_month: f64) -> Curve {
        vec![Some(rate_mm_per_month); self.steps()]
    }

    /// A curve from rates that start at [`PreparedWell::first`].
    pub fn curve(&self, rate_mm_per_month: &[f64]) -> Curve {
        let mut curve = vec![None; self.first];
        curve.extend(rate_mm_per_month.iter().map(|&rate| Some(rate)));
        curve.resize(self.steps(), None);
        curve
    }

    /// Whether the levels cover an interval.
    fn covers(&self, interval: &Interval) -> bool {
        interval.from + 1 >= self.first && interval.to < self.end
    }

    /// Whether an interval is fitted and scored at all: the levels cover it, and at a directly measured well it spans one month.
    pub fn is_used(&self, interval: &Interval) -> bool {
        self.covers(interval)
            && (interval.to - interval.from == 1 || !self.series.directly_measured)
    }

    /// Mean rate over the points of `parts` for each interval, mm per month; `None` where none was observed or the interval is not used.
    pub fn mean_rate(&self, parts: &[Part]) -> Vec<Option<f64>> {
        let intervals = self.series.intervals.iter().enumerate();
        intervals
            .map(|(i, interval)| {
                if !self.is_used(interval) {
                    return None;
                }
                let increment_mm = self.mean_increment_mm(i, parts)?;
                Some(interval.rate_mm_per_month(increment_mm))
            })
            .collect()
    }

    /// Used intervals with the mean rate of `parts`.
    pub fn observations(&self, parts: &[Part]) -> Vec<(Interval, f64)> {
        let rates = self.mean_rate(parts);
        let observed = self.series.intervals.iter().zip(rates);
        observed
            .filter_map(|(interval, rate)| Some((*interval, rate?)))
            .collect()
    }

    /// Rows of `monthly` (one per month from [`PreparedWell::first`] on) averaged over each used interval of some parts, and their mean rates.
    pub fn rows(&self, monthly: &DMatrix<f64>, parts: &[Part]) -> (DMatrix<f64>, DVector<f64>) {
        let observations = self.observations(parts);
        let rates = observations.iter().map(|(_, rate)| *rate);
        let rates = DVector::from_iterator(observations.len(), rates);
        (self.row_means(monthly, &observations), rates)
    }

    /// Rows of `monthly` averaged over each of the intervals.
    fn row_means(&self, monthly: &DMatrix<f64>, of: &[(Interval, f64)]) -> DMatrix<f64> {
        let mut rows = DMatrix::zeros(of.len(), monthly.ncols());
        for (mut row, (interval, _)) in rows.row_iter_mut().zip(of) {
            let months = interval.to - interval.from;
            let of_interval = monthly.rows(interval.from + 1 - self.first, months);
            row.copy_from(&of_interval.row_mean());
        }
        rows
    }

    /// Intervals that a model of `parts` is fitted to, with their mean observed increments in mm.
    ///
    /// A gap in a directly measured series is one of them: its sum was measured. So is an interval across the border between two of the parts.
    pub fn fitted(&self, parts: &[Part]) -> Vec<(Interval, f64)> {
        let until = self.fitted_until(parts);
        let covered = |interval: &Interval| self.covers(interval) && interval.to <= until;
        let parts = [parts, &[Part::Border]].concat();
        (self.series.intervals.iter().enumerate())
            .filter(|(_, interval)| covered(interval))
            .filter_map(|(i, interval)| Some((*interval, self.mean_increment_mm(i, &parts)?)))
            .collect()
    }

    /// Rows of `monthly` summed over each of the [`fitted`](Self::fitted) intervals, and the observed increments in mm.
    pub fn sums(&self, monthly: &DMatrix<f64>, parts: &[Part]) -> (DMatrix<f64>, DVector<f64>) {
        let fitted = self.fitted(parts);
        let mut rows = self.row_means(monthly, &fitted);
        for (mut row, (interval, _)) in rows.row_iter_mut().zip(&fitted) {
            row *= interval.increment_mm(1.0);
        }
        let increments = fitted.iter().map(|(_, increment)| *increment);
        (rows, DVector::from_iterator(fitted.len(), increments))
    }

    /// Last step of the fitted parts.
    pub fn fitted_until(&self, parts: &[Part]) -> usize {
        let of_parts = |(i, interval): (usize, &Interval)| {
            let points = 0..self.series.points.len();
            let of_part = |point| parts.contains(&self.split.part(point, i));
            (interval.to < self.end && points.into_iter().any(of_part)).then_some(interval.to)
        };
        let intervals = self.series.intervals.iter().enumerate();
        intervals.filter_map(of_parts).max().unwrap_or(self.first)
    }

    /// Mean over the points of `parts` of the increment over an interval in mm; nothing where none was observed.
    fn mean_increment_mm(&self, interval: usize, parts: &[Part]) -> Option<f64> {
        let points = self.series.points.iter().enumerate();
        let increments = points
            .filter(|(point, _)| parts.contains(&self.split.part(*point, interval)))
            .filter_map(|(_, point)| point.increment_mm[interval]);
        let (sum, count) = increments.fold((0.0, 0u32), |(sum, count), increment| {
            (sum + f64::from(increment), count + 1)
        });
        (count > 0).then(|| sum / f64::from(count))
    }

    /// The same well as it looked before the level of `step` was read: that month and the ones after it, `months` in all, get the last level plus the fitted
    /// months' mean changes into their calendar months.
    #[must_use]
    pub fn forecast_levels(&self, step: usize, months: usize) -> Self {
        let mut forecast = self.clone();
        let known = step - self.first;
        forecast.known = step;
        forecast.level_m.truncate(known + months);
        if known == 0 {
            return forecast;
        }
        let fitted = self.test_steps().start.saturating_sub(self.first);
        let calendar = |row: usize| self.series.months[row + self.first].month();
        for row in known..forecast.level_m.len() {
            let of_calendar: Vec<usize> = (1..fitted)
                .filter(|&fitted| calendar(fitted) == calendar(row))
                .collect();
            for layer in 0..self.series.aquifer_layers.len() {
                let changes = of_calendar
                    .iter()
                    .map(|&row| self.level_m[row][layer] - self.level_m[row - 1][layer]);
                let change = changes.sum::<f64>() / of_calendar.len().max(1) as f64;
                forecast.level_m[row][layer] = forecast.level_m[row - 1][layer] + change;
            }
        }
        forecast
    }

    /// Levels of all steps as a logger has them: as measured, with gaps, up to what is known; then as forecast.
    pub fn logger_levels(&self) -> MeasuredLevels {
        let measured = self.series.level_m.iter().take(self.known).cloned();
        let forecast = as_measured(self.level_m.get(self.known - self.first..).unwrap_or(&[]));
        measured.chain(forecast).collect()
    }
}

/// One aquifer layer's levels for every step; before the first measurement its value is held backwards.
fn filled(series: &WellSeries, layer: usize, unseen: usize) -> Vec<f64> {
    let known: Vec<(usize, f64)> = series
        .level_m
        .iter()
        .enumerate()
        .filter_map(|(step, levels)| Some((step, f64::from(levels[layer]?))))
        .collect();
    let mut next = 0;
    (0..series.level_m.len())
        .map(|step| {
            while next < known.len() && known[next].0 < step {
                next += 1;
            }
            let before = next.checked_sub(1).map(|i| known[i]);
            match (before, known.get(next)) {
                (_, Some(&(at, level))) if at == step => level,
                (Some((from, low)), Some(&(to, high))) if to < unseen => {
                    low + (high - low) * (step - from) as f64 / (to - from) as f64
                }
                (Some((_, level)), _) | (None, Some(&(_, level))) => level,
                (None, None) => f64::NAN,
            }
        })
        .collect()
}
