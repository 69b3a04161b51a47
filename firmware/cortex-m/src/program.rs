//! Checksum of the program in flash.

use amlstm_core::checksum::CRC32;

unsafe extern "C" {
    static __vector_table: u32;
    static _stext: u32;
    static __stext: u32;
    static __etext: u32;
    static __srodata: u32;
    static __erodata: u32;
    static __sidata: u32;
    static __sdata: u32;
    static __edata: u32;
}

/// CRC-32 of the sections that the linker script of cortex-m-rt puts into the flash, one after the other: vector table, code, constants, initial
/// values. Gaps between sections are left out, and so is the first word of the vector table, the initial stack pointer: it may lie at address 0, to
/// which no reference can point.
pub fn crc() -> u32 {
    let data_bytes = (&raw const __edata).addr() - (&raw const __sdata).addr();
    let sections = [
        (
            (&raw const __vector_table).wrapping_add(1),
            &raw const _stext,
        ),
        (&raw const __stext, &raw const __etext),
        (&raw const __srodata, &raw const __erodata),
        (
            &raw const __sidata,
            (&raw const __sidata).wrapping_byte_add(data_bytes),
        ),
    ];
    let mut digest = CRC32.digest();
    for (start, end) in sections {
        let length = end.addr().saturating_sub(start.addr());
        // SAFETY: the linker script and the start-up code define these addresses: `length` bytes of flash from `start` on, which nothing writes while
        // the program runs, and not at address 0.
        digest.update(unsafe { core::slice::from_raw_parts(start.cast::<u8>(), length) });
    }
    digest.finalize()
}
