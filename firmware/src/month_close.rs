//! Closing months, and estimating closed ones.
//!
//! The month that is open is summed up in RAM from the samples; after a restart the sums are built again from the ring, which holds every
//! sample since the last closing. Estimates hold no state at all: they replay the log of months through the model from the end of its training.
//! So a month can be closed or estimated again after a power cut at any point, with the same bits.

use core::ops::ControlFlow;

use amlstm_core::artifact::ModelFile;
use amlstm_core::estimator::{Estimate, Estimator, InputFlag, SavedState};
use amlstm_core::link::{
    Estimated, Fault, InputState, MAX_CHANNELS, MonthLevel, MonthRecord, Quality, Sample,
};
use amlstm_core::month::Month;
use heapless::Vec;

use crate::board::MappedFlash;
use crate::calendar::Moment;
use crate::filled::filled;
use crate::kernel::Native;
use crate::settings::Settings;
use crate::store::{MonthEntry, SlotRecord, Store};

/// A monthly mean counts if so many percent of the month's days have a usable reading.
const COMPLETE_DAYS_PERCENT: u32 = 80;
/// Months replayed at once: what is held in RAM beside the model.
const BATCH: usize = 16;
/// Most months between the end of training and the first in the log, or between two in the log: a century. A file that states an end of
/// training farther back would keep the processor busy for long.
const LONGEST_GAP: i32 = 1200;

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
            channels: filled(levels),
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

/// A walk of a model through the log of months.
#[derive(Clone, Debug)]
pub struct Replay {
    slot: SlotRecord,
    /// Closed months walked so far.
    months: usize,
    state: Option<SavedState>,
}

struct ClosedMonth {
    /// `None` beyond the years 0 to 9999.
    month: Option<Month>,
    level_m: [Option<f32>; MAX_CHANNELS],
}

impl Replay {
    /// Begins at the end of the model's training.
    pub fn new(slot: SlotRecord) -> Self {
        Self {
            slot,
            months: 0,
            state: None,
        }
    }

    /// Estimates the next closed months; `None` after the last. Months within the training are passed over.
    ///
    /// # Errors
    /// [`Fault::Storage`], [`Fault::ModelInvalid`], [`Fault::LayerUnknown`].
    pub async fn next<F: MappedFlash>(
        &mut self,
        store: &mut Store<F>,
        settings: &Settings,
    ) -> Result<Option<Vec<Estimated, BATCH>>, Fault> {
        let closed = self.closed_months(store).await?;
        if closed.is_empty() {
            return Ok(None);
        }
        self.months += closed.len();
        let bytes = store
            .slot_bytes(self.slot.slot, self.slot.length)
            .ok_or(Fault::Storage)?;
        let file = ModelFile::parse_with::<Native>(bytes).map_err(|_| Fault::ModelInvalid)?;
        let inputs = inputs_of(&file, settings)?;
        let mut estimator = Estimator::at_training_end(&file);
        if let Some(state) = &self.state {
            estimator.restore(state).map_err(|_| Fault::ModelInvalid)?;
        }
        let mut estimated = Vec::new();
        for closed in &closed {
            let Some(estimate) = step_to(&mut estimator, closed, &inputs)? else {
                continue;
            };
            // A batch of months gives at most as many estimates.
            let _ = estimated.push(self.estimated(&file, estimate));
        }
        self.state = Some(estimator.save());
        Ok(Some(estimated))
    }

    async fn closed_months<F: MappedFlash>(
        &self,
        store: &mut Store<F>,
    ) -> Result<Vec<ClosedMonth, BATCH>, Fault> {
        let mut closed = Vec::new();
        let mut position = 0;
        let visited = store.each_month(|entry| {
            let MonthEntry::Closed(record) = entry else {
                return ControlFlow::Continue(());
            };
            position += 1;
            if position <= self.months {
                return ControlFlow::Continue(());
            }
            let _ = closed.push(ClosedMonth::of(&record));
            if closed.is_full() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        visited.await.map_err(|_| Fault::Storage)?;
        Ok(closed)
    }

    fn estimated(&self, file: &ModelFile<'_>, estimate: Estimate) -> Estimated {
        let half_width_mm = file.record().interval_half_width_mm;
        Estimated {
            month_index: estimate.month.index(),
            generation: self.slot.generation,
            model_version: self.slot.version,
            increment_mm: estimate.increment_mm,
            subsidence_mm: estimate.subsidence_mm,
            half_width_mm: half_width_mm.is_finite().then_some(half_width_mm),
            attention: estimate.attention,
            inputs: filled(estimate.inputs.iter().copied().map(input_state)),
        }
    }
}

impl ClosedMonth {
    fn of(record: &MonthRecord) -> Self {
        let mut level_m = [None; MAX_CHANNELS];
        for (place, level) in level_m.iter_mut().zip(&record.channels) {
            *place = level.model_level_m();
        }
        Self {
            month: Month::from_index(record.month_index),
            level_m,
        }
    }
}

/// Channel of each input of the model.
///
/// # Errors
/// [`Fault::LayerUnknown`] if a layer has no channel.
pub fn inputs_of(
    file: &ModelFile<'_>,
    settings: &Settings,
) -> Result<Vec<usize, MAX_CHANNELS>, Fault> {
    let mut channels = Vec::new();
    for (input, layer) in file.record().aquifer_layers.iter().enumerate() {
        let unknown = Fault::LayerUnknown { input: input as u8 };
        let channel = settings.channel_of(layer.as_str()).ok_or(unknown)?;
        // A model file has at most as many layers as a logger has channels.
        let _ = channels.push(channel);
    }
    Ok(channels)
}

/// Steps to a closed month, over months that are not in the log as months without any level. `None` if the month lies behind.
///
/// # Errors
/// [`Fault::ModelInvalid`] if more than [`LONGEST_GAP`] months lie between.
fn step_to(
    estimator: &mut Estimator<'_>,
    closed: &ClosedMonth,
    inputs: &[usize],
) -> Result<Option<Estimate>, Fault> {
    let (Some(month), Some(last)) = (closed.month, estimator.month()) else {
        return Ok(None);
    };
    if month <= last {
        return Ok(None);
    }
    if month.index() - last.index() > LONGEST_GAP {
        return Err(Fault::ModelInvalid);
    }
    let mut next = last.next();
    while next < month {
        estimator.step_with::<Native>(next, &[]);
        next = next.next();
    }
    let level_m: Vec<Option<f32>, MAX_CHANNELS> = filled(
        inputs
            .iter()
            .map(|channel| closed.level_m.get(*channel).copied().flatten()),
    );
    Ok(Some(estimator.step_with::<Native>(month, &level_m)))
}

fn input_state(flag: InputFlag) -> InputState {
    match flag {
        InputFlag::Ok => InputState::Trained,
        InputFlag::Missing => InputState::Missing,
        InputFlag::BelowTrained { by_m } => InputState::Below { by_m },
        InputFlag::AboveTrained { by_m } => InputState::Above { by_m },
    }
}
