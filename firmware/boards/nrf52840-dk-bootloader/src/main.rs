//! The bootloader: exchanges the program with another one where that is wanted, or back where that one did not confirm itself, and starts it.
//!
//! The watchdog runs from here on, so that a program on trial that hangs at once is taken back, too.
#![no_std]
#![no_main]
#![allow(
    unsafe_code,
    reason = "it hands the processor over to another program; each use says why it is sound"
)]

use amlstm_firmware::boot::prepare;
use amlstm_nrf52840_dk_bootloader::{ACTIVE, MARKS, OTHER, Region, WATCHDOG_HZ, WATCHDOG_MS};
use cortex_m::peripheral::SCB;
use cortex_m_rt::entry;
use embassy_nrf::peripherals::WDT;
use embassy_nrf::wdt::{self, Watchdog};

/// The chip as probe-rs names it, for `amlstm logger flash`.
#[used]
#[unsafe(link_section = ".amlstm.chip")]
static CHIP: [u8; 26] = *b"amlstm chip=nRF52840_xxAA\0";

/// Marks that say: nothing is to be done. A debug probe writes them with this image.
#[used]
#[unsafe(link_section = ".amlstm.marks")]
static NOTHING_TO_DO: [u8; 4] = [0; 4];

/// Bytes that are copied at once.
const PIECE: usize = 1024;

#[entry]
fn main() -> ! {
    start_watchdog();
    let prepared = prepare(
        Region::new(ACTIVE),
        Region::new(OTHER),
        Region::new(MARKS),
        &mut [0; PIECE],
    );
    if prepared.is_err() {
        SCB::sys_reset();
    }
    // SAFETY: interrupts are as after a reset, all off, and the program at this address sets up everything else itself, as after a reset.
    unsafe {
        (*SCB::PTR).vtor.write(ACTIVE.start);
        cortex_m::asm::bootload(ACTIVE.start as *const u32)
    }
}

/// Starts the watchdog; one that runs on through a restart is fed.
fn start_watchdog() {
    let mut config = wdt::Config::default();
    config.timeout_ticks = WATCHDOG_MS / 1000 * WATCHDOG_HZ;
    // SAFETY: nobody else has it until the program is started, which sets it up anew.
    let started = Watchdog::try_new::<_, 1>(unsafe { WDT::steal() }, config);
    // It runs with another time, by a program that was flashed without a bootloader: that time is as good.
    let _ = started;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    SCB::sys_reset()
}
