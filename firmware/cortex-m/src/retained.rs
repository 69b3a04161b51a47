//! RAM that survives a reset: why the previous run ended, and what time it was.

use core::cell::RefCell;
use core::fmt::{self, Write as _};
use core::mem::MaybeUninit;
use core::panic::PanicInfo;

use amlstm_core::link::{MAX_MESSAGE, ResetCause, Task};
use amlstm_firmware::board::LastRun;
use amlstm_firmware::running::running;
use cortex_m_rt::ExceptionFrame;
use critical_section::Mutex;

/// What survives a reset. Only integers, because any bits are valid for them: after a short loss of power some bits have changed.
struct Retained {
    magic: u32,
    /// A task's number, or [`NO_TASK`].
    late_task: u8,
    /// Not 0 if the restart was requested.
    restart: u8,
    /// Bytes of `panic` that are in use.
    panic_bytes: u8,
    panic: [u8; MAX_MESSAGE],
    time: RetainedTime,
}

/// UTC and time since the start, at the same moment, and the time since the start when the run ended, as far as known.
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

    /// The message of a panic; `None` without one, or if its bytes are no longer text.
    fn panic(&self) -> Option<heapless::String<MAX_MESSAGE>> {
        let bytes = self.panic.get(..usize::from(self.panic_bytes))?;
        let text = core::str::from_utf8(bytes).ok()?;
        heapless::String::try_from(text)
            .ok()
            .filter(|text| !text.is_empty())
    }
}

/// Memory that the start-up code does not initialise. Valid if its first word is [`MAGIC`].
#[unsafe(link_section = ".uninit.retained")]
static mut RETAINED: MaybeUninit<Retained> = MaybeUninit::uninit();

/// Guards [`RETAINED`].
static RETAINED_LOCK: Mutex<RefCell<()>> = Mutex::new(RefCell::new(()));

/// Gives access to the retained memory; `None` in a handler that interrupts such an access.
fn retained<T>(work: impl FnOnce(&mut Retained) -> T) -> Option<T> {
    critical_section::with(|token| {
        let _guard = RETAINED_LOCK.borrow(token).try_borrow_mut().ok()?;
        let place = &raw mut RETAINED;
        // SAFETY: interrupts are disabled, the guard excludes handlers that cannot be disabled, and nothing else accesses it. RAM always holds some
        // bits, and any bits are valid for the integers in `Retained`.
        unsafe {
            if !is_warm() {
                (*place).write(Retained::EMPTY);
            }
            Some(work((*place).assume_init_mut()))
        }
    })
}

/// True if the memory was kept since a previous run.
pub fn is_warm() -> bool {
    let place = &raw const RETAINED;
    // SAFETY: as in `retained`: an aligned read of an integer in RAM.
    unsafe { (&raw const (*(*place).as_ptr()).magic).read_volatile() == MAGIC }
}

/// Takes what the previous run left, and starts to record this one. `reset`: the cause of the reset by the chip; `None` if it reports none.
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
        _ if before.restart != 0 => ResetCause::Requested,
        Some(cause) => cause,
        None if warm => ResetCause::Watchdog,
        None => ResetCause::Power,
    };
    if cause == ResetCause::Power {
        // After a loss of power the content of RAM is arbitrary.
        retained(|retained| retained.time = Retained::EMPTY.time);
    }
    LastRun {
        cause,
        late_task: before.late_task(),
        panic,
    }
}

/// Records the time: UTC, and the time since the start at that moment.
pub fn keep_time(unix_s: u32, uptime_ms: u64) {
    retained(|retained| {
        retained.time = RetainedTime {
            unix_s,
            uptime_ms,
            end_uptime_ms: uptime_ms,
        };
    });
}

/// UTC when the previous run ended, as far as known; `None` after a loss of power or if the clock was not set. Called after [`last_run`].
pub fn kept_unix_s() -> Option<u32> {
    let time = retained(|retained| retained.time)?;
    let went_on_s = time.end_uptime_ms.saturating_sub(time.uptime_ms) / 1000;
    (time.unix_s > 0).then(|| time.unix_s.saturating_add(went_on_s as u32))
}

/// Clears the late task.
pub fn forget_late() {
    retained(|retained| retained.late_task = NO_TASK);
}

/// Records which task is late.
pub fn note_late(task: Task) {
    retained(|retained| retained.late_task = task as u8);
}

/// Records when the run ends and, unless a late task is known, the task that is running.
pub fn note_running(uptime_ms: u64) {
    retained(|retained| {
        retained.time.end_uptime_ms = uptime_ms;
        if retained.late_task == NO_TASK {
            retained.late_task = running() as u8;
        }
    });
}

/// Records that a restart was requested, and when.
pub fn note_restart(uptime_ms: u64) {
    retained(|retained| {
        retained.restart = 1;
        retained.time.end_uptime_ms = uptime_ms;
    });
}

/// Records a panic's task, place and message for the next start. False if an end was recorded before, as when the log message of a panic panics. Only
/// the file's name of the path is kept, because space is limited.
pub fn note_panic(info: &PanicInfo<'_>, uptime_ms: u64) -> bool {
    let (path, line) = info
        .location()
        .map_or(("", 0), |place| (place.file(), place.line()));
    let file = path.rsplit('/').next().unwrap_or(path);
    note_end(format_args!("{file}:{line}: {}", info.message()), uptime_ms)
}

/// As [`note_panic`], for a fault of the processor.
pub fn note_fault(frame: &ExceptionFrame, uptime_ms: u64) -> bool {
    note_end(format_args!("hard fault at {:08x}", frame.pc()), uptime_ms)
}

/// Records the running task, and the beginning of the message.
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

/// Appends characters until the message is full.
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
