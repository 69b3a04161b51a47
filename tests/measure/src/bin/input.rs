//! The flash region that a board keeps for what the host lays there.
#![allow(unsafe_code)]

/// The region INPUT of `memory/<board>.x`, which the image never writes.
pub fn region() -> &'static [u8] {
    unsafe extern "C" {
        static _input_start: u32;
        static _input_end: u32;
    }
    let start = &raw const _input_start;
    let end = &raw const _input_end;
    // SAFETY: the linker script defines both symbols as the ends of a region that is memory on the board, holds nothing of the image
    // and is written by nobody while the image runs: it is flash, or code memory that plays flash, filled before reset. Any bytes are
    // valid `u8`s, the region is far shorter than `isize::MAX`, and it does not begin at address zero.
    unsafe { core::slice::from_raw_parts(start.cast(), end.addr() - start.addr()) }
}
