//! A well's training series: months of levels and observation intervals.
//!
//! Steps are months. With `steps = "months"` they are contiguous, and months without an observation still carry their levels.
//! With `steps = "scenes"` (the paper's way) only observed months are steps.
//!
//! **Directly measured series** (extensometer, GNSS, levelling): the value of a month is the mean of its readings, and an interval spans
//! two successive measured months. This reading reproduces the reference figures for the measured wells' test months: RMSE of "no
//! change" 15.08 mm at D201 and 1.16 mm at Holly.
//!
//! **ps points**: the value of a month is that of its last scene, and an interval spans two successive scene months.

use amlstm_core::month::Month;

/// Mean length of a month in days (Julian year / 12): rates are per this month.
pub const DAYS_PER_MONTH: f64 = 30.4375;

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
    /// Month of each step, ascending; contiguous unless steps are scenes.
    pub months: Vec<Month>,
    /// Monthly mean level above the site's datum in metres, up +, `[steps][aquifer layers]`; `None` where nothing was measured.
    pub level_m: Vec<Vec<Option<f32>>>,
    /// Spans between successive observations, ascending; each starts where the one before ends.
    pub intervals: Vec<Interval>,
    /// Observed points; all share the levels.
    pub points: Vec<PointSeries>,
}

/// Time between two successive observations: at the end of step `from` and at the end of step `to`. Steps `from + 1 ..= to` cause it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Step of the earlier observation.
    pub from: usize,
    /// Step of the later observation, above `from`.
    pub to: usize,
    /// Days between them; for monthly means, months times [`DAYS_PER_MONTH`].
    pub days: f64,
}

/// Observed increments of one point.
#[derive(Clone, Debug, PartialEq)]
pub struct PointSeries {
    /// Point id; for a direct measurement the well id.
    pub id: String,
    /// Distance from the well in metres.
    pub distance_m: f32,
    /// Vertical subsidence over each interval in mm, down +, `[intervals]`; `None` where not observed at both ends.
    pub increment_mm: Vec<Option<f32>>,
}

impl Interval {
    /// An increment over this interval as a rate in mm per month.
    pub fn rate_mm_per_month(&self, increment_mm: f64) -> f64 {
        increment_mm / self.days * DAYS_PER_MONTH
    }

    /// The increment in mm that a rate in mm per month makes over this interval.
    pub fn increment_mm(&self, rate_mm_per_month: f64) -> f64 {
        rate_mm_per_month * self.days / DAYS_PER_MONTH
    }
}
