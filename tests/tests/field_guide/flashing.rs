//! Flashing, as far as it goes without a probe and a board. A stand-in named `probe-rs` shows how it is called and what becomes of its complaints;
//! probe-rs itself is not run: where it is installed, it could find a probe and write to whatever hangs on it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use amlstm_core::firmware_file::FirmwareFile;
use amlstm_nrf52840_dk_bootloader::{ACTIVE, BOARD};
use amlstm_tests::board::{CORTEX_M4F, NRF52840_DK};
use amlstm_tests::image::{Image, Recipe};

use crate::laptop::Laptop;

/// A laptop with both boards' images and, for `probe-rs`, a shell script that keeps its arguments and goes on with `then`.
fn laptop(then: &str) -> Option<Laptop> {
    let mut laptop = Laptop::bare();
    for (board, recipe, name) in [
        (CORTEX_M4F, Recipe::LOGGER, "mps2-an386"),
        (NRF52840_DK, Recipe::LOGGER, "nrf52840-dk"),
        (NRF52840_DK, Recipe::BOOTLOADER, "nrf52840-dk-bootloader"),
    ] {
        let image = Image::build(board, recipe)?;
        fs::copy(&image.path, laptop.path(name)).expect("room for an image");
    }
    fs::create_dir(laptop.path("bin")).expect("the folder is writable");
    laptop.other_programs = laptop.path("bin").display().to_string();
    let script = format!("#!/bin/sh\necho \"$*\" >> arguments\n{then}\n");
    laptop.write("bin/probe-rs", &script);
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(laptop.path("bin/probe-rs"), executable).expect("ours");
    Some(laptop)
}

#[test]
fn flashing_calls_probe_rs_with_the_images_chip() {
    let Some(laptop) = laptop("echo progress >&2") else {
        return;
    };
    laptop.follow("2. Flashing");
    // The options are those of probe-rs-tools 0.32.0.
    assert_eq!(
        laptop.read("arguments"),
        "download --non-interactive --verify --chip nRF52840_xxAA nrf52840-dk-bootloader\n\
         download --non-interactive --verify --reset --chip nRF52840_xxAA nrf52840-dk\n"
    );
}

#[test]
fn a_firmware_file_is_made_and_signed() {
    let Some(mut laptop) = laptop("") else {
        return;
    };
    laptop.other_programs = std::env::var("PATH").expect("a path");
    laptop.done("openssl genpkey -algorithm ed25519 -out station.key");
    laptop.follow("12. A firmware file, in the office");
    let file = fs::read(laptop.path("nrf52840-dk.amfw")).expect("written");
    let firmware = FirmwareFile::parse(&file).expect("sound");
    assert_eq!(firmware.board, BOARD);
    assert_eq!(firmware.start, ACTIVE.start);
    // The linker leaves room for what stands behind the program.
    assert!(file.len() <= (ACTIVE.end - ACTIVE.start) as usize);
    for image in ["mps2-an386", "nrf52840-dk-bootloader"] {
        let line = laptop.refused(&format!("amlstm logger update-file {image} -o other.amfw"));
        assert!(line.contains("names no board and version"), "{line}");
    }
}

#[test]
fn what_cannot_be_flashed_is_said_in_one_line() {
    // As probe-rs-tools 0.32.0 says it.
    let complaint =
        "printf ' WARN probe_rs: slow\\nError: No connected probes were found.\\n' >&2; exit 1";
    let Some(laptop) = laptop(complaint) else {
        return;
    };
    let line = laptop.refused("amlstm logger flash nrf52840-dk-bootloader nrf52840-dk");
    assert!(
        line.ends_with("exit status: 1, No connected probes were found.\n"),
        "{line}"
    );
    fs::remove_file(laptop.path("arguments")).expect("it was called");

    laptop.write("station.toml", "station = \"A\"");
    let program = "amlstm logger flash \"$(command -v amlstm)\"";
    for (command, expected) in [
        (
            "amlstm logger flash no-such-image",
            "failed to open file `no-such-image`",
        ),
        (
            "amlstm logger flash station.toml",
            "station.toml: no ELF file for Arm",
        ),
        (program, "amlstm: no ELF file for Arm"),
        (
            "amlstm logger flash mps2-an386",
            "mps2-an386: names no chip",
        ),
        (
            "amlstm logger flash nrf52840-dk",
            "expected the bootloader's before them",
        ),
    ] {
        let line = laptop.refused(command);
        assert!(line.contains(expected), "{line}");
    }
    assert!(!laptop.path("arguments").exists(), "probe-rs was called");

    fs::remove_file(laptop.path("bin/probe-rs")).expect("ours");
    let line = laptop.refused("amlstm logger flash nrf52840-dk-bootloader nrf52840-dk");
    assert!(line.contains("cargo install probe-rs-tools"), "{line}");
}
