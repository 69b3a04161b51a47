//! Virtual time, and an executor that jumps to the next waking.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use amlstm_core::link::ClockChipFault;

use super::FakeChip;
use crate::board::Clock;
use crate::clock_chip::{ClockChip, Ds3231};
use crate::ticks::{ms_at_tick, tick_of_ms};

/// Time that passes only while all futures wait.
#[derive(Default)]
pub struct FakeClock {
    uptime_ms: Cell<u64>,
    next_waking_ms: Cell<Option<u64>>,
    /// Time since the start advances in ticks of 32,768 Hz.
    pub ticks: bool,
    /// Every waking comes so much later, as while an erase of the flash halts the processor.
    pub late_ms: u64,
    /// The time that the board keeps across a reset.
    pub kept: Cell<Option<u32>>,
    /// The board's clock chip.
    pub chip: Option<RefCell<Ds3231<FakeChip>>>,
}

impl FakeClock {
    /// Lets time pass.
    pub fn advance_to_ms(&self, uptime_ms: u64) {
        self.uptime_ms.set(uptime_ms.max(self.uptime_ms.get()));
    }

    /// Runs a future until it is ready or until `until_ms`; true if it is ready.
    pub fn run(&self, future: impl Future<Output = ()>, until_ms: u64) -> bool {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            self.next_waking_ms.set(None);
            if future.as_mut().poll(&mut context).is_ready() {
                return true;
            }
            // The second poll runs what another part of the future has woken in the first.
            if future.as_mut().poll(&mut context).is_ready() {
                return true;
            }
            match self.next_waking_ms.get() {
                Some(waking_ms) if waking_ms <= until_ms => self.advance_to_ms(waking_ms),
                _ => {
                    self.advance_to_ms(until_ms);
                    return false;
                }
            }
        }
    }
}

impl Clock for &FakeClock {
    fn uptime_ms(&self) -> u64 {
        (**self).uptime_ms()
    }

    async fn wait_until_ms(&self, uptime_ms: u64) {
        (**self).wait_until_ms(uptime_ms).await;
    }

    fn kept_unix_s(&self) -> Option<u32> {
        (**self).kept_unix_s()
    }

    fn keep_unix_s(&self, unix_s: u32) {
        (**self).keep_unix_s(unix_s);
    }
}

impl Clock for FakeClock {
    fn uptime_ms(&self) -> u64 {
        let now = self.uptime_ms.get();
        if self.ticks { ms_at_tick(now) } else { now }
    }

    async fn wait_until_ms(&self, uptime_ms: u64) {
        let uptime_ms = uptime_ms + self.late_ms;
        let uptime_ms = if self.ticks {
            tick_of_ms(uptime_ms)
        } else {
            uptime_ms
        };
        poll_fn(|_| {
            if self.uptime_ms.get() >= uptime_ms {
                return Poll::Ready(());
            }
            let next = self
                .next_waking_ms
                .get()
                .map_or(uptime_ms, |next| next.min(uptime_ms));
            self.next_waking_ms.set(Some(next));
            Poll::Pending
        })
        .await;
    }

    fn kept_unix_s(&self) -> Option<u32> {
        self.kept.get()
    }

    fn keep_unix_s(&self, unix_s: u32) {
        self.kept.set(Some(unix_s));
    }

    fn chip_unix_s(&self) -> Option<Result<u32, ClockChipFault>> {
        Some(self.chip.as_ref()?.borrow_mut().unix_s())
    }

    fn set_chip(&self, unix_s: u32) -> Option<Result<(), ClockChipFault>> {
        Some(self.chip.as_ref()?.borrow_mut().set(unix_s))
    }
}
