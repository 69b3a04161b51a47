//! The core's sums of products in the instructions of the machine that the image is for.
//!
//! Two things that the compiler does not find: the load of several registers at a time in floating point, and the dual multiply-accumulate of the DSP extension.
//! Machines without either have the core's plain Rust. That the bits are the same is checked on the device whenever a model is loaded, by its golden months, and
//! by `tests/tests/device_match.rs`.
//!
//! Why this is allowed to be unsafe, as nothing else in this library is: stable Rust offers neither instruction, the functions are leaves that read three arrays
//! and write one, whose lengths safe code has compared before, and the core stays free of unsafe code.

#[cfg(target_abi = "eabihf")]
use amlstm_core::arithmetic::F32;
use amlstm_core::arithmetic::Kernel;
#[cfg(dsp)]
use amlstm_core::arithmetic::Q15;
#[cfg(any(dsp, target_abi = "eabihf"))]
use amlstm_core::arithmetic::{Arithmetic, Columns};
#[cfg(any(dsp, target_abi = "eabihf"))]
use amlstm_core::sizes::{BLOCK, TILE_COLUMNS};

/// The machine that the image is built for.
#[derive(Clone, Copy, Debug)]
pub struct Native;

impl Kernel for Native {
    #[cfg(target_abi = "eabihf")]
    #[inline]
    fn products_f32(
        rows: &[<F32 as Arithmetic>::Row; BLOCK],
        tiles: &[<F32 as Arithmetic>::Tile],
        columns: &Columns<'_, F32>,
        sums: &mut [f32; BLOCK],
    ) {
        call(products_f32, rows, tiles, columns, sums);
    }

    #[cfg(dsp)]
    #[inline]
    fn products_q15(
        rows: &[<Q15 as Arithmetic>::Row; BLOCK],
        tiles: &[<Q15 as Arithmetic>::Tile],
        columns: &Columns<'_, Q15>,
        sums: &mut [i32; BLOCK],
    ) {
        call(products_q15, rows, tiles, columns, sums);
    }
}

/// The products of a block of rows: where the sums go, the tiles, the hidden values and their number, the others and theirs, the rows. There is a tile for each value.
#[cfg(any(dsp, target_abi = "eabihf"))]
type Products<A> = unsafe extern "C" fn(
    *mut [<A as Arithmetic>::Sum; BLOCK],
    *const <A as Arithmetic>::Tile,
    *const [<A as Arithmetic>::Value; TILE_COLUMNS],
    usize,
    *const [<A as Arithmetic>::Value; TILE_COLUMNS],
    usize,
    *const [<A as Arithmetic>::Row; BLOCK],
);

/// Calls `products`, or leaves the sums alone if tiles are missing.
#[cfg(any(dsp, target_abi = "eabihf"))]
#[allow(unsafe_code)]
#[inline]
fn call<A: Arithmetic>(
    products: Products<A>,
    rows: &[A::Row; BLOCK],
    tiles: &[A::Tile],
    &Columns { hidden, others }: &Columns<'_, A>,
    sums: &mut [A::Sum; BLOCK],
) {
    if tiles.len() < hidden.len() + others.len() {
        return;
    }
    let (hidden_count, other_count) = (hidden.len(), others.len());
    let (hidden, others) = (hidden.as_ptr(), others.as_ptr());
    // SAFETY: there is a tile for each value, and rows and sums are arrays of a block.
    unsafe {
        products(
            sums,
            tiles.as_ptr(),
            hidden,
            hidden_count,
            others,
            other_count,
            rows,
        );
    }
}

/// Sums in `s0` to `s7`, four values in `s8` to `s11`, a column of weights in `s12` to `s19`. `vmla` rounds the product and then the sum.
///
/// # Safety
///
/// There are so many values, and a tile for each of them.
#[cfg(target_abi = "eabihf")]
#[allow(unsafe_code)]
// SAFETY: follows the procedure call standard for the Arm architecture: of the registers changed, `s16` to `s19` are restored; the fifth argument lies at `sp`.
#[unsafe(naked)]
unsafe extern "C" fn products_f32(
    sums: *mut [f32; BLOCK],
    tiles: *const <F32 as Arithmetic>::Tile,
    hidden: *const [f32; TILE_COLUMNS],
    hidden_count: usize,
    others: *const [f32; TILE_COLUMNS],
    other_count: usize,
    rows: *const [f32; BLOCK],
) {
    core::arch::naked_asm!(
        // The assembler is not told what the compiler knows.
        ".fpu fpv4-sp-d16",
        "ldr r12, [sp, #8]",
        "vpush {{d8, d9}}",
        "vldmia r12, {{s0-s7}}",
        // The parts of the columns to come.
        "mov r12, #2",
        "b 2f",
        "1: vldmia r2!, {{s8-s11}}",
        ".irp value, s8, s9, s10, s11",
        "vldmia r1!, {{s12-s19}}",
        "vmla.f32 s0, s12, \\value",
        "vmla.f32 s1, s13, \\value",
        "vmla.f32 s2, s14, \\value",
        "vmla.f32 s3, s15, \\value",
        "vmla.f32 s4, s16, \\value",
        "vmla.f32 s5, s17, \\value",
        "vmla.f32 s6, s18, \\value",
        "vmla.f32 s7, s19, \\value",
        ".endr",
        "2: subs r3, #1",
        "bpl 1b",
        "ldrd r2, r3, [sp, #16]",
        "subs r12, #1",
        "bne 2b",
        "vstmia r0, {{s0-s7}}",
        "vpop {{d8, d9}}",
        "bx lr",
    )
}

/// Sums in `r4` to `r11`, a pair of values in `r0`, pairs of weights of two rows in `r12` and `lr`.
///
/// # Safety
///
/// There are so many values, and a tile for each of them.
#[cfg(dsp)]
#[allow(unsafe_code)]
// SAFETY: follows the procedure call standard for the Arm architecture: `r4` to `r11` are restored; the fifth argument lies at `sp`. Only `ldr` reads values, which
// lie at multiples of 2.
#[unsafe(naked)]
unsafe extern "C" fn products_q15(
    sums: *mut [i32; BLOCK],
    tiles: *const <Q15 as Arithmetic>::Tile,
    hidden: *const [i16; TILE_COLUMNS],
    hidden_count: usize,
    others: *const [i16; TILE_COLUMNS],
    other_count: usize,
    rows: *const [[i32; 2]; BLOCK],
) {
    core::arch::naked_asm!(
        "ldr r12, [sp, #8]",
        // `r1` is anything but zero: there are others to come.
        "push {{r0, r1, r4-r11, lr}}",
        "ldr r4, [r12]",
        "ldr r5, [r12, #8]",
        "ldr r6, [r12, #16]",
        "ldr r7, [r12, #24]",
        "ldr r8, [r12, #32]",
        "ldr r9, [r12, #40]",
        "ldr r10, [r12, #48]",
        "ldr r11, [r12, #56]",
        "b 2f",
        "1:",
        ".rept 2",
        "ldr r0, [r2], #4",
        "ldrd r12, lr, [r1], #8",
        "smlad r4, r12, r0, r4",
        "smlad r5, lr, r0, r5",
        "ldrd r12, lr, [r1], #8",
        "smlad r6, r12, r0, r6",
        "smlad r7, lr, r0, r7",
        "ldrd r12, lr, [r1], #8",
        "smlad r8, r12, r0, r8",
        "smlad r9, lr, r0, r9",
        "ldrd r12, lr, [r1], #8",
        "smlad r10, r12, r0, r10",
        "smlad r11, lr, r0, r11",
        ".endr",
        "2: subs r3, #1",
        "bpl 1b",
        "ldr r0, [sp, #4]",
        "cbz r0, 3f",
        "movs r0, #0",
        "str r0, [sp, #4]",
        "ldrd r2, r3, [sp, #44]",
        "b 2b",
        "3: pop {{r0, r1}}",
        "stmia r0, {{r4-r11}}",
        "pop {{r4-r11, pc}}",
    )
}
