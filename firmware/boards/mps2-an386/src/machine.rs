//! The watchdog.

use amlstm_core::link::Task;
use amlstm_cortex_m::{program, retained};
use amlstm_firmware::board::{LastRun, Machine};
use cortex_m::peripheral::SCB;

use crate::CORE_HZ;
use crate::clock::uptime_ms;
use crate::registers::write;

const WATCHDOG: usize = 0x4000_8000;
const WATCHDOG_MS: u32 = 170_000;
const WATCHDOG_KEY: u32 = 0x1acc_e551;

/// Watchdog.
pub struct Mps2Machine(());

impl Mps2Machine {
    /// Starts the watchdog: a warning after [`WATCHDOG_MS`], a reset after the same time again.
    pub fn start() -> Self {
        write(WATCHDOG + 0xc00, WATCHDOG_KEY);
        reload_watchdog();
        write(WATCHDOG + 0x8, 0b11);
        Self(())
    }
}

/// Restarts the watchdog's count, and clears its warning.
fn reload_watchdog() {
    write(WATCHDOG, WATCHDOG_MS * (CORE_HZ / 1000));
    write(WATCHDOG + 0xc, 1);
}

impl Machine for Mps2Machine {
    fn last_run(&mut self) -> LastRun {
        retained::last_run(None)
    }

    fn watchdog_ms(&self) -> u32 {
        WATCHDOG_MS
    }

    fn feed(&mut self) {
        reload_watchdog();
        retained::forget_late();
    }

    fn note_late(&mut self, task: Task) {
        retained::note_late(task);
    }

    fn battery_mv(&mut self) -> Option<u16> {
        None
    }

    fn program_crc(&self) -> u32 {
        program::crc()
    }

    fn restart(&mut self) {
        retained::note_restart(uptime_ms());
        SCB::sys_reset()
    }
}
