//! Faults on demand, to test how the logger recovers. Only with the feature `faults`, never in a shipped logger.
//!
//! A NaN in the level table with one of these bit patterns stands for a fault of the program, not for a silent sensor.

use core::future::pending;
use core::sync::atomic::{AtomicBool, Ordering};

use amlstm_cortex_m::retained;

/// Waits forever, as for a lost interrupt.
const WAITS: u32 = 0x7fc0_0001;
/// Never yields.
const SPINS: u32 = 0x7fc0_0002;
const PANICS: u32 = 0x7fc0_0003;
/// Executes an undefined instruction.
const BREAKS: u32 = 0x7fc0_0004;

static ARMED: AtomicBool = AtomicBool::new(false);

/// Allows one fault after power-on; after a reset there is none.
pub fn arm() {
    ARMED.store(!retained::is_warm(), Ordering::Relaxed);
}

/// Fails as a number of the table demands.
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
