//! From the sensors' raw values to levels, with quality flags.
//!
//! A doubtful reading keeps its value and gets a flag; flagged readings never enter a monthly mean.

pub mod current_loop;
pub mod identity;
pub mod sdi12;

use amlstm_core::link::{
    BarometerConfig, ChannelConfig, MAX_CHANNELS, Quality, Quantity, Reading, Sdi12Reading, Sensor,
};
use heapless::Vec;

use crate::board::{Clock, SensorBus};
use sdi12::Values;

/// Standard acceleration of gravity, m/s2 (3rd CGPM, 1901). Local gravity differs by 0.3 % at most.
const GRAVITY_M_S2: f32 = 9.80665;
/// Plausible air pressures, kPa: from 5000 m above sea level to above the record high at sea level (108.4).
const AIR_PRESSURE_KPA: core::ops::RangeInclusive<f32> = 50.0..=110.0;

/// One round of readings of all channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// Air pressure in kPa; `None` without barometer or with a bad one.
    pub barometer_kpa: Option<f32>,
    /// Quality of the barometer's reading; good without one.
    pub barometer_quality: Quality,
    /// One reading for each configured channel.
    pub channels: Vec<Reading, MAX_CHANNELS>,
}

/// State kept from sample to sample, to detect stuck sensors and steps.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    channels: [ChannelMemory; MAX_CHANNELS],
}

#[derive(Clone, Copy, Debug, Default)]
struct ChannelMemory {
    raw: Option<f32>,
    /// How many times in a row the raw value has repeated.
    repeats: u16,
    good: Option<GoodReading>,
    /// The sensor was swapped.
    swapped: bool,
}

/// What the last good level was computed from, so that it can be recomputed when cable length or offset change.
#[derive(Clone, Copy, Debug)]
struct GoodReading {
    sensor: Sensor,
    quantity: Quantity,
    raw: f32,
    barometer_kpa: Option<f32>,
}

impl Memory {
    /// Accepts a step of a channel's level: the next reading is not compared with an earlier one.
    pub fn confirm_step(&mut self, channel: usize) {
        if let Some(memory) = self.channels.get_mut(channel) {
            memory.good = None;
            memory.swapped = false;
        }
    }

    /// True if the channel's sensor was swapped.
    pub fn is_swapped(&self, channel: usize) -> bool {
        self.channels
            .get(channel)
            .is_some_and(|memory| memory.swapped)
    }

    /// Notes whether the channel's sensor was swapped.
    pub fn note_swapped(&mut self, channel: usize, swapped: bool) {
        if let Some(memory) = self.channels.get_mut(channel) {
            memory.swapped = swapped;
        }
    }
}

/// Longest round. The time left is divided evenly among the sensors that are still to be asked.
const ROUND_MS: u64 = 90_000;

/// Reads the barometer and every channel once, and updates `memory`.
pub async fn read(
    clock: &impl Clock,
    bus: &mut impl SensorBus,
    barometer: Option<&BarometerConfig>,
    channels: &[ChannelConfig],
    memory: &mut Memory,
) -> Round {
    let mut asked = Asked {
        end_ms: clock.uptime_ms() + ROUND_MS,
        to_come: channels.len() as u64 + u64::from(barometer.is_some()),
        values: Vec::new(),
    };
    let (barometer_kpa, barometer_quality) = match barometer {
        None => (None, Quality::GOOD),
        Some(config) => match air_pressure(asked.raw(clock, bus, &config.sensor).await, config) {
            Ok(kpa) => (Some(kpa), Quality::GOOD),
            Err(quality) => (None, quality),
        },
    };
    let mut readings = Vec::new();
    for (config, memory) in channels.iter().zip(&mut memory.channels) {
        let raw = asked.raw(clock, bus, &config.sensor).await;
        // There are at most MAX_CHANNELS channels.
        let _ = readings.push(judge(config, raw, barometer_kpa, memory));
    }
    Round {
        barometer_kpa,
        barometer_quality,
        channels: readings,
    }
}

/// SDI-12 measurements of this round, kept because several channels may be values of one sensor.
struct Asked {
    /// When the round must end.
    end_ms: u64,
    /// Sensors that are still to be asked.
    to_come: u64,
    values: Vec<(Sdi12Reading, Result<Values, Quality>), { MAX_CHANNELS + 1 }>,
}

impl Asked {
    async fn raw(
        &mut self,
        clock: &impl Clock,
        bus: &mut impl SensorBus,
        sensor: &Sensor,
    ) -> Result<f32, Quality> {
        let now_ms = clock.uptime_ms();
        let share_ms = self.end_ms.saturating_sub(now_ms) / self.to_come.max(1);
        self.to_come = self.to_come.saturating_sub(1);
        let reading = match sensor {
            Sensor::CurrentLoop(sensor) => {
                return current_loop::raw_of(bus.loop_current_ma(sensor.input).await, sensor);
            }
            Sensor::Sdi12(value) => (*value).into(),
            Sensor::Sdi12Reading(reading) => *reading,
        };
        let Sdi12Reading { value, command, .. } = reading;
        let same = |(asked, _): &&(Sdi12Reading, _)| {
            let of = asked.value;
            (of.address, of.crc, asked.command) == (value.address, value.crc, command)
        };
        let values = if let Some((_, values)) = self.values.iter().find(same) {
            values.clone()
        } else {
            let values = sdi12::measure(clock, bus, reading, now_ms + share_ms).await;
            let _ = self.values.push((reading, values.clone()));
            values
        };
        values?
            .get(usize::from(value.value))
            .copied()
            .ok_or(Quality::GARBLED)
    }
}

fn air_pressure(raw: Result<f32, Quality>, config: &BarometerConfig) -> Result<f32, Quality> {
    let kpa = raw? / config.units_per_kpa;
    if AIR_PRESSURE_KPA.contains(&kpa) {
        Ok(kpa)
    } else {
        Err(Quality::RANGE)
    }
}

/// Turns a raw value into a reading.
fn judge(
    config: &ChannelConfig,
    raw: Result<f32, Quality>,
    barometer_kpa: Option<f32>,
    memory: &mut ChannelMemory,
) -> Reading {
    let raw = match raw {
        Ok(raw) => raw,
        Err(quality) => {
            return Reading {
                raw: None,
                level_m: None,
                quality,
            };
        }
    };
    let mut quality = Quality::GOOD;
    let mut flag = |bit: Quality, set: bool| {
        if set {
            quality = quality.with(bit);
        }
    };
    flag(Quality::SWAPPED, memory.swapped);
    flag(Quality::STUCK, memory.is_stuck(raw, config.stuck_after));
    let level_m = match level_of(config, raw, barometer_kpa) {
        Ok(level) => {
            flag(
                Quality::DRY,
                level
                    .submergence_m
                    .is_some_and(|submergence_m| submergence_m <= 0.0),
            );
            flag(
                Quality::RANGE,
                !(config.lowest_m..=config.highest_m).contains(&level.level_m),
            );
            let stepped = memory.has_stepped(config, level.level_m);
            flag(Quality::STEP, stepped);
            flag(Quality::ERROR_CODE, stepped && memory.repeats > 0);
            Some(level.level_m)
        }
        Err(missing) => {
            flag(missing, true);
            None
        }
    };
    if quality.is_usable() {
        memory.good = Some(GoodReading {
            sensor: config.sensor,
            quantity: config.quantity,
            raw,
            barometer_kpa,
        });
    }
    Reading {
        raw: Some(raw),
        level_m,
        quality,
    }
}

impl ChannelMemory {
    /// True if this is the `stuck_after`-th equal raw value in a row.
    fn is_stuck(&mut self, raw: f32, stuck_after: u16) -> bool {
        self.repeats = if self.raw == Some(raw) {
            self.repeats.saturating_add(1)
        } else {
            0
        };
        self.raw = Some(raw);
        stuck_after > 0 && self.repeats >= stuck_after.saturating_sub(1)
    }

    /// True if the level differs from the last good one by more than the largest plausible step: until readings return, or somebody confirms the
    /// step.
    fn has_stepped(&self, config: &ChannelConfig, level_m: f32) -> bool {
        let good = self
            .good
            .filter(|good| good.sensor == config.sensor && good.quantity == config.quantity)
            .and_then(|good| level_of(config, good.raw, good.barometer_kpa).ok());
        good.is_some_and(|good| libm::fabsf(level_m - good.level_m) > config.largest_step_m)
    }
}

struct Level {
    /// Above datum, up +.
    level_m: f32,
    /// Water column above the sensor, for sensors that hang in the water.
    submergence_m: Option<f32>,
}

fn level_of(
    config: &ChannelConfig,
    raw: f32,
    barometer_kpa: Option<f32>,
) -> Result<Level, Quality> {
    let hanging = |submergence_m: f32| Level {
        level_m: config.measuring_point_m - config.cable_m + submergence_m + config.offset_m,
        submergence_m: Some(submergence_m),
    };
    let standing = |level_m: f32| Level {
        level_m: level_m + config.offset_m,
        submergence_m: None,
    };
    // p = rho g h, with p in kPa.
    let column_m = |kpa: f32| kpa * 1000.0 / (config.density_kg_m3 * GRAVITY_M_S2);
    Ok(match config.quantity {
        Quantity::AbsolutePressureKpa => hanging(column_m(
            raw - barometer_kpa.ok_or(Quality::BAROMETER_MISSING)?,
        )),
        Quantity::GaugePressureKpa => hanging(column_m(raw)),
        Quantity::SubmergenceM => hanging(raw),
        Quantity::DepthToWaterM => standing(config.measuring_point_m - raw),
        Quantity::LevelM => standing(raw),
    })
}

/// Depth to water below the measuring point in metres, down +: what a tape reads.
pub fn depth_to_water_m(config: &ChannelConfig, reading: &Reading) -> Option<f32> {
    reading
        .level_m
        .map(|level_m| config.measuring_point_m - level_m)
}

#[cfg(test)]
mod tests;
