//! The ring of samples.

use core::ops::ControlFlow;

use amlstm_core::link::Sample;

use super::packed::pack;
use super::queue::ITEM_BYTES;
use super::versioned::Versioned;
use super::{Key, PlacedSamples, Store, StoreError};
use crate::board::MappedFlash;

impl<F: MappedFlash> Store<F> {
    /// Number of the oldest sample.
    pub fn first_sample(&self) -> u32 {
        self.ring.first_number()
    }

    /// Number of the next sample.
    pub fn next_sample(&self) -> u32 {
        self.ring.next_number()
    }

    /// Approximate number of samples that the ring keeps.
    pub fn sample_capacity(&self) -> u32 {
        self.layout.sample_capacity()
    }

    /// Appends a sample and returns its number; a full ring drops its oldest segment.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn push_sample(&mut self, mut sample: Sample) -> Result<u32, StoreError> {
        sample.number = self.ring.next_number();
        let mut bytes = [0; ITEM_BYTES];
        let bytes = pack(&[], &Versioned::V1(&sample), &mut bytes)?;
        let pushed = self
            .ring
            .push(&mut self.flash, &self.layout, sample.number, bytes)
            .await;
        pushed.map_err(|error| self.failed(error))?;
        self.held.last_sample_unix_s = Some(sample.unix_s);
        Ok(sample.number)
    }

    /// Corrects the times of a range of samples, from now on whenever they are read.
    ///
    /// # Errors
    /// As [`Store::put`].
    pub async fn place_samples(&mut self, row: PlacedSamples) -> Result<(), StoreError> {
        let mut placed = self.placed.clone();
        placed.put(row);
        self.put(Key::Placed as u8, &placed).await?;
        self.placed = placed;
        Ok(())
    }

    /// Calls `visit` with each stored sample from `number` on and its postcard bytes, oldest first, until it returns `Break`. Times are corrected.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn each_sample(
        &mut self,
        number: u32,
        mut visit: impl FnMut(Sample, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let placed = &self.placed;
        let mut in_place = |sample: Sample, bytes: &[u8]| {
            let Some(sample) = placed.placed(&sample) else {
                return visit(sample, bytes);
            };
            let mut bytes = [0; ITEM_BYTES];
            // At most a few bytes longer than the sample that was read, so it fits.
            let bytes: &[u8] = postcard::to_slice(&sample, &mut bytes).map_or(&[], |bytes| bytes);
            visit(sample, bytes)
        };
        let visited = self
            .ring
            .each(&mut self.flash, &self.layout, number, &mut in_place)
            .await;
        visited.map_err(|error| self.failed(error))
    }
}
