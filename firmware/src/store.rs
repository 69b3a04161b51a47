//! Everything the logger keeps through power cuts.
//!
//! One flash, seven regions ([`Layout`]): a map for the configuration, queues for events, repeating events and months, two slots for model
//! files, and a ring of samples. The map and the queues are sequential-storage's, whose items carry a CRC and appear whole or not at all; values
//! are postcard, each with its version ([`Versioned`], [`MonthEntry`]). What a function here acknowledges was read back and survives a power cut
//! at any byte; what it was doing when the power went is done or not done.
//!
//! Its futures must not be dropped before they are done.

mod error;
mod held;
mod key;
mod layout;
mod month_entry;
mod placed;
mod queue;
mod ring;
mod slots;
mod versioned;

use core::ops::{ControlFlow, Range};

use amlstm_core::link::{EstimateRecord, Event, EventKind, MAX_CHANNELS, MonthRecord, Sample};
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::board::MappedFlash;

pub use error::StoreError;
pub use held::Held;
pub use key::{Key, map_key};
pub use layout::Layout;
pub use month_entry::{MissingMonths, MonthEntry, VoidMonths};
pub use placed::{Placed, PlacedSamples};
use queue::{ITEM_BYTES, each_item};
pub use ring::MAX_SEGMENTS;
use ring::Ring;
pub use slots::{SIGNATURE_BYTES, SlotRecord, Slots};
use versioned::Versioned;

/// Number of the layout of everything on flash. Another number is another layout, and this firmware leaves it alone.
pub const FLASH_FORMAT: u8 = 2;
/// Bytes of a month on flash, with its estimate, beside those of its channels. Used for what is free.
const MONTH_BYTES: u32 = 67;
/// Bytes of a channel of a month and of an input of its estimate.
const MONTH_CHANNEL_BYTES: u32 = 26;

/// The flash and what is known of it.
pub struct Store<F: MappedFlash> {
    flash: F,
    layout: Layout,
    ring: Ring,
    held: Held,
    placed: Placed,
    errors: u32,
}

type MapOf<'f, F> = MapStorage<u8, &'f mut F, Cache<Uncached, Uncached, Uncached, u8>>;

impl<F: MappedFlash> Store<F> {
    /// Opens the flash, and lays it out if it is empty.
    ///
    /// # Errors
    /// [`StoreError::Format`] if it holds another layout, [`StoreError::Flash`] if it cannot be read or written; the flash is given back.
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
        // Not wrapped in its version: it is what tells the versions of everything else.
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

    /// Erases everything that a flash holds.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn erase(flash: &mut F, layout: &Layout) -> Result<(), StoreError> {
        let end = layout.samples.end;
        let mut sector = layout.config.start;
        // The sector that holds the format goes first, so that what is left of an erase that was cut is never taken for a whole store.
        while sector < end {
            flash
                .erase(sector, sector + layout::SECTOR)
                .await
                .map_err(|_| StoreError::Flash)?;
            sector += layout::SECTOR;
        }
        Ok(())
    }

    /// What the logs hold.
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Where everything lies.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Operations that failed since the start.
    pub fn errors(&self) -> u32 {
        self.errors
    }

    /// Number of the oldest sample.
    pub fn first_sample(&self) -> u32 {
        self.ring.first_number()
    }

    /// Number the next sample gets.
    pub fn next_sample(&self) -> u32 {
        self.ring.next_number()
    }

    /// Samples the ring can keep, about.
    pub fn sample_capacity(&self) -> u32 {
        self.layout.sample_capacity()
    }

    /// The flash, given back.
    pub fn into_flash(self) -> F {
        self.flash
    }

    /// The flash, to cut its power.
    #[cfg(test)]
    pub fn flash_mut(&mut self) -> &mut F {
        &mut self.flash
    }

    /// Reads a value of the map. A value that this firmware cannot read counts as none and is counted.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn get<T: DeserializeOwned>(&mut self, key: u8) -> Result<Option<T>, StoreError> {
        Ok(self.try_get(key).await?.and_then(Result::ok))
    }

    /// The same, with an error for a value that this firmware cannot read.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn try_get<T: DeserializeOwned>(
        &mut self,
        key: u8,
    ) -> Result<Option<Result<T, Unreadable>>, StoreError> {
        let mut buffer = [0; ITEM_BYTES];
        let mut map = self.map()?;
        let bytes: Result<Option<&[u8]>, _> = map.fetch_item(&mut buffer, &key).await;
        let read = match bytes {
            Ok(bytes) => bytes.map(|bytes| {
                postcard::from_bytes::<Versioned<T>>(bytes)
                    .map(Versioned::newest)
                    .map_err(|_| Unreadable)
            }),
            Err(error) => return Err(self.failed(error.into())),
        };
        if matches!(read, Some(Err(Unreadable))) {
            self.held.unreadable = self.held.unreadable.saturating_add(1);
        }
        Ok(read)
    }

    /// Writes a value of the map.
    ///
    /// # Errors
    /// [`StoreError::Flash`], [`StoreError::Full`], [`StoreError::TooLarge`], [`StoreError::NotKept`].
    pub async fn put<T: Serialize>(&mut self, key: u8, value: &T) -> Result<(), StoreError> {
        self.store(key, &Versioned::V1(value)).await
    }

    /// Appends an event; the oldest make room.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn push_event(&mut self, unix_s: u32, kind: EventKind) -> Result<(), StoreError> {
        let region = if repeats(&kind) {
            self.layout.repeating_events.clone()
        } else {
            self.layout.events.clone()
        };
        let event = Event {
            number: self.held.next_event,
            unix_s,
            kind,
        };
        let pushed = self.push(region, &Versioned::V1(&event), true).await;
        pushed.map_err(|error| self.failed(error))?;
        self.held.next_event = event.number.wrapping_add(1);
        // The push may have dropped the oldest page.
        if let Some(first) = self.event_from(0).await? {
            self.held.first_event = first.number;
        }
        Ok(())
    }

    /// The first kept event whose number is at least `number`.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn event_from(&mut self, number: u32) -> Result<Option<Event>, StoreError> {
        let mut found: Option<Event> = None;
        for region in [
            self.layout.events.clone(),
            self.layout.repeating_events.clone(),
        ] {
            self.each(region, |event: Versioned<Event>| {
                let event = event.newest();
                if event.number < number {
                    return ControlFlow::Continue(());
                }
                if found
                    .as_ref()
                    .is_none_or(|found| event.number < found.number)
                {
                    found = Some(event);
                }
                ControlFlow::Break(())
            })
            .await?;
        }
        Ok(found)
    }

    /// Appends a closed month.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn push_month(&mut self, record: MonthRecord) -> Result<(), StoreError> {
        self.push_entry(MonthEntry::Closed(record)).await
    }

    /// Appends a run of months without samples.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn push_missing(&mut self, missing: MissingMonths) -> Result<(), StoreError> {
        self.push_entry(MonthEntry::Missing(missing)).await
    }

    /// Appends an estimate.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn push_estimate(&mut self, estimate: EstimateRecord) -> Result<(), StoreError> {
        self.push_entry(MonthEntry::Estimate(estimate)).await
    }

    /// Makes every month from one on void. The entries stay on flash.
    ///
    /// # Errors
    /// [`StoreError::Full`] if it was done too often, [`StoreError::Flash`].
    pub async fn push_void(&mut self, void: VoidMonths) -> Result<(), StoreError> {
        if self.held.voids_are_full() {
            return Err(StoreError::Full);
        }
        self.push_entry(MonthEntry::Void(void)).await?;
        self.survey_months().await?;
        Ok(())
    }

    /// Calls `visit` with each closed month and each estimate, oldest first, until it breaks. Void ones are left out, runs of missing months
    /// come month by month.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn each_month(
        &mut self,
        mut visit: impl FnMut(MonthEntry) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let region = self.layout.months.clone();
        let voids = self.held.voids.clone();
        let mut number = 0;
        self.each(region, |entry: MonthEntry| {
            number += 1;
            match voids.live(number - 1, entry) {
                Some(MonthEntry::Missing(missing)) => missing
                    .records()
                    .try_for_each(|record| visit(MonthEntry::Closed(record))),
                Some(entry) => visit(entry),
                None => ControlFlow::Continue(()),
            }
        })
        .await?;
        Ok(())
    }

    /// Months of `channels` channels the log can still take, about; then the oldest make room.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn months_free(&mut self, channels: usize) -> Result<u16, StoreError> {
        let region = self.layout.months.clone();
        let left = queue::space_left(&mut self.flash, region).await;
        let left = left.map_err(|error| self.failed(error))?;
        let month = MONTH_BYTES + MONTH_CHANNEL_BYTES * channels as u32;
        let months = left.checked_div(month).unwrap_or(0);
        Ok(months.min(u32::from(u16::MAX)) as u16)
    }

    /// Appends a sample under the next number; the oldest make room. Returns its number.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn push_sample(&mut self, mut sample: Sample) -> Result<u32, StoreError> {
        sample.number = self.ring.next_number();
        let mut bytes = [0; ITEM_BYTES];
        let bytes = postcard::to_slice(&Versioned::V1(&sample), &mut bytes)
            .map_err(|_| StoreError::TooLarge)?;
        let pushed = self
            .ring
            .push(&mut self.flash, &self.layout, sample.number, bytes)
            .await;
        pushed.map_err(|error| self.failed(error))?;
        self.held.last_sample_unix_s = Some(sample.unix_s);
        Ok(sample.number)
    }

    /// Gives a row of samples their time, from now on whenever they are read.
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

    /// Calls `visit` with each kept sample from `number` on and its postcard bytes, oldest first, until it breaks. Samples that got their time
    /// later have it.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn each_sample(
        &mut self,
        number: u32,
        mut visit: impl FnMut(Sample, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let placed = &self.placed;
        let in_place = |sample: Sample, bytes: &[u8]| {
            let Some(sample) = placed.placed(&sample) else {
                return visit(sample, bytes);
            };
            let mut bytes = [0; ITEM_BYTES];
            // As long as the sample that was read, but for a few bytes.
            let bytes: &[u8] = postcard::to_slice(&sample, &mut bytes).map_or(&[], |bytes| bytes);
            visit(sample, bytes)
        };
        let visited = self
            .ring
            .each(&mut self.flash, &self.layout, number, in_place)
            .await;
        visited.map_err(|error| self.failed(error))
    }

    /// Counts a failure.
    fn failed(&mut self, error: StoreError) -> StoreError {
        self.errors = self.errors.saturating_add(1);
        error
    }

    fn map(&mut self) -> Result<MapOf<'_, F>, StoreError> {
        let config =
            MapConfig::try_new(self.layout.config.clone()).map_err(|_| StoreError::Flash)?;
        Ok(MapStorage::new(
            &mut self.flash,
            config,
            Cache::new_uncached(),
        ))
    }

    async fn fetch<T: DeserializeOwned>(&mut self, key: u8) -> Result<Option<T>, StoreError> {
        let mut buffer = [0; ITEM_BYTES];
        let mut map = self.map()?;
        let bytes: Result<Option<&[u8]>, _> = map.fetch_item(&mut buffer, &key).await;
        match bytes {
            Ok(bytes) => Ok(bytes.and_then(|bytes| postcard::from_bytes(bytes).ok())),
            Err(error) => Err(self.failed(error.into())),
        }
    }

    /// Writes a value of the map and reads it back, for the reason that [`queue::push`] gives.
    async fn store<T: Serialize>(&mut self, key: u8, value: &T) -> Result<(), StoreError> {
        let mut value_bytes = [0; ITEM_BYTES - 8];
        let value_bytes: &[u8] =
            postcard::to_slice(value, &mut value_bytes).map_err(|_| StoreError::TooLarge)?;
        let mut buffer = [0; ITEM_BYTES];
        for _ in 0..queue::TRIES {
            let mut map = self.map()?;
            let stored = map.store_item(&mut buffer, &key, &value_bytes).await;
            if let Err(error) = stored {
                return Err(self.failed(error.into()));
            }
            // A map that knows nothing of the write.
            let mut map = self.map()?;
            let kept: Result<Option<&[u8]>, _> = map.fetch_item(&mut buffer, &key).await;
            match kept {
                Ok(kept) if kept == Some(value_bytes) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(self.failed(error.into())),
            }
        }
        Err(self.failed(StoreError::NotKept))
    }

    async fn push<T: Serialize>(
        &mut self,
        region: Range<u32>,
        item: &T,
        overwrite: bool,
    ) -> Result<(), StoreError> {
        let mut bytes = [0; ITEM_BYTES];
        let bytes = postcard::to_slice(item, &mut bytes).map_err(|_| StoreError::TooLarge)?;
        queue::push(&mut self.flash, &region, bytes, overwrite).await
    }

    /// Appends an entry to the log of months; if it is full, its oldest make room.
    async fn push_entry(&mut self, entry: MonthEntry) -> Result<(), StoreError> {
        let region = self.layout.months.clone();
        match self.push(region.clone(), &entry, false).await {
            Ok(()) => self.held.note_appended(&entry),
            Err(StoreError::Full) => {
                let pushed = self.push(region, &entry, true).await;
                pushed.map_err(|error| self.failed(error))?;
                self.survey_months().await?;
            }
            Err(error) => return Err(self.failed(error)),
        }
        Ok(())
    }

    async fn each<T: DeserializeOwned>(
        &mut self,
        region: Range<u32>,
        mut visit: impl FnMut(T) -> ControlFlow<()>,
    ) -> Result<u32, StoreError> {
        let mut unreadable = 0;
        let visited = each_item(&mut self.flash, region, |bytes| {
            if let Ok(item) = postcard::from_bytes(bytes) {
                return visit(item);
            }
            // Written by a newer firmware: not for this one.
            unreadable += 1;
            ControlFlow::Continue(())
        })
        .await;
        visited.map_err(|error| self.failed(error))?;
        Ok(unreadable)
    }

    async fn survey_events(&mut self) -> Result<(), StoreError> {
        let (mut first, mut next, mut unreadable) = (u32::MAX, 0, 0);
        for region in [
            self.layout.events.clone(),
            self.layout.repeating_events.clone(),
        ] {
            unreadable += self
                .each(region, |event: Versioned<Event>| {
                    let event = event.newest();
                    first = event.number.min(first);
                    next = event.number.wrapping_add(1).max(next);
                    ControlFlow::Continue(())
                })
                .await?;
        }
        self.held.first_event = first.min(next);
        self.held.next_event = next;
        self.held.unreadable += unreadable;
        Ok(())
    }

    /// Reads the log of months; the number of entries that this firmware cannot read.
    async fn survey_months(&mut self) -> Result<u32, StoreError> {
        let region = self.layout.months.clone();
        let mut survey = Held::default();
        let unreadable = self
            .each(region.clone(), |entry: MonthEntry| {
                survey.note_void(&entry);
                ControlFlow::Continue(())
            })
            .await?;
        let mut number = 0;
        let voids = survey.voids.clone();
        self.each(region, |entry: MonthEntry| {
            number += 1;
            if let Some(entry) = voids.live(number - 1, entry) {
                survey.note_month(&entry);
            }
            ControlFlow::Continue(())
        })
        .await?;
        survey.first_event = self.held.first_event;
        survey.next_event = self.held.next_event;
        survey.last_sample_unix_s = self.held.last_sample_unix_s;
        survey.unreadable = self.held.unreadable;
        self.held = survey;
        Ok(unreadable)
    }
}

/// A value that this firmware cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Events that can repeat without end and that nobody causes.
fn repeats(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Started { .. }
            | EventKind::SensorQuality { .. }
            | EventKind::SamplesLate { .. }
            | EventKind::ClockChip(_)
    )
}

const _: () = assert!(
    ITEM_BYTES > 16 + MAX_CHANNELS * 24,
    "a month of eight channels fits an item"
);

#[cfg(test)]
mod tests;
