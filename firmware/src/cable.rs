//! The cable to the sensors, their supply, and what is remembered of them from sample to sample.

use amlstm_core::link::{MAX_CHANNELS, Quality, Sdi12Reading};

use crate::board::{Clock, SensorBus};
use crate::sense::identity::{Identity, identify};
use crate::sense::{self, Memory, Round};
use crate::settings::Settings;

/// A sensor is asked who it is so often, and when it answers again after silence.
const IDENTITY_MS: u64 = 24 * 3_600_000;

/// A sensor bus with the memory of its sensors.
pub struct Cable<B> {
    bus: B,
    memory: Memory,
    /// The sensors have power, as far as it was asked for.
    supplied: bool,
    /// When each channel's sensor is to be asked who it is.
    identity_due_ms: [u64; MAX_CHANNELS],
}

impl<B: SensorBus> Cable<B> {
    /// A cable of whose sensors nothing is remembered.
    pub fn new(bus: B) -> Self {
        Self {
            bus,
            memory: Memory::default(),
            supplied: false,
            identity_due_ms: [0; MAX_CHANNELS],
        }
    }

    /// The bus, to change what hangs on it.
    #[cfg(test)]
    pub fn bus_mut(&mut self) -> &mut B {
        &mut self.bus
    }

    /// Gives the sensors power and waits until they are warm.
    pub async fn supply(&mut self, clock: &impl Clock, settings: &Settings) {
        if self.supplied {
            return;
        }
        self.bus.supply(true).await;
        self.supplied = true;
        let warm_up_ms = u64::from(settings.warm_up_s.unwrap_or(0)) * 1000;
        clock.wait_until_ms(clock.uptime_ms() + warm_up_ms).await;
    }

    /// Takes the sensors' power away until the next round, if that is wanted.
    pub async fn rest(&mut self, settings: &Settings) {
        if settings.warm_up_s.is_some() {
            self.bus.supply(false).await;
            self.supplied = false;
        }
    }

    /// Reads every sensor for a sample, and remembers what they said.
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

    /// Who the sensor of a channel is, if it is to be asked and answers.
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

    /// True if another sensor is at a channel than before.
    pub fn is_swapped(&self, channel: usize) -> bool {
        self.memory.is_swapped(channel)
    }

    /// Another sensor is at a channel than before, or the one that was there.
    pub fn note_swapped(&mut self, channel: usize, swapped: bool) {
        self.memory.note_swapped(channel, swapped);
    }

    /// The level of a channel that jumped is right, and so is the sensor that says it.
    pub fn confirm_step(&mut self, channel: usize) {
        self.memory.confirm_step(channel);
        if let Some(due_ms) = self.identity_due_ms.get_mut(channel) {
            *due_ms = 0;
        }
    }

    /// Reads every sensor without remembering.
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

    /// Sends an SDI-12 command as it is; the length of the answer, or of what came of it.
    pub async fn send(
        &mut self,
        command: &[u8],
        reply: &mut [u8],
        timeout_ms: u32,
    ) -> Option<usize> {
        self.bus.exchange(command, reply, timeout_ms).await
    }
}
