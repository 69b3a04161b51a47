//! What the application needs of a board.
//!
//! Futures of [`SensorBus`] and of the port may be dropped before they are done. Those of the flash never are: no storage operation has a timeout.
#![allow(
    async_fn_in_trait,
    reason = "the futures run on one thread, joined in app::run"
)]

use core::ops::Range;

use amlstm_core::link::{ClockChipFault, MAX_MESSAGE, ResetCause, Task};
use embedded_io_async::{Read, Write};
use embedded_storage_async::nor_flash::NorFlash;

/// The parts of a board, carried as one type.
pub trait Board {
    /// Time.
    type Clock: Clock;
    /// Data flash.
    type Flash: MappedFlash;
    /// Cable to the sensors.
    type Bus: SensorBus;
    /// Watchdog and battery.
    type Machine: Machine;
    /// Technician's port, from the laptop.
    type FromLaptop: Read;
    /// Technician's port, to the laptop.
    type ToLaptop: Write;
}

/// Time since the start, and waiting.
pub trait Clock {
    /// Milliseconds since the start; never goes back.
    fn uptime_ms(&self) -> u64;
    /// Returns at `uptime_ms` or later.
    async fn wait_until_ms(&self, uptime_ms: u64);
    /// Time kept through a power loss or reset: UTC, seconds since 1970; `None` without one.
    fn kept_unix_s(&self) -> Option<u32>;
    /// Sets what [`Clock::kept_unix_s`] goes on from. Told at least as often as the watchdog is fed.
    fn keep_unix_s(&self, unix_s: u32);
    /// Time of a clock chip that goes on without power: UTC, seconds since 1970; `None` on a board without one. Asked at the start.
    fn chip_unix_s(&self) -> Option<Result<u32, ClockChipFault>> {
        None
    }
    /// Sets the clock chip, because somebody has set the clock; `None` on a board without one.
    fn set_chip(&self, _unix_s: u32) -> Option<Result<(), ClockChipFault>> {
        None
    }
}

/// Data flash that is mapped into memory, so that models are used in place.
///
/// Erase size 4096, write size 4. A word is written once between erases, so that flash with error correction will do.
pub trait MappedFlash: NorFlash {
    /// The bytes of a range, 4-byte aligned if its start is; `None` outside of the flash.
    fn mapped(&self, range: Range<u32>) -> Option<&[u8]>;
}

/// The cable to the sensors.
pub trait SensorBus {
    /// Sends an SDI-12 command (with break and marking; 1200 baud, 7E1) and receives one line up to CR LF into `reply`. An empty command
    /// only listens. Returns the length of the line with its CR LF, or of what came of it if it did not end within `timeout_ms` or does not
    /// fit; `None` if nothing came.
    async fn exchange(
        &mut self,
        command: &[u8],
        reply: &mut [u8],
        timeout_ms: u32,
    ) -> Option<usize>;
    /// Sends a break and leaves the bus marking for so long, for sensors that wake slowly. The next exchange follows at once.
    async fn wake(&mut self, _marking_ms: u8) {}
    /// Switches the sensors' supply; nothing on a board that cannot. The sensors have power until it is first asked.
    async fn supply(&mut self, _on: bool) {}
    /// Current of a 4-20 mA input in mA; `None` if the board has no such input or cannot read it.
    async fn loop_current_ma(&mut self, input: u8) -> Option<f32>;
}

/// What is known of the run before this start.
#[derive(Clone, Debug, PartialEq)]
pub struct LastRun {
    /// Why it ended.
    pub cause: ResetCause,
    /// The task that was late, or that ran when the program stopped.
    pub late_task: Option<Task>,
    /// The message of a panic.
    pub panic: Option<heapless::String<MAX_MESSAGE>>,
}

/// Watchdog, battery, and memory that survives a reset.
pub trait Machine {
    /// What is known of the run before. Asked once.
    fn last_run(&mut self) -> LastRun;
    /// Longest time between two feedings in milliseconds.
    fn watchdog_ms(&self) -> u32;
    /// Feeds the watchdog. A task that was late has checked in since.
    fn feed(&mut self);
    /// Remembers through the coming reset which task is late.
    fn note_late(&mut self, task: Task);
    /// Battery in mV; `None` if the board cannot measure it.
    fn battery_mv(&mut self) -> Option<u16>;
    /// CRC-32 of the program as it lies in the flash, as [`amlstm_core::link::Verification`] tells it.
    fn program_crc(&self) -> u32;
    /// Restarts the logger. May return before it happens.
    fn restart(&mut self);
}
