//! The PSRAM as NOR flash: bits fall on writing and rise on erasing. The emulated chip counts how often each sector was erased.

use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};

use amlstm_firmware::board::MappedFlash;
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

/// Start of the memory.
const BASE: usize = 0x2100_0000;
/// Bytes of the data flash; the last MiB of the 16 belongs to the synthetic sensors.
pub const DATA_BYTES: u32 = 15 * 1024 * 1024;
/// Bytes of the whole memory.
pub const ALL_BYTES: usize = 16 * 1024 * 1024;
const SECTOR: usize = 4096;
const SECTORS: usize = DATA_BYTES as usize / SECTOR;
/// Where the erase counts lie: at the end, so that the host can read them in the file. One `u32` per sector with all bits inverted, so that a new
/// file of 0xff bytes counts none.
const ERASES: usize = ALL_BYTES - 4 * SECTORS;

/// The data flash.
pub struct Psram {
    bytes: &'static mut [u8],
    erases: &'static mut [u32],
}

impl Psram {
    /// The only instance; `None` on a second call.
    pub fn take() -> Option<Self> {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        if TAKEN.swap(true, Ordering::AcqRel) {
            return None;
        }
        // SAFETY: the board has 16 MiB of plain RAM at BASE that neither the linker script nor any other code uses; these are the only references to
        // its first 15 MiB and to the counts at its end, because they are created only once. BASE and ERASES are multiples of 4.
        let (bytes, erases) = unsafe {
            (
                core::slice::from_raw_parts_mut(BASE as *mut u8, DATA_BYTES as usize),
                core::slice::from_raw_parts_mut((BASE + ERASES) as *mut u32, SECTORS),
            )
        };
        Some(Self { bytes, erases })
    }

    fn range(offset: u32, length: usize, unit: usize) -> Result<Range<usize>, NorFlashErrorKind> {
        let start = offset as usize;
        if !start.is_multiple_of(unit) || !length.is_multiple_of(unit) {
            return Err(NorFlashErrorKind::NotAligned);
        }
        let end = start
            .checked_add(length)
            .filter(|end| *end <= DATA_BYTES as usize);
        Ok(start..end.ok_or(NorFlashErrorKind::OutOfBounds)?)
    }
}

/// The last MiB up to the erase counts: the host's data for the synthetic sensors.
pub fn table_bytes() -> &'static [u8] {
    // SAFETY: plain RAM beyond the data flash; nothing in this program writes it.
    unsafe {
        core::slice::from_raw_parts(
            (BASE + DATA_BYTES as usize) as *const u8,
            ERASES - DATA_BYTES as usize,
        )
    }
}

impl ErrorType for Psram {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Psram {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let range = Self::range(offset, bytes.len(), 1)?;
        let kept = self.bytes.get(range).unwrap_or_default();
        bytes
            .iter_mut()
            .zip(kept)
            .for_each(|(place, byte)| *place = *byte);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl NorFlash for Psram {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        let length = to.checked_sub(from).ok_or(NorFlashErrorKind::OutOfBounds)? as usize;
        let range = Self::range(from, length, SECTOR)?;
        let sectors = range.start / SECTOR..range.end / SECTOR;
        for inverted in self.erases.get_mut(sectors).unwrap_or_default() {
            *inverted = inverted.saturating_sub(1);
        }
        self.bytes.get_mut(range).unwrap_or_default().fill(0xff);
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let range = Self::range(offset, bytes.len(), 4)?;
        let places = self.bytes.get_mut(range).unwrap_or_default();
        for (place, byte) in places.iter_mut().zip(bytes) {
            *place &= byte;
        }
        Ok(())
    }
}

impl MappedFlash for Psram {
    fn mapped(&self, range: Range<u32>) -> Option<&[u8]> {
        self.bytes.get(range.start as usize..range.end as usize)
    }
}
