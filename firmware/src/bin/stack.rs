//! How deep the stack was ever used: it is painted, and looked at afterwards. Part of each image that tells it.

use cortex_m::register::msp;

/// What unused stack is painted with.
const PAINT: u32 = 0x5aa5_c33c;

/// Bytes below the stack pointer that [`paint`] leaves alone: its own frame and that of the loop in it.
const MARGIN: usize = 64;

unsafe extern "C" {
    static mut _stack_end: u32;
}

/// Paints the unused stack and gives the address of the stack pointer. Called while no interrupt is let through.
#[inline(never)]
pub fn paint() -> usize {
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
    top
}

/// Most bytes of stack that were used below `top` since [`paint`].
#[inline(never)]
pub fn used_below(top: usize) -> u32 {
    let mut word = &raw const _stack_end;
    // SAFETY: the words from `_stack_end` to `top` are RAM, and the loop ends at the first used one.
    unsafe {
        while word.addr() < top && word.read_volatile() == PAINT {
            word = word.add(1);
        }
    }
    (top - word.addr()) as u32
}
