//! The compiler's memory functions in 100 bytes of flash, where its own take a kilobyte, and faster for blocks of words.
//!
//! The compiler calls them for copies and zeros that it does not write out. Its own are weak symbols, whose place these take.
#![allow(unsafe_code)]

use core::arch::global_asm;

// SAFETY: each function does what the run-time ABI for the Arm architecture says of its name
// (<https://github.com/ARM-software/abi-aa/blob/main/rtabi32/rtabi32.rst>, memory copying, clearing, and setting): it writes `r2` (or `r1`, if it clears) bytes from
// `r0` on and nothing else, changes only the registers that a caller gives up, and is given multiples of 4 as addresses where its name ends in 4 or 8.
// All instructions are those of the Cortex-M0+: four words a turn, then a word, then a byte.
global_asm!(
    ".syntax unified",
    ".section .text.memory_functions, \"ax\", %progbits",
    ".balign 4",
    ".global __aeabi_memcpy8, __aeabi_memcpy4, __aeabi_memcpy, memcpy",
    ".thumb_func",
    "__aeabi_memcpy8:",
    ".thumb_func",
    "__aeabi_memcpy4:",
    "push {{r4, r5, r6}}",
    "b 2f",
    "1: ldmia r1!, {{r3, r4, r5, r6}}",
    "stmia r0!, {{r3, r4, r5, r6}}",
    "2: subs r2, #16",
    "bhs 1b",
    "adds r2, #12",
    "bmi 4f",
    "3: ldmia r1!, {{r3}}",
    "stmia r0!, {{r3}}",
    "subs r2, #4",
    "bpl 3b",
    "4: pop {{r4, r5, r6}}",
    "adds r2, #4",
    // Byte by byte from the end; `r0` stays what it was, as `memcpy` must.
    ".thumb_func",
    "__aeabi_memcpy:",
    ".thumb_func",
    "memcpy:",
    "subs r2, #1",
    "bmi 6f",
    "5: ldrb r3, [r1, r2]",
    "strb r3, [r0, r2]",
    "subs r2, #1",
    "bpl 5b",
    "6: bx lr",
    ".global __aeabi_memclr8, __aeabi_memclr4, __aeabi_memclr",
    ".thumb_func",
    "__aeabi_memclr8:",
    ".thumb_func",
    "__aeabi_memclr4:",
    "movs r2, #0",
    "b 8f",
    "7: stmia r0!, {{r2}}",
    "8: subs r1, #4",
    "bpl 7b",
    "adds r1, #4",
    ".thumb_func",
    "__aeabi_memclr:",
    "movs r2, #0",
    "b 10f",
    "9: strb r2, [r0, r1]",
    "10: subs r1, #1",
    "bpl 9b",
    "bx lr",
    ".previous",
);
