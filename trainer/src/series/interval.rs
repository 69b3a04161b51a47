//! Time between two successive observations.

/// Mean length of a month in days (Julian year / 12): rates are per this month.
pub const DAYS_PER_MONTH: f64 = 30.4375;

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
