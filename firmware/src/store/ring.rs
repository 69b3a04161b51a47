//! The ring of samples.
//!
//! The region is divided into segments, each a queue of its own, so that finding a sample or the end reads one segment and not the whole flash. When
//! a segment is full the next one is erased: the oldest samples are dropped segment by segment, and all sectors wear evenly.

use core::ops::ControlFlow;

use amlstm_core::link::Sample;
use heapless::Vec;

use super::queue::{self, each_item};
use super::versioned::{VERSION_BYTES, Versioned};
use super::{Layout, StoreError};
use crate::board::MappedFlash;

/// Most segments; the number of the first sample in each is kept in RAM.
pub const MAX_SEGMENTS: usize = 64;

/// Index of the segments.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ring {
    /// Number of each segment's first sample; `None` if it is empty.
    first_numbers: Vec<Option<u32>, MAX_SEGMENTS>,
    current: usize,
    next_number: u32,
    last_unix_s: Option<u32>,
    /// Samples of the newest segment that this firmware cannot decode.
    unreadable: u32,
}

impl Ring {
    /// Reads the first sample of each segment, and all samples of the newest.
    pub async fn survey<F: MappedFlash>(
        flash: &mut F,
        layout: &Layout,
    ) -> Result<Self, StoreError> {
        let mut ring = Self::default();
        for index in 0..layout.segments() {
            let first = first_sample(flash, layout, index)
                .await?
                .map(|sample| sample.number);
            ring.first_numbers
                .push(first)
                .map_err(|_| StoreError::TooLarge)?;
        }
        let newest = ring
            .first_numbers
            .iter()
            .enumerate()
            .filter_map(|(index, first)| first.map(|first| (first, index)));
        let Some((first, current)) = newest.max() else {
            return Ok(ring);
        };
        ring.current = current;
        ring.next_number = first + 1;
        each_item(flash, layout.segment(current), &mut |bytes| {
            match read(bytes) {
                Some((sample, _)) => {
                    ring.next_number = sample.number + 1;
                    ring.last_unix_s = Some(sample.unix_s);
                }
                None => ring.unreadable += 1,
            }
            ControlFlow::Continue(())
        })
        .await?;
        Ok(ring)
    }

    pub fn first_number(&self) -> u32 {
        self.first_numbers
            .iter()
            .flatten()
            .copied()
            .min()
            .unwrap_or(0)
    }

    pub fn next_number(&self) -> u32 {
        self.next_number
    }

    pub fn last_unix_s(&self) -> Option<u32> {
        self.last_unix_s
    }

    pub fn unreadable(&self) -> u32 {
        self.unreadable
    }

    pub async fn push<F: MappedFlash>(
        &mut self,
        flash: &mut F,
        layout: &Layout,
        number: u32,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        match queue::push(flash, &layout.segment(self.current), bytes, false).await {
            Ok(()) => {}
            Err(StoreError::Full) => {
                let next = (self.current + 1) % layout.segments().max(1);
                queue::erase(flash, layout.segment(next)).await?;
                if let Some(first) = self.first_numbers.get_mut(next) {
                    *first = None;
                }
                self.current = next;
                queue::push(flash, &layout.segment(next), bytes, false).await?;
            }
            Err(error) => return Err(error),
        }
        if let Some(first) = self.first_numbers.get_mut(self.current) {
            first.get_or_insert(number);
        }
        self.next_number = number + 1;
        Ok(())
    }

    pub async fn each<F: MappedFlash>(
        &self,
        flash: &mut F,
        layout: &Layout,
        number: u32,
        visit: &mut dyn FnMut(Sample, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut stopped = false;
        // From the segment after the current one, which is the oldest, to the current one.
        for step in 1..=layout.segments() {
            let index = (self.current + step) % layout.segments().max(1);
            if stopped || self.ends_before(index, number) {
                continue;
            }
            each_item(flash, layout.segment(index), &mut |bytes| {
                let Some((sample, zeros)) = read(bytes) else {
                    return ControlFlow::Continue(());
                };
                if sample.number < number {
                    return ControlFlow::Continue(());
                }
                let end = bytes.len() - zeros;
                let flow = visit(sample, bytes.get(VERSION_BYTES..end).unwrap_or_default());
                stopped = flow.is_break();
                flow
            })
            .await?;
        }
        Ok(())
    }

    /// True if the segment is empty or the next one begins at or before `number`.
    fn ends_before(&self, index: usize, number: u32) -> bool {
        let first_of = |index: usize| self.first_numbers.get(index).copied().flatten();
        let Some(first) = first_of(index) else {
            return true;
        };
        let next = first_of((index + 1) % self.first_numbers.len().max(1));
        next.is_some_and(|next| next > first && next <= number)
    }
}

async fn first_sample<F: MappedFlash>(
    flash: &mut F,
    layout: &Layout,
    index: usize,
) -> Result<Option<Sample>, StoreError> {
    let mut first = None;
    each_item(flash, layout.segment(index), &mut |bytes| {
        first = read(bytes).map(|(sample, _)| sample);
        if first.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .await?;
    Ok(first)
}

/// A sample, and how many zero bytes lie behind it ([`super::packed`]).
fn read(bytes: &[u8]) -> Option<(Sample, usize)> {
    let (sample, zeros) = postcard::take_from_bytes::<Versioned<Sample>>(bytes).ok()?;
    Some((sample.newest(), zeros.len()))
}
