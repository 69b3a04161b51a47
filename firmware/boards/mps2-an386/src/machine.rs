//! Clock, alarm and watchdog.

use core::cell::Cell;
use core::future::poll_fn;
use core::task::Poll;

use amlstm_core::link::Task;
use amlstm_cortex_m::{program, retained};
use amlstm_firmware::board::{Clock, LastRun, Machine};
use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::{NVIC, SCB};
use critical_section::Mutex;

use crate::CORE_HZ;

/// Interrupt of TIMER0.
pub const TIMER: i16 = 8;

const TIMER0: usize = 0x4000_0000;
const WATCHDOG: usize = 0x4000_8000;
/// Counts 100 times a second, 32 bits.
const CLK100HZ: usize = 0x4002_8014;
/// Milliseconds of one count of it.
const TICK_MS: u64 = 10;
/// Longest alarm: the timer counts 32 bits at 25 MHz, 171 s.
const LONGEST_ALARM_MS: u64 = 170_000;
const WATCHDOG_MS: u32 = 170_000;
const WATCHDOG_KEY: u32 = 0x1acc_e551;

/// An interrupt of the board by its number.
#[derive(Clone, Copy)]
struct Interrupt(u16);

/// The interrupts of the board.
const INTERRUPTS: usize = 32;

unsafe extern "C" {
    fn DefaultHandler();
}

// SAFETY: cortex-m-rt's script puts the section behind the exceptions and wants it under this name, and nothing else defines it; `DefaultHandler` is a handler.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [unsafe extern "C" fn(); INTERRUPTS] = [DefaultHandler; INTERRUPTS];

// SAFETY: the numbers come from the constants of this board, all below [`INTERRUPTS`].
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self.0
    }
}

/// Lets an interrupt through.
pub fn unmask(interrupt: i16) {
    // SAFETY: every handler takes a critical section for what it shares with the rest.
    unsafe { NVIC::unmask(Interrupt(interrupt as u16)) };
}

/// Reads a register of the board.
pub fn read(address: usize) -> u32 {
    // SAFETY: callers pass addresses of this board's peripherals, which are always mapped and aligned.
    unsafe { (address as *const u32).read_volatile() }
}

/// Writes a register of the board.
pub fn write(address: usize, value: u32) {
    // SAFETY: as in `read`; no register written here lets the hardware touch memory.
    unsafe { (address as *mut u32).write_volatile(value) }
}

struct Time {
    /// The last count seen, and how often the counter has begun again: it is read at least every 171 s and wraps after 497 days.
    last: Cell<u32>,
    wraps: Cell<u32>,
    /// The count at the start of the program: the counter goes on through a reset.
    start: Cell<u32>,
    /// The earliest waking asked for since the last poll.
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

/// Milliseconds since the start, in steps of ten.
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

/// UTC the sampler gave last.
pub fn sampled_unix_s() -> u32 {
    critical_section::with(|token| TIME.borrow(token).unix_s.get())
}

/// Before a poll: the futures will ask again.
pub fn forget_alarm() {
    critical_section::with(|token| TIME.borrow(token).alarm_ms.set(u64::MAX));
}

/// Before sleeping: sets the timer to the earliest waking.
pub fn set_alarm() {
    let alarm_ms = critical_section::with(|token| TIME.borrow(token).alarm_ms.get());
    // A tick of the clock more, so that the moment has come when the timer ends.
    let wait_ms = alarm_ms
        .saturating_sub(uptime_ms())
        .saturating_add(TICK_MS)
        .min(LONGEST_ALARM_MS);
    write(TIMER0, 0);
    // Nothing to reload: it stops at zero. A timer that begins again would let QEMU's fast-forward (`-icount sleep=off`) jump to its next
    // end before the processor hears of this one.
    write(TIMER0 + 0x8, 0);
    write(TIMER0 + 0x4, (wait_ms * u64::from(CORE_HZ / 1000)) as u32);
    // Enabled, with interrupt.
    write(TIMER0, 0b1001);
}

pub fn timer_interrupt() {
    write(TIMER0, 0);
    write(TIMER0 + 0xc, 1);
}

/// The clock of the board. It keeps its time through a reset, and none without power.
#[derive(Clone, Copy)]
pub struct Mps2Clock {
    synthetic_start_unix_s: Option<u32>,
}

impl Mps2Clock {
    /// Starts timer and counter. With synthetic sensors the time begins with their table.
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

/// Watchdog.
pub struct Mps2Machine(());

impl Mps2Machine {
    /// Starts the watchdog: a warning after [`WATCHDOG_MS`], a reset after as long again.
    pub fn start() -> Self {
        write(WATCHDOG + 0xc00, WATCHDOG_KEY);
        reload_watchdog();
        write(WATCHDOG + 0x8, 0b11);
        Self(())
    }
}

/// Lets the watchdog count from its start, and takes its warning back.
fn reload_watchdog() {
    write(WATCHDOG, WATCHDOG_MS * (CORE_HZ / 1000));
    write(WATCHDOG + 0xc, 1);
}

impl Machine for Mps2Machine {
    fn last_run(&mut self) -> LastRun {
        retained::last_run(None)
    }

    fn watchdog_ms(&self) -> u32 {
        WATCHDOG_MS
    }

    fn feed(&mut self) {
        reload_watchdog();
        retained::forget_late();
    }

    fn note_late(&mut self, task: Task) {
        retained::note_late(task);
    }

    fn battery_mv(&mut self) -> Option<u16> {
        None
    }

    fn program_crc(&self) -> u32 {
        program::crc()
    }

    fn restart(&mut self) {
        retained::note_restart(uptime_ms());
        SCB::sys_reset()
    }
}
