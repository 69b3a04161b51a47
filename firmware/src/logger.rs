//! The logger without its cables: clock, configuration, logs and models, as the tasks and the port see them.

mod models;

use amlstm_core::link::{
    ClockState, ConfigItem, Estimated, EventKind, Fault, Quality, ResetCause, Sample,
};
use serde::{Deserialize, Serialize};

use crate::board::{Clock, MappedFlash, Start};
use crate::calendar::month_index_of;
use crate::filled::filled;
use crate::month_close::{OpenMonth, Replay};
use crate::sense::Round;
use crate::settings::Settings;
use crate::store::{Key, Layout, MonthEntry, Store, StoreError};

pub use models::Upload;

/// Earliest time a clock may be set to: 2020-01-01.
const EARLIEST_UNIX_S: u32 = 1_577_836_800;
/// Latest: 2100-01-01.
const LATEST_UNIX_S: u32 = 4_102_444_800;
/// A clock that jumps farther ahead of the last sample needs confirmation: every month between closes as missing.
const LONGEST_JUMP_S: u32 = 400 * 86_400;
/// The channel number of the barometer in events.
const BAROMETER: u8 = 255;

/// Counters over all starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Starts.
    pub boots: u32,
    /// Starts by the watchdog.
    pub watchdog_resets: u32,
}

/// UTC as an offset to the time since the start.
#[derive(Clone, Copy, Debug, PartialEq)]
struct WallClock {
    state: ClockState,
    /// UTC and time since the start at one moment.
    base_unix_s: u32,
    base_uptime_ms: u64,
}

/// The logger without its cables.
pub struct Logger<F: MappedFlash> {
    /// Logs and configuration on flash.
    pub store: Store<F>,
    /// The configuration.
    pub settings: Settings,
    /// Starts so far.
    pub counters: Counters,
    /// Why it started.
    pub reset_cause: ResetCause,
    clock: WallClock,
    open: Option<OpenMonth>,
    upload: Option<Upload>,
    /// Quality last written as an event, by channel and for the barometer.
    noted: [Quality; amlstm_core::link::MAX_CHANNELS + 1],
    late_noted: Option<i32>,
    full_noted: bool,
}

impl<F: MappedFlash> Logger<F> {
    /// Opens the flash, restores the clock and the open month, and logs the start.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open(
        flash: F,
        layout: Layout,
        clock: &impl Clock,
        start: &Start,
    ) -> Result<Self, StoreError> {
        let mut store = Store::open(flash, layout).await?;
        let settings = Settings::load(&mut store).await?;
        let mut counters: Counters = store.get(Key::Counters as u8).await?.unwrap_or_default();
        counters.boots = counters.boots.saturating_add(1);
        if start.cause == ResetCause::Watchdog {
            counters.watchdog_resets = counters.watchdog_resets.saturating_add(1);
        }
        store.put(Key::Counters as u8, &counters).await?;
        let last_unix_s = last_known_unix_s(&mut store).await?;
        let wall_clock = WallClock::at_start(clock, last_unix_s);
        let mut logger = Self {
            store,
            settings,
            counters,
            reset_cause: start.cause,
            clock: wall_clock,
            open: None,
            upload: None,
            noted: Default::default(),
            late_noted: None,
            full_noted: false,
        };
        logger.rebuild_open_month().await?;
        let started = EventKind::Started {
            cause: start.cause,
            boots: counters.boots,
            late_task: start.late_task,
        };
        logger.note(clock, started).await?;
        if let Some(message) = &start.panic {
            logger
                .note(
                    clock,
                    EventKind::Panicked {
                        message: message.clone(),
                    },
                )
                .await?;
        }
        Ok(logger)
    }

    /// UTC, seconds since 1970; `None` while the clock is unset.
    pub fn unix_s(&self, clock: &impl Clock) -> Option<u32> {
        self.unix_ms(clock.uptime_ms())
            .map(|unix_ms| u32::try_from(unix_ms / 1000).unwrap_or(u32::MAX))
    }

    /// UTC at an uptime, milliseconds since 1970; `None` while the clock is unset.
    pub fn unix_ms(&self, uptime_ms: u64) -> Option<u64> {
        self.clock.unix_ms(uptime_ms)
    }

    /// What is known of the time.
    pub fn clock_state(&self) -> ClockState {
        self.clock.state
    }

    /// Sets the clock and logs it. Months are closed by the next sample, never here.
    ///
    /// # Errors
    /// [`Fault::ClockRange`], [`Fault::ClockJump`] without `confirm_jump`, [`Fault::Storage`].
    pub async fn set_clock(
        &mut self,
        clock: &impl Clock,
        unix_s: u32,
        confirm_jump: bool,
    ) -> Result<(), Fault> {
        if !(EARLIEST_UNIX_S..LATEST_UNIX_S).contains(&unix_s) {
            return Err(Fault::ClockRange);
        }
        let last_sample = self.store.held().last_sample_unix_s;
        if !confirm_jump
            && last_sample.is_some_and(|last| unix_s.saturating_sub(last) > LONGEST_JUMP_S)
        {
            return Err(Fault::ClockJump);
        }
        let old_unix_s = self.unix_s(clock).unwrap_or(0);
        self.store
            .put(Key::Clock as u8, &unix_s)
            .await
            .map_err(|_| Fault::Storage)?;
        self.clock = WallClock {
            state: ClockState::Set,
            base_unix_s: unix_s,
            base_uptime_ms: clock.uptime_ms(),
        };
        clock.keep_unix_s(unix_s);
        let set = EventKind::ClockSet {
            old_unix_s,
            new_unix_s: unix_s,
        };
        self.note(clock, set).await.map_err(|_| Fault::Storage)
    }

    /// Changes the configuration and logs it.
    ///
    /// # Errors
    /// [`Fault::Config`], [`Fault::Storage`].
    pub async fn configure(&mut self, clock: &impl Clock, item: ConfigItem) -> Result<(), Fault> {
        let key = item.key();
        let in_use = self
            .store
            .held()
            .last_month
            .as_ref()
            .map_or(0, |month| month.channels.len());
        self.settings.set(&mut self.store, item, in_use).await?;
        self.note(clock, EventKind::Configured(key))
            .await
            .map_err(|_| Fault::Storage)
    }

    /// Appends an event.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn note(&mut self, clock: &impl Clock, kind: EventKind) -> Result<(), StoreError> {
        let unix_s = self.unix_s(clock).unwrap_or(0);
        self.store.push_event(unix_s, kind).await
    }

    /// Keeps a round of readings as a sample, after closing the months before it.
    ///
    /// # Errors
    /// [`StoreError`]; the sample is then not kept.
    pub async fn append(
        &mut self,
        clock: &impl Clock,
        unix_s: u32,
        round: &Round,
    ) -> Result<(), StoreError> {
        self.note_quality(clock, round).await?;
        let unsure = if self.clock.state == ClockState::Unsure {
            Quality::CLOCK_UNSURE
        } else {
            Quality::GOOD
        };
        let channels = round.channels.iter().map(|reading| {
            let mut reading = *reading;
            reading.quality = reading.quality.with(unsure);
            reading
        });
        let sample = Sample {
            number: 0,
            unix_s,
            barometer_kpa: round.barometer_kpa,
            channels: filled(channels),
        };
        let month_index = month_index_of(unix_s);
        self.close_months_before(clock, month_index, unix_s).await?;
        let number = self.store.push_sample(sample.clone()).await?;
        self.open
            .get_or_insert_with(|| OpenMonth::new(month_index))
            .add(&Sample { number, ..sample });
        clock.keep_unix_s(unix_s);
        Ok(())
    }

    /// Closes the open month and those after it that lie before `month_index`.
    async fn close_months_before(
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
    async fn rebuild_open_month(&mut self) -> Result<(), StoreError> {
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
        let mut replay = self.replay().await?;
        while let Some(batch) = replay.next(&mut self.store, &self.settings).await? {
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
        let mut replay = self.replay().await?;
        while let Some(batch) = replay.next(&mut self.store, &self.settings).await? {
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
    ) -> Result<Option<(amlstm_core::link::MonthRecord, Option<Estimated>)>, Fault> {
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

    async fn replay(&mut self) -> Result<Replay, Fault> {
        let slots = self.store.slots().await.map_err(|_| Fault::Storage)?;
        Ok(Replay::new(slots.active.ok_or(Fault::NoModel)?))
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

    /// One event when a channel turns bad, and one when it is good again.
    async fn note_quality(&mut self, clock: &impl Clock, round: &Round) -> Result<(), StoreError> {
        let channels = round
            .channels
            .iter()
            .enumerate()
            .map(|(channel, reading)| (channel, reading.quality));
        let barometer = (self.noted.len() - 1, round.barometer_quality);
        for (place, quality) in channels.chain([barometer]) {
            let Some(noted) = self.noted.get_mut(place) else {
                continue;
            };
            if noted.is_usable() == quality.is_usable() {
                continue;
            }
            *noted = quality;
            let channel = if place == barometer.0 {
                BAROMETER
            } else {
                place as u8
            };
            self.note(clock, EventKind::SensorQuality { channel, quality })
                .await?;
        }
        Ok(())
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

impl WallClock {
    /// The kept time if there is one that can be true; else the last known moment, unsure; else unset.
    fn at_start(clock: &impl Clock, last_unix_s: Option<u32>) -> Self {
        let earliest = last_unix_s.unwrap_or(EARLIEST_UNIX_S);
        let kept = clock
            .kept_unix_s()
            .filter(|kept| (earliest..LATEST_UNIX_S).contains(kept));
        let (state, unix_s) = match (kept, last_unix_s) {
            (Some(kept), _) => (ClockState::Set, kept),
            (None, Some(last)) => (ClockState::Unsure, last),
            (None, None) => (ClockState::Unset, 0),
        };
        Self {
            state,
            base_unix_s: unix_s,
            base_uptime_ms: clock.uptime_ms(),
        }
    }

    fn unix_ms(&self, uptime_ms: u64) -> Option<u64> {
        let elapsed_ms = uptime_ms.saturating_sub(self.base_uptime_ms);
        (self.state != ClockState::Unset).then(|| u64::from(self.base_unix_s) * 1000 + elapsed_ms)
    }
}

/// The latest moment the flash knows of.
async fn last_known_unix_s<F: MappedFlash>(
    store: &mut Store<F>,
) -> Result<Option<u32>, StoreError> {
    let set: Option<u32> = store.get(Key::Clock as u8).await?;
    // The clock may have been set back after the last sample: then it is the setting that counts. Without knowing, the later one never
    // closes a month twice.
    Ok(set.max(store.held().last_sample_unix_s))
}

#[cfg(test)]
mod tests;
