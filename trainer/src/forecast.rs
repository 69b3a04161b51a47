//! What the ground will do if levels go on in some way.
//!
//! The forecast is physics': its weights are not negative, so levels beyond all that were seen give more subsidence or less, never nonsense. The network runs
//! beside it, for comparison alone: outside its training it may say anything.

mod scenario;

use amlstm_core::{
    artifact::{ModelFile, Physics},
    estimate::{Primary, Subsidence},
    estimator::Estimator,
    month::Month,
};

pub use scenario::{ALL_LAYERS, Climatology, Scenario, ScenarioError, layer};

/// No shift of levels is larger, m: beyond it nobody pumps or recharges.
const SHIFT_LIMIT_M: f64 = 100.0;

/// A shift is searched this closely, m.
const SHIFT_STEP_M: f64 = 0.01;

/// Months of a rate.
const YEAR: usize = 12;

/// Makes forecasts from a model's last month.
#[derive(Clone, Debug)]
pub struct Forecaster<'a> {
    file: &'a ModelFile<'a>,
    physics: &'a Physics<'a>,
}

/// Why a model cannot forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForecastError {
    /// A network alone.
    #[error(
        "found a model without physics, expected one with: a network does not extrapolate, so its numbers are no forecast"
    )]
    NoPhysics,
    /// Physics that has not begun.
    #[error(
        "found physics that has not begun, expected a state in which every aquifer layer has been measured"
    )]
    NotBegun,
}

/// Levels and subsidence of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// The scenario.
    pub scenario: String,
    /// The months after the model's last one.
    pub months: Vec<ForecastMonth>,
}

/// A month of a forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct ForecastMonth {
    /// The month.
    pub month: Month,
    /// Level of each aquifer layer, m above datum; where there is none, physics takes it from the other layers or holds the last one.
    pub level_m: Vec<Option<f32>>,
    /// The forecast: by physics.
    pub physics: Subsidence,
    /// Half the width of the 90 % interval around the forecast increment in mm: that of validation, as many times wider as the level furthest outside the
    /// levels trained on is outside, in widths of their range. Nothing if the file has none.
    pub half_width_mm: Option<f64>,
    /// The same around its cumulative subsidence, from the errors of validation over as many months as have passed since the ground was last observed.
    pub cumulative_half_width_mm: Option<f64>,
    /// By the network, for comparison.
    pub network: Subsidence,
    /// How far the furthest level lies outside the levels trained on, in widths of their range; 0 within.
    pub outside: f32,
}

/// A calendar year of a forecast, or as much of it as is forecast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForecastYear {
    /// The year.
    pub year: i32,
    /// How many months of it.
    pub months: usize,
    /// Subsidence in them in mm, down +, by physics.
    pub subsidence_mm: f64,
    /// Half the width of its 90 % interval, mm, around the given levels: from the errors of validation over as many months, as many times wider as the level
    /// furthest outside the levels trained on is outside. Where validation was too short for that, the root of the sum of squares of its months', as if they
    /// erred independently of each other: errors of successive months are alike, so that is a lower bound.
    pub half_width_mm: Option<f64>,
    /// Cumulative at its end, by physics.
    pub cumulative_mm: f64,
    /// Half the width of its 90 % interval, mm.
    pub cumulative_half_width_mm: Option<f64>,
    /// As `subsidence_mm`, by the network.
    pub network_mm: f64,
    /// Months with a level outside the range trained on.
    pub outside: usize,
    /// Months in which a layer has no level.
    pub without_level: usize,
}

/// When a cumulative subsidence is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// Before the forecast begins.
    Before,
    /// In this month.
    In(Month),
    /// Not within the forecast.
    Not,
}

/// What keeps a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RateShift {
    /// The levels may lie this much higher (lower if negative) from the first month on, no lower, m; the highest rate is then `mm_per_year`.
    By {
        /// Metres.
        shift_m: f64,
        /// Highest subsidence of twelve successive months, mm.
        mm_per_year: f64,
    },
    /// Even levels [`SHIFT_LIMIT_M`] higher do not keep it: the highest rate is then this, mm per year.
    Never(f64),
    /// Even levels [`SHIFT_LIMIT_M`] lower keep it.
    Always,
}

/// How many times wider an interval is whose furthest level lies so many widths of the trained range outside it.
fn widening(outside: f32) -> f64 {
    1.0 + f64::from(outside)
}

impl<'a> Forecaster<'a> {
    /// From the last month that the file knows.
    ///
    /// # Errors
    /// When the model has no physics, or one that has not begun.
    pub fn new(file: &'a ModelFile<'a>) -> Result<Self, ForecastError> {
        let physics = file.physics().ok_or(ForecastError::NoPhysics)?;
        if physics.state.months.is_none() {
            return Err(ForecastError::NotBegun);
        }
        Ok(Self { file, physics })
    }

    /// The model's last month.
    pub fn start(&self) -> Month {
        self.file.start().month
    }

    /// Cumulative subsidence at its end in mm, down +, by physics.
    pub fn start_mm(&self) -> f64 {
        self.physics.subsidence_mm.into()
    }

    /// Levels of the last month, m above datum.
    pub fn start_levels_m(&self) -> Vec<f32> {
        let layers = self.physics.state.layers.iter();
        let layers = layers.take(self.physics.weights.layers.len()).flatten();
        layers.map(|beds| beds.reference_m + beds.level_m).collect()
    }

    /// Half the width of the 90 % interval around a month's subsidence within the levels trained on, mm; nothing if the file has none.
    pub fn half_width_mm(&self) -> Option<f64> {
        let half_width_mm = f64::from(self.physics.interval_half_width_mm);
        half_width_mm.is_finite().then_some(half_width_mm)
    }

    /// Half the width of the 90 % interval around the change over so many months within the levels trained on, from the errors of validation, mm; nothing where
    /// validation was too short.
    pub fn change_half_width_mm(&self, months: usize) -> Option<f64> {
        let intervals = self.file.cumulative_intervals()?;
        intervals
            .after(Primary::Physics, months as u32)
            .map(f64::from)
    }

    /// Runs both models over levels, `[months][aquifer layers]`.
    #[allow(
        clippy::missing_panics_doc,
        reason = "physics that has not begun is refused by `new`"
    )]
    pub fn run(&self, scenario: &str, level_m: &[Vec<Option<f32>>]) -> Forecast {
        let mut estimator = Estimator::at_start(self.file);
        let mut month = self.start();
        let step = |level_m: &Vec<Option<f32>>| {
            month = month.next();
            let estimate = estimator.step_across_gap(month, level_m);
            let inputs = self.file.model().inputs().zip(level_m);
            let outside = inputs
                .map(|(input, level_m)| input.outside(*level_m))
                .fold(0.0, f32::max);
            ForecastMonth {
                month,
                level_m: level_m.clone(),
                physics: estimate
                    .physics
                    .map(|physics| physics.subsidence)
                    .expect("physics has begun"),
                network: estimate.network,
                half_width_mm: self.half_width_mm().map(|mm| mm * widening(outside)),
                cumulative_half_width_mm: (self.file.cumulative_intervals())
                    .and_then(|intervals| intervals.half_width_mm(Primary::Physics, month))
                    .map(|mm| f64::from(mm) * widening(outside)),
                outside,
            }
        };
        Forecast {
            scenario: scenario.to_owned(),
            months: level_m.iter().map(step).collect(),
        }
    }

    /// Sums up a forecast by calendar years.
    pub fn years(&self, forecast: &Forecast) -> Vec<ForecastYear> {
        let years = forecast
            .months
            .chunk_by(|a, b| a.month.year() == b.month.year());
        years
            .map(|months| {
                let sum =
                    |mm: fn(&ForecastMonth) -> f32| months.iter().map(mm).map(f64::from).sum();
                let furthest = months.iter().map(|month| month.outside).fold(0.0, f32::max);
                let measured = self.change_half_width_mm(months.len());
                let squares: Option<f64> = months
                    .iter()
                    .map(|month| month.half_width_mm.map(|mm| mm * mm))
                    .sum();
                let last = &months[months.len() - 1];
                ForecastYear {
                    year: last.month.year(),
                    months: months.len(),
                    subsidence_mm: sum(|month| month.physics.increment_mm),
                    half_width_mm: measured
                        .map(|mm| mm * widening(furthest))
                        .or(squares.map(f64::sqrt)),
                    cumulative_mm: last.physics.cumulative_mm.into(),
                    cumulative_half_width_mm: last.cumulative_half_width_mm,
                    network_mm: sum(|month| month.network.increment_mm),
                    outside: months.iter().filter(|month| month.outside > 0.0).count(),
                    without_level: months
                        .iter()
                        .filter(|month| month.level_m.iter().any(Option::is_none))
                        .count(),
                }
            })
            .collect()
    }

    /// When the cumulative subsidence is more than `threshold_mm`, down +, for the first time.
    pub fn passing(&self, forecast: &Forecast, threshold_mm: f64) -> Passing {
        if self.start_mm() > threshold_mm {
            return Passing::Before;
        }
        let passes = |month: &&ForecastMonth| f64::from(month.physics.cumulative_mm) > threshold_mm;
        let first = forecast.months.iter().find(passes);
        first.map_or(Passing::Not, |month| Passing::In(month.month))
    }

    /// The least equal shift of one layer's levels (of all layers' where none is named) from the first month on with which no twelve successive months
    /// subside by more than `limit_mm`; nothing for a forecast of less than a year.
    ///
    /// Found by bisection: higher levels never give more subsidence, because no weight is negative.
    pub fn shift_for_rate(
        &self,
        level_m: &[Vec<Option<f32>>],
        layer: Option<usize>,
        limit_mm: f64,
    ) -> Option<RateShift> {
        let rate = |shift_m: f64| self.highest_rate_mm(level_m, layer, shift_m);
        let highest = rate(SHIFT_LIMIT_M)?;
        if highest > limit_mm {
            return Some(RateShift::Never(highest));
        }
        if rate(-SHIFT_LIMIT_M)? <= limit_mm {
            return Some(RateShift::Always);
        }
        // In whole steps, so that what is printed is what was found.
        let steps = (SHIFT_LIMIT_M / SHIFT_STEP_M) as i64;
        let (mut too_low, mut enough) = (-steps, steps);
        while enough - too_low > 1 {
            let middle = i64::midpoint(too_low, enough);
            if rate(middle as f64 * SHIFT_STEP_M)? <= limit_mm {
                enough = middle;
            } else {
                too_low = middle;
            }
        }
        let shift_m = enough as f64 * SHIFT_STEP_M;
        Some(RateShift::By {
            shift_m,
            mm_per_year: rate(shift_m)?,
        })
    }

    /// Highest subsidence of twelve successive months under shifted levels, mm; nothing for less than a year.
    fn highest_rate_mm(
        &self,
        level_m: &[Vec<Option<f32>>],
        layer: Option<usize>,
        shift_m: f64,
    ) -> Option<f64> {
        let mut state = self.physics.state.clone();
        // A month without a level holds the last one, which is shifted, too.
        let mut last_m: Vec<f32> = self.start_levels_m();
        let increment_mm: Vec<f64> = level_m
            .iter()
            .map(|levels| {
                let shifted: Vec<Option<f32>> = (levels.iter().zip(&mut last_m).enumerate())
                    .map(|(number, (level_m, last_m))| {
                        *last_m = level_m.unwrap_or(*last_m);
                        let is_shifted = layer.is_none_or(|layer| layer == number);
                        let shift_m = if is_shifted { shift_m } else { 0.0 };
                        Some((f64::from(*last_m) + shift_m) as f32)
                    })
                    .collect();
                let output = state.step(&self.physics.weights, &shifted);
                output.map_or(0.0, |output| f64::from(output.increment_mm))
            })
            .collect();
        let years = increment_mm.windows(YEAR);
        years.map(|year| year.iter().sum()).max_by(f64::total_cmp)
    }
}
