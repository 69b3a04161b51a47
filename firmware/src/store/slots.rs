//! The two slots for model files.
//!
//! Writing one map item activates a model, after its file was received completely in the other slot and checked. Until then nothing changes; the
//! previous model stays in its slot for a rollback until the next upload begins.

use amlstm_core::link::SlotInfo;
use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::layout::SECTOR;
use super::{Key, Store, StoreError};
use crate::board::MappedFlash;

/// Bytes of an Ed25519 signature.
pub const SIGNATURE_BYTES: usize = 64;

/// A model in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRecord {
    /// 0 is slot A, 1 slot B.
    pub slot: u8,
    /// Counts activations.
    pub generation: u32,
    /// The version the model file states.
    pub version: u32,
    /// Bytes of the file.
    pub length: u32,
    /// The file's own CRC-32: its last four bytes.
    pub crc: u32,
    /// The signature that was checked when the model was uploaded; empty without one.
    pub signature: Vec<u8, SIGNATURE_BYTES>,
}

impl SlotRecord {
    /// The record for the link.
    pub fn info(&self) -> SlotInfo {
        SlotInfo {
            generation: self.generation,
            version: self.version,
            length: self.length,
            crc: self.crc,
            signed: !self.signature.is_empty(),
        }
    }
}

/// What the slots hold. Writing it is the commit point of a model swap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots {
    /// Counts activations.
    pub generation: u32,
    /// The active model.
    pub active: Option<SlotRecord>,
    /// The model a rollback returns to.
    pub standby: Option<SlotRecord>,
}

impl Slots {
    /// The slot an upload goes to.
    pub fn free_slot(&self) -> u8 {
        match &self.active {
            Some(active) => 1 - active.slot.min(1),
            None => 0,
        }
    }
}

impl<F: MappedFlash> Store<F> {
    /// Which slots hold what.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn slots(&mut self) -> Result<Slots, StoreError> {
        Ok(self.get(Key::Slots as u8).await?.unwrap_or_default())
    }

    /// Writes what the slots hold: the commit point of a model swap.
    ///
    /// # Errors
    /// [`StoreError::Flash`], [`StoreError::Full`].
    pub async fn commit_slots(&mut self, slots: &Slots) -> Result<(), StoreError> {
        self.put(Key::Slots as u8, slots).await
    }

    /// Erases as much of a slot as `length` bytes need.
    ///
    /// # Errors
    /// [`StoreError::Full`] if the slot is smaller, [`StoreError::Flash`].
    pub async fn erase_slot(&mut self, slot: u8, length: u32) -> Result<(), StoreError> {
        let region = self.slot_region(slot, length)?;
        let end = region.start + length.next_multiple_of(SECTOR);
        let erased = self.flash.erase(region.start, end).await;
        erased.map_err(|_| self.failed(StoreError::Flash))
    }

    /// Writes bytes into an erased part of a slot. `offset` is a multiple of 4; a last word is padded with 0xff.
    ///
    /// # Errors
    /// [`StoreError::Full`] beyond the slot's end, [`StoreError::TooLarge`] for an `offset` that is no multiple of 4, [`StoreError::Flash`].
    pub async fn write_slot(
        &mut self,
        slot: u8,
        offset: u32,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        if !offset.is_multiple_of(4) {
            return Err(StoreError::TooLarge);
        }
        let end = offset
            .checked_add(bytes.len() as u32)
            .ok_or(StoreError::Full)?;
        let start = self.slot_region(slot, end.next_multiple_of(4))?.start + offset;
        let mut address = start;
        for piece in bytes.chunks(WRITE_PIECE) {
            let mut words = AlignedPiece([0xff; WRITE_PIECE]);
            let padded = piece.len().next_multiple_of(4);
            words
                .0
                .iter_mut()
                .zip(piece)
                .for_each(|(word, byte)| *word = *byte);
            let written = self
                .flash
                .write(address, words.0.get(..padded).unwrap_or_default())
                .await;
            written.map_err(|_| self.failed(StoreError::Flash))?;
            address += padded as u32;
        }
        Ok(())
    }

    /// The first `length` bytes of a slot, mapped into memory.
    pub fn slot_bytes(&self, slot: u8, length: u32) -> Option<&[u8]> {
        let region = self.slot_region(slot, length).ok()?;
        self.flash.mapped(region.start..region.start + length)
    }

    fn slot_region(&self, slot: u8, length: u32) -> Result<core::ops::Range<u32>, StoreError> {
        let region = self
            .layout
            .slots
            .get(usize::from(slot))
            .ok_or(StoreError::Full)?;
        if length > region.end - region.start {
            Err(StoreError::Full)
        } else {
            Ok(region.clone())
        }
    }
}

/// Bytes written at once.
const WRITE_PIECE: usize = 64;

/// Some flash controllers require aligned source words.
#[repr(align(4))]
struct AlignedPiece([u8; WRITE_PIECE]);
