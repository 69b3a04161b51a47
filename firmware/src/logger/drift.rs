//! Months without the drift of the sensors, summed up again from the kept samples when somebody asks. Nothing of it is kept: what was closed stays as it is.

use core::ops::{ControlFlow, Range};

use amlstm_core::drift::{CorrectedMonth, Drift};
use amlstm_core::link::{CorrectedEstimate, CorrectedLevel, Fault, MAX_CHANNELS};
use heapless::Vec;

use super::Logger;
use crate::board::MappedFlash;
use crate::calendar::Moment;
use crate::month_walk::{Batch, ClosedMonth};

impl<F: MappedFlash> Logger<F> {
    /// What the active model estimates for the closed month at `position`, or the last one if `None`, without the drift of the sensors.
    ///
    /// # Errors
    /// As [`Logger::estimate_at`].
    pub async fn corrected_estimate(
        &mut self,
        position: Option<u16>,
    ) -> Result<CorrectedEstimate, Fault> {
        let position = position
            .or(self.store.held().months.checked_sub(1))
            .ok_or(Fault::NotFound)?;
        let found = self.month_at(position).await?;
        let wanted = found.ok_or(Fault::NotFound)?.0.month_index;
        let mut walk = self.walk().await?;
        let mut closed = Batch::new();
        loop {
            walk.read(&mut self.store, &mut closed).await?;
            if closed.is_empty() {
                return Err(Fault::NotFound);
            }
            let mut levels = Vec::new();
            for month in &mut closed {
                let of_month = self.correct(month).await?;
                if month.month_index == wanted {
                    levels = of_month;
                }
            }
            walk.step(&closed, &self.store, &self.settings)?;
            let mut estimates = walk.estimates().iter();
            if let Some(estimate) = estimates.find(|estimate| estimate.month_index == wanted) {
                return Ok(CorrectedEstimate {
                    estimate: estimate.clone(),
                    levels,
                });
            }
        }
    }

    /// Takes the drift off a month, and says what became of each channel's.
    async fn correct(
        &mut self,
        month: &mut ClosedMonth,
    ) -> Result<Vec<CorrectedLevel, MAX_CHANNELS>, Fault> {
        let channels = self.settings.channels.len();
        let mut levels = Vec::new();
        for (channel, mean) in month.means.iter_mut().enumerate().take(channels) {
            let summed = self.sum_up_again(channel, month.month_index, month.samples.clone());
            let (closed_m, days) = mean.unzip();
            let (mean_m, correction) = summed.await?.mean(closed_m, days.unwrap_or(0));
            *mean = mean_m.zip(days);
            // There are at most as many channels.
            let _ = levels.push(CorrectedLevel { mean_m, correction });
        }
        Ok(levels)
    }

    /// Sums up a channel's month again from those of its samples that are still kept.
    async fn sum_up_again(
        &mut self,
        channel: usize,
        month_index: i32,
        samples: Range<u32>,
    ) -> Result<CorrectedMonth, Fault> {
        let mut summed = CorrectedMonth::default();
        if samples.end <= self.store.first_sample() {
            return Ok(summed);
        }
        let mut drift = Drift::of_month(channel as u8, month_index);
        let told = self
            .store
            .each_lasting_event(|event| drift.take(event.unix_s, &event.kind));
        told.await?;
        let utc_offset_minutes = self.months.utc_offset_minutes();
        let added = self.store.each_sample(samples.start, |sample, _| {
            if sample.number >= samples.end {
                return ControlFlow::Break(());
            }
            let moment = Moment::at_site(sample.unix_s, utc_offset_minutes);
            if moment.month_index() == month_index
                && let Some(reading) = sample.channels.get(channel)
            {
                summed.add(moment.day, reading, drift.correction_m(sample.unix_s));
            }
            ControlFlow::Continue(())
        });
        added.await?;
        Ok(summed)
    }
}
