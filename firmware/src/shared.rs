//! What the four tasks share.

use core::cell::Cell;
use core::pin::pin;

use amlstm_core::link::{Fault, MAX_SDI12_COMMAND, UploadProgress};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embassy_sync::signal::Signal;

use crate::board::{Board, Clock};
use crate::cable::Cable;
use crate::deadlines::Deadlines;
use crate::logger::Logger;
use crate::running::apart;
use crate::sense::Round;
use crate::sense::sdi12::ANSWER_MS;
use crate::settings::Settings;

/// Timeout for the answer to a call of an address: it begins within 15 ms, and three characters take 25 ms.
const SEARCH_MS: u32 = 250;

/// What the four tasks share. They run on one thread, so the locks only order them.
pub struct Shared<B: Board> {
    /// Time.
    pub clock: B::Clock,
    /// The logger without sensors and port.
    pub logger: Mutex<NoopRawMutex, Logger<B::Flash>>,
    /// The cable to the sensors.
    pub cable: Mutex<NoopRawMutex, Cable<B::Bus>>,
    /// Watchdog and battery.
    pub machine: Mutex<NoopRawMutex, B::Machine>,
    /// A month may have been closed, or a model that can estimate one became active.
    pub estimate_wanted: Signal<NoopRawMutex, ()>,
    /// The sample interval or the clock changed.
    pub schedule_changed: Signal<NoopRawMutex, ()>,
    /// How long the last round of sensors for a sample took, warm-up included, ms.
    pub round_ms: Cell<Option<u32>>,
    /// The port has answered somebody.
    pub port_answered: Signal<NoopRawMutex, ()>,
    /// The upload of another firmware that was begun since the start.
    pub firmware_upload: Cell<Option<UploadProgress>>,
    /// Deadlines by which the tasks must check in.
    pub deadlines: Deadlines,
    /// Firmware version.
    pub fw: [u8; 3],
    /// The sensors of this board are synthetic.
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
            round_ms: Cell::new(None),
            port_answered: Signal::new(),
            firmware_upload: Cell::new(None),
            deadlines: Deadlines::default(),
            fw,
            synthetic,
        }
    }

    /// The settings as they are now.
    pub async fn settings(&self) -> Settings {
        self.logger.lock().await.settings.clone()
    }

    /// Compares the first sample after a reset with the last good levels before it.
    pub async fn recall_levels(&self) {
        let mut cable = self.cable.lock().await;
        let mut logger = self.logger.lock().await;
        // A failure is counted in the store and shown in the status; the sample is then compared with nothing.
        let _ = logger.recall_levels(&self.clock, cable.memory_mut()).await;
    }

    /// Reads every sensor for a sample, and checks whether each is still the same one.
    pub async fn sample(&self) -> Round {
        let settings = self.settings().await;
        let mut cable = self.cable.lock().await;
        let begun_ms = self.clock.uptime_ms();
        cable.supply(&self.clock, &settings).await;
        apart(pin!(self.compare_sensors(&mut cable, &settings))).await;
        let round = cable.sample(&self.clock, &settings).await;
        cable.rest(&settings).await;
        let took_ms = self.clock.uptime_ms() - begun_ms;
        self.round_ms.set(Some(took_ms as u32));
        round
    }

    /// Checks the identity of sensors, where it is due. This cannot deadlock: no task waits for the cable while it holds the logger.
    async fn compare_sensors(&self, cable: &mut Cable<B::Bus>, settings: &Settings) {
        for (channel, config) in settings.channels.iter().enumerate() {
            let Some(sensor) = config.sensor.sdi12() else {
                continue;
            };
            let asked = cable.identity_if_due(&self.clock, channel, sensor);
            let Some(identity) = asked.await else {
                continue;
            };
            let known = cable.is_swapped(channel);
            let (number, address) = (channel as u8, sensor.value.address);
            let mut logger = self.logger.lock().await;
            let swapped = logger.is_swapped(&self.clock, number, address, &identity, known);
            // A failure is counted in the store and shown in the status; the sensor is checked again after a day.
            cable.note_swapped(channel, swapped.await.unwrap_or(known));
        }
    }

    /// Reads every sensor without any effect on how the next sample is judged.
    pub async fn look(&self) -> Round {
        let settings = self.settings().await;
        let mut cable = self.cable.lock().await;
        cable.supply(&self.clock, &settings).await;
        let round = cable.look(&self.clock, &settings).await;
        cable.rest(&settings).await;
        round
    }

    /// Sends an SDI-12 command unchanged and returns the answer without CR LF. The supply stays on until the end of the next round.
    ///
    /// # Errors
    /// [`Fault::Malformed`] for anything but a command, [`Fault::NotFound`] without an answer, [`Fault::TooLarge`] for an answer without CR LF.
    pub async fn send_sdi12<'r>(
        &self,
        command: &[u8],
        reply: &'r mut [u8],
    ) -> Result<&'r [u8], Fault> {
        let is_command = (2..=MAX_SDI12_COMMAND).contains(&command.len())
            && command.ends_with(b"!")
            && command.iter().all(u8::is_ascii_graphic);
        if !is_command {
            return Err(Fault::Malformed);
        }
        let settings = self.settings().await;
        let mut cable = self.cable.lock().await;
        cable.supply(&self.clock, &settings).await;
        // `a!`, with which a bus is searched, is answered by three characters.
        let timeout_ms = if command.len() == 2 {
            SEARCH_MS
        } else {
            ANSWER_MS
        };
        let length = cable.send(command, reply, timeout_ms).await;
        let line = reply.get(..length.ok_or(Fault::NotFound)?);
        line.and_then(|line| line.strip_suffix(b"\r\n"))
            .ok_or(Fault::TooLarge)
    }
}
