//! Firmware images: ELF files for Arm.

use amlstm_core::checksum::CRC32;
use object::{Object, ObjectSection};

/// What of an image lies in the flash beside what cortex-m-rt's linker script leaves out: in this order.
const IN_FLASH: [&str; 4] = [".vector_table", ".text", ".rodata", ".data"];
/// The first word of the vector table is the stack's start, which the logger leaves out ([`amlstm_core::link::Verification::program_crc`]).
const STACK_START_BYTES: usize = 4;

/// A file that is no firmware image.
#[derive(Debug, thiserror::Error)]
#[error("no ELF file with the section {section}, expected a firmware image")]
pub struct ImageError {
    section: &'static str,
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
        let bytes = bytes.ok_or(ImageError { section })?;
        let left_out = if place == 0 { STACK_START_BYTES } else { 0 };
        digest.update(bytes.get(left_out..).ok_or(ImageError { section })?);
    }
    Ok(digest.finalize())
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
