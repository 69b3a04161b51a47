//! From the sensors' raw values to levels, with quality flags.
//!
//! A doubtful reading keeps its value and gets a flag; flagged readings never enter a monthly mean.

pub mod burst;
pub mod current_loop;
pub mod identity;
mod level;
mod memory;
pub mod sdi12;

use amlstm_core::link::{
    BarometerConfig, ChannelConfig, MAX_CHANNELS, Quality, Reading, Sdi12Reading, Sensor,
};
use heapless::Vec;

use crate::board::{Clock, SensorBus};
use level::level_of;
use memory::ChannelMemory;
use sdi12::Values;

pub use level::depth_to_water_m;
pub use memory::Memory;

/// Plausible air pressures, kPa: from 5000 m above sea level to above the record high at sea level (108.4).
const AIR_PRESSURE_KPA: core::ops::RangeInclusive<f32> = 50.0..=110.0;

/// What a sensor says, in its own unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawValue {
    /// The value.
    pub value: f32,
    /// Standard error of the value by the logger's own converter: 0 for a sensor that sends digits.
    pub noise: f32,
}

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
    for (config, memory) in channels.iter().zip(memory.channels_mut()) {
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
    ) -> Result<RawValue, Quality> {
        let now_ms = clock.uptime_ms();
        let share_ms = self.end_ms.saturating_sub(now_ms) / self.to_come.max(1);
        self.to_come = self.to_come.saturating_sub(1);
        let reading = match sensor {
            Sensor::CurrentLoop(sensor) => {
                return current_loop::raw_of(bus.loop_current(sensor.input).await, sensor);
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
        let value = values?.get(usize::from(value.value)).copied();
        let value = value.ok_or(Quality::GARBLED)?;
        Ok(RawValue { value, noise: 0.0 })
    }
}

fn air_pressure(raw: Result<RawValue, Quality>, config: &BarometerConfig) -> Result<f32, Quality> {
    let kpa = raw?.value / config.units_per_kpa;
    if AIR_PRESSURE_KPA.contains(&kpa) {
        Ok(kpa)
    } else {
        Err(Quality::RANGE)
    }
}

/// Turns a raw value into a reading.
fn judge(
    config: &ChannelConfig,
    raw: Result<RawValue, Quality>,
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
    let repeats = memory.repeats(raw.value);
    let level_m = match level_of(config, raw.value, barometer_kpa) {
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
            let stepped = memory.has_stepped(config, level.level_m, repeats);
            flag(Quality::STEP, stepped);
            flag(Quality::ERROR_CODE, stepped && repeats);
            Some(level.level_m)
        }
        Err(missing) => {
            flag(missing, true);
            None
        }
    };
    memory.keep(raw.value, level_m);
    if quality.is_usable() {
        memory.keep_good(config, raw.value, barometer_kpa);
    }
    Reading {
        raw: Some(raw.value),
        level_m,
        quality,
    }
}

#[cfg(test)]
mod tests;
