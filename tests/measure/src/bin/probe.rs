//! The image whose cost `tests/cost` measures: one model, no logging.
//!
//! Loads the model file of the flash region INPUT, steps it over the levels there, and writes one [`Measured`] to QEMU's semihosting output. Time is
//! SysTick's: under `-icount shift=0` an instruction takes 1 ns, so ticks count instructions exactly. Unused stack is filled with a pattern and
//! inspected afterwards.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

use core::mem::{MaybeUninit, size_of};

use amlstm_core::estimator::Estimator;
use amlstm_core::month::Month;
use amlstm_core::sizes::MAX_FURTHER;
use amlstm_core::stateful_network::StatefulNetwork;
use amlstm_measure::replay::Replay;

mod input;
mod meter;
mod no_interrupts;
// The loggers' own, by its source: the crate would bring the whole logger with it, to be compiled for every core and not linked.
#[path = "../../../../firmware/cortex-m/src/stack.rs"]
mod stack;

use meter::{CONTROL_TURNS, Clock, Measured, exit, write};

/// Capacity in blocks of eight hidden units: the paper's 16 units.
const BLOCKS: usize = 2;

/// Networks beside the first that there is room for.
const FURTHER: usize = if cfg!(feature = "members") {
    MAX_FURTHER
} else {
    0
};

/// The estimator that is measured.
type Probed = Estimator<'static, BLOCKS, FURTHER>;

/// Aquifer layers of the measured model.
const LAYERS: usize = 3;

#[cortex_m_rt::entry]
fn main() -> ! {
    // A static, so that the linker's map shows what a loaded model takes.
    static mut ESTIMATOR: MaybeUninit<Probed> = MaybeUninit::uninit();
    let Some(measured) = measure(ESTIMATOR) else {
        exit(1)
    };
    write(&measured);
    exit(0)
}

/// Measures everything; `None` if the block or its model is refused.
fn measure(place: &mut MaybeUninit<Probed>) -> Option<Measured> {
    let clock = Clock::start();
    let start = clock.now();
    cortex_m::asm::delay(CONTROL_TURNS - 1);
    let control_ticks = clock.since(start);

    let replay = Replay::parse(input::region()).ok()?;
    let levels = replay.levels().as_chunks::<LAYERS>().0;

    let top = stack::paint();
    let start = clock.now();
    let estimator = load(replay.model(), place);
    let load_ticks = clock.since(start);
    let load_stack = stack::used_below(top);
    let estimator = estimator?;
    estimator.reset();

    // For the test of the check for panicking symbols: an index that the compiler cannot prove to be in range.
    #[cfg(feature = "probe-panics")]
    core::hint::black_box(levels[core::hint::black_box(0)]);

    let top = stack::paint();
    let start = clock.now();
    step(estimator, replay.head().first, levels);
    let step_ticks = clock.since(start);
    let step_stack = stack::used_below(top);

    Some(Measured {
        control_ticks,
        load_ticks,
        step_ticks,
        steps: levels.len() as u32,
        load_stack,
        step_stack,
        state_bytes: ((1 + FURTHER) * size_of::<StatefulNetwork<BLOCKS>>()) as u32,
        subsidence_bits: estimator.subsidence_mm().to_bits(),
    })
}

/// Checks the model file and makes its estimator.
#[inline(never)]
fn load<'a>(model: &'static [u8], place: &'a mut MaybeUninit<Probed>) -> Option<&'a mut Probed> {
    Some(place.write(Estimator::load(model).ok()?))
}

/// Steps through all months.
#[inline(never)]
fn step(estimator: &mut Probed, first: Month, levels: &[[[u8; 4]; LAYERS]]) {
    let mut month = first;
    for [first, second, third] in levels {
        let level_m = |bytes: &[u8; 4]| Some(f32::from_le_bytes(*bytes));
        estimator.step_across_gap(month, &[level_m(first), level_m(second), level_m(third)]);
        month = month.next();
    }
}
