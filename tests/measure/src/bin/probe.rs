//! The image whose cost `tests/cost` measures: one model, no logging.
//!
//! Loads the model file of the flash region INPUT, steps it over the levels there, and writes one [`Measured`] to QEMU's semihosting output. Time is
//! SysTick's: under `-icount shift=0` an instruction takes 1 ns, so ticks count instructions exactly. Unused stack is filled with a pattern and
//! inspected afterwards.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

use core::arch::asm;
use core::mem::{MaybeUninit, size_of};
use core::panic::PanicInfo;

use amlstm_core::estimator::Estimator;
use amlstm_core::month::Month;
use amlstm_core::stateful_network::StatefulNetwork;
use amlstm_cortex_m::stack;
use amlstm_measure::replay::Replay;
use cortex_m::peripheral::SYST;

mod input;
mod no_interrupts;

/// Capacity in blocks of eight hidden units: the paper's 16 units.
const BLOCKS: usize = 2;

/// Aquifer layers of the measured model.
const LAYERS: usize = 3;

/// Iterations of the control loop, which has two instructions.
const CONTROL_TURNS: u32 = 100_000;

/// What is written to the host, as little-endian words, which `tests/src/cost.rs` reads.
#[repr(C)]
struct Measured {
    /// Ticks of [`CONTROL_TURNS`].
    control_ticks: u32,
    /// Ticks to check the model file and make the estimator.
    load_ticks: u32,
    /// Ticks of all steps.
    step_ticks: u32,
    /// Number of steps.
    steps: u32,
    /// Most bytes of stack while loading.
    load_stack: u32,
    /// Most bytes of stack in a step.
    step_stack: u32,
    /// Bytes of a loaded network; the beds of physics take another 144 per aquifer layer.
    state_bytes: u32,
    /// Bits of the cumulative subsidence after all steps, which the host compares with its own.
    subsidence_bits: u32,
}

#[cortex_m_rt::entry]
fn main() -> ! {
    // A static, so that the linker's map shows what a loaded model takes.
    static mut ESTIMATOR: MaybeUninit<Estimator<'static, BLOCKS>> = MaybeUninit::uninit();
    let Some(measured) = measure(ESTIMATOR) else {
        exit(1)
    };
    write(&measured);
    exit(0)
}

/// Measures everything; `None` if the block or its model is refused.
fn measure(place: &mut MaybeUninit<Estimator<'static, BLOCKS>>) -> Option<Measured> {
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
        state_bytes: size_of::<StatefulNetwork<BLOCKS>>() as u32,
        subsidence_bits: estimator.subsidence_mm().to_bits(),
    })
}

/// Checks the model file and makes its estimator.
#[inline(never)]
fn load<'a>(
    model: &'static [u8],
    place: &'a mut MaybeUninit<Estimator<'static, BLOCKS>>,
) -> Option<&'a mut Estimator<'static, BLOCKS>> {
    Some(place.write(Estimator::load(model).ok()?))
}

/// Steps through all months.
#[inline(never)]
fn step(estimator: &mut Estimator<'static, BLOCKS>, first: Month, levels: &[[[u8; 4]; LAYERS]]) {
    let mut month = first;
    for [first, second, third] in levels {
        let level_m = |bytes: &[u8; 4]| Some(f32::from_le_bytes(*bytes));
        estimator.step_across_gap(month, &[level_m(first), level_m(second), level_m(third)]);
        month = month.next();
    }
}

/// SysTick, running down through its 24 bits.
struct Clock {
    syst: SYST,
}

impl Clock {
    const RELOAD: u32 = 0x00ff_ffff;
    const ENABLE: u32 = 1;
    const PROCESSOR_CLOCK: u32 = 1 << 2;

    fn start() -> Self {
        // SAFETY: nothing else in this image uses SysTick.
        let mut syst = unsafe { cortex_m::Peripherals::steal() }.SYST;
        syst.set_reload(Self::RELOAD);
        syst.clear_current();
        // SAFETY: these are the bits that count the processor's clock, without an interrupt.
        unsafe { syst.csr.write(Self::ENABLE | Self::PROCESSOR_CLOCK) };
        Self { syst }
    }

    fn now(&self) -> u32 {
        self.syst.cvr.read()
    }

    /// Ticks since `start`, if they are fewer than 2^24.
    fn since(&self, start: u32) -> u32 {
        start.wrapping_sub(self.now()) & Self::RELOAD
    }
}

/// Writes to QEMU's semihosting output.
fn write(measured: &Measured) {
    const OPEN: u32 = 0x01;
    const WRITE: u32 = 0x05;
    /// Open for writing, binary.
    const MODE: u32 = 5;
    let name = c":tt";
    let handle = semihosting(OPEN, [name.as_ptr() as u32, MODE, 3]);
    semihosting(
        WRITE,
        [
            handle,
            (&raw const *measured) as u32,
            size_of::<Measured>() as u32,
        ],
    );
}

/// Ends QEMU with an exit code.
fn exit(code: u32) -> ! {
    const EXIT_EXTENDED: u32 = 0x20;
    const APPLICATION_EXIT: u32 = 0x20026;
    loop {
        semihosting(EXIT_EXTENDED, [APPLICATION_EXIT, code, 0]);
    }
}

/// A request to the machine that emulates this one.
/// <https://github.com/ARM-software/abi-aa/blob/main/semihosting/semihosting.rst>
fn semihosting(operation: u32, arguments: [u32; 3]) -> u32 {
    let mut result = operation;
    // SAFETY: the breakpoint is QEMU's; it reads the arguments and what they point to, which live until it returns, and changes r0 alone.
    unsafe {
        asm!("bkpt #0xab", inout("r0") result, in("r1") arguments.as_ptr(), options(nostack));
    }
    result
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    exit(101)
}
