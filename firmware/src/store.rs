//! Persistent storage: everything the logger keeps across power cuts.
//!
//! One flash, seven regions ([`Layout`]): a map for the configuration, queues for events, repeating events and months, two slots for model files, and
//! a ring of samples. The map and the queues are sequential-storage's, whose items carry a CRC and appear whole or not at all; values are postcard,
//! each with its version ([`Versioned`], [`MonthEntry`]). A write is read back before it is acknowledged, and then survives a power cut at any byte.
//! One that a power cut interrupts is atomic: it happened completely or not at all.
//!
//! Its futures must be polled to completion.

mod error;
mod events;
mod held;
mod key;
mod layout;
mod map;
mod month_entry;
mod months;
mod packed;
mod placed;
mod queue;
mod ring;
mod samples;
mod slots;
mod versioned;

use core::ops::{ControlFlow, Range};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::board::MappedFlash;

pub use error::StoreError;
pub use held::Held;
pub use key::{Key, map_key};
pub use layout::Layout;
pub use map::Unreadable;
pub use month_entry::{MissingMonths, MonthEntry, VoidMonths};
use packed::pack;
pub use placed::{Placed, PlacedSamples};
use queue::{ITEM_BYTES, each_item};
pub use ring::MAX_SEGMENTS;
use ring::Ring;
pub use slots::{SIGNATURE_BYTES, SlotRecord, Slots};

/// Version of the flash layout. A flash of another version is left untouched.
pub const FLASH_FORMAT: u8 = 2;

/// The data flash, with its indexes in RAM.
pub struct Store<F: MappedFlash> {
    flash: F,
    layout: Layout,
    ring: Ring,
    held: Held,
    placed: Placed,
    errors: u32,
}

impl<F: MappedFlash> Store<F> {
    /// Opens the flash, and formats it if it is empty.
    ///
    /// # Errors
    /// [`StoreError::Format`] if it has another layout, [`StoreError::Flash`] if it cannot be read or written; the flash is returned with the error.
    pub async fn open(flash: F, layout: Layout) -> Result<Self, (StoreError, F)> {
        let mut store = Self {
            flash,
            layout,
            ring: Ring::default(),
            held: Held::default(),
            placed: Placed::default(),
            errors: 0,
        };
        match store.survey().await {
            Ok(()) => Ok(store),
            Err(error) => Err((error, store.flash)),
        }
    }

    async fn survey(&mut self) -> Result<(), StoreError> {
        // Stored without `Versioned`: this value determines the format of all others.
        match self.fetch::<u8>(Key::Format as u8).await? {
            Some(FLASH_FORMAT) => {}
            Some(found) => return Err(StoreError::Format { found }),
            None => self.store(Key::Format as u8, &FLASH_FORMAT).await?,
        }
        self.survey_events().await?;
        self.held.unreadable += self.survey_months().await?;
        self.ring = Ring::survey(&mut self.flash, &self.layout).await?;
        self.placed = self.get(Key::Placed as u8).await?.unwrap_or_default();
        self.held.last_sample_unix_s = self.ring.last_unix_s();
        self.held.unreadable += self.ring.unreadable();
        Ok(())
    }

    /// Erases all regions.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn erase(flash: &mut F, layout: &Layout) -> Result<(), StoreError> {
        let end = layout.samples.end;
        let mut sector = layout.config.start;
        // The sector with the layout version is erased first, so that an interrupted erase is never mistaken for a complete store.
        while sector < end {
            flash
                .erase(sector, sector + layout::SECTOR)
                .await
                .map_err(|_| StoreError::Flash)?;
            sector += layout::SECTOR;
        }
        Ok(())
    }

    /// Counts and last entries of the logs.
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Regions of the flash.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Operations that failed since the start.
    pub fn errors(&self) -> u32 {
        self.errors
    }

    /// Closes the store and returns its flash.
    pub fn into_flash(self) -> F {
        self.flash
    }

    /// The flash, to cut its power.
    #[cfg(test)]
    pub fn flash_mut(&mut self) -> &mut F {
        &mut self.flash
    }

    /// Counts a failure.
    fn failed(&mut self, error: StoreError) -> StoreError {
        self.errors = self.errors.saturating_add(1);
        error
    }

    async fn push<T: Serialize>(
        &mut self,
        region: Range<u32>,
        item: &T,
        overwrite: bool,
    ) -> Result<(), StoreError> {
        let mut bytes = [0; ITEM_BYTES];
        let bytes = pack(&[], item, &mut bytes)?;
        queue::push(&mut self.flash, &region, bytes, overwrite).await
    }

    async fn each<T: DeserializeOwned>(
        &mut self,
        region: Range<u32>,
        visit: &mut dyn FnMut(T) -> ControlFlow<()>,
    ) -> Result<u32, StoreError> {
        let mut unreadable = 0;
        let visited = each_item(&mut self.flash, region, &mut |bytes| {
            if let Ok(item) = postcard::from_bytes(bytes) {
                return visit(item);
            }
            // Written by a newer firmware.
            unreadable += 1;
            ControlFlow::Continue(())
        })
        .await;
        visited.map_err(|error| self.failed(error))?;
        Ok(unreadable)
    }
}

#[cfg(test)]
mod tests;
