//! The file of a firmware update: a program as it lies in the flash, and behind it what it is.
//!
//! | bytes from the end | what |
//! |---|---|
//! | 56 to 25 | name of the board, filled up with zeros |
//! | 24 to 22 | version: major, minor, patch |
//! | 21 | 1, the number of this format |
//! | 20 to 17 | address at which the program begins |
//! | 16 to 13 | CRC-32 of the program as the logger tells it ([`Verification::program_crc`](crate::link::Verification::program_crc)) |
//! | 12 to 9 | bytes of the program |
//! | 8 to 5 | `AMFW` |
//! | 4 to 1 | CRC-32 of everything before |
//!
//! Numbers are little endian. A signature is that of the whole file, as a model file's.

use crate::checksum::CRC32;

/// Bytes behind the program.
pub const TRAILER_BYTES: usize = 56;
/// Longest name of a board in bytes.
pub const MAX_BOARD: usize = 32;

const FORMAT: u8 = 1;
const MAGIC: &[u8; 4] = b"AMFW";

/// Why bytes are no file of a firmware update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FirmwareFileError {
    /// No such file, or one that was cut.
    #[error(
        "not a firmware file, or only a part of one; `amlstm logger update-file` makes one of an image"
    )]
    NotOne,
    /// Another format.
    #[error("firmware file of format {found}, expected {FORMAT}")]
    Format {
        /// Its number.
        found: u8,
    },
    /// The checksum does not fit.
    #[error(
        "damaged firmware file: CRC {stored:08x} stored, {computed:08x} computed; copy it again"
    )]
    Crc {
        /// What the file says.
        stored: u32,
        /// What its bytes give.
        computed: u32,
    },
}

/// A program and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirmwareFile<'a> {
    /// The board it is for, at most [`MAX_BOARD`] bytes.
    pub board: &'a str,
    /// Its version: major, minor, patch.
    pub version: [u8; 3],
    /// The address at which it begins.
    pub start: u32,
    /// Its CRC-32 as the logger tells it.
    pub program_crc: u32,
    /// Its bytes from [`Self::start`] on.
    pub program: &'a [u8],
}

impl<'a> FirmwareFile<'a> {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`FirmwareFileError`].
    pub fn parse(file: &'a [u8]) -> Result<Self, FirmwareFileError> {
        let (checked, crc) = file.split_last_chunk().ok_or(FirmwareFileError::NotOne)?;
        let (program, trailer) = checked
            .split_last_chunk::<{ TRAILER_BYTES - 4 }>()
            .ok_or(FirmwareFileError::NotOne)?;
        let (board, rest) = trailer.split_at(MAX_BOARD);
        let [
            major,
            minor,
            patch,
            format,
            numbers @ ..,
            b'A',
            b'M',
            b'F',
            b'W',
        ] = rest
        else {
            return Err(FirmwareFileError::NotOne);
        };
        if *format != FORMAT {
            return Err(FirmwareFileError::Format { found: *format });
        }
        let mut words = numbers
            .as_chunks()
            .0
            .iter()
            .map(|word| u32::from_le_bytes(*word));
        let mut next = || words.next().unwrap_or(0);
        let (start, program_crc, length) = (next(), next(), next());
        let (stored, computed) = (u32::from_le_bytes(*crc), CRC32.checksum(checked));
        if stored != computed {
            return Err(FirmwareFileError::Crc { stored, computed });
        }
        let name_ends = board.iter().position(|byte| *byte == 0);
        let board = board
            .get(..name_ends.unwrap_or(MAX_BOARD))
            .unwrap_or_default();
        let board = core::str::from_utf8(board).map_err(|_| FirmwareFileError::NotOne)?;
        if length as usize != program.len() {
            return Err(FirmwareFileError::NotOne);
        }
        Ok(Self {
            board,
            version: [*major, *minor, *patch],
            start,
            program_crc,
            program,
        })
    }

    /// What stands behind the program in its file.
    pub fn trailer(&self) -> [u8; TRAILER_BYTES] {
        let mut trailer = [0; TRAILER_BYTES];
        let words = [self.start, self.program_crc, self.program.len() as u32].map(u32::to_le_bytes);
        let written = self.version.iter().chain([&FORMAT]);
        let written = written.chain(words.as_flattened()).chain(MAGIC);
        let (board, rest) = trailer.split_at_mut(MAX_BOARD);
        board
            .iter_mut()
            .zip(self.board.as_bytes())
            .for_each(|(place, byte)| *place = *byte);
        rest.iter_mut()
            .zip(written)
            .for_each(|(place, byte)| *place = *byte);
        let mut digest = CRC32.digest();
        digest.update(self.program);
        if let Some((trailer, crc)) = trailer.split_last_chunk_mut() {
            digest.update(trailer);
            *crc = digest.finalize().to_le_bytes();
        }
        trailer
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const FILE: FirmwareFile<'static> = FirmwareFile {
        board: "nrf52840-dk",
        version: [1, 2, 3],
        start: 0x2000,
        program_crc: 0x1234_5678,
        program: b"a program",
    };

    fn bytes() -> Vec<u8> {
        [FILE.program, &FILE.trailer()].concat()
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(FirmwareFile::parse(&bytes()), Ok(FILE));
        let longest = FirmwareFile {
            board: "a-board-with-a-name-of-32-bytes!",
            ..FILE
        };
        let file = [longest.program, &longest.trailer()].concat();
        assert_eq!(FirmwareFile::parse(&file), Ok(longest));
    }

    /// The places of the table above.
    #[test]
    fn the_format_is_frozen() {
        let bytes = bytes();
        let from_end = |bytes_from_end: usize| &bytes[bytes.len() - bytes_from_end..];
        assert!(from_end(56).starts_with(b"nrf52840-dk\0"));
        assert!(from_end(24).starts_with(&[1, 2, 3, 1, 0, 0x20, 0, 0, 0x78, 0x56, 0x34, 0x12, 9]));
        assert!(from_end(8).starts_with(b"AMFW"));
    }

    #[test]
    fn a_cut_or_damaged_file_is_refused() {
        let whole = bytes();
        for length in 0..whole.len() {
            assert!(FirmwareFile::parse(&whole[..length]).is_err(), "{length}");
        }
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1;
            assert!(FirmwareFile::parse(&damaged).is_err(), "{place}");
        }
        assert!(FirmwareFile::parse(b"\x7fELF").is_err());
    }
}
