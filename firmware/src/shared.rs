//! What the four tasks share.

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embassy_sync::signal::Signal;

use crate::board::Board;
use crate::cable::Cable;
use crate::deadlines::Deadlines;
use crate::logger::Logger;
use crate::sense::Round;
use crate::settings::Settings;

/// What the four tasks share. They run on one thread, so that its locks only order them.
pub struct Shared<B: Board> {
    /// Time.
    pub clock: B::Clock,
    /// The logger without its cables.
    pub logger: Mutex<NoopRawMutex, Logger<B::Flash>>,
    /// The cable to the sensors.
    pub cable: Mutex<NoopRawMutex, Cable<B::Bus>>,
    /// Watchdog and battery.
    pub machine: Mutex<NoopRawMutex, B::Machine>,
    /// A month may have been closed, or a model that can estimate one became active.
    pub estimate_wanted: Signal<NoopRawMutex, ()>,
    /// The sample interval or the clock changed.
    pub schedule_changed: Signal<NoopRawMutex, ()>,
    /// When each task must have checked in.
    pub deadlines: Deadlines,
    /// Firmware version.
    pub fw: [u8; 3],
    /// The sensors of this board are computed.
    pub synthetic: bool,
}

impl<B: Board> Shared<B> {
    /// Shares a board's parts among the tasks.
    pub fn new(
        clock: B::Clock,
        logger: Logger<B::Flash>,
        bus: B::Bus,
        machine: B::Machine,
        fw: [u8; 3],
        synthetic: bool,
    ) -> Self {
        Self {
            clock,
            logger: Mutex::new(logger),
            cable: Mutex::new(Cable::new(bus)),
            machine: Mutex::new(machine),
            estimate_wanted: Signal::new(),
            schedule_changed: Signal::new(),
            deadlines: Deadlines::default(),
            fw,
            synthetic,
        }
    }

    /// The settings as they are now.
    pub async fn settings(&self) -> Settings {
        self.logger.lock().await.settings.clone()
    }

    /// Reads every sensor for a sample.
    pub async fn sample(&self) -> Round {
        let settings = self.settings().await;
        self.cable.lock().await.sample(&self.clock, &settings).await
    }

    /// Reads every sensor for somebody who looks; the next sample is judged as if nobody had.
    pub async fn look(&self) -> Round {
        let settings = self.settings().await;
        self.cable.lock().await.look(&self.clock, &settings).await
    }
}
