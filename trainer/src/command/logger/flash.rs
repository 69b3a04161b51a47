//! `amlstm logger flash`: a firmware image onto a board, by probe-rs and a debug probe.

use std::path::{Path, PathBuf};
use std::process::Command;

use amlstm::logger::load_address;
use anyhow::{Context, bail};

use crate::command::{output::Output, progress};

/// Before the name of the chip in an image for a board, after it a zero byte; its linker script keeps it outside of what is flashed.
const CHIP: &[u8] = b"amlstm chip=";
/// ELF's number for Arm.
const ARM: [u8; 2] = [40, 0];

/// Writes images, the bootloader's first where there is one, reads them back and resets the board. What lies beside them in the flash stays.
pub fn run(images: &[PathBuf], output: &mut Output) -> anyhow::Result<()> {
    let chips = images
        .iter()
        .map(|image| {
            let bytes = fs_err::read(image)?;
            let chip = chip_of(&bytes).with_context(|| image.display().to_string())?;
            Ok((chip.to_owned(), load_address(&bytes)))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    if !chips.iter().any(|(_, address)| *address == Some(0)) {
        bail!(
            "found images that a bootloader starts, expected the bootloader's before them, such as nrf52840-dk-bootloader"
        );
    }
    for (place, (image, (chip, _))) in images.iter().zip(&chips).enumerate() {
        flash(image, chip, place + 1 == images.len(), output)?;
    }
    Ok(())
}

fn flash(image: &Path, chip: &str, is_last: bool, output: &mut Output) -> anyhow::Result<()> {
    let spinner = progress::spinner(output, format!("flashing {chip}"));
    let flashed = Command::new("probe-rs")
        .args(["download", "--non-interactive", "--verify"])
        .args(is_last.then_some("--reset"))
        .args(["--chip", chip])
        .arg(image)
        .output();
    spinner.finish_and_clear();
    let flashed =
        flashed.context("probe-rs: cannot run; install it with `cargo install probe-rs-tools`")?;
    if !flashed.status.success() {
        bail!(
            "probe-rs: {}, {}",
            flashed.status,
            said(&String::from_utf8_lossy(&flashed.stderr))
        );
    }
    output.note(format_args!(
        "{}: flashed onto {chip}, verified",
        image.display()
    ))?;
    Ok(())
}

/// The chip that an image is for.
fn chip_of(image: &[u8]) -> anyhow::Result<&str> {
    if !image.starts_with(b"\x7fELF") || image.get(18..20) != Some(&ARM) {
        bail!("no ELF file for Arm, expected a firmware image");
    }
    let place = image.windows(CHIP.len()).position(|bytes| bytes == CHIP);
    let name = place.and_then(|place| {
        let rest = &image[place + CHIP.len()..];
        let length = rest.iter().position(|byte| *byte == 0)?;
        std::str::from_utf8(&rest[..length]).ok()
    });
    name.context("names no chip, expected the image of a real board, such as nrf52840-dk")
}

/// What a program complained of, in one line: from its `Error: ` on, without the colours.
fn said(complaint: &str) -> String {
    let (_, complaint) = complaint.split_once("Error: ").unwrap_or(("", complaint));
    complaint.split_whitespace().collect::<Vec<_>>().join(" ")
}
