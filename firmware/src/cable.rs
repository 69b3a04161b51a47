//! The cable to the sensors, their supply, and the state kept from sample to sample.

use amlstm_core::link::{MAX_CHANNELS, Quality, Sdi12Reading};

use crate::board::{Clock, SensorBus};
use crate::sense::identity::{Identity, identify};
use crate::sense::{self, Memory, Round};
use crate::settings::Settings;

/// How often a sensor's identity is checked; it is also checked when the sensor answers again after a timeout.
const IDENTITY_MS: u64 = 24 * 3_600_000;

/// A sensor bus with the memory of its sensors.
pub struct Cable<B> {
    bus: B,
    memory: Memory,
    /// The supply was switched on.
    supplied: bool,
    /// When the identity of each channel's sensor is to be checked next.
    identity_due_ms: [u64; MAX_CHANNELS],
}

impl<B: SensorBus> Cable<B> {
    /// A cable whose sensors have not been read yet.
    pub fn new(bus: B) -> Self {
        Self {
            bus,
            memory: Memory::default(),
            supplied: false,
            identity_due_ms: [0; MAX_CHANNELS],
        }
    }

    /// The bus, to change its sensors.
    #[cfg(test)]
    pub fn bus_mut(&mut self) -> &mut B {
        &mut self.bus
    }

    /// Switches the sensors on and waits while they warm up.
    pub async fn supply(&mut self, clock: &impl Clock, settings: &Settings) {
        if self.supplied {
            return;
        }
        self.bus.supply(true).await;
        self.supplied = true;
        let warm_up_ms = u64::from(settings.warm_up_s.unwrap_or(0)) * 1000;
        clock.wait_until_ms(clock.uptime_ms() + warm_up_ms).await;
    }

    /// Ends a round: the bus rests, and the sensors lose their power until the next round, if that is wanted.
    pub async fn rest(&mut self, settings: &Settings) {
        self.bus.rest().await;
        if settings.warm_up_s.is_some() {
            self.bus.supply(false).await;
            self.supplied = false;
        }
    }

    /// Reads every sensor for a sample, and updates the memory.
    pub async fn sample(&mut self, clock: &impl Clock, settings: &Settings) -> Round {
        let Self { bus, memory, .. } = self;
        let round = sense::read(
            clock,
            bus,
            settings.barometer.as_ref(),
            &settings.channels,
            memory,
        )
        .await;
        for (due_ms, reading) in self.identity_due_ms.iter_mut().zip(&round.channels) {
            if reading.quality.has(Quality::TIMEOUT) {
                *due_ms = 0;
            }
        }
        round
    }

    /// The identity of a channel's sensor, if its check is due and it answers.
    pub async fn identity_if_due(
        &mut self,
        clock: &impl Clock,
        channel: usize,
        sensor: Sdi12Reading,
    ) -> Option<Identity> {
        let due_ms = self.identity_due_ms.get_mut(channel)?;
        let now_ms = clock.uptime_ms();
        if now_ms < *due_ms {
            return None;
        }
        let identity = identify(&mut self.bus, sensor).await.ok()?;
        *due_ms = now_ms + IDENTITY_MS;
        Some(identity)
    }

    /// True if the channel's sensor was swapped.
    pub fn is_swapped(&self, channel: usize) -> bool {
        self.memory.is_swapped(channel)
    }

    /// Notes whether the channel's sensor was swapped.
    pub fn note_swapped(&mut self, channel: usize, swapped: bool) {
        self.memory.note_swapped(channel, swapped);
    }

    /// Accepts a step of a channel's level, and the sensor that measured it.
    pub fn confirm_step(&mut self, channel: usize) {
        self.memory.confirm_step(channel);
        if let Some(due_ms) = self.identity_due_ms.get_mut(channel) {
            *due_ms = 0;
        }
    }

    /// The memory of the sensors.
    pub fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// Reads every sensor without updating the memory.
    pub async fn look(&mut self, clock: &impl Clock, settings: &Settings) -> Round {
        let mut memory = self.memory.clone();
        let bus = &mut self.bus;
        sense::read(
            clock,
            bus,
            settings.barometer.as_ref(),
            &settings.channels,
            &mut memory,
        )
        .await
    }

    /// Sends an SDI-12 command unchanged. Returns what [`SensorBus::exchange`] does.
    pub async fn send(
        &mut self,
        command: &[u8],
        reply: &mut [u8],
        timeout_ms: u32,
    ) -> Option<usize> {
        let length = self.bus.exchange(command, reply, timeout_ms).await;
        self.bus.rest().await;
        length
    }
}
