//! The wall clock: UTC from power on to power loss, and how it is set.

use amlstm_core::artifact::ModelFile;
use amlstm_core::link::{ClockDoubt, ClockState, EventKind, Fault};
use serde::{Deserialize, Serialize};

use super::Logger;
use crate::board::{Clock, MappedFlash};
use crate::calendar::month_index_of;
use crate::store::{Key, Store, StoreError};

/// Earliest time a clock may be set to: 2020-01-01.
const EARLIEST_UNIX_S: u32 = 1_577_836_800;
/// Latest: 2100-01-01.
const LATEST_UNIX_S: u32 = 4_102_444_800;
/// No logger ran this firmware before 2026-01-01.
const FIRST_RUN_UNIX_S: u32 = 1_767_225_600;
/// A first date that lies farther behind the firmware or the model needs confirmation, months: ten years.
const LONGEST_SERVICE_MONTHS: i32 = 120;
/// A clock that jumps farther needs confirmation.
const LONGEST_JUMP_S: u32 = 86_400;

/// UTC as an offset to the time since the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WallClock {
    state: ClockState,
    /// UTC and time since the start at one moment.
    base_unix_s: u32,
    base_uptime_ms: u64,
}

/// The clock when it was last set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ClockSetting {
    unix_s: u32,
    /// Number of the next sample then: earlier samples have times of the clock before.
    next_sample: u32,
}

impl WallClock {
    /// A clock that was never set.
    pub(super) fn unset() -> Self {
        Self {
            state: ClockState::Unset,
            base_unix_s: 0,
            base_uptime_ms: 0,
        }
    }

    /// The time of a clock chip or the kept one, the first that can be true; else the last known moment, unsure; else unset.
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
        let (state, unix_s) = match (kept, last_unix_s) {
            (Some(kept), _) => (ClockState::Set, kept),
            (None, Some(last)) => (ClockState::Unsure, last),
            (None, None) => (ClockState::Unset, 0),
        };
        Ok(Self {
            state,
            base_unix_s: unix_s,
            base_uptime_ms: clock.uptime_ms(),
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

    /// What is known of the time.
    pub fn clock_state(&self) -> ClockState {
        self.clock.state
    }

    /// The first month whose samples count, if the clock stands before it, in months since 0000-01: earlier ones are closed.
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
        let setting = ClockSetting {
            unix_s,
            next_sample: self.store.next_sample(),
        };
        self.store.put(Key::Clock as u8, &setting).await?;
        self.clock = WallClock {
            state: ClockState::Set,
            base_unix_s: unix_s,
            base_uptime_ms: clock.uptime_ms(),
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
        Ok(())
    }

    /// What speaks against a time, and what it would cost.
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

/// The latest moment the flash knows of.
async fn last_known_unix_s<F: MappedFlash>(
    store: &mut Store<F>,
) -> Result<Option<u32>, StoreError> {
    let setting: Option<ClockSetting> = store.get(Key::Clock as u8).await?;
    let sampled = store.held().last_sample_unix_s;
    Ok(match setting {
        // The clock was set after the last sample: the sample's time is that of the clock before.
        Some(setting) if setting.next_sample >= store.next_sample() => Some(setting.unix_s),
        Some(setting) => sampled.or(Some(setting.unix_s)),
        None => sampled,
    })
}
