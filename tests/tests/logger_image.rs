//! The logger's images stay within their limits of flash and RAM, and its own code cannot panic.

use amlstm_core::artifact::MAX_FILE_BYTES;
use amlstm_core::firmware_file::TRAILER_BYTES;
use amlstm_firmware::store::Layout;
use amlstm_nrf52840_dk_bootloader::{ACTIVE, DATA, PAGE, SEGMENT, SLOT};
use amlstm_tests::board::{Board, CORTEX_M4F, NRF52840_DK};
use amlstm_tests::image::{Image, Recipe};
use amlstm_tests::toolchain;

/// The limits lie a tenth above what was measured, so that another compiler's images pass too.
fn image_is_within(board: Board, flash: u64, static_ram: u64) {
    let Some(image) = Image::build(board, Recipe::LOGGER) else {
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
fn the_logger_in_qemu_takes_less_than_280_kib_of_flash() {
    image_is_within(CORTEX_M4F, 280 * 1024, 4 * 1024);
}

#[test]
fn the_logger_on_the_nrf52840_leaves_room_for_another_one_beside_it() {
    let room = (ACTIVE.end - ACTIVE.start) as usize - TRAILER_BYTES;
    image_is_within(NRF52840_DK, room as u64, 38 * 1024);
}

/// A restart sums up the open month again from its samples.
#[test]
fn the_nrf52840_keeps_a_month_of_samples_and_the_longest_model() {
    let length = DATA.end - DATA.start;
    let layout = Layout::with_slots(length, SLOT, SEGMENT).expect("a layout");
    let days = layout.sample_capacity() / (24 * 4);
    println!(
        "nrf52840-dk: a store of {} KiB with {} samples, {days} days of quarters of an hour",
        length / 1024,
        layout.sample_capacity()
    );
    assert!(days > 31, "{days} days");
    assert!(layout.slot_capacity() as usize >= MAX_FILE_BYTES);
    assert!(layout.samples.end <= length);
}

#[test]
fn the_bootloader_takes_one_page_and_its_own_code_cannot_panic() {
    let Some(image) = Image::build(NRF52840_DK, Recipe::BOOTLOADER) else {
        return;
    };
    let size = image.size();
    println!("bootloader: {} bytes of flash", size.flash);
    assert!(size.flash <= u64::from(PAGE), "{size:?}");
    for (file, line, _) in image.panic_places() {
        let accepted = ["library/", "embassy-boot-0.7.0/", "embassy-nrf-0.11.0/"];
        assert!(
            accepted.iter().any(|place| file.contains(place)),
            "{file}:{line}"
        );
    }
}

/// Where a board names no handler, the linker puts the default one, which loops and keeps nothing for the next start.
#[test]
fn a_hard_fault_and_the_watchdogs_warning_have_the_loggers_own_handlers() {
    for (board, warning) in [(CORTEX_M4F, "NonMaskableInt"), (NRF52840_DK, "WDT")] {
        let Some(image) = Image::build(board, Recipe::LOGGER) else {
            return;
        };
        let symbols = image.symbols();
        let default: Vec<u64> = symbols
            .iter()
            .filter(|symbol| ["DefaultHandler", "HardFault_"].contains(&symbol.name.as_str()))
            .map(|symbol| symbol.address)
            .collect();
        assert!(!default.is_empty());
        for handler in ["HardFault", warning] {
            let address = image.address(handler);
            assert!(!default.contains(&address), "{}: {handler}", board.machine);
        }
    }
}

/// Where the logger's dependencies can panic, by file, and why that is not reached or accepted.
const ACCEPTED: &[(&str, &str)] = &[
    (
        "chrono-0.4.45/src/naive/internals.rs",
        "its own table by the day of a date that it has checked; in images with a DS3231",
    ),
    (
        "cobs-0.5.1/src/dec.rs",
        "the frame's place in a buffer that the caller made as long as the frame",
    ),
    (
        "cobs-0.5.1/src/enc.rs",
        "encode_frame gives a buffer of the longest frame",
    ),
    (
        "defmt-rtt-1.3.1/src/lib.rs",
        "a log message within a log message: a panic's own, whose second panic resets without one",
    ),
    (
        "defmt-semihosting-0.4.0/src/lib.rs",
        "a log message within a log message: a panic's own, whose second panic resets without one",
    ),
    (
        "embassy-boot-0.7.0/src/",
        "a buffer that is one word, as the board's flash writes it",
    ),
    (
        "embassy-executor-0.10.0/src/raw/waker.rs",
        "a waker of another executor; there is one",
    ),
    (
        "embassy-futures-0.1.2/src/join.rs",
        "a join polled after its end; the logger's never ends",
    ),
    (
        "embassy-nrf-0.11.0/src/",
        "peripherals set up twice, indices of its own tables",
    ),
    (
        "embassy-sync-0.8.0/src/mutex.rs",
        "a guard's lock that is not held",
    ),
    (
        "embedded-io-async-0.7.0/src/lib.rs",
        "a port that takes no byte; both boards take some or wait",
    ),
    (
        "embedded-storage-async-0.4.2/src/nor_flash.rs",
        "ends of async functions alone",
    ),
    (
        "nrf-pac-0.4.0/src/./chips/nrf52840/pac.rs",
        "numbers of registers, constants of the board",
    ),
    (
        "embassy-sync-0.8.0/src/pipe.rs",
        "lengths of its own ring, and a critical section within another, which one thread has not",
    ),
    (
        "embassy-sync-0.8.0/src/ring_buffer.rs",
        "positions within its own buffer",
    ),
    (
        "nalgebra-0.35.0/src/base/default_allocator.rs",
        "a matrix from fewer numbers than it has; they are those of an array of its size",
    ),
    (
        "postcard-1.2.0/src/de/deserializer.rs",
        "a float's four bytes, copied from the four that it asked for",
    ),
    (
        "postcard-1.2.0/src/varint.rs",
        "bytes of a number in an array of the longest one",
    ),
    (
        "salty-0.3.0/src/",
        "indices of fixed-size blocks within the hash and the curve",
    ),
    (
        "semihosting-0.1.25/src/fd.rs",
        "a file descriptor that QEMU never gives",
    ),
    (
        "sequential-storage-8.0.2/src/",
        "lengths that its item CRC has proved; tried with a power cut at every byte",
    ),
    ("static_cell-2.1.1/src/lib.rs", "buffers taken twice"),
    (
        "firmware/boards/nrf52840-dk/src/main.rs",
        "embassy_executor::main starts its one task",
    ),
];

/// Places where the logger's own code can panic, and places in dependencies beyond [`ACCEPTED`].
///
/// Every `async` body has a place for being resumed after its end, which no executor does; it is known by the brace it stands at.
fn unexpected_places(image: &Image) -> Vec<String> {
    let places = image.panic_places();
    assert!(places.len() > 100, "the async bodies alone are more");
    places
        .into_iter()
        // The standard library's are reached from the others, formatting of floats apart, which is tried in the console's tests.
        .filter(|(file, ..)| !file.contains("library/"))
        .filter(|(file, line, column)| !begins_async_body(file, *line, *column))
        .map(|(file, line, column)| {
            let crates = file
                .split_once("/registry/src/")
                .and_then(|(_, path)| path.split_once('/'));
            let file = crates.map_or(file.as_str(), |(_, path)| path);
            format!("{file}:{line}:{column}")
        })
        .filter(|place| !ACCEPTED.iter().any(|(file, _)| place.starts_with(file)))
        .collect()
}

/// True at the brace or the word that begins an async body in this repository.
fn begins_async_body(file: &str, line: u32, column: u32) -> bool {
    let Ok(source) = std::fs::read_to_string(toolchain::root().join(file)) else {
        return false;
    };
    let text = source
        .lines()
        .nth(line as usize - 1)
        .and_then(|text| text.get(column as usize - 1..));
    text.is_some_and(|text| ["{", "{}"].contains(&text) || text.starts_with("async "))
}

#[test]
fn the_loggers_own_code_cannot_panic() {
    let with_chip = ["ds3231", "rv3028"].map(|features| {
        let recipe = Recipe {
            features,
            ..Recipe::LOGGER
        };
        (NRF52840_DK, recipe)
    });
    let plain = [CORTEX_M4F, NRF52840_DK].map(|board| (board, Recipe::LOGGER));
    for (board, recipe) in plain.into_iter().chain(with_chip) {
        let Some(image) = Image::build(board, recipe) else {
            return;
        };
        let unexpected = unexpected_places(&image);
        println!("{} {}: {:?}", board.machine, recipe.features, image.size());
        assert!(unexpected.is_empty(), "{}: {unexpected:?}", board.machine);
    }
}

#[test]
fn a_panic_in_the_loggers_own_code_is_found() {
    let recipe = Recipe {
        features: "faults",
        ..Recipe::LOGGER
    };
    let Some(image) = Image::build(CORTEX_M4F, recipe) else {
        return;
    };
    let unexpected = unexpected_places(&image);
    assert!(
        unexpected.iter().any(|place| place.contains("faults.rs")),
        "{unexpected:?}"
    );
}
