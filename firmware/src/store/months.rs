//! The log of months: closed months, months without samples, estimates, and entries that make earlier ones void.

use core::ops::ControlFlow;

use amlstm_core::link::{EstimateRecord, MAX_CHANNELS, MonthRecord};

use super::queue::{self, ITEM_BYTES};
use super::{Held, MissingMonths, MonthEntry, Store, StoreError, VoidMonths};
use crate::board::MappedFlash;

/// Bytes of a month and its estimate on flash, without its channels. Used to estimate the free space.
const MONTH_BYTES: u32 = 67;
/// Bytes per channel of a month, with the matching input of its estimate.
const MONTH_CHANNEL_BYTES: u32 = 26;

const _: () = assert!(
    ITEM_BYTES > 16 + MAX_CHANNELS * 24,
    "a month of eight channels fits an item"
);

impl<F: MappedFlash> Store<F> {
    /// Appends a closed month.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn push_month(&mut self, record: MonthRecord) -> Result<(), StoreError> {
        self.push_entry(MonthEntry::Closed(record)).await
    }

    /// Appends a run of months without samples.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn push_missing(&mut self, missing: MissingMonths) -> Result<(), StoreError> {
        self.push_entry(MonthEntry::Missing(missing)).await
    }

    /// Appends an estimate.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn push_estimate(&mut self, estimate: EstimateRecord) -> Result<(), StoreError> {
        self.push_entry(MonthEntry::Estimate(estimate)).await
    }

    /// Makes all months from a given one on void. The entries stay on flash.
    ///
    /// # Errors
    /// [`StoreError::Full`] if the limit of such entries is reached, [`StoreError::Flash`].
    pub async fn push_void(&mut self, void: VoidMonths) -> Result<(), StoreError> {
        if !self.held.takes_void(void.month_index) {
            return Err(StoreError::Full);
        }
        self.push_entry(MonthEntry::Void(void)).await?;
        self.survey_months().await?;
        Ok(())
    }

    /// Calls `visit` with each closed month and each estimate, oldest first, until it returns `Break`. Void months are skipped; a run of missing
    /// months is visited month by month.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn each_month(
        &mut self,
        mut visit: impl FnMut(MonthEntry) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let region = self.layout.months.clone();
        let voids = self.held.voids.clone();
        let mut number = 0;
        self.each(region, &mut |entry: MonthEntry| {
            number += 1;
            match voids.live(number - 1, entry) {
                Some(MonthEntry::Missing(missing)) => missing
                    .records()
                    .try_for_each(|record| visit(MonthEntry::Closed(record))),
                Some(entry) => visit(entry),
                None => ControlFlow::Continue(()),
            }
        })
        .await?;
        Ok(())
    }

    /// Approximate number of months with `channels` channels that still fit; after that the oldest are dropped.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn months_free(&mut self, channels: usize) -> Result<u16, StoreError> {
        let region = self.layout.months.clone();
        let left = queue::space_left(&mut self.flash, region).await;
        let left = left.map_err(|error| self.failed(error))?;
        let month = MONTH_BYTES + MONTH_CHANNEL_BYTES * channels as u32;
        let months = left.checked_div(month).unwrap_or(0);
        Ok(months.min(u32::from(u16::MAX)) as u16)
    }

    /// Appends an entry to the log of months; a full log drops its oldest.
    async fn push_entry(&mut self, entry: MonthEntry) -> Result<(), StoreError> {
        let region = self.layout.months.clone();
        match self.push(region.clone(), &entry, false).await {
            Ok(()) => self.held.note_appended(&entry),
            Err(StoreError::Full) => {
                let pushed = self.push(region, &entry, true).await;
                pushed.map_err(|error| self.failed(error))?;
                self.survey_months().await?;
            }
            Err(error) => return Err(self.failed(error)),
        }
        Ok(())
    }

    /// Reads the log of months and rebuilds [`Held`]. Returns the number of entries that this firmware cannot decode.
    pub(super) async fn survey_months(&mut self) -> Result<u32, StoreError> {
        let region = self.layout.months.clone();
        let mut survey = Held::default();
        let unreadable = self
            .each(region.clone(), &mut |entry: MonthEntry| {
                survey.note_void(&entry);
                ControlFlow::Continue(())
            })
            .await?;
        let mut number = 0;
        let voids = survey.voids.clone();
        self.each(region, &mut |entry: MonthEntry| {
            number += 1;
            if let Some(entry) = voids.live(number - 1, entry) {
                survey.note_month(&entry);
            }
            ControlFlow::Continue(())
        })
        .await?;
        survey.first_event = self.held.first_event;
        survey.next_event = self.held.next_event;
        survey.last_sample_unix_s = self.held.last_sample_unix_s;
        survey.unreadable = self.held.unreadable;
        self.held = survey;
        Ok(unreadable)
    }
}
