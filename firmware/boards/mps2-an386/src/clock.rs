//! Clock and alarm.

use core::cell::Cell;
use core::future::poll_fn;
use core::task::Poll;

use amlstm_cortex_m::retained;
use amlstm_firmware::board::Clock;
use critical_section::Mutex;

use crate::CORE_HZ;
use crate::registers::{read, unmask, write};

/// Interrupt of TIMER0.
pub const TIMER: i16 = 8;

const TIMER0: usize = 0x4000_0000;
/// Counts at 100 Hz, 32 bits.
const CLK100HZ: usize = 0x4002_8014;
/// Milliseconds per count.
const TICK_MS: u64 = 10;
/// Longest alarm: the timer counts 32 bits at 25 MHz, 171 s.
const LONGEST_ALARM_MS: u64 = 170_000;

struct Time {
    /// The last count read, and how often the counter has wrapped: it is read at least every 171 s and wraps after 497 days.
    last: Cell<u32>,
    wraps: Cell<u32>,
    /// The count at the start of the program: a reset does not reset the counter.
    start: Cell<u32>,
    /// The earliest wake-up requested since the last poll.
    alarm_ms: Cell<u64>,
    /// UTC of the last sample, for the synthetic sensors.
    unix_s: Cell<u32>,
}

static TIME: Mutex<Time> = Mutex::new(Time {
    last: Cell::new(0),
    wraps: Cell::new(0),
    start: Cell::new(0),
    alarm_ms: Cell::new(u64::MAX),
    unix_s: Cell::new(0),
});

/// Milliseconds since the start, in steps of 10.
pub fn uptime_ms() -> u64 {
    critical_section::with(|token| {
        let time = TIME.borrow(token);
        let count = read(CLK100HZ).wrapping_sub(time.start.get());
        if count < time.last.get() {
            time.wraps.set(time.wraps.get() + 1);
        }
        time.last.set(count);
        (u64::from(time.wraps.get()) << 32 | u64::from(count)) * TICK_MS
    })
}

/// UTC of the last sample.
pub fn sampled_unix_s() -> u32 {
    critical_section::with(|token| TIME.borrow(token).unix_s.get())
}

/// Clears the alarm before a poll, in which the futures request it again.
pub fn forget_alarm() {
    critical_section::with(|token| TIME.borrow(token).alarm_ms.set(u64::MAX));
}

/// Sets the timer to the earliest wake-up, before sleeping.
pub fn set_alarm() {
    let alarm_ms = critical_section::with(|token| TIME.borrow(token).alarm_ms.get());
    // One tick more, so that the time has been reached when the timer ends.
    let wait_ms = alarm_ms
        .saturating_sub(uptime_ms())
        .saturating_add(TICK_MS)
        .min(LONGEST_ALARM_MS);
    write(TIMER0, 0);
    // No reload value: the timer stops at zero. With a reload QEMU's fast-forward (`-icount sleep=off`) would jump to its next end before the
    // processor receives this interrupt.
    write(TIMER0 + 0x8, 0);
    write(TIMER0 + 0x4, (wait_ms * u64::from(CORE_HZ / 1000)) as u32);
    // Enabled, with interrupt.
    write(TIMER0, 0b1001);
}

pub fn timer_interrupt() {
    write(TIMER0, 0);
    write(TIMER0 + 0xc, 1);
}

/// The clock of the board. It keeps its time across a reset, but not without power.
#[derive(Clone, Copy)]
pub struct Mps2Clock {
    synthetic_start_unix_s: Option<u32>,
}

impl Mps2Clock {
    /// Starts timer and counter. With synthetic sensors the time starts with their table.
    pub fn start(synthetic_start_unix_s: Option<u32>) -> Self {
        critical_section::with(|token| TIME.borrow(token).start.set(read(CLK100HZ)));
        unmask(TIMER);
        Self {
            synthetic_start_unix_s,
        }
    }
}

impl Clock for Mps2Clock {
    fn uptime_ms(&self) -> u64 {
        uptime_ms()
    }

    async fn wait_until_ms(&self, until_ms: u64) {
        poll_fn(|_| {
            if uptime_ms() >= until_ms {
                return Poll::Ready(());
            }
            critical_section::with(|token| {
                let alarm = &TIME.borrow(token).alarm_ms;
                alarm.set(alarm.get().min(until_ms));
            });
            Poll::Pending
        })
        .await;
    }

    fn kept_unix_s(&self) -> Option<u32> {
        retained::kept_unix_s().or(self.synthetic_start_unix_s)
    }

    fn keep_unix_s(&self, unix_s: u32) {
        critical_section::with(|token| TIME.borrow(token).unix_s.set(unix_s));
        retained::keep_time(unix_s, uptime_ms());
    }
}
