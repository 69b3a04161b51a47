//! How deep the stack was ever used.
//!
//! There is no heap: beside static RAM, which the linker knows, the stack is all the memory the logger takes.

use cortex_m::register::msp;

/// What unused stack is painted with.
const PAINT: u32 = 0x5aa5_c33c;
/// Bytes below the stack pointer that [`paint`] leaves alone: its own frame.
const MARGIN: usize = 64;

unsafe extern "C" {
    static mut _stack_end: u32;
    static _stack_start: u32;
}

/// Paints the unused stack. Called once, before any interrupt is let through.
#[inline(never)]
pub fn paint() {
    let top = msp::read() as usize;
    let mut word = &raw mut _stack_end;
    while word.addr() < top - MARGIN {
        // SAFETY: `_stack_end` is the lowest address of the stack, given by the linker script, and the address lies below the stack
        // pointer, so nothing is kept there.
        unsafe {
            word.write_volatile(PAINT);
            word = word.add(1);
        }
    }
}

/// Most bytes of stack used since [`paint`].
pub fn most_used() -> u32 {
    let mut word = &raw const _stack_end;
    let top = (&raw const _stack_start).addr();
    // SAFETY: the words from `_stack_end` to `_stack_start` are RAM, and the loop ends at the first used one.
    unsafe {
        while word.addr() < top && word.read_volatile() == PAINT {
            word = word.add(1);
        }
    }
    (top - word.addr()) as u32
}
