//! Measures the deepest use of the stack: unused stack is filled with a pattern, and inspected afterwards.

use cortex_m::register::msp;

/// The pattern. One instruction loads it.
const PAINT: u32 = 0x5a5a_5a5a;

/// Bytes below the stack pointer that [`paint`] does not fill, because its own frame may use them.
const MARGIN: usize = 64;

unsafe extern "C" {
    static mut _stack_end: u32;
}

/// Fills the unused stack with the pattern and returns the stack pointer. Called while interrupts are disabled.
#[inline(never)]
pub fn paint() -> usize {
    let top = msp::read() as usize;
    let mut word = (top - MARGIN) as *mut u32;
    while word > &raw mut _stack_end {
        // SAFETY: `_stack_end` is the lowest address of the stack, given by the linker script, and the address lies below the stack pointer, where
        // nothing is stored.
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
