//! The cable to the sensors, and what is remembered of them from sample to sample.

use crate::board::{Clock, SensorBus};
use crate::sense::{self, Memory, Round};
use crate::settings::Settings;

/// A sensor bus with the memory of its sensors.
pub struct Cable<B> {
    bus: B,
    memory: Memory,
}

impl<B: SensorBus> Cable<B> {
    /// A cable of whose sensors nothing is remembered.
    pub fn new(bus: B) -> Self {
        Self {
            bus,
            memory: Memory::default(),
        }
    }

    /// Reads every sensor for a sample, and remembers what they said.
    pub async fn sample(&mut self, clock: &impl Clock, settings: &Settings) -> Round {
        let Self { bus, memory } = self;
        sense::read(
            clock,
            bus,
            settings.barometer.as_ref(),
            &settings.channels,
            memory,
        )
        .await
    }

    /// The level of a channel that jumped is right.
    pub fn confirm_step(&mut self, channel: usize) {
        self.memory.confirm_step(channel);
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
}
