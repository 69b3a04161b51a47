//! The whole logger: four tasks on one board, joined without an executor.

use core::pin::pin;

use amlstm_core::link::Task;
use embassy_futures::join::{join, join4};
use embassy_futures::select::{Either, select};

use crate::board::{Board, Clock, LastRun, Machine};
use crate::health;
use crate::logger::Logger;
use crate::port;
use crate::repair::Repair;
use crate::running::{apart, during};
use crate::shared::Shared;
use crate::store::{Layout, StoreError};
use crate::trial;

/// Everything that a board provides.
pub struct Parts<B: Board> {
    /// Time.
    pub clock: B::Clock,
    /// Data flash.
    pub flash: B::Flash,
    /// Regions of the data flash.
    pub layout: Layout,
    /// Cable to the sensors.
    pub bus: B::Bus,
    /// Watchdog, battery, memory that survives a reset.
    pub machine: B::Machine,
    /// Technician's port, from the laptop.
    pub from_laptop: B::FromLaptop,
    /// Technician's port, to the laptop.
    pub to_laptop: B::ToLaptop,
    /// Firmware version.
    pub fw: [u8; 3],
    /// The sensors of this board are computed, not measured.
    pub synthetic: bool,
}

/// Runs the logger forever; if its flash cannot be opened, only the repair port.
pub async fn run<B: Board>(parts: Parts<B>) {
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
    let last_run = machine.last_run();
    let logger = match open::<B>(flash, layout.clone(), &clock, &last_run).await {
        Ok(logger) => logger,
        Err((error, flash)) => {
            // A new firmware that cannot open the store does not stay: the one before could.
            if trial::on_trial(&mut machine) {
                machine.restart();
            }
            let repair = Repair::<B>::new(clock, machine, flash, layout, fw, error);
            return repair.serve(from_laptop, to_laptop).await;
        }
    };
    let shared = Shared::<B>::new(clock, logger, bus, machine, fw, synthetic);
    // After a power cut closed months may lack their estimate.
    shared.estimate_wanted.signal(());
    join4(
        during(Task::Sense, pin!(sample(&shared))),
        during(
            Task::Port,
            pin!(port::serve(&shared, from_laptop, to_laptop)),
        ),
        during(Task::MonthClose, pin!(estimate_closed_months(&shared))),
        during(
            Task::Health,
            pin!(async {
                join(health::watch(&shared), trial::judge(&shared)).await;
            }),
        ),
    )
    .await;
}

/// Opens the logger.
async fn open<B: Board>(
    flash: B::Flash,
    layout: Layout,
    clock: &B::Clock,
    last_run: &LastRun,
) -> Result<Logger<B::Flash>, (StoreError, B::Flash)> {
    apart(pin!(Logger::open(flash, layout, clock, last_run))).await
}

/// Samples at whole multiples of the interval in UTC.
async fn sample<B: Board>(shared: &Shared<B>) {
    shared.recall_levels().await;
    loop {
        let due_ms = next_sample_ms(shared).await;
        shared.deadlines.set(Task::Sense, due_ms);
        let due = shared.clock.wait_until_ms(due_ms);
        if let Either::Second(()) = select(due, shared.schedule_changed.wait()).await {
            continue;
        }
        // A sample carries the time at which it was due, however late the task runs.
        let Some(unix_s) = shared.logger.lock().await.unix_s_at(due_ms) else {
            continue;
        };
        shared.clock.keep_unix_s(unix_s);
        let round = shared.sample().await;
        if round.channels.is_empty() {
            continue;
        }
        let battery_mv = shared.machine.lock().await.battery_mv();
        let mut logger = shared.logger.lock().await;
        // A failure is counted in the store and shown in the status; the next sample tries again.
        let _ = logger.append(&shared.clock, unix_s, &round).await;
        logger.watch_battery(&shared.clock, battery_mv).await;
        shared.estimate_wanted.signal(());
    }
}

/// Uptime of the next sample in milliseconds; a minute from now while the clock is unset.
async fn next_sample_ms<B: Board>(shared: &Shared<B>) -> u64 {
    let logger = shared.logger.lock().await;
    // Read after locking: waiting for the lock may take long, and with an old uptime the same sample would be due twice.
    let uptime_ms = shared.clock.uptime_ms();
    let interval_ms = u64::from(logger.interval_s().max(1)) * 1000;
    uptime_ms
        + match logger.unix_ms(uptime_ms) {
            Some(unix_ms) => interval_ms - unix_ms % interval_ms,
            None => 60_000,
        }
}

/// Estimates closed months whenever one may lack its estimate.
async fn estimate_closed_months<B: Board>(shared: &Shared<B>) {
    loop {
        shared.deadlines.clear(Task::MonthClose);
        shared.estimate_wanted.wait().await;
        shared
            .deadlines
            .set(Task::MonthClose, shared.clock.uptime_ms());
        let mut logger = shared.logger.lock().await;
        // Without a model, or with one whose layers are no longer configured, the months stay without an estimate for now.
        let _ = logger.estimate_missing(&shared.clock).await;
    }
}

#[cfg(test)]
mod tests;
