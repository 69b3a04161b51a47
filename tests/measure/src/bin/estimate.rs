//! Runs a model file over a series of levels and logs every number as its bits.
//!
//! One image serves every model: model file and levels lie in the flash region INPUT (`memory/<machine>.x`), in the format of
//! [`amlstm_measure::replay`]. In QEMU the generic loader puts them there. Ends QEMU with exit code 0, or 1 if the input is refused.
#![no_std]
#![no_main]

use amlstm_core::sizes::{MAX_HIDDEN, MAX_INPUTS, MAX_MEMBERS};
use amlstm_measure::replay::{Replay, ReplayError, Replayed};
use cortex_m as _;
use defmt_semihosting as _;
use heapless::Vec;
use semihosting::process;

mod input;
mod no_interrupts;

/// The most hidden units of all networks of a model.
const UNITS: usize = MAX_MEMBERS * MAX_HIDDEN;

#[cortex_m_rt::entry]
fn main() -> ! {
    match run() {
        Ok(digest) => {
            defmt::println!("digest {=u32:08x}", digest);
            process::exit(0)
        }
        Err(error) => {
            defmt::println!("error {}", defmt::Display2Format(&error));
            process::exit(1)
        }
    }
}

fn run() -> Result<u32, ReplayError> {
    Replay::parse(input::region())?.run(|month| log(&month))
}

/// Logs one line per month, which the host compares.
fn log(month: &Replayed) {
    let attention: Vec<u32, MAX_INPUTS> = month
        .estimate
        .attention
        .iter()
        .map(|share| share.to_bits())
        .collect();
    let state = || month.estimator.state_bits();
    let hidden: Vec<u32, UNITS> = state().map(|(hidden, _)| hidden).collect();
    let cell: Vec<u32, UNITS> = state().map(|(_, cell)| cell).collect();
    defmt::println!(
        "month {=i32} increment {=u32:08x} subsidence {=u32:08x} attention {=[?]:08x} hidden {=[?]:08x} cell {=[?]:08x}",
        month.estimate.month.index(),
        month.estimate.increment_mm.to_bits(),
        month.estimate.subsidence_mm.to_bits(),
        attention.as_slice(),
        hidden.as_slice(),
        cell.as_slice()
    );
}

/// Logs the panic and ends QEMU with exit code 101; panic-probe would stay in a fault loop, which QEMU does not end.
#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    defmt::println!("panic {}", defmt::Display2Format(info));
    process::exit(101)
}
