//! Counts instructions by SysTick, and writes the result to QEMU's semihosting output.
#![allow(unsafe_code)]

use core::arch::asm;
use core::mem::size_of;
use core::panic::PanicInfo;

use cortex_m::peripheral::SYST;

/// Iterations of the control loop, which has two instructions.
pub const CONTROL_TURNS: u32 = 100_000;

/// What is written to the host, as little-endian words, which `tests/src/cost.rs` reads.
#[repr(C)]
pub struct Measured {
    /// Ticks of [`CONTROL_TURNS`].
    pub control_ticks: u32,
    /// Ticks to check the model file and make the estimator.
    pub load_ticks: u32,
    /// Ticks of all steps.
    pub step_ticks: u32,
    /// Number of steps.
    pub steps: u32,
    /// Most bytes of stack while loading.
    pub load_stack: u32,
    /// Most bytes of stack in a step.
    pub step_stack: u32,
    /// Bytes of the loaded networks; the beds of physics take another 144 per aquifer layer.
    pub state_bytes: u32,
    /// Bits of the cumulative subsidence after all steps, which the host compares with its own.
    pub subsidence_bits: u32,
}

/// SysTick, running down through its 24 bits.
pub struct Clock {
    syst: SYST,
}

impl Clock {
    const RELOAD: u32 = 0x00ff_ffff;
    const ENABLE: u32 = 1;
    const PROCESSOR_CLOCK: u32 = 1 << 2;

    pub fn start() -> Self {
        // SAFETY: nothing else in this image uses SysTick.
        let mut syst = unsafe { cortex_m::Peripherals::steal() }.SYST;
        syst.set_reload(Self::RELOAD);
        syst.clear_current();
        // SAFETY: these are the bits that count the processor's clock, without an interrupt.
        unsafe { syst.csr.write(Self::ENABLE | Self::PROCESSOR_CLOCK) };
        Self { syst }
    }

    pub fn now(&self) -> u32 {
        self.syst.cvr.read()
    }

    /// Ticks since `start`, if they are fewer than 2^24.
    pub fn since(&self, start: u32) -> u32 {
        start.wrapping_sub(self.now()) & Self::RELOAD
    }
}

/// Writes to QEMU's semihosting output.
pub fn write(measured: &Measured) {
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
pub fn exit(code: u32) -> ! {
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
