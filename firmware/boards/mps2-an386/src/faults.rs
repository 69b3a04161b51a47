//! Faults on demand, to see what becomes of them. Only with the feature `faults`, never in a logger that ships.
//!
//! A NaN of the level table with one of these numbers in its lowest bits is not a silent sensor but a fault of the program that reads it.

use core::future::pending;
use core::sync::atomic::{AtomicBool, Ordering};

use amlstm_cortex_m::retained;

/// Waits for ever, as for an interrupt that got lost.
const WAITS: u32 = 0x7fc0_0001;
/// Never gives the processor back.
const SPINS: u32 = 0x7fc0_0002;
const PANICS: u32 = 0x7fc0_0003;
/// Executes what is no instruction.
const BREAKS: u32 = 0x7fc0_0004;

static ARMED: AtomicBool = AtomicBool::new(false);

/// Allows one fault if the power was just switched on: the run after a reset goes on.
pub fn arm() {
    ARMED.store(!retained::is_warm(), Ordering::Relaxed);
}

/// Fails in the way that a number of the table asks for.
pub async fn strike(number: f32) {
    if !(WAITS..=BREAKS).contains(&number.to_bits()) || !ARMED.swap(false, Ordering::Relaxed) {
        return;
    }
    match number.to_bits() {
        WAITS => pending().await,
        SPINS => loop {
            cortex_m::asm::delay(u32::MAX);
        },
        PANICS => panic!("asked to panic"),
        _ => cortex_m::asm::udf(),
    }
}
