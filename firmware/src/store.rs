//! Everything the logger keeps through power cuts.
//!
//! One flash, six regions ([`Layout`]): a map for the configuration, queues for events and months, two slots for model files, and a ring of
//! samples. The map and the queues are sequential-storage's, whose items carry a CRC and appear whole or not at all; values are postcard.
//! What a function here acknowledges survives a power cut at any byte; what it was doing when the power went is done or not done.
//!
//! Its futures must not be dropped half way.

mod layout;
mod samples;
mod slots;

use core::ops::{ControlFlow, Range};

use amlstm_core::link::{Estimated, Event, EventKind, MAX_CHANNELS, MonthRecord, Sample};
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};
use sequential_storage::queue::{QueueConfig, QueueStorage};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::board::MappedFlash;

pub use layout::Layout;
pub use samples::MAX_SEGMENTS;
use samples::Ring;
pub use slots::{SlotRecord, Slots};

/// Number of the layout of everything on flash. Another number is another layout, and this firmware leaves it alone.
pub const FLASH_FORMAT: u8 = 1;
/// Longest item in bytes: eight channels of a month or a sample, with their item headers.
const ITEM_BYTES: usize = 320;
/// Bytes of a month and its estimate on flash, about: eight channels. Used for what is free.
const MONTH_BYTES: u32 = 112;

/// Keys of the map. Appended only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Key {
    /// [`FLASH_FORMAT`].
    Format = 0,
    /// Station name, datum, serial number.
    Station = 1,
    /// Seconds between samples.
    Interval = 2,
    /// The barometer.
    Barometer = 3,
    /// Alarm limit.
    RateLimit = 4,
    /// Which models are accepted.
    Security = 5,
    /// Models in the slots: the commit point of a model swap.
    Slots = 6,
    /// Starts and watchdog resets.
    Counters = 7,
    /// The clock when it was last set.
    Clock = 8,
    /// First of [`MAX_CHANNELS`] channels.
    Channel = 16,
}

/// Why the store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The flash chip refused, or what it holds is beyond repair.
    Flash,
    /// No room is left.
    Full,
    /// A record is larger than an item may be.
    TooLarge,
    /// The flash holds another layout.
    Format {
        /// Its number.
        found: u8,
    },
}

impl<E> From<sequential_storage::Error<E>> for StoreError {
    fn from(error: sequential_storage::Error<E>) -> Self {
        match error {
            sequential_storage::Error::FullStorage => Self::Full,
            sequential_storage::Error::ItemTooBig
            | sequential_storage::Error::BufferTooSmall(_) => Self::TooLarge,
            _ => Self::Flash,
        }
    }
}

/// An entry in the log of months. Appended only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MonthEntry {
    /// A month was closed.
    Closed(MonthRecord),
    /// A closed month was estimated.
    Estimated(Estimated),
}

/// What the logs hold, known without reading them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// Number of the oldest event.
    pub first_event: u32,
    /// Number the next event gets.
    pub next_event: u32,
    /// Closed months.
    pub months: u16,
    /// The last of them.
    pub last_month: Option<MonthRecord>,
    /// The last estimate made.
    pub last_estimate: Option<Estimated>,
    /// Time of the last sample.
    pub last_sample_unix_s: Option<u32>,
}

/// The flash and what is known of it.
pub struct Store<F: MappedFlash> {
    flash: F,
    layout: Layout,
    ring: Ring,
    held: Held,
    errors: u32,
}

type NoCache<K> = Cache<Uncached, Uncached, Uncached, K>;
type MapOf<'f, F> = MapStorage<u8, &'f mut F, NoCache<u8>>;

impl<F: MappedFlash> Store<F> {
    /// Opens the flash, and lays it out if it is empty.
    ///
    /// # Errors
    /// [`StoreError::Format`] if it holds another layout, [`StoreError::Flash`] if it cannot be read or written.
    pub async fn open(flash: F, layout: Layout) -> Result<Self, StoreError> {
        let mut store = Self {
            flash,
            layout,
            ring: Ring::default(),
            held: Held::default(),
            errors: 0,
        };
        match store.get::<u8>(Key::Format as u8).await? {
            Some(FLASH_FORMAT) => {}
            Some(found) => return Err(StoreError::Format { found }),
            None => store.put(Key::Format as u8, &FLASH_FORMAT).await?,
        }
        store.survey_events().await?;
        store.survey_months().await?;
        store.ring = Ring::survey(&mut store.flash, &store.layout).await?;
        store.held.last_sample_unix_s = store.ring.last_unix_s();
        Ok(store)
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
    #[cfg(test)]
    pub fn into_flash(self) -> F {
        self.flash
    }

    /// The flash, to cut its power.
    #[cfg(test)]
    pub fn flash_mut(&mut self) -> &mut F {
        &mut self.flash
    }

    /// Reads a value of the map. A value that this firmware cannot read counts as none.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn get<T: DeserializeOwned>(&mut self, key: u8) -> Result<Option<T>, StoreError> {
        let mut buffer = [0; ITEM_BYTES];
        let mut map = self.map()?;
        let bytes: Result<Option<&[u8]>, _> = map.fetch_item(&mut buffer, &key).await;
        match bytes {
            Ok(bytes) => Ok(bytes.and_then(|bytes| postcard::from_bytes(bytes).ok())),
            Err(error) => Err(self.failed(error.into())),
        }
    }

    /// Writes a value of the map.
    ///
    /// # Errors
    /// [`StoreError::Flash`], [`StoreError::Full`], [`StoreError::TooLarge`].
    pub async fn put<T: Serialize>(&mut self, key: u8, value: &T) -> Result<(), StoreError> {
        let mut value_bytes = [0; ITEM_BYTES - 8];
        let value_bytes: &[u8] =
            postcard::to_slice(value, &mut value_bytes).map_err(|_| StoreError::TooLarge)?;
        let mut buffer = [0; ITEM_BYTES];
        let stored = self
            .map()?
            .store_item(&mut buffer, &key, &value_bytes)
            .await;
        stored.map_err(|error| self.failed(error.into()))
    }

    /// Appends an event; the oldest make room.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn push_event(&mut self, unix_s: u32, kind: EventKind) -> Result<(), StoreError> {
        let event = Event {
            number: self.held.next_event,
            unix_s,
            kind,
        };
        let region = self.layout.events.clone();
        self.push(region, &event, true).await?;
        self.held.next_event = event.number.wrapping_add(1);
        // The push may have dropped the oldest page.
        if let Some(first) = self.first::<Event>(self.layout.events.clone()).await? {
            self.held.first_event = first.number;
        }
        Ok(())
    }

    /// The first kept event whose number is at least `number`.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn event_from(&mut self, number: u32) -> Result<Option<Event>, StoreError> {
        let mut found = None;
        let region = self.layout.events.clone();
        self.each(region, |event: Event| {
            if event.number < number {
                return ControlFlow::Continue(());
            }
            found = Some(event);
            ControlFlow::Break(())
        })
        .await?;
        Ok(found)
    }

    /// Appends a closed month. It is never overwritten.
    ///
    /// # Errors
    /// [`StoreError::Full`] if the log of months is full, [`StoreError::Flash`].
    pub async fn push_month(&mut self, record: MonthRecord) -> Result<(), StoreError> {
        let region = self.layout.months.clone();
        let entry = MonthEntry::Closed(record);
        self.push(region, &entry, false).await?;
        self.note_month(entry);
        Ok(())
    }

    /// Appends an estimate. It is never overwritten.
    ///
    /// # Errors
    /// [`StoreError::Full`] if the log of months is full, [`StoreError::Flash`].
    pub async fn push_estimate(&mut self, estimate: Estimated) -> Result<(), StoreError> {
        let region = self.layout.months.clone();
        let entry = MonthEntry::Estimated(estimate);
        self.push(region, &entry, false).await?;
        self.note_month(entry);
        Ok(())
    }

    /// Calls `visit` with each entry of the log of months, oldest first, until it breaks.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn each_month(
        &mut self,
        visit: impl FnMut(MonthEntry) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let region = self.layout.months.clone();
        self.each(region, visit).await
    }

    /// Months the log can still take, about.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn months_free(&mut self) -> Result<u16, StoreError> {
        let region = self.layout.months.clone();
        let left = self.queue(region)?.space_left().await;
        let left = left.map_err(|error| self.failed(error.into()))?;
        Ok((left / MONTH_BYTES).min(u32::from(u16::MAX)) as u16)
    }

    /// Appends a sample under the next number; the oldest make room. Returns its number.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn push_sample(&mut self, mut sample: Sample) -> Result<u32, StoreError> {
        sample.number = self.ring.next_number();
        let mut bytes = [0; ITEM_BYTES];
        let bytes = postcard::to_slice(&sample, &mut bytes).map_err(|_| StoreError::TooLarge)?;
        let pushed = self
            .ring
            .push(&mut self.flash, &self.layout, sample.number, bytes)
            .await;
        pushed.map_err(|error| self.failed(error))?;
        self.held.last_sample_unix_s = Some(sample.unix_s);
        Ok(sample.number)
    }

    /// Calls `visit` with each kept sample from `number` on and its postcard bytes, oldest first, until it breaks.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn each_sample(
        &mut self,
        number: u32,
        visit: impl FnMut(Sample, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let visited = self
            .ring
            .each(&mut self.flash, &self.layout, number, visit)
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

    fn queue(&mut self, region: Range<u32>) -> Result<Queue<'_, F>, StoreError> {
        queue(&mut self.flash, region)
    }

    async fn push<T: Serialize>(
        &mut self,
        region: Range<u32>,
        item: &T,
        overwrite: bool,
    ) -> Result<(), StoreError> {
        let mut bytes = [0; ITEM_BYTES];
        let bytes = postcard::to_slice(item, &mut bytes).map_err(|_| StoreError::TooLarge)?;
        let pushed = self.queue(region)?.push(bytes, overwrite).await;
        pushed.map_err(|error| self.failed(error.into()))
    }

    async fn each<T: DeserializeOwned>(
        &mut self,
        region: Range<u32>,
        mut visit: impl FnMut(T) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let visited = each_item(
            &mut self.flash,
            region,
            |bytes| match postcard::from_bytes(bytes) {
                Ok(item) => visit(item),
                // Written by a newer firmware: not for this one.
                Err(_) => ControlFlow::Continue(()),
            },
        )
        .await;
        visited.map_err(|error| self.failed(error))
    }

    async fn first<T: DeserializeOwned>(
        &mut self,
        region: Range<u32>,
    ) -> Result<Option<T>, StoreError> {
        let mut first = None;
        self.each(region, |item| {
            first = Some(item);
            ControlFlow::Break(())
        })
        .await?;
        Ok(first)
    }

    async fn survey_events(&mut self) -> Result<(), StoreError> {
        let (mut first, mut next) = (None, 0);
        self.each(self.layout.events.clone(), |event: Event| {
            first.get_or_insert(event.number);
            next = event.number.wrapping_add(1);
            ControlFlow::Continue(())
        })
        .await?;
        self.held.first_event = first.unwrap_or(0);
        self.held.next_event = next;
        Ok(())
    }

    async fn survey_months(&mut self) -> Result<(), StoreError> {
        let mut survey = Held::default();
        self.each_month(|entry| {
            survey.note_month(entry);
            ControlFlow::Continue(())
        })
        .await?;
        self.held.months = survey.months;
        self.held.last_month = survey.last_month;
        self.held.last_estimate = survey.last_estimate;
        Ok(())
    }

    fn note_month(&mut self, entry: MonthEntry) {
        self.held.note_month(entry);
    }
}

impl Held {
    fn note_month(&mut self, entry: MonthEntry) {
        match entry {
            MonthEntry::Closed(record) => {
                self.months += 1;
                self.last_month = Some(record);
            }
            MonthEntry::Estimated(estimate) => self.last_estimate = Some(estimate),
        }
    }
}

type Queue<'f, F> = QueueStorage<&'f mut F, NoCache<()>>;

fn queue<F: MappedFlash>(flash: &mut F, region: Range<u32>) -> Result<Queue<'_, F>, StoreError> {
    let config = QueueConfig::try_new(region).map_err(|_| StoreError::Flash)?;
    Ok(QueueStorage::new(flash, config, Cache::new_uncached()))
}

async fn each_item<F: MappedFlash>(
    flash: &mut F,
    region: Range<u32>,
    mut visit: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let mut queue = queue(flash, region)?;
    let mut items = queue.iter().await?;
    let mut buffer = [0; ITEM_BYTES];
    while let Some(item) = items.next(&mut buffer).await? {
        if visit(&item).is_break() {
            break;
        }
    }
    Ok(())
}

const _: () = assert!(
    ITEM_BYTES > 16 + MAX_CHANNELS * 24,
    "a month of eight channels fits an item"
);

#[cfg(test)]
mod tests;
