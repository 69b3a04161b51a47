//! The whole logger: four futures on one board.

use core::pin::pin;

use amlstm_core::link::Task;
use embassy_futures::join::join4;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embassy_sync::signal::Signal;
use embedded_io_async::{Read, Write};

use crate::board::{Board, Clock, Machine, MappedFlash, SensorBus};
use crate::health::{self, Beats, during};
use crate::logger::Logger;
use crate::port;
use crate::sense::{self, Memory, Round};
use crate::store::{Layout, StoreError};

/// How long one round of sensors may take before the watchdog is left hungry: nine SDI-12 sensors that all fail three times, each after
/// its longest announced wait would be longer; no transducer of this kind announces more than a few seconds.
const LONGEST_ROUND_MS: u64 = 120_000;
/// Closing a month, replaying a long log and erasing flash take less.
const LONGEST_CLOSE_MS: u64 = 60_000;

/// What a board hands over.
pub struct Parts<C, F, B, M, R, W> {
    /// Time.
    pub clock: C,
    /// Data flash.
    pub flash: F,
    /// Where everything lies on it.
    pub layout: Layout,
    /// Cable to the sensors.
    pub bus: B,
    /// Watchdog, battery, memory that survives a reset.
    pub machine: M,
    /// Technician's port, from the laptop.
    pub from_laptop: R,
    /// Technician's port, to the laptop.
    pub to_laptop: W,
    /// Firmware version.
    pub fw: [u8; 3],
    /// The sensors of this board are computed, not measured.
    pub synthetic: bool,
}

/// What the four futures share.
pub struct Shared<B: Board> {
    /// Time.
    pub clock: B::Clock,
    /// The logger without its cables.
    pub logger: Mutex<NoopRawMutex, Logger<B::Flash>>,
    /// The cable to the sensors.
    pub cable: Mutex<NoopRawMutex, Cable<B::Bus>>,
    /// Watchdog and battery.
    pub machine: Mutex<NoopRawMutex, B::Machine>,
    /// A month may have been closed, or may now be estimated.
    pub closed: Signal<NoopRawMutex, ()>,
    /// The sample interval or the clock changed.
    pub retimed: Signal<NoopRawMutex, ()>,
    /// When each task must have checked in.
    pub beats: Beats,
    /// Firmware version.
    pub fw: [u8; 3],
    /// The sensors of this board are computed.
    pub synthetic: bool,
}

/// The cable to the sensors, and what is remembered of them.
pub struct Cable<B> {
    bus: B,
    memory: Memory,
}

impl<B> Cable<B> {
    /// A cable of whose sensors nothing is remembered.
    pub fn new(bus: B) -> Self {
        Self {
            bus,
            memory: Memory::default(),
        }
    }
}

/// Runs the logger for ever.
///
/// # Errors
/// The flash cannot be opened; nothing runs then.
pub async fn run<C, F, B, M, R, W>(parts: Parts<C, F, B, M, R, W>) -> Result<(), StoreError>
where
    C: Clock,
    F: MappedFlash,
    B: SensorBus,
    M: Machine,
    R: Read,
    W: Write,
{
    let Parts {
        clock,
        flash,
        layout,
        bus,
        mut machine,
        from_laptop,
        to_laptop,
        fw,
        synthetic,
    } = parts;
    let start = machine.start();
    let logger = Logger::open(flash, layout, &clock, &start).await?;
    let shared = Shared::<(C, F, B, M)> {
        clock,
        logger: Mutex::new(logger),
        cable: Mutex::new(Cable::new(bus)),
        machine: Mutex::new(machine),
        closed: Signal::new(),
        retimed: Signal::new(),
        beats: Beats::default(),
        fw,
        synthetic,
    };
    // Months that were closed before a power cut and not estimated.
    shared.closed.signal(());
    join4(
        during(Task::Sense, pin!(sample(&shared))),
        during(
            Task::Port,
            pin!(port::serve(&shared, from_laptop, to_laptop)),
        ),
        during(Task::MonthClose, pin!(close_months(&shared))),
        during(Task::Health, pin!(health::watch(&shared))),
    )
    .await;
    Ok(())
}

/// Samples whenever UTC divides by the interval.
async fn sample<B: Board>(shared: &Shared<B>) {
    loop {
        let due_ms = next_sample_ms(shared).await;
        shared.beats.expect(Task::Sense, due_ms + LONGEST_ROUND_MS);
        let due = shared.clock.wait_until_ms(due_ms);
        if let embassy_futures::select::Either::Second(()) =
            embassy_futures::select::select(due, shared.retimed.wait()).await
        {
            continue;
        }
        let Some(unix_s) = shared.logger.lock().await.unix_s(&shared.clock) else {
            continue;
        };
        shared.clock.keep_unix_s(unix_s);
        let round = read_sensors(shared, true).await;
        if round.channels.is_empty() {
            continue;
        }
        let mut logger = shared.logger.lock().await;
        // A failure is counted in the store and shown in the status; the next sample tries again.
        let _ = logger.append(&shared.clock, unix_s, &round).await;
        shared.closed.signal(());
    }
}

/// Uptime of the next sample in milliseconds; a minute from now while the clock is unset.
async fn next_sample_ms<B: Board>(shared: &Shared<B>) -> u64 {
    let logger = shared.logger.lock().await;
    // Read under the lock: waiting for it may have taken long, and a sample before its time would be taken twice.
    let uptime_ms = shared.clock.uptime_ms();
    let interval_ms = u64::from(logger.settings.interval_s.max(1)) * 1000;
    uptime_ms
        + match logger.unix_ms(uptime_ms) {
            Some(unix_ms) => interval_ms - unix_ms % interval_ms,
            None => 60_000,
        }
}

/// Reads every sensor; `remember` for a sample, not for a look.
pub async fn read_sensors<B: Board>(shared: &Shared<B>, remember: bool) -> Round {
    let (barometer, channels) = {
        let logger = shared.logger.lock().await;
        (logger.settings.barometer, logger.settings.channels.clone())
    };
    let mut cable = shared.cable.lock().await;
    let Cable { bus, memory } = &mut *cable;
    if remember {
        sense::read(bus, barometer.as_ref(), &channels, memory).await
    } else {
        sense::read(bus, barometer.as_ref(), &channels, &mut memory.clone()).await
    }
}

/// Estimates what has been closed.
async fn close_months<B: Board>(shared: &Shared<B>) {
    loop {
        shared.beats.rest(Task::MonthClose);
        shared.closed.wait().await;
        shared.beats.expect(
            Task::MonthClose,
            shared.clock.uptime_ms() + LONGEST_CLOSE_MS,
        );
        // Without a model, or with one whose layers are not configured any more, the months stay closed and wait.
        let _ = shared
            .logger
            .lock()
            .await
            .estimate_missing(&shared.clock)
            .await;
    }
}

#[cfg(test)]
mod tests;
