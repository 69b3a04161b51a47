//! A well's training series: months of levels and observation intervals.
//!
//! Steps are months. With `steps = "months"` they are contiguous, and months without an observation still carry their levels.
//! With `steps = "scenes"` (the paper's way) only observed months are steps.
//!
//! **Directly measured series** (extensometer, GNSS, levelling): the value of a month is the mean of its days' means, and an interval spans
//! two successive measured months. This reading reproduces the reference figures for the measured wells' test months: RMSE of "no
//! change" 15.08 mm at D201 and 1.16 mm at Holly.
//!
//! **ps points**: the value of a month is that of the last scene in which the point was observed, and an interval spans two successive scene months. Where
//! points are observed on different days, as those of several tracks, an increment is brought to the interval's days at its own rate.
//!
//! Observations outside the months with levels are left out. Levels before the first observation are kept for up to
//! [`WARM_UP_MONTHS`], so that the state does not start at nothing.

mod error;
mod interval;
mod observations;

use amlstm_core::{month::Month, month_mean::MonthDefinition, sizes::MAX_INPUTS};

pub use self::error::SeriesError;
pub use self::interval::{DAYS_PER_MONTH, Interval};
use self::observations::Observations;
pub use self::observations::PointSeries;
use crate::{
    config::{DataConfig, Steps},
    level::MonthlyLevels,
    read::{Ground, Well},
};

/// Months of levels before the first observation that are steps too: an LSTM on levels needs 12 to 36 months to forget its start.
pub const WARM_UP_MONTHS: i32 = 36;

/// What one well is trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct WellSeries {
    /// Well id.
    pub well: String,
    /// Name for people.
    pub name: String,
    /// Names of the aquifer layers, in the order of the inputs.
    pub aquifer_layers: Vec<String>,
    /// Made by the generator, not measured.
    pub synthetic: bool,
    /// Measured at the well itself, not by ps points; then there is exactly one point.
    pub directly_measured: bool,
    /// How the months of the levels were made.
    pub month_definition: MonthDefinition,
    /// Month of each step, ascending; contiguous unless steps are scenes.
    pub months: Vec<Month>,
    /// Monthly mean level above the site's datum in metres, up +, `[steps][aquifer layers]`; `None` where nothing was measured.
    pub level_m: Vec<Vec<Option<f32>>>,
    /// Levels of the months after the last step, up to the last month that has one: nothing is learnt from them, but a logger starts after them. Empty where
    /// steps are scenes.
    pub later_level_m: Vec<Vec<Option<f32>>>,
    /// Spans between successive observations, ascending; each starts where the one before ends.
    pub intervals: Vec<Interval>,
    /// Observed points; all share the levels.
    pub points: Vec<PointSeries>,
}

impl WellSeries {
    /// Builds a well's series from its measurements.
    ///
    /// # Errors
    /// When there are no levels, no observations, or they do not overlap.
    pub fn new(well: &Well, config: &DataConfig) -> Result<Self, SeriesError> {
        let id = || well.id.clone();
        let from = well.levels.iter().map(|layer| layer.start).min();
        let until = well.levels.iter().map(MonthlyLevels::last).max();
        let (Some(from), Some(until)) = (from, until) else {
            return Err(SeriesError::NoLevels { well: id() });
        };
        if well.levels.len() > MAX_INPUTS {
            return Err(SeriesError::TooManyLayers {
                well: id(),
                found: well.levels.len(),
            });
        }
        let observations = match &well.ground {
            Ground::Direct(readings) => Observations::direct(&well.id, readings, from, until),
            Ground::Points(points) if points.points.is_empty() => {
                return Err(SeriesError::NoGround {
                    well: id(),
                    buffer_m: config.buffer_m,
                });
            }
            Ground::Points(points) => Observations::points(points, config.drop_scenes, from, until),
        };
        let observed = &observations.months;
        let (Some(first), Some(last), 2..) = (observed.first(), observed.last(), observed.len())
        else {
            return Err(SeriesError::TooFewObservations {
                well: id(),
                found: observed.len(),
                from,
                until,
            });
        };
        let months: Vec<Month> = match config.steps {
            Steps::Scenes => observed.clone(),
            Steps::Months => {
                let start = from.max(first.offset(-WARM_UP_MONTHS));
                (0..=last.index() - start.index())
                    .map(|step| start.offset(step))
                    .collect()
            }
        };
        // Every observed month is a step.
        let step = |month: &Month| months.partition_point(|step| step < month);
        let pairs = observed.windows(2).zip(&observations.days);
        let levels_of = |month: Month| -> Vec<Option<f32>> {
            well.levels.iter().map(|layer| layer.at(month)).collect()
        };
        let later = match config.steps {
            Steps::Scenes => 0,
            Steps::Months => until.index() - last.index(),
        };
        let later_level_m = (1..=later)
            .map(|month| levels_of(last.offset(month)))
            .collect();
        let intervals = pairs.map(|(pair, days)| Interval {
            from: step(&pair[0]),
            to: step(&pair[1]),
            days: *days,
        });
        Ok(Self {
            well: id(),
            name: well.name.clone(),
            aquifer_layers: well
                .levels
                .iter()
                .map(|layer| layer.aquifer_layer.clone())
                .collect(),
            synthetic: well.is_synthetic(),
            directly_measured: matches!(well.ground, Ground::Direct(_)),
            level_m: months.iter().map(|month| levels_of(*month)).collect(),
            later_level_m,
            intervals: intervals.collect(),
            points: observations.points,
            month_definition: MonthDefinition::new(
                config.conventions().utc_offset_minutes as i16,
                well.levels.iter().map(|layer| layer.rule),
            )
            .unwrap_or_default(),
            months,
        })
    }

    /// The steps that cause each interval.
    pub(crate) fn spans(&self) -> Vec<std::ops::Range<usize>> {
        let span = |interval: &Interval| interval.from + 1..interval.to + 1;
        self.intervals.iter().map(span).collect()
    }

    /// Whether scores count an interval: of a directly measured series only between successive months.
    pub fn is_scored(&self, interval: &Interval) -> bool {
        !self.directly_measured || self.months[interval.from].next() == self.months[interval.to]
    }

    /// Mean increment of all points over an interval in mm, down +; nothing where none was observed.
    pub fn mean_increment_mm(&self, interval: usize) -> Option<f64> {
        let observed = || {
            self.points
                .iter()
                .filter_map(|point| point.increment_mm[interval])
                .map(f64::from)
        };
        let count = observed().count();
        (count > 0).then(|| observed().sum::<f64>() / count as f64)
    }
}

#[cfg(test)]
mod tests;
