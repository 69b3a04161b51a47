//! Registers and interrupts of the board.

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;

/// An interrupt of the board by its number.
#[derive(Clone, Copy)]
struct Interrupt(u16);

/// The interrupts of the board.
const INTERRUPTS: usize = 32;

unsafe extern "C" {
    fn DefaultHandler();
}

// SAFETY: cortex-m-rt's script places the section behind the exceptions and requires this name, and nothing else defines it; `DefaultHandler` is a
// handler.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [unsafe extern "C" fn(); INTERRUPTS] = [DefaultHandler; INTERRUPTS];

// SAFETY: the numbers come from the constants of this board, all below [`INTERRUPTS`].
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self.0
    }
}

/// Enables an interrupt.
pub fn unmask(interrupt: i16) {
    // SAFETY: every handler accesses shared data in a critical section only.
    unsafe { NVIC::unmask(Interrupt(interrupt as u16)) };
}

/// Reads a register of the board.
pub fn read(address: usize) -> u32 {
    // SAFETY: callers pass addresses of this board's peripherals, which are always mapped and aligned.
    unsafe { (address as *const u32).read_volatile() }
}

/// Writes a register of the board.
pub fn write(address: usize, value: u32) {
    // SAFETY: as in `read`; no register written here makes the hardware access memory.
    unsafe { (address as *mut u32).write_volatile(value) }
}
