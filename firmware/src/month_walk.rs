//! The active model's walk through the log of closed months.
//!
//! No state of the model is stored: it is stepped through the log from the end of its training. So a month can be estimated again after a power cut
//! at any point, with the same bits.

use core::ops::{ControlFlow, Range};

use amlstm_core::artifact::ModelFile;
use amlstm_core::estimate::Estimate;
use amlstm_core::estimator::Estimator;
use amlstm_core::link::{
    EstimateRecord, Fault, LayerSubsidence, LevelSource, MAX_CHANNELS, MAX_MONTHS_WITHOUT_LEVELS,
    MonthRecord,
};
use amlstm_core::month::Month;
use amlstm_core::month_mean::MonthDefinition;
use amlstm_core::saved_state::SavedState;
use heapless::Vec;

use crate::board::MappedFlash;
use crate::bounded::collect_bounded;
use crate::settings::Settings;
use crate::store::{MonthEntry, SlotRecord, Store};

/// Months per batch, which are held in RAM.
const BATCH: usize = 3;
/// Most months between the end of training and the first in the log, or between two in the log: a century. Limits the computing time for a file with
/// an implausible end of training.
const LONGEST_GAP: i32 = 1200;

/// The state of the walk.
#[derive(Clone, Debug)]
pub struct MonthWalk {
    slot: SlotRecord,
    /// Closed months stepped so far.
    months: usize,
    state: Option<SavedState>,
    /// Months without any level since the end of the training.
    without_levels: u16,
    estimates: Vec<EstimateRecord, BATCH>,
    /// Of the month that is asked for.
    layers: Option<LayerSubsidence>,
    /// Number of the first sample after the months stepped so far.
    next_sample: u32,
}

/// A closed month as the model sees it.
pub struct ClosedMonth {
    /// Months since 0000-01.
    pub month_index: i32,
    /// Numbers of the samples that were kept while it was open.
    pub samples: Range<u32>,
    /// Mean of each channel, and the number of days in it.
    pub means: [Option<(f32, u8)>; MAX_CHANNELS],
}

/// Closed months that are stepped at once.
pub type Batch = Vec<ClosedMonth, BATCH>;

impl MonthWalk {
    /// Begins at the end of the model's training.
    pub fn new(slot: SlotRecord) -> Self {
        Self {
            slot,
            months: 0,
            state: None,
            without_levels: 0,
            estimates: Vec::new(),
            layers: None,
            next_sample: 0,
        }
    }

    /// The same, which keeps what each aquifer layer adds to a month.
    #[must_use]
    pub fn with_layers_of(mut self, month_index: i32) -> Self {
        self.layers = Some(LayerSubsidence {
            month_index,
            generation: self.slot.generation,
            layer_mm: Vec::new(),
        });
        self
    }

    /// What each aquifer layer adds to the month that was asked for, once that has been estimated.
    pub fn layers(self) -> Option<LayerSubsidence> {
        self.layers
    }

    /// The estimates of the last [`advance`](Self::advance).
    pub fn estimates(&self) -> &[EstimateRecord] {
        &self.estimates
    }

    /// Estimates the next closed months; false after the last. Months within the training are skipped.
    ///
    /// # Errors
    /// [`Fault::Storage`], [`Fault::ModelInvalid`], [`Fault::LayerUnknown`].
    pub async fn advance<F: MappedFlash>(
        &mut self,
        store: &mut Store<F>,
        settings: &Settings,
    ) -> Result<bool, Fault> {
        let mut closed = Batch::new();
        self.read(store, &mut closed).await?;
        if closed.is_empty() {
            return Ok(false);
        }
        self.step(&closed, store, settings)?;
        Ok(true)
    }

    /// Reads the next closed months, which are to be stepped; none after the last. They are read into their place, so that nothing is moved.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn read<F: MappedFlash>(
        &mut self,
        store: &mut Store<F>,
        closed: &mut Batch,
    ) -> Result<(), Fault> {
        closed.clear();
        let mut position = 0;
        let mut first_sample = self.next_sample;
        let visited = store.each_month(|entry| {
            let MonthEntry::Closed(record) = entry else {
                return ControlFlow::Continue(());
            };
            position += 1;
            if position <= self.months {
                return ControlFlow::Continue(());
            }
            let _ = closed.push(ClosedMonth::of(&record, first_sample));
            first_sample = record.next_sample;
            if closed.is_full() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        visited.await?;
        self.months += closed.len();
        self.next_sample = first_sample;
        Ok(())
    }

    /// Estimates closed months. Not inlined, so that its stack does not add to that of reading.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    #[inline(never)]
    pub fn step<F: MappedFlash>(
        &mut self,
        closed: &[ClosedMonth],
        store: &Store<F>,
        settings: &Settings,
    ) -> Result<(), Fault> {
        let bytes = store
            .slot_bytes(self.slot.slot, self.slot.length)
            .ok_or(Fault::Storage)?;
        self.estimates.clear();
        // By reference: a file that is moved takes its memory twice.
        match &ModelFile::parse(bytes) {
            Ok(file) => self.step_through(closed, file, settings),
            Err(_) => Err(Fault::ModelInvalid),
        }
    }

    /// Steps the model through closed months. Not inlined, so that its stack does not add to that of parsing.
    #[inline(never)]
    fn step_through(
        &mut self,
        closed: &[ClosedMonth],
        file: &ModelFile<'_>,
        settings: &Settings,
    ) -> Result<(), Fault> {
        let inputs = inputs_of(file, settings)?;
        let mut estimator = Estimator::at_start(file);
        if let Some(state) = &self.state {
            estimator.restore(state).map_err(|_| Fault::ModelInvalid)?;
        }
        for closed in closed {
            let before = estimator.month();
            let Some(estimate) = step_to(&mut estimator, closed, &inputs, file.months())? else {
                continue;
            };
            let passed = before.map_or(0, |before| estimate.month.index() - before.index() - 1);
            self.without_levels = self
                .without_levels
                .saturating_add(passed as u16 + u16::from(estimate.is_without_levels()));
            if let (Some(layers), Some(physics)) = (&mut self.layers, &estimate.physics)
                && layers.month_index == estimate.month.index()
            {
                layers.layer_mm.clone_from(&physics.layer_mm);
            }
            let estimated = self.estimated(estimate);
            // A batch of months gives at most as many estimates.
            let _ = self.estimates.push(estimated);
        }
        self.state = Some(estimator.save());
        Ok(())
    }

    fn estimated(&self, estimate: Estimate) -> EstimateRecord {
        let sources = estimate.physics.iter().flat_map(|physics| &physics.source);
        let bridged = sources
            .zip(0..u8::BITS)
            .fold(0, |bridged, (source, input)| {
                bridged | (u8::from(*source == LevelSource::OtherLayers) << input)
            });
        let is_believed = self.without_levels <= MAX_MONTHS_WITHOUT_LEVELS;
        EstimateRecord {
            month_index: estimate.month.index(),
            generation: self.slot.generation,
            model_version: self.slot.version,
            increment_mm: estimate.increment_mm,
            subsidence_mm: estimate.subsidence_mm,
            half_width_mm: estimate.half_width_mm.filter(|_| is_believed),
            months_without_levels: self.without_levels,
            primary: estimate.primary,
            other_increment_mm: estimate.other_increment_mm(),
            disagree: estimate.disagree,
            subsidence_half_width_mm: estimate.subsidence_half_width_mm.filter(|_| is_believed),
            bridged,
            attention: estimate.attention,
            inputs: estimate.inputs,
        }
    }
}

impl ClosedMonth {
    fn of(record: &MonthRecord, first_sample: u32) -> Self {
        let mut means = [None; MAX_CHANNELS];
        for (place, level) in means.iter_mut().zip(&record.channels) {
            *place = level.mean_m.map(|mean_m| (mean_m, level.days));
        }
        Self {
            month_index: record.month_index,
            samples: first_sample..record.next_sample,
            means,
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
        let channel = settings.channel_of(layer).ok_or(unknown)?;
        // A model file has at most as many layers as a logger has channels.
        let _ = channels.push(channel);
    }
    Ok(channels)
}

/// Steps to a closed month; months before it that are not in the log count as months without levels. `None` if the model is already past the month.
///
/// # Errors
/// [`Fault::ModelInvalid`] if more than [`LONGEST_GAP`] months lie between.
fn step_to(
    estimator: &mut Estimator<'_>,
    closed: &ClosedMonth,
    inputs: &[usize],
    months: MonthDefinition,
) -> Result<Option<Estimate>, Fault> {
    // No month beyond the years 0 to 9999 is estimated.
    let (Some(month), Some(last)) = (Month::from_index(closed.month_index), estimator.month())
    else {
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
        estimator.step(next, &[]).map_err(|_| Fault::ModelInvalid)?;
        next = next.next();
    }
    // The model's own rule decides which months count, as it did in training.
    let counted = |(input, channel): (usize, &usize)| {
        let (mean_m, days) = closed.means.get(*channel).copied().flatten()?;
        months.rule(input).accepts(days, month).then_some(mean_m)
    };
    let level_m: Vec<Option<f32>, MAX_CHANNELS> =
        collect_bounded(inputs.iter().enumerate().map(counted));
    let estimate = estimator.step(month, &level_m);
    estimate.map(Some).map_err(|_| Fault::ModelInvalid)
}
