//! The wall clock: UTC from power on to power loss, and how it is set.

use amlstm_core::link::{ClockState, EventKind, Fault};

use super::Logger;
use crate::board::{Clock, MappedFlash};
use crate::store::{Key, Store, StoreError};

/// Earliest time a clock may be set to: 2020-01-01.
const EARLIEST_UNIX_S: u32 = 1_577_836_800;
/// Latest: 2100-01-01.
const LATEST_UNIX_S: u32 = 4_102_444_800;
/// A clock that jumps farther ahead of the last sample needs confirmation: every month between closes as missing.
const LONGEST_JUMP_S: u32 = 400 * 86_400;

/// UTC as an offset to the time since the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WallClock {
    state: ClockState,
    /// UTC and time since the start at one moment.
    base_unix_s: u32,
    base_uptime_ms: u64,
}

impl WallClock {
    /// The kept time if there is one that can be true; else the last known moment, unsure; else unset.
    pub(super) async fn at_start<F: MappedFlash>(
        clock: &impl Clock,
        store: &mut Store<F>,
    ) -> Result<Self, StoreError> {
        let last_unix_s = last_known_unix_s(store).await?;
        let earliest = last_unix_s.unwrap_or(EARLIEST_UNIX_S);
        let kept = clock
            .kept_unix_s()
            .filter(|kept| (earliest..LATEST_UNIX_S).contains(kept));
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
        self.unix_ms(clock.uptime_ms())
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

    /// Sets the clock and logs it. Months are closed by the next sample, never here.
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
        let last_sample = self.store.held().last_sample_unix_s;
        if !confirm_jump
            && last_sample.is_some_and(|last| unix_s.saturating_sub(last) > LONGEST_JUMP_S)
        {
            return Err(Fault::ClockJump);
        }
        let old_unix_s = self.unix_s(clock).unwrap_or(0);
        self.store
            .put(Key::Clock as u8, &unix_s)
            .await
            .map_err(|_| Fault::Storage)?;
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
        self.note(clock, set).await.map_err(|_| Fault::Storage)
    }
}

/// The latest moment the flash knows of.
async fn last_known_unix_s<F: MappedFlash>(
    store: &mut Store<F>,
) -> Result<Option<u32>, StoreError> {
    let set: Option<u32> = store.get(Key::Clock as u8).await?;
    // The clock may have been set back after the last sample: then it is the setting that counts. Without knowing, the later one never
    // closes a month twice.
    Ok(set.max(store.held().last_sample_unix_s))
}
