//! Firmware images: ELF files for Arm.

use amlstm_core::checksum::CRC32;
use amlstm_core::firmware_file::{FirmwareFile, MAX_BOARD};
use object::read::elf::{ElfFile32, ProgramHeader};
use object::{Endianness, Object, ObjectSection};

/// What of an image lies in the flash beside what cortex-m-rt's linker script leaves out: in this order.
const IN_FLASH: [&str; 4] = [".vector_table", ".text", ".rodata", ".data"];
/// The first word of the vector table is the stack's start, which the logger leaves out ([`amlstm_core::link::Verification::program_crc`]).
const STACK_START_BYTES: usize = 4;

/// Before board and version in an image that a bootloader starts, after them a zero byte.
const BOARD: &[u8] = b"amlstm board=";
/// Between board and version.
const VERSION: &str = " version=";
/// What no flash of a microcontroller reaches: an image that spans more is none.
const MAX_PROGRAM_BYTES: usize = 16 << 20;

/// A file that is no firmware image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// No ELF file of ours.
    #[error("no ELF file with the section {section}, expected a firmware image")]
    Section {
        /// What is missing.
        section: &'static str,
    },
    /// No image that a bootloader starts.
    #[error(
        "names no board and version, expected the image of a board that takes firmware over the cable, such as nrf52840-dk"
    )]
    NoBoard,
}

/// CRC-32 of the program that an image puts into the flash, as a logger that runs it tells it.
///
/// # Errors
///
/// The file is no firmware image.
pub fn program_crc(image: &[u8]) -> Result<u32, ImageError> {
    let mut digest = CRC32.digest();
    let file = object::File::parse(image).ok();
    for (place, section) in IN_FLASH.into_iter().enumerate() {
        let bytes = file
            .as_ref()
            .and_then(|file| file.section_by_name(section)?.data().ok());
        let bytes = bytes.ok_or(ImageError::Section { section })?;
        let left_out = if place == 0 { STACK_START_BYTES } else { 0 };
        digest.update(
            bytes
                .get(left_out..)
                .ok_or(ImageError::Section { section })?,
        );
    }
    Ok(digest.finalize())
}

/// The firmware file of an image: what `update` sends, and what is signed.
///
/// # Errors
///
/// The file is no firmware image, or not one that a bootloader starts.
pub fn firmware_file(image: &[u8]) -> Result<Vec<u8>, ImageError> {
    let program_crc = program_crc(image)?;
    let (board, version) = board_of(image).ok_or(ImageError::NoBoard)?;
    let (start, program) = program(image).ok_or(ImageError::NoBoard)?;
    let file = FirmwareFile {
        board,
        version,
        start,
        program_crc,
        program: &program,
    };
    Ok([file.program, &file.trailer()].concat())
}

/// The lowest address at which an image puts something into the flash; `None` for a file that is none.
pub fn load_address(image: &[u8]) -> Option<u32> {
    program(image).map(|(start, _)| start)
}

/// Board and version that an image names.
fn board_of(image: &[u8]) -> Option<(&str, [u8; 3])> {
    let place = image
        .windows(BOARD.len())
        .position(|bytes| bytes == BOARD)?;
    let rest = &image[place + BOARD.len()..];
    let text = &rest[..rest.iter().position(|byte| *byte == 0)?];
    let (board, version) = std::str::from_utf8(text).ok()?.split_once(VERSION)?;
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    let version = [numbers.next()??, numbers.next()??, numbers.next()??];
    (board.len() <= MAX_BOARD && numbers.next().is_none()).then_some((board, version))
}

/// What an image puts into the flash, and from which address on; filled up to a whole word.
fn program(image: &[u8]) -> Option<(u32, Vec<u8>)> {
    let file = ElfFile32::<Endianness>::parse(image).ok()?;
    let endian = file.endian();
    let parts: Vec<(u32, &[u8])> = file
        .elf_program_headers()
        .iter()
        .filter(|header| header.p_type(endian) == object::elf::PT_LOAD)
        .map(|header| Some((header.p_paddr(endian), header.data(endian, image).ok()?)))
        .collect::<Option<_>>()?;
    let parts = || parts.iter().filter(|(_, bytes)| !bytes.is_empty());
    let start = parts().map(|(address, _)| *address).min()?;
    let ends = parts().map(|(address, bytes)| (address - start) as usize + bytes.len());
    let length = ends.max()?.next_multiple_of(4);
    if length > MAX_PROGRAM_BYTES {
        return None;
    }
    let mut program = vec![0xff; length];
    for (address, bytes) in parts() {
        let place = (address - start) as usize;
        program[place..place + bytes.len()].copy_from_slice(bytes);
    }
    Some((start, program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_image_is_refused() {
        for bytes in [&b"AMLM"[..], b"", b"\x7fELF"] {
            let error = program_crc(bytes).expect_err("no image").to_string();
            assert!(error.contains(".vector_table"), "{error}");
        }
    }
}
