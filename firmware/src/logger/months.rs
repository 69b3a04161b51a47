//! Months: closing them, estimating them, and looking them up.

use core::ops::ControlFlow;

use amlstm_core::link::{
    EstimateRecord, EventKind, Fault, InputState, LayerSubsidence, MAX_MONTHS_WITHOUT_LEVELS,
    MonthRecord, Sample,
};
use amlstm_core::month_mean::MonthDefinition;

use super::Logger;
use crate::board::{Clock, MappedFlash};
use crate::bounded::collect_bounded;
use crate::calendar::Moment;
use crate::month_walk::MonthWalk;
use crate::store::{MissingMonths, MonthEntry, StoreError, VoidMonths};
use crate::tally::{Outcome, Tally};

impl<F: MappedFlash> Logger<F> {
    /// How monthly means are formed.
    pub fn month_definition(&self) -> MonthDefinition {
        self.months
    }

    /// The site's month of a time, in months since 0000-01.
    pub(super) fn month_index_of(&self, unix_s: u32) -> i32 {
        Moment::at_site(unix_s, self.months.utc_offset_minutes()).month_index()
    }

    /// Forms monthly means as a newly active model requires. If its time zone differs, the open month is counted again; closed months stay.
    pub(super) async fn use_months(&mut self, clock: &impl Clock, months: MonthDefinition) {
        let (old, new) = (self.months, months);
        self.months = months;
        if old.utc_offset_minutes() == new.utc_offset_minutes() {
            return;
        }
        let changed = EventKind::MonthOffset {
            old_minutes: old.utc_offset_minutes(),
            new_minutes: new.utc_offset_minutes(),
        };
        self.note_aside(clock, changed).await;
        let _ = self.recount(clock).await;
    }

    /// Counts a stored sample in its month, after closing the months before it.
    pub(super) async fn count(
        &mut self,
        clock: &impl Clock,
        sample: Sample,
    ) -> Result<(), StoreError> {
        for sample in self.tally.offer(sample) {
            self.add(clock, &sample).await?;
        }
        Ok(())
    }

    async fn add(&mut self, clock: &impl Clock, sample: &Sample) -> Result<(), StoreError> {
        match self.tally.add(sample) {
            Outcome::Counted => {}
            Outcome::Late => {
                let month_index = self.month_index_of(sample.unix_s);
                self.note_late(clock, month_index).await;
            }
            Outcome::Closes => {
                self.close_months_before(clock, sample).await?;
                self.tally.add(sample);
            }
        }
        Ok(())
    }

    /// Closes the open month and all others before the sample's month.
    async fn close_months_before(
        &mut self,
        clock: &impl Clock,
        sample: &Sample,
    ) -> Result<(), StoreError> {
        let channels = self.settings.channels.len();
        let month_index = self.month_index_of(sample.unix_s);
        let Some(open) = self.tally.open() else {
            return Ok(());
        };
        let mut first = open.month_index();
        if !open.is_empty() {
            let record = open.record(channels, sample.unix_s, sample.number);
            self.store.push_month(record).await?;
            first += 1;
            self.tally.open_month(first);
        }
        if first >= month_index {
            return Ok(());
        }
        let missing = MissingMonths {
            first_month_index: first,
            count: (month_index - first).min(i32::from(u16::MAX)) as u16,
            channels: channels as u8,
            closed_unix_s: sample.unix_s,
            next_sample: sample.number,
        };
        self.store.push_missing(missing).await?;
        self.tally.open_month(month_index);
        let empty = EventKind::MonthsEmpty {
            first_month_index: first,
            count: missing.count,
        };
        self.note_aside(clock, empty).await;
        Ok(())
    }

    /// Sums up the open month from the samples stored since the last closing, and closes what a power cut left open. After a failure the next sample
    /// counts again.
    pub(super) async fn recount(&mut self, clock: &impl Clock) -> Result<(), StoreError> {
        self.recount_wanted = true;
        let held = self.store.held();
        let last = held.last_month.as_ref();
        let mut from = last.map_or(0, |last| last.next_sample);
        self.tally = Tally::after(
            last.map(|last| (last.month_index, last.closed_unix_s)),
            held.last_void,
            self.months.utc_offset_minutes(),
        );
        loop {
            let mut closing = heapless::Vec::<Sample, 2>::new();
            // Counted in place: a copy of the sums would lie on the stack.
            let Self { store, tally, .. } = self;
            store
                .each_sample(from, |sample, _| {
                    from = sample.number.wrapping_add(1);
                    let mut ready = tally.offer(sample).into_iter();
                    while let Some(due) = ready.next() {
                        if tally.add(&due) == Outcome::Closes {
                            closing = collect_bounded(core::iter::once(due).chain(ready));
                            return ControlFlow::Break(());
                        }
                    }
                    ControlFlow::Continue(())
                })
                .await?;
            if closing.is_empty() {
                self.recount_wanted = false;
                return Ok(());
            }
            for sample in &closing {
                self.add(clock, sample).await?;
            }
        }
    }

    /// Makes the months from one on void, which a wrong date had closed, and counts the stored samples again. Returns the number of void months.
    ///
    /// # Errors
    /// [`Fault::NotFound`] if no such month is closed, [`Fault::ClockUnset`], [`Fault::VoidMonths`] without `confirm`, [`Fault::Storage`].
    pub async fn void_months(
        &mut self,
        clock: &impl Clock,
        month_index: i32,
        confirm: bool,
    ) -> Result<u16, Fault> {
        let unix_s = self.unix_s(clock).ok_or(Fault::ClockUnset)?;
        let mut count = 0;
        let visited = self.store.each_month(|entry| {
            if let MonthEntry::Closed(record) = entry
                && record.month_index >= month_index
            {
                count += 1;
            }
            ControlFlow::Continue(())
        });
        visited.await?;
        if count == 0 {
            return Err(Fault::NotFound);
        }
        if !confirm {
            return Err(Fault::VoidMonths { count });
        }
        let void = VoidMonths {
            month_index,
            unix_s,
            next_sample: self.store.next_sample(),
        };
        self.estimated_until = None;
        self.store.push_void(void).await?;
        self.recount(clock).await?;
        let voided = EventKind::MonthsVoid {
            first_month_index: month_index,
            count,
        };
        self.note_aside(clock, voided).await;
        Ok(count)
    }

    /// Estimates closed months that have no estimate yet, with the active model. Returns the last estimate it made.
    ///
    /// # Errors
    /// [`Fault::NoModel`], [`Fault::Storage`], [`Fault::ModelInvalid`], [`Fault::LayerUnknown`].
    pub async fn estimate_missing(
        &mut self,
        clock: &impl Clock,
    ) -> Result<Option<EstimateRecord>, Fault> {
        let done = self
            .store
            .held()
            .last_estimate
            .as_ref()
            .map(|estimate| estimate.month_index);
        let closed = self
            .store
            .held()
            .last_month
            .as_ref()
            .map(|month| month.month_index);
        if done >= closed || self.estimated_until == closed {
            return Ok(None);
        }
        let mut last = None;
        let mut walk = self.walk().await?;
        while walk.advance(&mut self.store, &self.settings).await? {
            let estimates = walk.estimates().iter();
            for estimate in estimates
                .filter(|estimate| Some(estimate.month_index) > done && is_worth_keeping(estimate))
            {
                self.store.push_estimate(estimate.clone()).await?;
                self.raise_alarm(clock, estimate).await?;
                last = Some(estimate.clone());
            }
        }
        self.estimated_until = closed;
        Ok(last)
    }

    /// What the active model estimates for the closed month at `position`, and what each aquifer layer adds to it by physics; for the last month if `None`.
    ///
    /// # Errors
    /// [`Fault::NotFound`] if there is no such month or it lies within the training, and as [`Logger::estimate_missing`].
    pub async fn estimate_at(
        &mut self,
        position: Option<u16>,
    ) -> Result<(EstimateRecord, LayerSubsidence), Fault> {
        let position = position
            .or(self.store.held().months.checked_sub(1))
            .ok_or(Fault::NotFound)?;
        let (record, _) = self.month_at(position).await?.ok_or(Fault::NotFound)?;
        let mut walk = self.walk().await?.with_layers_of(record.month_index);
        while walk.advance(&mut self.store, &self.settings).await? {
            let mut estimates = walk.estimates().iter();
            if let Some(found) =
                estimates.find(|estimate| estimate.month_index == record.month_index)
            {
                let found = found.clone();
                let layers = walk.layers().ok_or(Fault::NotFound)?;
                return Ok((found, layers));
            }
        }
        Err(Fault::NotFound)
    }

    /// The closed month at `position` and the first estimate made for it.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn month_at(
        &mut self,
        position: u16,
    ) -> Result<Option<(MonthRecord, Option<EstimateRecord>)>, Fault> {
        use core::ops::ControlFlow::{Break, Continue};
        let (mut record, mut estimate, mut count) = (None, None, 0);
        let visited = self.store.each_month(|entry| match (entry, &record) {
            (MonthEntry::Closed(closed), None) => {
                if count == position {
                    record = Some(closed);
                }
                count += 1;
                Continue(())
            }
            (MonthEntry::Estimate(made), Some(closed))
                if made.month_index == closed.month_index =>
            {
                estimate = Some(made);
                Break(())
            }
            _ => Continue(()),
        });
        visited.await?;
        Ok(record.map(|record| (record, estimate)))
    }

    /// True if the last estimate exceeds the configured limit.
    pub fn rate_alarm(&self) -> bool {
        let limit = self.settings.limit_mm_per_month;
        let last = self.store.held().last_estimate.as_ref();
        last.is_some_and(|estimate| limit.is_some_and(|limit| estimate.increment_mm > limit))
    }

    pub(super) async fn walk(&mut self) -> Result<MonthWalk, Fault> {
        let slots = self.store.slots().await?;
        Ok(MonthWalk::new(slots.active.ok_or(Fault::NoModel)?))
    }

    async fn raise_alarm(
        &mut self,
        clock: &impl Clock,
        estimate: &EstimateRecord,
    ) -> Result<(), Fault> {
        let Some(limit_mm) = self
            .settings
            .limit_mm_per_month
            .filter(|limit| estimate.increment_mm > *limit)
        else {
            return Ok(());
        };
        let alarm = EventKind::RateAlarm {
            month_index: estimate.month_index,
            increment_mm: estimate.increment_mm,
            limit_mm,
        };
        self.note(clock, alarm).await.map_err(|_| Fault::Storage)
    }

    async fn note_late(&mut self, clock: &impl Clock, month_index: i32) {
        if self.late_noted != Some(month_index) {
            self.late_noted = Some(month_index);
            self.note_aside(clock, EventKind::SamplesLate { month_index })
                .await;
        }
    }
}

/// False for a month without any level after a year of such months: its estimate would only fill the log, and can be computed at any time.
fn is_worth_keeping(estimate: &EstimateRecord) -> bool {
    estimate.months_without_levels <= MAX_MONTHS_WITHOUT_LEVELS
        || estimate
            .inputs
            .iter()
            .any(|input| *input != InputState::Missing)
}
