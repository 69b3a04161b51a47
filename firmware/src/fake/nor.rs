//! The flash of a board with a bootloader: three parts on one chip, which can lose power after any byte.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::vec::Vec;

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

use super::flash::FlashFault;
use crate::boot::MappedProgram;

/// Bytes of a page: small, so that every byte can be a power cut.
pub const PAGE: usize = 64;
/// Pages of a program.
pub const PAGES: usize = 3;
/// The parts: the program that runs, the other one, the marks.
pub const ACTIVE: Range<u32> = 0..(PAGES * PAGE) as u32;
const OTHER: Range<u32> = ACTIVE.end..ACTIVE.end + ((PAGES + 1) * PAGE) as u32;
const MARKS: Range<u32> = OTHER.end..OTHER.end + PAGE as u32;

/// What an erase leaves of a page when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutErase {
    /// The bytes up to some place are erased.
    FromTheStart,
    /// The bytes from some place on are erased.
    FromTheEnd,
    /// As many bytes are erased, and in the others some bits have risen.
    Noise,
}

struct Chip {
    bytes: Vec<u8>,
    until_cut: Option<u64>,
    changed: u64,
    cut_erase: CutErase,
    random: u32,
}

/// The whole chip.
#[derive(Clone)]
pub struct FakeNor(Rc<RefCell<Chip>>);

impl FakeNor {
    /// An erased chip.
    pub fn new(cut_erase: CutErase) -> Self {
        Self(Rc::new(RefCell::new(Chip {
            bytes: vec![0xff; MARKS.end as usize],
            until_cut: None,
            changed: 0,
            cut_erase,
            random: 0x9e37_79b9,
        })))
    }

    /// The power goes after so many bytes; `None` for never.
    pub fn cut_after(&self, bytes: Option<u64>) {
        self.0.borrow_mut().until_cut = bytes;
    }

    /// Bytes written or erased so far.
    pub fn changed(&self) -> u64 {
        self.0.borrow().changed
    }

    /// The bytes of the program that runs.
    pub fn running(&self) -> Vec<u8> {
        self.0.borrow().bytes[..ACTIVE.end as usize].to_vec()
    }

    /// Flashes a program, as a debug probe does.
    pub fn flash(&self, program: &[u8]) {
        self.0.borrow_mut().bytes[..program.len()].copy_from_slice(program);
    }

    /// The program that runs.
    pub fn active(&self) -> Part {
        Part(self.clone(), ACTIVE)
    }

    /// The other one.
    pub fn other(&self) -> Part {
        Part(self.clone(), OTHER)
    }

    /// The marks.
    pub fn marks(&self) -> Part {
        Part(self.clone(), MARKS)
    }
}

impl Chip {
    fn change(&mut self, place: usize, value: u8) -> Result<(), FlashFault> {
        if let Some(left) = &mut self.until_cut {
            *left = left.checked_sub(1).ok_or(FlashFault::PowerCut)?;
        }
        self.changed += 1;
        self.bytes[place] = value;
        Ok(())
    }

    fn erase(&mut self, page: Range<usize>) -> Result<(), FlashFault> {
        for step in 0..PAGE {
            let place = match self.cut_erase {
                CutErase::FromTheEnd => page.end - 1 - step,
                CutErase::FromTheStart | CutErase::Noise => page.start + step,
            };
            let changed = self.change(place, 0xff);
            if changed.is_err() && self.cut_erase == CutErase::Noise {
                for place in place..page.end {
                    self.random ^= self.random << 13;
                    self.random ^= self.random >> 17;
                    self.random ^= self.random << 5;
                    self.bytes[place] |= self.random as u8;
                }
            }
            changed?;
        }
        Ok(())
    }
}

/// A part of the chip.
pub struct Part(FakeNor, Range<u32>);

impl Part {
    fn at(&self, offset: u32, length: usize, unit: usize) -> Result<Range<usize>, FlashFault> {
        let start = self.1.start as usize + offset as usize;
        if !start.is_multiple_of(unit) || !length.is_multiple_of(unit) {
            return Err(FlashFault::NotAligned);
        }
        if start + length > self.1.end as usize {
            return Err(FlashFault::OutOfBounds);
        }
        Ok(start..start + length)
    }
}

impl ErrorType for Part {
    type Error = FlashFault;
}

impl ReadNorFlash for Part {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashFault> {
        let place = self.at(offset, bytes.len(), 1)?;
        bytes.copy_from_slice(&self.0.0.borrow().bytes[place]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.1.len()
    }
}

impl NorFlash for Part {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashFault> {
        let place = self.at(from, (to - from) as usize, PAGE)?;
        let mut chip = self.0.0.borrow_mut();
        place
            .step_by(PAGE)
            .try_for_each(|start| chip.erase(start..start + PAGE))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashFault> {
        let place = self.at(offset, bytes.len(), 4)?;
        let mut chip = self.0.0.borrow_mut();
        for (place, byte) in place.zip(bytes) {
            let value = chip.bytes[place] & byte;
            chip.change(place, value)?;
        }
        Ok(())
    }
}

impl MappedProgram for Part {
    fn mapped(&self, range: Range<u32>) -> Option<&[u8]> {
        let place = self.at(range.start, range.len(), 1).ok()?;
        // Nothing of a test's chip is mapped into memory: a copy stands in, which goes with the test's process.
        Some(Vec::leak(self.0.0.borrow().bytes[place].to_vec()))
    }
}
