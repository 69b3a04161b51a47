//! The month that is open, summed up in RAM from the samples, day by day as training does ([`ChannelMonth`]).
//!
//! After a restart the sums are built again from the ring, which holds every sample since the last closing, so that a month can be closed
//! again after a power cut at any point, with the same bits.

use amlstm_core::channel_month::ChannelMonth;
use amlstm_core::link::{MAX_CHANNELS, MonthLevel, MonthRecord, Quality, Sample};
use amlstm_core::month::Month;
use amlstm_core::month_mean::MonthRule;

use crate::bounded::collect_bounded;

/// The sums of the open month.
#[derive(Clone, Debug)]
pub struct OpenMonth {
    month_index: i32,
    channels: [ChannelSum; MAX_CHANNELS],
}

#[derive(Clone, Copy, Debug, Default)]
struct ChannelSum {
    month: ChannelMonth,
    samples: u32,
    quality: Quality,
}

impl OpenMonth {
    /// An open month without samples.
    pub fn new(month_index: i32) -> Self {
        Self {
            month_index,
            channels: [ChannelSum::default(); MAX_CHANNELS],
        }
    }

    /// Months since 0000-01.
    pub fn month_index(&self) -> i32 {
        self.month_index
    }

    /// True if no sample was added.
    pub fn is_empty(&self) -> bool {
        self.channels.iter().all(|channel| channel.samples == 0)
    }

    /// Adds a sample of a day, 1 to 31, of this month.
    pub fn add(&mut self, day: u8, sample: &Sample) {
        for (sum, reading) in self.channels.iter_mut().zip(&sample.channels) {
            sum.quality = sum.quality.with(reading.quality);
            sum.month.add(day, reading, 0.0);
            sum.samples += 1;
        }
    }

    /// The record of the month, for the first `channels` channels.
    pub fn record(&self, channels: usize, closed_unix_s: u32, next_sample: u32) -> MonthRecord {
        let month = Month::from_index(self.month_index);
        let levels = self
            .channels
            .iter()
            .take(channels)
            .map(|sum| sum.level(month));
        MonthRecord {
            month_index: self.month_index,
            closed_unix_s,
            next_sample,
            channels: collect_bounded(levels),
        }
    }
}

impl ChannelSum {
    fn level(&self, month: Option<Month>) -> MonthLevel {
        let mean = self.month.mean();
        let days = mean.days();
        MonthLevel {
            mean_m: mean.mean().map(|mean_m| mean_m as f32),
            days,
            readings: mean.readings(),
            rejected: self.samples - mean.readings(),
            quality: self.quality,
            complete: month.is_some_and(|month| MonthRule::MostDays.accepts(days, month)),
        }
    }
}
