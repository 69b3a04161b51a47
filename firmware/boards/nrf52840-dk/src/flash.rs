//! The upper half of the internal flash.

use core::ops::Range;

use amlstm_firmware::board::MappedFlash;
use embassy_nrf::nvmc::{Error, Nvmc};
use embassy_nrf::{Peri, peripherals};
use embedded_storage::nor_flash::{NorFlash as _, ReadNorFlash as _};
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// Where the data flash begins; `memory.x` keeps the image below.
const BASE: u32 = 0x8_0000;
/// Bytes of the data flash.
pub const DATA_BYTES: u32 = 512 * 1024;

/// How long the processor is halted while a sector is erased (product specification 1.7, NVMC, electrical specification).
pub const ERASE_MS: u32 = 85;

/// The data flash. The processor is halted during writes (41 us per word) and erases ([`ERASE_MS`] per sector).
pub struct Internal(Nvmc<'static>);

impl Internal {
    pub fn new(nvmc: Peri<'static, peripherals::NVMC>) -> Self {
        Self(Nvmc::new(nvmc))
    }

    fn within(offset: u32, length: usize) -> Result<u32, Error> {
        let end = (offset as usize)
            .checked_add(length)
            .ok_or(Error::OutOfBounds)?;
        if end > DATA_BYTES as usize {
            Err(Error::OutOfBounds)
        } else {
            Ok(BASE + offset)
        }
    }
}

impl ErrorType for Internal {
    type Error = Error;
}

impl ReadNorFlash for Internal {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.read(Self::within(offset, bytes.len())?, bytes)
    }

    fn capacity(&self) -> usize {
        DATA_BYTES as usize
    }
}

impl NorFlash for Internal {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        let length = to.checked_sub(from).ok_or(Error::OutOfBounds)?;
        let start = Self::within(from, length as usize)?;
        self.0.erase(start, start + length)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        self.0.write(Self::within(offset, bytes.len())?, bytes)
    }
}

impl MappedFlash for Internal {
    fn mapped(&self, range: Range<u32>) -> Option<&[u8]> {
        let length = range.end.checked_sub(range.start)? as usize;
        let start = Self::within(range.start, length).ok()?;
        // SAFETY: flash is always readable at its address and lies within the chip's 1 MiB; it changes only through `&mut self`, which excludes a
        // slice borrowed from `&self`.
        Some(unsafe { core::slice::from_raw_parts(start as *const u8, length) })
    }
}
