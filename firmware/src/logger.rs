//! The logger without its cables: clock, configuration, logs and models, as the tasks and the port see them.

mod clock;
mod models;
mod months;

use amlstm_core::link::{ClockState, ConfigItem, EventKind, Fault, Quality, ResetCause, Sample};
use serde::{Deserialize, Serialize};

use crate::board::{Clock, LastRun, MappedFlash};
use crate::bounded::collect_bounded;
use crate::calendar::month_index_of;
use crate::open_month::OpenMonth;
use crate::sense::Round;
use crate::settings::Settings;
use crate::store::{Key, Layout, Store, StoreError};

use clock::WallClock;
pub use models::Upload;

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
        last_run: &LastRun,
    ) -> Result<Self, StoreError> {
        let mut store = Store::open(flash, layout).await?;
        let settings = Settings::load(&mut store).await?;
        let mut counters: Counters = store.get(Key::Counters as u8).await?.unwrap_or_default();
        counters.boots = counters.boots.saturating_add(1);
        if last_run.cause == ResetCause::Watchdog {
            counters.watchdog_resets = counters.watchdog_resets.saturating_add(1);
        }
        store.put(Key::Counters as u8, &counters).await?;
        let wall_clock = WallClock::at_start(clock, &mut store).await?;
        let mut logger = Self {
            store,
            settings,
            counters,
            reset_cause: last_run.cause,
            clock: wall_clock,
            open: None,
            upload: None,
            noted: Default::default(),
            late_noted: None,
            full_noted: false,
        };
        logger.rebuild_open_month().await?;
        let started = EventKind::Started {
            cause: last_run.cause,
            boots: counters.boots,
            late_task: last_run.late_task,
        };
        logger.note(clock, started).await?;
        if let Some(message) = &last_run.panic {
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
        let unsure = if self.clock_state() == ClockState::Unsure {
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
            channels: collect_bounded(channels),
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
}

#[cfg(test)]
mod tests;
