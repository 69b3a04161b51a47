//! Which samples count, and in which month.
//!
//! Every sample is stored, whatever its time. A sample counts in its month only if its time is plausible: after a jump of the clock, months are
//! closed only when one more sample has followed.

use amlstm_core::link::Sample;
use heapless::Vec;

use crate::calendar::Moment;
use crate::open_month::OpenMonth;
use crate::store::VoidMonths;

/// Longest time between two samples that follow each other: twice the longest interval.
const LONGEST_GAP_S: u32 = 2 * 86_400;

/// The open month, and the state needed to judge the times of samples.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    open: Option<OpenMonth>,
    /// Months before the open one are closed.
    any_closed: bool,
    /// The time of the last sample that counted.
    counted_unix_s: Option<u32>,
    /// A sample after a jump, until another follows.
    waiting: Option<Sample>,
    void: Option<VoidMonths>,
    /// Minutes by which the time of the site is ahead of UTC.
    utc_offset_minutes: i16,
}

/// What became of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It counts in the open month.
    Counted,
    /// Its month is closed: it does not count.
    Late,
    /// The open month and all others before the sample's month must be closed first.
    Closes,
}

impl Tally {
    /// Begins with the month after the last closed one, whose closing sample came at `closed_unix_s`.
    pub fn after(
        last_month: Option<(i32, u32)>,
        void: Option<VoidMonths>,
        utc_offset_minutes: i16,
    ) -> Self {
        Self {
            open: last_month.map(|(month_index, _)| OpenMonth::new(month_index + 1)),
            any_closed: last_month.is_some(),
            counted_unix_s: last_month.map(|(_, closed_unix_s)| closed_unix_s),
            waiting: None,
            void,
            utc_offset_minutes,
        }
    }

    /// The open month; `None` before the first sample.
    pub fn open(&self) -> Option<&OpenMonth> {
        self.open.as_ref()
    }

    /// The open month, if the months before it are closed: samples of those are late.
    pub fn first_countable_month(&self) -> Option<i32> {
        self.open
            .as_ref()
            .filter(|_| self.any_closed)
            .map(OpenMonth::month_index)
    }

    /// Takes a stored sample, and returns the samples that are to be added now, in order.
    pub fn offer(&mut self, sample: Sample) -> Vec<Sample, 2> {
        let mut ready = Vec::new();
        if self.stamped_by_a_wrong_clock(&sample) {
            return ready;
        }
        let unix_s = sample.unix_s;
        let follows = |before: u32| before.abs_diff(unix_s) <= LONGEST_GAP_S;
        let waiting = self
            .waiting
            .take()
            .filter(|waiting| follows(waiting.unix_s));
        let counts = waiting.is_some() || self.counted_unix_s.is_some_and(follows);
        // There is room for both.
        if let Some(waiting) = waiting {
            let _ = ready.push(waiting);
        }
        if counts {
            self.counted_unix_s = Some(unix_s);
            let _ = ready.push(sample);
        } else {
            self.waiting = Some(sample);
        }
        ready
    }

    /// Adds a sample to the open month.
    pub fn add(&mut self, sample: &Sample) -> Outcome {
        let moment = Moment::at_site(sample.unix_s, self.utc_offset_minutes);
        let month_index = moment.month_index();
        let any_closed = self.any_closed;
        let open = self.open.get_or_insert_with(|| OpenMonth::new(month_index));
        if month_index > open.month_index() {
            return Outcome::Closes;
        }
        if month_index < open.month_index() {
            if any_closed {
                return Outcome::Late;
            }
            // Nothing is closed yet: the month was opened by a wrong date.
            *open = OpenMonth::new(month_index);
        }
        open.add(moment.day, sample);
        Outcome::Counted
    }

    /// Opens a month; all months before it are closed.
    pub fn open_month(&mut self, month_index: i32) {
        self.open = Some(OpenMonth::new(month_index));
        self.any_closed = true;
    }

    fn stamped_by_a_wrong_clock(&self, sample: &Sample) -> bool {
        self.void
            .is_some_and(|void| sample.number < void.next_sample && sample.unix_s > void.unix_s)
    }
}
