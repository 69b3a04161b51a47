//! What the application needs from a board.
//!
//! Futures of [`SensorBus`] and of the port may be dropped before completion. Those of the flash never are: no storage operation has a timeout.
#![allow(
    async_fn_in_trait,
    reason = "the futures run on one thread, joined in app::run"
)]

use core::ops::Range;

use amlstm_core::link::{ClockChipFault, MAX_MESSAGE, ResetCause, Task};
use embedded_io_async::{Read, Write};
use embedded_storage_async::nor_flash::NorFlash;

use crate::power::Currents;

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
    /// Time kept across a reset or a loss of power: UTC, seconds since 1970; `None` without one.
    fn kept_unix_s(&self) -> Option<u32>;
    /// Sets the time from which [`Clock::kept_unix_s`] continues. Called at least as often as the watchdog is fed.
    fn keep_unix_s(&self, unix_s: u32);
    /// Time of a clock chip with a battery: UTC, seconds since 1970; `None` on a board without one. Read at the start.
    fn chip_unix_s(&self) -> Option<Result<u32, ClockChipFault>> {
        None
    }
    /// Sets the clock chip after somebody has set the clock; `None` on a board without one.
    fn set_chip(&self, _unix_s: u32) -> Option<Result<(), ClockChipFault>> {
        None
    }
}

/// Data flash that is mapped into memory, so that models are used in place.
///
/// Erase size 4096, write size 4. A word is written only once between erases, so flash with error correction (ECC) can be used.
pub trait MappedFlash: NorFlash {
    /// The bytes of a range, 4-byte aligned if its start is; `None` outside of the flash.
    fn mapped(&self, range: Range<u32>) -> Option<&[u8]>;
}

/// The current of a 4-20 mA input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoopCurrent {
    /// The current in mA.
    pub ma: f32,
    /// Standard error in mA by the noise of the converter, 0 or more: two readings of one current differ by it.
    pub noise_ma: f32,
}

/// The cable to the sensors.
pub trait SensorBus {
    /// Sends an SDI-12 command (with break and marking; 1200 baud, 7E1) and receives one line up to CR LF into `reply`. An empty command only
    /// listens. Returns the number of bytes received: the line with its CR LF, or a part of it if it did not end within `timeout_ms` or does not fit;
    /// `None` without any byte.
    async fn exchange(
        &mut self,
        command: &[u8],
        reply: &mut [u8],
        timeout_ms: u32,
    ) -> Option<usize>;
    /// Sends a break and keeps the bus marking for that many milliseconds, for sensors that wake slowly. The next exchange follows at once.
    async fn wake(&mut self, _marking_ms: u8) {}
    /// No exchange follows for now: the receiver of the bus may be switched off.
    async fn rest(&mut self) {}
    /// Switches the sensors' supply; does nothing on a board that cannot. The supply is on until the first call.
    async fn supply(&mut self, _on: bool) {}
    /// Current of a 4-20 mA input; `None` if the board has no such input or cannot read it.
    async fn loop_current(&mut self, input: u8) -> Option<LoopCurrent>;
}

/// How the previous run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct LastRun {
    /// The cause of the reset.
    pub cause: ResetCause,
    /// The task that was late, or that was running when the program stopped.
    pub late_task: Option<Task>,
    /// The message of a panic.
    pub panic: Option<heapless::String<MAX_MESSAGE>>,
}

/// The place beside the program for another one, which a bootloader starts on trial. What it does is done when it returns; the processor may
/// stand still meanwhile.
pub trait FirmwareSlot {
    /// The board's name, which a firmware file must bear.
    fn board(&self) -> &'static str;
    /// The address at which every program begins.
    fn start(&self) -> u32;
    /// Most bytes of a firmware file.
    fn capacity(&self) -> u32;
    /// Writes bytes at `offset`, a multiple of 4 as their number is, behind all that was written before.
    ///
    /// # Errors
    /// The flash refuses.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), SlotFailed>;
    /// The first `length` bytes, where they lie.
    fn bytes(&self, length: u32) -> Option<&[u8]>;
    /// True if the program that runs is on trial: the next start goes back to the one before.
    ///
    /// # Errors
    /// The flash cannot be read.
    fn on_trial(&mut self) -> Result<bool, SlotFailed>;
    /// The next start runs what was written, on trial.
    ///
    /// # Errors
    /// The flash refuses.
    fn start_on_trial(&mut self) -> Result<(), SlotFailed>;
    /// The program that runs stays.
    ///
    /// # Errors
    /// The flash refuses.
    fn confirm(&mut self) -> Result<(), SlotFailed>;
}

/// The flash could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotFailed;

/// Watchdog, battery, and memory that survives a reset.
pub trait Machine {
    /// How the previous run ended. Called once.
    fn last_run(&mut self) -> LastRun;
    /// Longest time between two feedings in milliseconds.
    fn watchdog_ms(&self) -> u32;
    /// Feeds the watchdog, and clears what [`Machine::note_late`] noted.
    fn feed(&mut self);
    /// Notes which task is late, so that it is known after the reset that follows.
    fn note_late(&mut self, task: Task);
    /// Battery in mV; `None` if the board cannot measure it.
    fn battery_mv(&mut self) -> Option<u16>;
    /// Currents of the board by its data sheet; `None` if unknown.
    fn currents(&self) -> Option<Currents> {
        None
    }
    /// CRC-32 of the program in flash, for [`amlstm_core::link::Verification`].
    fn program_crc(&self) -> u32;
    /// Restarts the logger. May return before it happens.
    fn restart(&mut self);
    /// The place for another program; `None` on a board without a bootloader.
    fn firmware_slot(&mut self) -> Option<&mut dyn FirmwareSlot> {
        None
    }
}
