//! Two programs that change places: what the bootloader does at a start, and the place for another program as the running one sees it.
//!
//! The pages of both are exchanged one by one, and a page of marks says how far that got, so that the power may go at any time
//! (`embassy-boot`). A program that was exchanged and has not confirmed itself is exchanged back at the next start.

use core::ops::Range;

use embassy_boot::{
    BlockingFirmwareState, BootError, BootLoader, BootLoaderConfig, FirmwareUpdaterError, State,
};
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

use crate::board::{FirmwareSlot, SlotFailed};

/// Bytes that are written at once, of everything here.
const WORD: usize = 4;

/// A part of the flash that is mapped into memory.
pub trait MappedProgram: NorFlash {
    /// The bytes of a range; `None` outside of the part.
    fn mapped(&self, range: Range<u32>) -> Option<&[u8]>;
}

/// What a bootloader does before it starts the program in `active`: exchanges it with that in `other`, or back, or goes on where the power went.
/// `other` is a page longer. `buffer` divides a page.
///
/// # Errors
/// The flash refuses; what lies in `active` may be of both.
pub fn prepare<A: NorFlash, O: NorFlash, M: NorFlash>(
    active: A,
    other: O,
    marks: M,
    buffer: &mut [u8],
) -> Result<State, BootError> {
    let config = BootLoaderConfig {
        active,
        dfu: other,
        state: Marks(marks),
    };
    BootLoader::new(config).prepare_boot(buffer)
}

/// The place for another program, and the marks.
pub struct BootSlot<O, M> {
    board: &'static str,
    active: Range<u32>,
    other: O,
    marks: M,
}

impl<O: MappedProgram, M: NorFlash> BootSlot<O, M> {
    /// The place of a board, whose programs run in `active`.
    pub fn new(board: &'static str, active: Range<u32>, other: O, marks: M) -> Self {
        Self {
            board,
            active,
            other,
            marks,
        }
    }

    fn state<T>(
        &mut self,
        work: impl FnOnce(
            &mut BlockingFirmwareState<'_, Marks<&mut M>>,
        ) -> Result<T, FirmwareUpdaterError>,
    ) -> Result<T, SlotFailed> {
        const {
            assert!(M::WRITE_SIZE == WORD && O::WRITE_SIZE == WORD);
        }
        let mut word = [0; WORD];
        let mut state = BlockingFirmwareState::new(Marks(&mut self.marks), &mut word);
        work(&mut state).map_err(|_| SlotFailed)
    }
}

#[allow(
    clippy::redundant_closure_for_method_calls,
    reason = "the path of a method does not fit every lifetime"
)]
impl<O: MappedProgram, M: NorFlash> FirmwareSlot for BootSlot<O, M> {
    fn board(&self) -> &'static str {
        self.board
    }

    fn start(&self) -> u32 {
        self.active.start
    }

    fn capacity(&self) -> u32 {
        self.active.end - self.active.start
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), SlotFailed> {
        let page = O::ERASE_SIZE as u32;
        let (mut place, mut left) = (offset, bytes);
        while !left.is_empty() {
            if place.is_multiple_of(page) {
                let erased = self.other.erase(place, place + page);
                erased.map_err(|_| SlotFailed)?;
            }
            let to_page_end = (page - place % page) as usize;
            let (now, then) = left.split_at_checked(to_page_end).unwrap_or((left, &[]));
            self.other.write(place, now).map_err(|_| SlotFailed)?;
            place += now.len() as u32;
            left = then;
        }
        Ok(())
    }

    fn bytes(&self, length: u32) -> Option<&[u8]> {
        self.other.mapped(0..length)
    }

    fn on_trial(&mut self) -> Result<bool, SlotFailed> {
        Ok(self.state(|state| state.get_state())? == State::Swap)
    }

    fn start_on_trial(&mut self) -> Result<(), SlotFailed> {
        self.state(|state| state.mark_updated())
    }

    fn confirm(&mut self) -> Result<(), SlotFailed> {
        self.state(|state| state.mark_booted())
    }
}

/// The page of marks. An erase that the power cuts may leave any bits, so the first word, which says what is to be done, is written to zeros
/// before: then nothing is to be done, whatever the other marks say.
struct Marks<M>(M);

impl<M: ErrorType> ErrorType for Marks<M> {
    type Error = M::Error;
}

impl<M: ReadNorFlash> ReadNorFlash for Marks<M> {
    const READ_SIZE: usize = M::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), M::Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<M: NorFlash> NorFlash for Marks<M> {
    const WRITE_SIZE: usize = M::WRITE_SIZE;
    const ERASE_SIZE: usize = M::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), M::Error> {
        let mut word = [0; WORD];
        self.0.read(from, &mut word)?;
        if word != [0; WORD] {
            self.0.write(from, &[0; WORD])?;
        }
        self.0.erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), M::Error> {
        self.0.write(offset, bytes)
    }
}

#[cfg(test)]
mod tests;
