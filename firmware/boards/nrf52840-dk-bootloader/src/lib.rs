//! The flash of the nRF52840 with a bootloader: where each part lies, and access to a part.
//!
//! | part | KiB | |
//! |---|---|---|
//! | [`BOOTLOADER`] | 4 | this crate's image |
//! | [`ACTIVE`] | 300 | the logger's program, with a tenth to grow |
//! | [`OTHER`] | 304 | another program, with which the bootloader exchanges it; one page longer |
//! | [`DATA`] | 412 | the logger's store |
//! | [`MARKS`] | 4 | how far an exchange got, and whether the program is on trial |
#![no_std]
#![cfg_attr(
    target_os = "none",
    allow(
        unsafe_code,
        reason = "the flash is mapped memory and has one controller; each use says why it is sound"
    )
)]

use core::ops::Range;

#[cfg(target_os = "none")]
mod region;

#[cfg(target_os = "none")]
pub use region::Region;

/// The board, as a firmware file names it.
pub const BOARD: &str = "nrf52840-dk";

const KIB: u32 = 1024;
/// Bytes that are erased at once.
pub const PAGE: u32 = 4 * KIB;
/// The bootloader.
pub const BOOTLOADER: Range<u32> = 0..PAGE;
/// The program that runs; its `memory.x` says the same.
pub const ACTIVE: Range<u32> = BOOTLOADER.end..BOOTLOADER.end + 300 * KIB;
/// The other program.
pub const OTHER: Range<u32> = ACTIVE.end..ACTIVE.end + (ACTIVE.end - ACTIVE.start) + PAGE;
/// The logger's store.
pub const DATA: Range<u32> = OTHER.end..MARKS.start;
/// The last page; `memory.x` says the same.
pub const MARKS: Range<u32> = 1024 * KIB - PAGE..1024 * KIB;

/// Bytes of a model's slot in the store: the longest model file.
pub const SLOT: u32 = 64 * KIB;
/// Bytes of a segment of the ring of samples.
pub const SEGMENT: u32 = 8 * KIB;

/// The watchdog's time in milliseconds. It cannot be changed while it runs, and it runs on through a restart: bootloader and program must agree.
pub const WATCHDOG_MS: u32 = 240_000;
/// Ticks of the watchdog's clock in a second.
pub const WATCHDOG_HZ: u32 = 32_768;
