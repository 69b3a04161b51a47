//! How deep the stack was ever used: it is painted, and looked at afterwards. Part of each image that tells it.

use cortex_m::register::msp;

/// What unused stack is painted with: a number that is one instruction.
const PAINT: u32 = 0x5a5a_5a5a;

/// Bytes below the stack pointer that [`paint`] leaves alone: its own frame and that of the loop in it.
const MARGIN: usize = 64;

unsafe extern "C" {
    static mut _stack_end: u32;
}

/// Paints the unused stack and gives the address of the stack pointer. Called while no interrupt is let through.
#[inline(never)]
pub fn paint() -> usize {
    let top = msp::read() as usize;
    let mut word = (top - MARGIN) as *mut u32;
    while word > &raw mut _stack_end {
        // SAFETY: `_stack_end` is the lowest address of the stack, given by the linker script, and the address lies below the stack
        // pointer, so nothing is kept there.
        unsafe {
            word = word.sub(1);
            word.write_volatile(PAINT);
        }
    }
    top
}

/// Most bytes of stack that were used below `top` since [`paint`].
#[inline(never)]
pub fn used_below(top: usize) -> u32 {
    let lowest = &raw const _stack_end;
    let words = (top - lowest.addr()) / size_of::<u32>();
    // SAFETY: the words from `_stack_end` to `top` are RAM.
    let is_unused = |word: &usize| unsafe { lowest.add(*word).read_volatile() } == PAINT;
    let unused = (0..words).take_while(is_unused).count();
    ((words - unused) * size_of::<u32>()) as u32
}
