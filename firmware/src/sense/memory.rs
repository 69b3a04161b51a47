//! What is known of each sensor from its earlier readings: whether it is stuck, whether its level has jumped.

use amlstm_core::link::{ChannelConfig, MAX_CHANNELS, Quantity, Sample, Sensor};

use super::RawValue;
use super::level::level_of;

/// A reading so many standard errors from the mean of those before it is another value.
const FARTHEST: f32 = 5.0;
/// The variance of readings of one value over the square of their standard error, at most: that of 96 of them, a day's, is smaller in 97 of 100 cases. If the
/// value moves by as much as the noise, it is in 3 of 1000.
const LARGEST_VARIANCE: f32 = 1.3;

/// State kept from sample to sample, to detect stuck sensors and steps.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    channels: [ChannelMemory; MAX_CHANNELS],
}

/// What is known of one sensor.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ChannelMemory {
    /// The last raw value with its level.
    last: Option<(f32, Option<f32>)>,
    row: Row,
    good: Option<GoodReading>,
    /// The sensor was swapped.
    pub swapped: bool,
}

/// Values in a row that differ by no more than the noise of the converter can do: equal ones, if it has none.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    length: u16,
    mean: f32,
    /// Sum of the squared differences from the mean.
    squares: f32,
    /// Sum of the squared standard errors.
    noise_squares: f32,
}

/// What the last good level was computed from, so that it can be recomputed when cable length or offset change.
#[derive(Clone, Copy, Debug)]
struct GoodReading {
    sensor: Sensor,
    quantity: Quantity,
    raw: f32,
    barometer_kpa: Option<f32>,
    /// The raw value has been another one before: this is no error code that was there from the start.
    has_moved: bool,
}

impl Memory {
    pub(super) fn channels_mut(&mut self) -> impl Iterator<Item = &mut ChannelMemory> {
        self.channels.iter_mut()
    }

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

    /// Takes the good levels of an earlier sample as those to compare with, after a reset. A level that today's settings would not give is no such level.
    pub fn recall(&mut self, channels: &[ChannelConfig], sample: &Sample) {
        let readings = channels.iter().zip(&sample.channels);
        for (memory, (config, reading)) in self.channels.iter_mut().zip(readings) {
            let Some((raw, level_m)) = reading.raw.zip(reading.usable_level_m()) else {
                continue;
            };
            let today = level_of(config, raw, sample.barometer_kpa);
            if today.is_ok_and(|today| today.level_m == level_m) {
                memory.keep_good(config, raw, sample.barometer_kpa);
                if let Some(good) = &mut memory.good {
                    good.has_moved = true;
                }
            }
        }
    }
}

impl Row {
    /// Adds a value to mean and squares (Welford 1962).
    fn add(&mut self, raw: RawValue) {
        self.length = self.length.saturating_add(1);
        let from_old = raw.value - self.mean;
        self.mean += from_old / f32::from(self.length);
        self.squares += from_old * (raw.value - self.mean);
        self.noise_squares += raw.noise * raw.noise;
    }

    /// True if the values differ by more than noise.
    fn moves(&self) -> bool {
        // Variance and mean square: squares / (n - 1) and noise_squares / n.
        let others = f32::from(self.length) - 1.0;
        self.squares * f32::from(self.length) > LARGEST_VARIANCE * self.noise_squares * others
    }
}

impl ChannelMemory {
    /// True if this is the `stuck_after`-th value in a row, or a later one, that the noise of the converter does not tell from the others.
    pub fn is_stuck(&mut self, raw: RawValue, stuck_after: u16) -> bool {
        if libm::fabsf(raw.value - self.row.mean) > FARTHEST * raw.noise {
            self.row = Row::default();
        }
        self.row.add(raw);
        if self.row.length >= stuck_after && self.row.moves() {
            self.row = Row::default();
            self.row.add(raw);
        }
        stuck_after > 0 && self.row.length >= stuck_after
    }

    /// True for the same digits as last time.
    pub fn repeats(&self, raw: f32) -> bool {
        self.last.is_some_and(|(last, _)| last == raw)
    }

    /// True if the level differs from the last good one by more than the largest plausible step: until readings return, or somebody confirms the
    /// step. A level that has never moved may be an error code that was there from the start, so it gives way to the first two that do.
    pub fn has_stepped(&self, config: &ChannelConfig, level_m: f32, repeats: bool) -> bool {
        let is_far = |from_m: f32| libm::fabsf(level_m - from_m) > config.largest_step_m;
        let Some(good) = self.good_of(config) else {
            return false;
        };
        let Ok(good_level) = level_of(config, good.raw, good.barometer_kpa) else {
            return false;
        };
        let last_m = self.last.and_then(|(_, level_m)| level_m);
        let is_moving = !repeats && last_m.is_some_and(|last_m| !is_far(last_m));
        is_far(good_level.level_m) && (good.has_moved || !is_moving)
    }

    /// Keeps a raw value and its level, whatever their quality.
    pub fn keep(&mut self, raw: f32, level_m: Option<f32>) {
        self.last = Some((raw, level_m));
    }

    /// Keeps a good reading.
    pub fn keep_good(&mut self, config: &ChannelConfig, raw: f32, barometer_kpa: Option<f32>) {
        let before = self.good_of(config);
        self.good = Some(GoodReading {
            sensor: config.sensor,
            quantity: config.quantity,
            raw,
            barometer_kpa,
            has_moved: before.is_some_and(|good| good.has_moved || good.raw != raw),
        });
    }

    /// The last good reading, if it came from the same sensor and is the same quantity.
    fn good_of(&self, config: &ChannelConfig) -> Option<GoodReading> {
        self.good
            .filter(|good| good.sensor == config.sensor && good.quantity == config.quantity)
    }
}
