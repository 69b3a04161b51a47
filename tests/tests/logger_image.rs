//! The logger's images stay within their limits of flash and RAM.

use amlstm_tests::board::{Board, CORTEX_M4F};
use amlstm_tests::image::{Image, Recipe};

const NRF52840_DK: Board = Board {
    machine: "nrf52840-dk",
    core: "Cortex-M4F",
    target: "thumbv7em-none-eabihf",
};

/// The limits lie a tenth above what was measured, so that another compiler's images pass too.
fn image_is_within(board: Board, flash: u64, static_ram: u64) {
    let Some(image) = Image::build(board, Recipe::shipped(board.machine)) else {
        return;
    };
    let size = image.size();
    println!(
        "{}: {} bytes of flash (limit {flash}), {} bytes of static RAM (limit {static_ram})",
        board.machine, size.flash, size.static_ram
    );
    assert!(size.flash <= flash, "{} bytes of flash", size.flash);
    assert!(
        size.static_ram <= static_ram,
        "{} bytes of static RAM",
        size.static_ram
    );
}

#[test]
fn the_logger_in_qemu_takes_less_than_200_kib_of_flash() {
    image_is_within(CORTEX_M4F, 200 * 1024, 4 * 1024);
}

#[test]
fn the_logger_on_the_nrf52840_leaves_most_of_its_flash_free() {
    image_is_within(NRF52840_DK, 210 * 1024, 25 * 1024);
}
