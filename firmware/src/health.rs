//! Feeds the watchdog while every task meets its deadline. The name of a late one survives the reset that follows.

use crate::board::{Board, Clock, Machine};
use crate::shared::Shared;

/// Feeds the watchdog until a task is late.
pub async fn watch<B: Board>(shared: &Shared<B>) {
    loop {
        // A reset loses at most one such period of the time.
        let unix_s = shared
            .logger
            .try_lock()
            .ok()
            .and_then(|logger| logger.unix_s(&shared.clock));
        if let Some(unix_s) = unix_s {
            shared.clock.keep_unix_s(unix_s);
        }
        let period_ms = {
            let mut machine = shared.machine.lock().await;
            match shared.deadlines.late(shared.clock.uptime_ms()) {
                Some(task) => machine.note_late(task),
                None => machine.feed(),
            }
            u64::from(machine.watchdog_ms() / 2).max(1)
        };
        shared
            .clock
            .wait_until_ms(shared.clock.uptime_ms() + period_ms)
            .await;
    }
}
