//! A part of the internal flash.

use core::ops::Range;

use amlstm_firmware::boot::MappedProgram;
use embassy_nrf::nvmc::{Error, Nvmc};
use embassy_nrf::peripherals::NVMC;
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// A part of the internal flash. The processor stands still while it writes (41 us a word) or erases (85 ms a page).
pub struct Region {
    controller: Nvmc<'static>,
    place: Range<u32>,
}

impl Region {
    /// The part at `place`.
    pub fn new(place: Range<u32>) -> Self {
        // SAFETY: several of these share the controller. Each use of it begins and ends within one call, on the one thread there is; no
        // interrupt handler uses it.
        let controller = Nvmc::new(unsafe { NVMC::steal() });
        Self { controller, place }
    }

    fn within(&self, offset: u32, length: usize) -> Result<u32, Error> {
        let end = (offset as usize)
            .checked_add(length)
            .ok_or(Error::OutOfBounds)?;
        if end > self.place.len() {
            Err(Error::OutOfBounds)
        } else {
            Ok(self.place.start + offset)
        }
    }
}

impl ErrorType for Region {
    type Error = Error;
}

impl ReadNorFlash for Region {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        let start = self.within(offset, bytes.len())?;
        self.controller.read(start, bytes)
    }

    fn capacity(&self) -> usize {
        self.place.len()
    }
}

impl NorFlash for Region {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = super::PAGE as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        let length = to.checked_sub(from).ok_or(Error::OutOfBounds)?;
        let start = self.within(from, length as usize)?;
        self.controller.erase(start, start + length)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        let start = self.within(offset, bytes.len())?;
        self.controller.write(start, bytes)
    }
}

impl MappedProgram for Region {
    fn mapped(&self, range: Range<u32>) -> Option<&[u8]> {
        let length = range.end.checked_sub(range.start)? as usize;
        let start = self.within(range.start, length).ok()?;
        // SAFETY: flash is always readable at its address and lies within the chip's 1 MiB; this part changes only through `&mut self`, which
        // cannot be had while the slice is borrowed from `&self`.
        Some(unsafe { core::slice::from_raw_parts(start as *const u8, length) })
    }
}
