//! RAM that survives a reset: why the run before ended, and what time it was.

use core::cell::RefCell;
use core::fmt::{self, Write as _};
use core::mem::MaybeUninit;
use core::panic::PanicInfo;

use amlstm_core::link::{MAX_MESSAGE, ResetCause, Task};
use amlstm_firmware::board::LastRun;
use amlstm_firmware::running::running;
use cortex_m_rt::ExceptionFrame;
use critical_section::Mutex;

/// What survives a reset, in numbers of which any bits are one: a short loss of power leaves some of them as they were.
struct Retained {
    magic: u32,
    /// A task's number, or [`NO_TASK`].
    late_task: u8,
    /// Not 0 if the restart was wanted.
    restart: u8,
    /// Bytes of `panic` that are in use.
    panic_bytes: u8,
    panic: [u8; MAX_MESSAGE],
    time: RetainedTime,
}

/// UTC and time since the start at one moment, and how long the run then went on, as far as it could tell.
#[derive(Clone, Copy)]
struct RetainedTime {
    /// 0 while the clock is unset.
    unix_s: u32,
    uptime_ms: u64,
    end_uptime_ms: u64,
}

const MAGIC: u32 = 0x616d_6c33;
const NO_TASK: u8 = u8::MAX;
const TASKS: [Task; 4] = [Task::Sense, Task::Port, Task::MonthClose, Task::Health];
const _: () = assert!(MAX_MESSAGE <= u8::MAX as usize);

impl Retained {
    const EMPTY: Self = Self {
        magic: MAGIC,
        late_task: NO_TASK,
        restart: 0,
        panic_bytes: 0,
        panic: [0; MAX_MESSAGE],
        time: RetainedTime {
            unix_s: 0,
            uptime_ms: 0,
            end_uptime_ms: 0,
        },
    };

    fn late_task(&self) -> Option<Task> {
        TASKS.get(usize::from(self.late_task)).copied()
    }

    /// The message of a panic; `None` without one or if its bits are no text any more.
    fn panic(&self) -> Option<heapless::String<MAX_MESSAGE>> {
        let bytes = self.panic.get(..usize::from(self.panic_bytes))?;
        let text = core::str::from_utf8(bytes).ok()?;
        heapless::String::try_from(text)
            .ok()
            .filter(|text| !text.is_empty())
    }
}

/// Memory the start-up code leaves alone. The first word is looked at before the rest is believed.
#[unsafe(link_section = ".uninit.retained")]
static mut RETAINED: MaybeUninit<Retained> = MaybeUninit::uninit();

/// Guards [`RETAINED`].
static RETAINED_LOCK: Mutex<RefCell<()>> = Mutex::new(RefCell::new(()));

/// Works on the retained memory; `None` in a handler that interrupts such work.
fn retained<T>(work: impl FnOnce(&mut Retained) -> T) -> Option<T> {
    critical_section::with(|token| {
        let _guard = RETAINED_LOCK.borrow(token).try_borrow_mut().ok()?;
        let place = &raw mut RETAINED;
        // SAFETY: interrupts are off, the guard keeps out handlers that cannot be off, and this is the only place that touches it. It is RAM
        // whose every bit is something, and any bits are a value of the numbers in `Retained`.
        unsafe {
            if !is_warm() {
                (*place).write(Retained::EMPTY);
            }
            Some(work((*place).assume_init_mut()))
        }
    })
}

/// True if the memory was kept since a run before.
pub fn is_warm() -> bool {
    let place = &raw const RETAINED;
    // SAFETY: as in `retained`: an aligned read of an integer in RAM.
    unsafe { (&raw const (*(*place).as_ptr()).magic).read_volatile() == MAGIC }
}

/// What the run before left; what is kept from now on is of this run. `reset`: why the chip says that it was reset; `None` if it does not tell.
pub fn last_run(reset: Option<ResetCause>) -> LastRun {
    let warm = is_warm();
    let before = retained(|retained| {
        let time = retained.time;
        core::mem::replace(
            retained,
            Retained {
                time,
                ..Retained::EMPTY
            },
        )
    });
    let before = before.unwrap_or(Retained::EMPTY);
    let panic = before.panic();
    let cause = match reset {
        _ if panic.is_some() => ResetCause::Panic,
        _ if before.restart != 0 => ResetCause::Other,
        Some(cause) => cause,
        None if warm => ResetCause::Watchdog,
        None => ResetCause::Power,
    };
    if cause == ResetCause::Power {
        // What is left in RAM after a loss of power may be anything.
        retained(|retained| retained.time = Retained::EMPTY.time);
    }
    LastRun {
        cause,
        late_task: before.late_task(),
        panic,
    }
}

/// Keeps the time: UTC, and the time since the start at that moment.
pub fn keep_time(unix_s: u32, uptime_ms: u64) {
    retained(|retained| {
        retained.time = RetainedTime {
            unix_s,
            uptime_ms,
            end_uptime_ms: uptime_ms,
        };
    });
}

/// UTC when the run before ended, as far as it could tell; `None` after a loss of power or without a clock. Asked after [`last_run`].
pub fn kept_unix_s() -> Option<u32> {
    let time = retained(|retained| retained.time)?;
    let went_on_s = time.end_uptime_ms.saturating_sub(time.uptime_ms) / 1000;
    (time.unix_s > 0).then(|| time.unix_s.saturating_add(went_on_s as u32))
}

/// Nobody is late any more.
pub fn forget_late() {
    retained(|retained| retained.late_task = NO_TASK);
}

/// Keeps which task is late.
pub fn note_late(task: Task) {
    retained(|retained| retained.late_task = task as u8);
}

/// Keeps the task that runs while all ends, unless a late one is known, and when that is.
pub fn note_running(uptime_ms: u64) {
    retained(|retained| {
        retained.time.end_uptime_ms = uptime_ms;
        if retained.late_task == NO_TASK {
            retained.late_task = running() as u8;
        }
    });
}

/// Keeps that the restart is wanted, and when it is.
pub fn note_restart(uptime_ms: u64) {
    retained(|retained| {
        retained.restart = 1;
        retained.time.end_uptime_ms = uptime_ms;
    });
}

/// Keeps a panic's task, place and message for the next start; false if an end was noted before, as when the panic's own log message
/// panics. Of the path only the file's name: there is little room.
pub fn note_panic(info: &PanicInfo<'_>, uptime_ms: u64) -> bool {
    let (path, line) = info
        .location()
        .map_or(("", 0), |place| (place.file(), place.line()));
    let file = path.rsplit('/').next().unwrap_or(path);
    note_end(format_args!("{file}:{line}: {}", info.message()), uptime_ms)
}

/// The same for a fault of the processor, which ends as a panic does.
pub fn note_fault(frame: &ExceptionFrame, uptime_ms: u64) -> bool {
    note_end(format_args!("hard fault at {:08x}", frame.pc()), uptime_ms)
}

/// Keeps the task that runs, and the start of what is to be said of the program's end.
fn note_end(message: fmt::Arguments<'_>, uptime_ms: u64) -> bool {
    note_running(uptime_ms);
    retained(|retained| {
        let first = retained.panic_bytes == 0;
        if first {
            let _ = Cut(retained).write_fmt(message);
        }
        first
    })
    .unwrap_or(false)
}

/// Writes until the message is full, character by character.
struct Cut<'r>(&'r mut Retained);

impl fmt::Write for Cut<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let start = usize::from(self.0.panic_bytes);
            let end = start + character.len_utf8();
            let place = self.0.panic.get_mut(start..end).ok_or(fmt::Error)?;
            character.encode_utf8(place);
            self.0.panic_bytes = end as u8;
        }
        Ok(())
    }
}
