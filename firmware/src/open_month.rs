//! The month that is open, summed up in RAM from the samples.
//!
//! After a restart the sums are built again from the ring, which holds every sample since the last closing, so that a month can be closed
//! again after a power cut at any point, with the same bits.

use amlstm_core::link::{MAX_CHANNELS, MonthLevel, MonthRecord, Quality, Sample};
use amlstm_core::month::Month;

use crate::bounded::collect_bounded;
use crate::calendar::Moment;

/// A monthly mean counts if this percentage of the month's days has a usable reading.
const COMPLETE_DAYS_PERCENT: u32 = 80;

/// The sums of the open month.
#[derive(Clone, Debug)]
pub struct OpenMonth {
    month_index: i32,
    channels: [ChannelSum; MAX_CHANNELS],
}

#[derive(Clone, Copy, Debug, Default)]
struct ChannelSum {
    sum_m: f64,
    readings: u32,
    rejected: u32,
    /// Bit d - 1 is set if day d has a usable reading.
    days: u32,
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
        self.channels
            .iter()
            .all(|channel| channel.readings + channel.rejected == 0)
    }

    /// Adds a sample if it is of this month.
    pub fn add(&mut self, sample: &Sample) {
        let moment = Moment::from_unix(sample.unix_s);
        if moment.month_index() != self.month_index {
            return;
        }
        for (sum, reading) in self.channels.iter_mut().zip(&sample.channels) {
            sum.quality = sum.quality.with(reading.quality);
            match reading.level_m.filter(|_| reading.quality.is_usable()) {
                Some(level_m) => {
                    sum.sum_m += f64::from(level_m);
                    sum.readings += 1;
                    sum.days |= 1 << (moment.day - 1);
                }
                None => sum.rejected += 1,
            }
        }
    }

    /// What the month comes to for the first `channels` channels.
    pub fn record(&self, channels: usize, closed_unix_s: u32, next_sample: u32) -> MonthRecord {
        let days_in_month = Month::from_index(self.month_index).map_or(31, Month::days);
        let levels = self
            .channels
            .iter()
            .take(channels)
            .map(|sum| sum.level(days_in_month));
        MonthRecord {
            month_index: self.month_index,
            closed_unix_s,
            next_sample,
            channels: collect_bounded(levels),
        }
    }
}

impl ChannelSum {
    fn level(&self, days_in_month: u8) -> MonthLevel {
        let days = self.days.count_ones();
        MonthLevel {
            mean_m: (self.readings > 0).then(|| (self.sum_m / f64::from(self.readings)) as f32),
            days: days as u8,
            readings: self.readings,
            rejected: self.rejected,
            quality: self.quality,
            complete: days * 100 >= COMPLETE_DAYS_PERCENT * u32::from(days_in_month),
        }
    }
}
