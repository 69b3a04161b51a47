//! The flash region for the host's input.
#![allow(unsafe_code)]

/// The region INPUT of `memory/<machine>.x`, which the image never writes.
pub fn region() -> &'static [u8] {
    unsafe extern "C" {
        static _input_start: u32;
        static _input_end: u32;
    }
    let start = &raw const _input_start;
    let end = &raw const _input_end;
    // SAFETY: the linker script defines both symbols as the ends of a region that is memory on the board, is no part of the image, and is not written
    // while the image runs: it is flash, or code memory used as flash, filled before reset. Any bytes are valid `u8`s, the region is far shorter than
    // `isize::MAX`, and it does not begin at address zero.
    unsafe { core::slice::from_raw_parts(start.cast(), end.addr() - start.addr()) }
}
