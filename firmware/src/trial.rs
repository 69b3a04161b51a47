//! The trial of a new firmware: it stays if the store opened, the golden months of the active model are computed, and the port answers.

use embassy_futures::select::{Either, select};

use crate::board::{Board, Clock, Machine};
use crate::shared::Shared;

/// How long a laptop is given to ask something, in milliseconds.
pub const TRIAL_MS: u64 = 600_000;

/// True if the program that runs is on trial.
pub fn on_trial(machine: &mut impl Machine) -> bool {
    let slot = machine.firmware_slot();
    slot.is_some_and(|slot| slot.on_trial().unwrap_or(false))
}

/// Confirms a firmware that is on trial, or restarts the board, whose bootloader then goes back to the one before. Says what became of the last one.
pub async fn judge<B: Board>(shared: &Shared<B>) {
    if on_trial(&mut *shared.machine.lock().await) {
        let end_ms = shared.clock.uptime_ms() + TRIAL_MS;
        let heard = select(
            shared.port_answered.wait(),
            shared.clock.wait_until_ms(end_ms),
        );
        let passed =
            matches!(heard.await, Either::First(())) && shared.logger.lock().await.computes().await;
        let mut machine = shared.machine.lock().await;
        let confirmed = passed && {
            let slot = machine.firmware_slot();
            slot.is_some_and(|slot| slot.confirm().is_ok())
        };
        if !confirmed {
            return machine.restart();
        }
    }
    let program_crc = shared.machine.lock().await.program_crc();
    let mut logger = shared.logger.lock().await;
    logger.settle_firmware(&shared.clock, program_crc).await;
}
