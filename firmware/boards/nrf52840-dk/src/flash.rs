//! The data flash: a part of the internal flash.

use core::ops::Range;

use amlstm_firmware::board::MappedFlash;
use amlstm_firmware::boot::MappedProgram as _;
use amlstm_nrf52840_dk_bootloader::{DATA, Region};
use embassy_nrf::nvmc::Error;
use embedded_storage::nor_flash::{NorFlash as _, ReadNorFlash as _};
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// Bytes of the data flash.
pub const DATA_BYTES: u32 = DATA.end - DATA.start;

/// How long the processor is halted while a sector is erased (product specification 1.7, NVMC, electrical specification).
pub const ERASE_MS: u32 = 85;

/// The data flash. The processor is halted during writes (41 us per word) and erases ([`ERASE_MS`] per sector).
pub struct Internal(Region);

impl Internal {
    pub fn new() -> Self {
        Self(Region::new(DATA))
    }
}

impl ErrorType for Internal {
    type Error = Error;
}

impl ReadNorFlash for Internal {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        DATA_BYTES as usize
    }
}

impl NorFlash for Internal {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        self.0.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        self.0.write(offset, bytes)
    }
}

impl MappedFlash for Internal {
    fn mapped(&self, range: Range<u32>) -> Option<&[u8]> {
        self.0.mapped(range)
    }
}
