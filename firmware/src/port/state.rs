//! The logger's state, as the port reports it.

use amlstm_core::link::{
    BatteryLife, ClockState, EventKind, Fault, MAX_CHANNELS, Now, Quality, Status, Verification,
    VisitReport,
};
use heapless::Vec;

use crate::board::{Board, Clock, Machine};
use crate::bounded::collect_bounded;
use crate::logger::Logger;
use crate::power::{self, Currents, Sampling};
use crate::sense::{Round, depth_to_water_m};
use crate::shared::Shared;

/// A tape reading that differs more from the sensor's is likely a mistake, or the cable has slipped; one that differs less confirms a step of the
/// level.
pub const TAPE_AGREES_M: f32 = 0.5;

/// A tape reading beside the sensor's, both as depths to water below the measuring point in metres.
#[derive(Clone, Copy, Debug)]
pub struct Taped {
    /// By tape.
    pub tape_m: f32,
    /// By the sensor.
    pub sensor_m: Option<f32>,
    /// Of the sensor's reading.
    pub quality: Quality,
}

impl Taped {
    /// True if both agree.
    pub fn agrees(&self) -> bool {
        self.sensor_m
            .is_some_and(|sensor_m| libm::fabsf(sensor_m - self.tape_m) <= TAPE_AGREES_M)
    }

    /// The sensor's depth, if it tells how far its counted levels have drifted: one that would not count does not, unless the tape makes its step good.
    fn telling_m(&self) -> Option<f32> {
        const MADE_GOOD: Quality = Quality::STEP.with(Quality::ERROR_CODE);
        let counts = self.quality.is_usable()
            || self.agrees() && self.quality.without(MADE_GOOD).is_usable();
        self.sensor_m.filter(|_| counts)
    }
}

impl<B: Board> Shared<B> {
    /// Records a tape reading; one that agrees with the sensor confirms a step of its level. While the clock is not set it has the laptop's time, or none where no
    /// laptop tells it: a wrong one would place the drift wrongly for good.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn tape(
        &self,
        channel: u8,
        taped: Taped,
        laptop_unix_s: Option<u32>,
    ) -> Result<(), Fault> {
        let tape = EventKind::Tape {
            channel,
            tape_m: taped.tape_m,
            sensor_m: taped.telling_m(),
        };
        let mut logger = self.logger.lock().await;
        let unix_s = match logger.clock_state() {
            ClockState::Set => logger.unix_s(&self.clock),
            ClockState::Unsure | ClockState::Unset => laptop_unix_s,
        };
        logger.store.push_event(unix_s.unwrap_or(0), tape).await?;
        if taped.agrees() {
            logger.accept_sensor(channel).await?;
            drop(logger);
            self.cable.lock().await.confirm_step(channel.into());
        }
        Ok(())
    }

    /// Confirms a step of a channel's level.
    ///
    /// # Errors
    /// [`Fault::NotFound`] without this channel, [`Fault::Storage`].
    pub async fn confirm_step(&self, channel: u8) -> Result<(), Fault> {
        let mut logger = self.logger.lock().await;
        if usize::from(channel) >= logger.settings.channels.len() {
            return Err(Fault::NotFound);
        }
        let confirmed = EventKind::StepConfirmed { channel };
        let noted = logger.note(&self.clock, confirmed).await;
        noted?;
        logger.accept_sensor(channel).await?;
        drop(logger);
        self.cable.lock().await.confirm_step(channel.into());
        Ok(())
    }

    /// Reads every channel now.
    pub async fn now(&self) -> Now {
        let Round {
            barometer_kpa,
            channels,
            ..
        } = self.look().await;
        let unix_s = self.logger.lock().await.unix_s(&self.clock).unwrap_or(0);
        Now {
            unix_s,
            barometer_kpa,
            channels,
        }
    }

    /// State of the logger.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn status(&self) -> Result<Status, Fault> {
        let (battery_mv, currents) = self.battery().await;
        let mut logger = self.logger.lock().await;
        let active = logger.store.slots().await?.active;
        let channels = logger.settings.channels.len();
        let months_free = logger.store.months_free(channels).await?;
        let held = logger.store.held();
        Ok(Status {
            station: logger.settings.station.clone(),
            datum: logger.settings.datum.clone(),
            unix_s: logger.unix_s(&self.clock).unwrap_or(0),
            clock: logger.clock_state(),
            uptime_s: (self.clock.uptime_ms() / 1000) as u32,
            boots: logger.counters.boots,
            watchdog_resets: logger.counters.watchdog_resets,
            reset_cause: logger.reset_cause,
            battery_mv,
            interval_s: logger.settings.interval_s,
            channels: logger.settings.channels.len() as u8,
            barometer: logger.settings.barometer.is_some(),
            first_sample: logger.store.first_sample(),
            next_sample: logger.store.next_sample(),
            sample_capacity: logger.store.sample_capacity(),
            months: held.months,
            months_free,
            first_event: held.first_event,
            next_event: held.next_event,
            model_generation: active.map(|active| active.generation),
            rate_alarm: logger.rate_alarm(),
            synthetic: self.synthetic,
            storage_errors: logger.store.errors(),
            counts_from_month: logger.counts_from_month(&self.clock),
            unreadable_records: held.unreadable,
            utc_offset_minutes: logger.month_definition().utc_offset_minutes(),
            low_battery_interval_s: logger.low_battery_interval_s(),
            battery_life: self.battery_life(&logger, currents),
        })
    }

    /// The program, the active model, and the digests of its replay.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn verify(&self) -> Result<Verification, Fault> {
        let program_crc = self.machine.lock().await.program_crc();
        let replayed = self.logger.lock().await.replay().await?;
        let (model, replayed) = replayed.unzip();
        Ok(Verification {
            program_crc,
            model,
            replayed: replayed.flatten(),
        })
    }

    /// Records tape readings and reports the logger's state.
    ///
    /// # Errors
    /// [`Fault::Malformed`] if one is no number, [`Fault::NotFound`] if one is of a channel that is not there: none is recorded then. [`Fault::Storage`].
    pub async fn visit(
        &self,
        laptop_unix_s: u32,
        tape_m: &[Option<f32>],
    ) -> Result<VisitReport, Fault> {
        let settings = self.settings().await;
        if !tape_m.iter().flatten().all(|tape_m| tape_m.is_finite()) {
            return Err(Fault::Malformed);
        }
        let beyond = tape_m.get(settings.channels.len()..).unwrap_or_default();
        if beyond.iter().any(Option::is_some) {
            return Err(Fault::NotFound);
        }
        let now = self.now().await;
        let (battery_mv, currents) = self.battery().await;
        let channels = settings.channels.iter().zip(&now.channels);
        let depth_to_water: Vec<Option<f32>, MAX_CHANNELS> =
            collect_bounded(channels.map(|(config, reading)| depth_to_water_m(config, reading)));
        let sensors = depth_to_water.iter().zip(&now.channels);
        for (channel, ((sensor_m, reading), tape_m)) in sensors.zip(tape_m).enumerate() {
            if let Some(tape_m) = *tape_m {
                let taped = Taped {
                    tape_m,
                    sensor_m: *sensor_m,
                    quality: reading.quality,
                };
                self.tape(channel as u8, taped, Some(laptop_unix_s)).await?;
            }
        }
        let mut logger = self.logger.lock().await;
        let channels = logger.settings.channels.len();
        let months_free = logger.store.months_free(channels).await?;
        Ok(VisitReport {
            clock_error_s: now.unix_s.wrapping_sub(laptop_unix_s) as i32,
            now,
            depth_to_water_m: depth_to_water,
            battery_mv,
            samples: logger.store.next_sample() - logger.store.first_sample(),
            sample_capacity: logger.store.sample_capacity(),
            months_free,
            serial: logger.settings.serial,
            battery_life: self.battery_life(&logger, currents),
        })
    }

    /// The battery in mV, and what the board draws.
    async fn battery(&self) -> (Option<u16>, Option<Currents>) {
        let mut machine = self.machine.lock().await;
        (machine.battery_mv(), machine.currents())
    }

    /// How long the battery lasts; `None` until the battery, the board's currents, the time and a round of sensors are known.
    fn battery_life(
        &self,
        logger: &Logger<B::Flash>,
        currents: Option<Currents>,
    ) -> Option<BatteryLife> {
        let battery = logger.settings.battery?;
        let sampling = Sampling {
            interval_s: logger.interval_s(),
            round_ms: self.round_ms.get()?,
            sensors_ma: battery.sensors_ma,
            switched_supply: logger.settings.warm_up_s.is_some(),
        };
        let uah_per_day = currents?.uah_per_day(sampling);
        let unix_s = logger.unix_s(&self.clock)?;
        Some(power::battery_life(battery, uah_per_day, unix_s))
    }
}
