//! The wall clock: UTC from power-on to power loss, and how it is set.

use core::ops::ControlFlow;

use amlstm_core::artifact::ModelFile;
use amlstm_core::link::{ClockDoubt, ClockState, EventKind, Fault};
use serde::{Deserialize, Serialize};

use super::Logger;
use crate::board::{Clock, MappedFlash};
use crate::calendar::month_index_of;
use crate::store::{Key, MonthEntry, PlacedSamples, Store, StoreError};

/// Earliest time a clock may be set to: 2020-01-01.
const EARLIEST_UNIX_S: u32 = 1_577_836_800;
/// Latest: 2100-01-01.
const LATEST_UNIX_S: u32 = 4_102_444_800;
/// No logger ran this firmware before 2026-01-01.
const FIRST_RUN_UNIX_S: u32 = 1_767_225_600;
/// A first date needs confirmation if it is later than this after the model's training, or after the firmware: ten years, in months.
const LONGEST_SERVICE_MONTHS: i32 = 120;
/// A longer jump of the clock needs confirmation.
const LONGEST_JUMP_S: u32 = 86_400;

/// UTC as an offset from the time since the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WallClock {
    state: ClockState,
    /// UTC and time since the start, at the same moment.
    base_unix_s: u32,
    base_uptime_ms: u64,
    /// The samples taken since the start while the clock was unsure; kept for an hour after the clock was set, so that a wrong setting can be
    /// corrected.
    unsure_from: Option<UnsureFrom>,
}

/// The samples that were taken while the clock was unsure.
#[derive(Clone, Copy, Debug, PartialEq)]
struct UnsureFrom {
    first: u32,
    /// Once the clock was set: number after the last sample, seconds added to their times, and uptime until which a new setting changes that
    /// correction.
    placed: Option<(u32, i32, u64)>,
}

/// How long after the clock was set another setting still corrects the same samples.
const MENDED_WITHIN_MS: u64 = 3_600_000;

/// The last setting of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ClockSetting {
    unix_s: u32,
    /// Number of the next sample then: earlier samples have times of the previous setting.
    next_sample: u32,
}

impl WallClock {
    /// A clock that was never set.
    pub(super) fn unset() -> Self {
        Self {
            state: ClockState::Unset,
            base_unix_s: 0,
            base_uptime_ms: 0,
            unsure_from: None,
        }
    }

    /// The time of the clock chip, or else the kept one, if plausible; else the last known time, as unsure; else unset.
    pub(super) async fn at_start<F: MappedFlash>(
        clock: &impl Clock,
        chip: Option<u32>,
        store: &mut Store<F>,
    ) -> Result<Self, StoreError> {
        let last_unix_s = last_known_unix_s(store).await?;
        let earliest = last_unix_s.unwrap_or(EARLIEST_UNIX_S);
        let can_be_true = |time: &u32| (earliest..LATEST_UNIX_S).contains(time);
        let kept = chip
            .filter(can_be_true)
            .or_else(|| clock.kept_unix_s().filter(can_be_true));
        let before: Option<Option<u32>> = store.get(Key::Unsure as u8).await?;
        let of_chip = chip.as_ref().is_some_and(can_be_true);
        let (state, unix_s, unsure_from) = match (kept, last_unix_s) {
            // An unsure clock continues across a reset, and stays unsure.
            (Some(kept), _) if !of_chip && before.flatten().is_some() => {
                (ClockState::Unsure, kept, before.flatten())
            }
            (Some(kept), _) => (ClockState::Set, kept, None),
            (None, Some(last)) => (ClockState::Unsure, last, Some(store.next_sample())),
            (None, None) => (ClockState::Unset, 0, None),
        };
        if before.flatten() != unsure_from {
            // A failure is counted in the store; the samples then keep their flag and are not corrected.
            let _ = store.put(Key::Unsure as u8, &unsure_from).await;
        }
        Ok(Self {
            state,
            base_unix_s: unix_s,
            base_uptime_ms: clock.uptime_ms(),
            unsure_from: unsure_from.map(|first| UnsureFrom {
                first,
                placed: None,
            }),
        })
    }

    fn unix_ms(&self, uptime_ms: u64) -> Option<u64> {
        let elapsed_ms = uptime_ms.saturating_sub(self.base_uptime_ms);
        (self.state != ClockState::Unset).then(|| u64::from(self.base_unix_s) * 1000 + elapsed_ms)
    }
}

impl<F: MappedFlash> Logger<F> {
    /// UTC, seconds since 1970; `None` while the clock is unset.
    pub fn unix_s(&self, clock: &impl Clock) -> Option<u32> {
        self.unix_s_at(clock.uptime_ms())
    }

    /// UTC at an uptime, seconds since 1970; `None` while the clock is unset.
    pub fn unix_s_at(&self, uptime_ms: u64) -> Option<u32> {
        self.unix_ms(uptime_ms)
            .map(|unix_ms| u32::try_from(unix_ms / 1000).unwrap_or(u32::MAX))
    }

    /// UTC at an uptime, milliseconds since 1970; `None` while the clock is unset.
    pub fn unix_ms(&self, uptime_ms: u64) -> Option<u64> {
        self.clock.unix_ms(uptime_ms)
    }

    /// Whether the clock is set, unsure or unset.
    pub fn clock_state(&self) -> ClockState {
        self.clock.state
    }

    /// The first month whose samples count, if the clock is earlier than that, in months since 0000-01: earlier months are closed.
    pub fn counts_from_month(&self, clock: &impl Clock) -> Option<i32> {
        let now = self.month_index_of(self.unix_s(clock)?);
        let first = self.tally.first_countable_month()?;
        (now < first).then_some(first)
    }

    /// Sets the clock and logs it. Months are closed by later samples, never here.
    ///
    /// # Errors
    /// [`Fault::ClockRange`], [`Fault::ClockJump`] without `confirm_jump`, [`Fault::Storage`].
    pub async fn set_clock(
        &mut self,
        clock: &impl Clock,
        unix_s: u32,
        confirm_jump: bool,
    ) -> Result<(), Fault> {
        if !(EARLIEST_UNIX_S..LATEST_UNIX_S).contains(&unix_s) {
            return Err(Fault::ClockRange);
        }
        if !confirm_jump && let Some(doubt) = self.doubt(clock, unix_s).await? {
            return Err(Fault::ClockJump(doubt));
        }
        let old_unix_s = self.unix_s(clock).unwrap_or(0);
        let row = self.row_to_place(clock, unix_s);
        let setting = ClockSetting {
            unix_s,
            next_sample: self.store.next_sample(),
        };
        self.store.put(Key::Clock as u8, &setting).await?;
        self.clock = WallClock {
            state: ClockState::Set,
            base_unix_s: unix_s,
            base_uptime_ms: clock.uptime_ms(),
            unsure_from: None,
        };
        clock.keep_unix_s(unix_s);
        let set = EventKind::ClockSet {
            old_unix_s,
            new_unix_s: unix_s,
        };
        self.note_aside(clock, set).await;
        if let Some(Err(fault)) = clock.set_chip(unix_s) {
            self.note_aside(clock, EventKind::ClockChip(fault)).await;
        }
        self.store.put(Key::Unsure as u8, &None::<u32>).await?;
        match row {
            Some((row, until_ms)) => self.place_samples(clock, row, until_ms).await,
            None => Ok(()),
        }
    }

    /// How setting the clock to `unix_s` now would correct the samples that were taken while it was unsure, and the uptime until which that can be
    /// changed.
    fn row_to_place(&self, clock: &impl Clock, unix_s: u32) -> Option<(PlacedSamples, u64)> {
        let UnsureFrom { first, placed } = self.clock.unsure_from?;
        let now_ms = clock.uptime_ms();
        let jump_s = i64::from(unix_s) - i64::from(self.unix_s(clock)?);
        let (end, before_s, until_ms) =
            placed.unwrap_or((self.store.next_sample(), 0, now_ms + MENDED_WITHIN_MS));
        let shift_s = i32::try_from(jump_s + i64::from(before_s)).ok()?;
        let row = PlacedSamples {
            first,
            end,
            shift_s,
        };
        (now_ms <= until_ms && end > first).then_some((row, until_ms))
    }

    /// Corrects the times of samples, and counts them again: months that were closed with them become void and are closed again.
    async fn place_samples(
        &mut self,
        clock: &impl Clock,
        row: PlacedSamples,
        until_ms: u64,
    ) -> Result<(), Fault> {
        self.store.place_samples(row).await?;
        self.clock.unsure_from = Some(UnsureFrom {
            first: row.first,
            placed: Some((row.end, row.shift_s, until_ms)),
        });
        let placed = EventKind::SamplesPlaced {
            first_sample: row.first,
            count: row.end - row.first,
            shift_s: row.shift_s,
        };
        self.note_aside(clock, placed).await;
        if let Some(month_index) = self.first_month_closed_after(row.first).await? {
            match self.void_months(clock, month_index, true).await {
                // The limit of void entries is reached: the months stay as they were closed, with the flag of an unsure clock.
                Err(Fault::Storage) | Ok(_) => {}
                Err(fault) => return Err(fault),
            }
        }
        let _ = self.recount(clock).await;
        Ok(())
    }

    /// The first closed month in which samples from `first` on may count.
    async fn first_month_closed_after(&mut self, first: u32) -> Result<Option<i32>, Fault> {
        let mut found = None;
        let visited = self.store.each_month(|entry| match entry {
            MonthEntry::Closed(record) if record.next_sample > first => {
                found = Some(record.month_index);
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        });
        visited.await?;
        Ok(found)
    }

    /// Why a new time is doubtful, and what setting it would entail; `None` if it is plausible.
    async fn doubt(
        &mut self,
        clock: &impl Clock,
        unix_s: u32,
    ) -> Result<Option<ClockDoubt>, Fault> {
        let month_index = self.month_index_of(unix_s);
        let now = self.unix_s(clock).or(self.store.held().last_sample_unix_s);
        if let Some(now) = now {
            let days = now.abs_diff(unix_s) / 86_400;
            let first = self.tally.first_countable_month();
            return Ok(if now.abs_diff(unix_s) <= LONGEST_JUMP_S {
                None
            } else if unix_s > now {
                let open = self.tally.open().map_or(month_index, |open| {
                    if open.is_empty() {
                        open.month_index()
                    } else {
                        open.month_index() + 1
                    }
                });
                Some(ClockDoubt::Ahead {
                    days,
                    missing_months: (month_index - open).clamp(0, i32::from(u16::MAX)) as u16,
                })
            } else {
                Some(ClockDoubt::Back {
                    days,
                    counts_from_month: first.filter(|first| month_index < *first),
                })
            });
        }
        if unix_s < FIRST_RUN_UNIX_S {
            return Ok(Some(ClockDoubt::BeforeFirmware));
        }
        let trained_until = self.active_model().await.ok().and_then(|bytes| {
            let file = ModelFile::parse(bytes).ok()?;
            Some(file.record().trained_until.index())
        });
        let believed = trained_until.unwrap_or(month_index_of(FIRST_RUN_UNIX_S));
        Ok(
            (month_index - believed > LONGEST_SERVICE_MONTHS).then_some(ClockDoubt::LongAfter {
                month_index: believed,
            }),
        )
    }
}

/// The latest time found on flash.
async fn last_known_unix_s<F: MappedFlash>(
    store: &mut Store<F>,
) -> Result<Option<u32>, StoreError> {
    let setting: Option<ClockSetting> = store.get(Key::Clock as u8).await?;
    let sampled = store.held().last_sample_unix_s;
    Ok(match setting {
        // The clock was set after the last sample: the sample's time is of the previous setting.
        Some(setting) if setting.next_sample >= store.next_sample() => Some(setting.unix_s),
        Some(setting) => sampled.or(Some(setting.unix_s)),
        None => sampled,
    })
}
