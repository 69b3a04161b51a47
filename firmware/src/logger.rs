//! The logger without sensors and port: clock, configuration, logs and models.

mod clock;
mod drift;
mod firmware;
mod identity;
mod models;
mod months;

use core::ops::ControlFlow;

use amlstm_core::link::{
    ClockState, ConfigItem, ConfigProblem, EventKind, Fault, Quality, ResetCause, Sample,
};
use amlstm_core::month_mean::MonthDefinition;
use serde::{Deserialize, Serialize};

use crate::board::{Clock, LastRun, MappedFlash};
use crate::bounded::collect_bounded;
use crate::sense::{Memory, Round};
use crate::settings::Settings;
use crate::store::{Key, Layout, Store, StoreError};
use crate::tally::Tally;

use clock::WallClock;
pub use firmware::AcceptedFirmware;
pub use models::{Upload, verify_signature};

const DAY_S: u32 = 86_400;
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

/// The logger without sensors and port.
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
    /// How monthly means are formed: as in the training of the active model.
    months: MonthDefinition,
    tally: Tally,
    /// An error occurred while samples were counted: they are to be counted again from the ring.
    recount_wanted: bool,
    /// The last closed month at the time when the active model had estimated all closed months.
    estimated_until: Option<i32>,
    upload: Option<Upload>,
    /// The quality last logged as an event, of each channel and, at the end, of the barometer.
    noted: [Quality; amlstm_core::link::MAX_CHANNELS + 1],
    late_noted: Option<i32>,
    battery_low: bool,
}

impl<F: MappedFlash> Logger<F> {
    /// Opens the flash, restores the clock and the open month, and logs the start.
    ///
    /// # Errors
    /// As [`Store::open`]; the flash is given back.
    pub async fn open(
        flash: F,
        layout: Layout,
        clock: &impl Clock,
        last_run: &LastRun,
    ) -> Result<Self, (StoreError, F)> {
        let mut logger = Self {
            store: Store::open(flash, layout).await?,
            settings: Settings::default(),
            counters: Counters::default(),
            reset_cause: last_run.cause,
            clock: WallClock::unset(),
            months: MonthDefinition::default(),
            tally: Tally::default(),
            recount_wanted: false,
            estimated_until: None,
            upload: None,
            noted: Default::default(),
            late_noted: None,
            battery_low: false,
        };
        match logger.restore(clock, last_run).await {
            Ok(()) => Ok(logger),
            Err(error) => Err((error, logger.store.into_flash())),
        }
    }

    async fn restore(&mut self, clock: &impl Clock, last_run: &LastRun) -> Result<(), StoreError> {
        self.settings = Settings::load(&mut self.store).await?;
        let chip = clock.chip_unix_s();
        let chip_unix_s = chip.and_then(Result::ok);
        self.clock = WallClock::at_start(clock, chip_unix_s, &mut self.store).await?;
        self.raise_minimum_at_start().await?;
        self.months = self.months_of_active_model().await?;
        self.recount(clock).await?;
        self.count_start(last_run.cause).await?;
        let started = EventKind::Started {
            cause: last_run.cause,
            boots: self.counters.boots,
            late_task: last_run.late_task,
        };
        self.note_aside(clock, started).await;
        if let Some(Err(fault)) = chip {
            self.note_aside(clock, EventKind::ClockChip(fault)).await;
        }
        if let Some(message) = &last_run.panic {
            let message = message.clone();
            self.note_aside(clock, EventKind::Panicked { message })
                .await;
        }
        Ok(())
    }

    async fn count_start(&mut self, cause: ResetCause) -> Result<(), StoreError> {
        let before: Option<Counters> = self.store.get(Key::Counters as u8).await?;
        let Counters {
            boots,
            watchdog_resets,
        } = before.unwrap_or_default();
        self.counters = Counters {
            boots: boots.saturating_add(1),
            watchdog_resets: watchdog_resets.saturating_add((cause == ResetCause::Watchdog).into()),
        };
        // A failure is counted in the store and shown in the status.
        let _ = self.store.put(Key::Counters as u8, &self.counters).await;
        Ok(())
    }

    /// Changes the configuration and logs it. A channel that is sent again as it is stays so: a logged change would begin the drift of its sensor anew.
    ///
    /// # Errors
    /// [`Fault::Config`], [`Fault::Storage`].
    pub async fn configure(&mut self, clock: &impl Clock, item: ConfigItem) -> Result<(), Fault> {
        let key = item.key();
        let is_channel = matches!(
            item,
            ConfigItem::Channel {
                channel: Some(_),
                ..
            }
        );
        if is_channel && self.settings.get(key).as_ref() == Some(&item) {
            return Ok(());
        }
        if let ConfigItem::Security(security) = &item
            && security.require_signed
            && !self.settings.security.require_signed
        {
            // With a key that nobody can sign with, every model would be refused.
            let signed = match &security.signing_key {
                Some(key) => self.is_signed_by(key).await?,
                None => false,
            };
            if !signed {
                return Err(Fault::Config(ConfigProblem::Signing));
            }
        }
        let in_use = self
            .store
            .held()
            .last_month
            .as_ref()
            .map_or(0, |month| month.channels.len());
        self.settings.set(&mut self.store, item, in_use).await?;
        self.note_aside(clock, EventKind::Configured(key)).await;
        Ok(())
    }

    /// Appends an event.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn note(&mut self, clock: &impl Clock, kind: EventKind) -> Result<(), StoreError> {
        let unix_s = self.unix_s(clock).unwrap_or(0);
        self.store.push_event(unix_s, kind).await
    }

    /// Appends an event whose failure does not matter for what it reports; the store counts the failure, and the status shows it.
    pub(super) async fn note_aside(&mut self, clock: &impl Clock, kind: EventKind) {
        let _ = self.note(clock, kind).await;
    }

    /// Stores a round of readings as a sample, then counts it in its month, and logs channels that turned bad or good.
    ///
    /// # Errors
    /// [`StoreError`]. The sample is lost only if the first write failed; whatever fails later is repeated with the next sample.
    pub async fn append(
        &mut self,
        clock: &impl Clock,
        unix_s: u32,
        round: &Round,
    ) -> Result<(), StoreError> {
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
        let mut sample = Sample {
            number: 0,
            unix_s,
            barometer_kpa: round.barometer_kpa,
            channels: collect_bounded(channels),
        };
        sample.number = self.store.push_sample(sample.clone()).await?;
        clock.keep_unix_s(unix_s);
        let counted = if self.recount_wanted {
            self.recount(clock).await
        } else {
            self.count(clock, sample).await
        };
        self.recount_wanted = counted.is_err();
        self.note_quality(clock, round).await;
        counted
    }

    /// Recalls the good levels of the day before this start. Without a sure clock nobody knows how long ago they were measured, and the water may have moved on.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn recall_levels(
        &mut self,
        clock: &impl Clock,
        memory: &mut Memory,
    ) -> Result<(), StoreError> {
        let now = self.unix_s(clock);
        let Some(now) = now.filter(|_| self.clock_state() == ClockState::Set) else {
            return Ok(());
        };
        let a_day = DAY_S / self.settings.interval_s.max(1);
        let from = self.store.next_sample().saturating_sub(a_day.max(1));
        let channels = &self.settings.channels;
        self.store
            .each_sample(from, |sample, _| {
                if now.abs_diff(sample.unix_s) <= DAY_S {
                    memory.recall(channels, &sample);
                }
                ControlFlow::Continue(())
            })
            .await
    }

    /// Seconds between two samples now.
    pub fn interval_s(&self) -> u32 {
        let usual_s = self.settings.interval_s;
        self.low_battery_interval_s().unwrap_or(usual_s)
    }

    /// Seconds between two samples while the battery is low; `None` while it is not.
    pub fn low_battery_interval_s(&self) -> Option<u32> {
        let low = self.settings.low_battery.filter(|_| self.battery_low)?;
        Some(low.interval_s.max(self.settings.interval_s))
    }

    /// Compares the battery with its limit, and notes when it has become low or good.
    pub async fn watch_battery(&mut self, clock: &impl Clock, battery_mv: Option<u16>) {
        let Some(low) = self.settings.low_battery else {
            self.battery_low = false;
            return;
        };
        // A board that cannot measure it now tells nothing new.
        let Some(battery_mv) = battery_mv else {
            return;
        };
        let was_low = self.battery_low;
        self.battery_low = low.is_low(battery_mv, was_low);
        let interval_s = self.interval_s();
        let event = match (was_low, self.battery_low) {
            (false, true) => EventKind::BatteryLow {
                battery_mv,
                interval_s,
            },
            (true, false) => EventKind::BatteryGood {
                battery_mv,
                interval_s,
            },
            _ => return,
        };
        self.note_aside(clock, event).await;
    }

    /// Logs one event when a channel turns bad, and one when it is good again.
    async fn note_quality(&mut self, clock: &impl Clock, round: &Round) {
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
            self.note_aside(clock, EventKind::SensorQuality { channel, quality })
                .await;
        }
    }
}

#[cfg(test)]
mod tests;
