//! NOR flash that behaves, and can lose power after any byte.

use core::ops::Range;
use std::vec::Vec;

use embedded_storage_async::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

use crate::board::MappedFlash;

pub const SECTOR: usize = 4096;

/// What the flash refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashFault {
    OutOfBounds,
    NotAligned,
    /// A word was written twice without an erase between.
    WornWord(u32),
    /// Power is gone.
    PowerCut,
}

impl NorFlashError for FlashFault {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::WornWord(_) | Self::PowerCut => NorFlashErrorKind::Other,
        }
    }
}

/// Bits fall on writing and rise on erasing, byte by byte, until the power is cut.
#[derive(Clone, Debug)]
pub struct FakeFlash {
    words: Vec<u32>,
    writes_of_word: Vec<u8>,
    /// Erases of each sector.
    pub erases: Vec<u32>,
    /// Bytes that may still be written or erased; `None` without limit.
    pub bytes_until_cut: Option<u64>,
    /// The write that is acknowledged and changes nothing: 1 for the next one.
    pub lost_write: Option<u32>,
    /// Writes here fail.
    pub broken: Option<Range<u32>>,
    /// Bytes written or erased so far.
    pub bytes_changed: u64,
}

impl FakeFlash {
    /// An erased flash.
    pub fn new(length: u32) -> Self {
        let length = length as usize;
        Self {
            words: vec![u32::MAX; length / 4],
            writes_of_word: vec![0; length / 4],
            erases: vec![0; length / SECTOR],
            bytes_until_cut: None,
            lost_write: None,
            broken: None,
            bytes_changed: 0,
        }
    }

    /// Copies bytes into the flash as another firmware wrote them.
    pub fn lay(&mut self, offset: usize, bytes: &[u8]) {
        bytemuck::cast_slice_mut::<u32, u8>(&mut self.words)[offset..offset + bytes.len()]
            .copy_from_slice(bytes);
    }

    fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.words)
    }

    fn change(&mut self, place: usize, value: u8) -> Result<(), FlashFault> {
        if let Some(left) = &mut self.bytes_until_cut {
            *left = left.checked_sub(1).ok_or(FlashFault::PowerCut)?;
        }
        self.bytes_changed += 1;
        bytemuck::cast_slice_mut::<u32, u8>(&mut self.words)[place] = value;
        Ok(())
    }

    fn check(&self, offset: u32, length: usize, unit: usize) -> Result<(), FlashFault> {
        if !(offset as usize).is_multiple_of(unit) || !length.is_multiple_of(unit) {
            return Err(FlashFault::NotAligned);
        }
        if offset as usize + length > self.bytes().len() {
            Err(FlashFault::OutOfBounds)
        } else {
            Ok(())
        }
    }
}

impl ErrorType for FakeFlash {
    type Error = FlashFault;
}

impl ReadNorFlash for FakeFlash {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashFault> {
        self.check(offset, bytes.len(), 1)?;
        bytes.copy_from_slice(&self.bytes()[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes().len()
    }
}

impl NorFlash for FakeFlash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashFault> {
        self.check(from, (to - from) as usize, SECTOR)?;
        for sector in from as usize / SECTOR..to as usize / SECTOR {
            self.erases[sector] += 1;
        }
        for place in from as usize..to as usize {
            self.change(place, 0xff)?;
            self.writes_of_word[place / 4] = 0;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashFault> {
        self.check(offset, bytes.len(), 4)?;
        if self
            .broken
            .as_ref()
            .is_some_and(|broken| broken.contains(&offset))
        {
            return Err(FlashFault::PowerCut);
        }
        self.lost_write = self.lost_write.map(|number| number - 1);
        if self.lost_write == Some(0) {
            self.lost_write = None;
            return Ok(());
        }
        for (index, byte) in bytes.iter().enumerate() {
            let place = offset as usize + index;
            let old = self.bytes()[place];
            self.change(place, old & byte)?;
            // A word whose first byte the power did not reach was not written.
            if place.is_multiple_of(4) {
                let writes = &mut self.writes_of_word[place / 4];
                *writes += 1;
                if *writes > 1 {
                    return Err(FlashFault::WornWord(place as u32));
                }
            }
        }
        Ok(())
    }
}

impl MappedFlash for FakeFlash {
    fn mapped(&self, range: Range<u32>) -> Option<&[u8]> {
        self.bytes().get(range.start as usize..range.end as usize)
    }
}

impl MappedFlash for &mut FakeFlash {
    fn mapped(&self, range: Range<u32>) -> Option<&[u8]> {
        (**self).mapped(range)
    }
}
