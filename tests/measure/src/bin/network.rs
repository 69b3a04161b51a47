//! The image whose cost `tests/cost` calls that of the network alone: no model file, no physics, no estimator.
//!
//! Reads a block of [`amlstm_measure::bare_network`] from the flash region INPUT, steps its network over the levels there from a zero state, and writes
//! one [`Measured`] as the image `probe` does.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

use core::mem::size_of;

#[cfg(feature = "f32")]
use amlstm_core::arithmetic::F32 as Numbers;
#[cfg(not(feature = "f32"))]
use amlstm_core::arithmetic::Q15 as Numbers;
use amlstm_core::state::State;
use amlstm_measure::bare_network::{BLOCKS, BareNetwork, LAYERS};

mod input;
mod meter;
mod no_interrupts;
// The loggers' own, by its source: the crate would bring the whole logger with it, to be compiled for every core and not linked.
#[path = "../../../../firmware/cortex-m/src/stack.rs"]
mod stack;

use meter::{CONTROL_TURNS, Clock, Measured, exit, write};

/// Bytes before the network: the number of months.
const HEAD_BYTES: usize = 4;

#[cortex_m_rt::entry]
fn main() -> ! {
    let Some(measured) = measure() else { exit(1) };
    write(&measured);
    exit(0)
}

/// Measures everything; `None` if the block is refused.
fn measure() -> Option<Measured> {
    let clock = Clock::start();
    let start = clock.now();
    cortex_m::asm::delay(CONTROL_TURNS - 1);
    let control_ticks = clock.since(start);

    let (months, block) = input::region().split_first_chunk::<HEAD_BYTES>()?;
    let steps = u32::from_le_bytes(*months);

    let top = stack::paint();
    let start = clock.now();
    let (network, levels) = BareNetwork::read(block)?;
    let load_ticks = clock.since(start);
    let load_stack = stack::used_below(top);
    let levels = levels.as_chunks().0.as_chunks().0.get(..steps as usize)?;

    let mut state = State::zero();
    let top = stack::paint();
    let start = clock.now();
    let subsidence_mm = step(&network, &mut state, levels);
    let step_ticks = clock.since(start);
    let step_stack = stack::used_below(top);

    Some(Measured {
        control_ticks,
        load_ticks,
        step_ticks,
        steps,
        load_stack,
        step_stack,
        state_bytes: size_of::<State<Numbers, BLOCKS>>() as u32,
        subsidence_bits: subsidence_mm.to_bits(),
    })
}

/// Steps through all months. Returns the cumulative subsidence in mm.
#[inline(never)]
fn step(
    network: &BareNetwork<Numbers>,
    state: &mut State<Numbers, BLOCKS>,
    levels: &[[[u8; 4]; LAYERS]],
) -> f32 {
    let mut subsidence_mm = 0.0;
    for level_m in levels {
        subsidence_mm += network.step(state, level_m.map(f32::from_le_bytes));
    }
    subsidence_mm
}
