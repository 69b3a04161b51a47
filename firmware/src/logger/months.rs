//! Months: closing them, estimating them, and looking them up.

use amlstm_core::link::{Estimated, EventKind, Fault, MonthRecord};

use super::Logger;
use crate::board::{Clock, MappedFlash};
use crate::calendar::month_index_of;
use crate::month_walk::MonthWalk;
use crate::open_month::OpenMonth;
use crate::store::{MonthEntry, StoreError};

impl<F: MappedFlash> Logger<F> {
    /// Closes the open month and those after it that lie before `month_index`.
    pub(super) async fn close_months_before(
        &mut self,
        clock: &impl Clock,
        month_index: i32,
        unix_s: u32,
    ) -> Result<(), StoreError> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        if month_index < open.month_index() {
            return self.note_late(clock, month_index).await;
        }
        let (mut empty, mut first_empty) = (0_u16, 0);
        while let Some(open) = self
            .open
            .as_ref()
            .filter(|open| open.month_index() < month_index)
        {
            if open.is_empty() {
                first_empty = if empty == 0 {
                    open.month_index()
                } else {
                    first_empty
                };
                empty = empty.saturating_add(1);
            }
            let record = open.record(
                self.settings.channels.len(),
                unix_s,
                self.store.next_sample(),
            );
            let next = OpenMonth::new(open.month_index() + 1);
            match self.store.push_month(record).await {
                Ok(()) => self.open = Some(next),
                Err(StoreError::Full) => return self.note_full(clock).await,
                Err(error) => return Err(error),
            }
        }
        if empty > 0 {
            self.note(
                clock,
                EventKind::MonthsEmpty {
                    first_month_index: first_empty,
                    count: empty,
                },
            )
            .await?;
        }
        Ok(())
    }

    /// Sums up the open month from the samples kept since the last closing.
    pub(super) async fn rebuild_open_month(&mut self) -> Result<(), StoreError> {
        let last = self.store.held().last_month.as_ref();
        let (mut open, from) = match last {
            Some(last) => (Some(OpenMonth::new(last.month_index + 1)), last.next_sample),
            None => (None, 0),
        };
        self.store
            .each_sample(from, |sample, _| {
                open.get_or_insert_with(|| OpenMonth::new(month_index_of(sample.unix_s)))
                    .add(&sample);
                core::ops::ControlFlow::Continue(())
            })
            .await?;
        self.open = open;
        Ok(())
    }

    /// Estimates closed months that have no estimate yet, with the active model. Returns the last estimate it made.
    ///
    /// # Errors
    /// [`Fault::NoModel`], [`Fault::Storage`], [`Fault::ModelInvalid`], [`Fault::LayerUnknown`].
    pub async fn estimate_missing(
        &mut self,
        clock: &impl Clock,
    ) -> Result<Option<Estimated>, Fault> {
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
        if done >= closed {
            return Ok(None);
        }
        let mut last = None;
        let mut walk = self.walk().await?;
        while let Some(batch) = walk.next(&mut self.store, &self.settings).await? {
            for estimate in batch
                .iter()
                .filter(|estimate| Some(estimate.month_index) > done)
            {
                self.store
                    .push_estimate(estimate.clone())
                    .await
                    .map_err(|_| Fault::Storage)?;
                self.raise_alarm(clock, estimate).await?;
                last = Some(estimate.clone());
            }
        }
        Ok(last)
    }

    /// What the active model estimates for the closed month at `position`; for the last one if `None`.
    ///
    /// # Errors
    /// [`Fault::NotFound`] if there is no such month or it lies within the training, and as [`Logger::estimate_missing`].
    pub async fn estimate_at(&mut self, position: Option<u16>) -> Result<Estimated, Fault> {
        let position = position
            .or(self.store.held().months.checked_sub(1))
            .ok_or(Fault::NotFound)?;
        let (record, _) = self.month_at(position).await?.ok_or(Fault::NotFound)?;
        let mut walk = self.walk().await?;
        while let Some(batch) = walk.next(&mut self.store, &self.settings).await? {
            if let Some(found) = batch
                .iter()
                .find(|estimate| estimate.month_index == record.month_index)
            {
                return Ok(found.clone());
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
    ) -> Result<Option<(MonthRecord, Option<Estimated>)>, Fault> {
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
            (MonthEntry::Estimated(made), Some(closed))
                if made.month_index == closed.month_index =>
            {
                estimate = Some(made);
                Break(())
            }
            _ => Continue(()),
        });
        visited.await.map_err(|_| Fault::Storage)?;
        Ok(record.map(|record| (record, estimate)))
    }

    /// True if the last estimate passed the configured limit.
    pub fn rate_alarm(&self) -> bool {
        let limit = self.settings.limit_mm_per_month;
        let last = self.store.held().last_estimate.as_ref();
        last.is_some_and(|estimate| limit.is_some_and(|limit| estimate.increment_mm > limit))
    }

    async fn walk(&mut self) -> Result<MonthWalk, Fault> {
        let slots = self.store.slots().await.map_err(|_| Fault::Storage)?;
        Ok(MonthWalk::new(slots.active.ok_or(Fault::NoModel)?))
    }

    async fn raise_alarm(&mut self, clock: &impl Clock, estimate: &Estimated) -> Result<(), Fault> {
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

    async fn note_late(&mut self, clock: &impl Clock, month_index: i32) -> Result<(), StoreError> {
        if self.late_noted == Some(month_index) {
            return Ok(());
        }
        self.late_noted = Some(month_index);
        self.note(clock, EventKind::SamplesLate { month_index })
            .await
    }

    async fn note_full(&mut self, clock: &impl Clock) -> Result<(), StoreError> {
        if self.full_noted {
            return Ok(());
        }
        self.full_noted = true;
        self.note(clock, EventKind::MonthLogFull).await
    }
}
