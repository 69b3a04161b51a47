//! RAM that survives a reset: why the run before ended.

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
}

const MAGIC: u32 = 0x616d_6c32;
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
    let before = retained(|retained| core::mem::replace(retained, Retained::EMPTY));
    let before = before.unwrap_or(Retained::EMPTY);
    let panic = before.panic();
    let cause = match reset {
        _ if panic.is_some() => ResetCause::Panic,
        _ if before.restart != 0 => ResetCause::Other,
        Some(cause) => cause,
        None if warm => ResetCause::Watchdog,
        None => ResetCause::Power,
    };
    LastRun {
        cause,
        late_task: before.late_task(),
        panic,
    }
}

/// Nobody is late any more.
pub fn forget_late() {
    retained(|retained| retained.late_task = NO_TASK);
}

/// Keeps which task is late.
pub fn note_late(task: Task) {
    retained(|retained| retained.late_task = task as u8);
}

/// Keeps the task that runs while all ends, unless a late one is known.
pub fn note_running() {
    retained(|retained| {
        if retained.late_task == NO_TASK {
            retained.late_task = running() as u8;
        }
    });
}

/// Keeps that the restart is wanted.
pub fn note_restart() {
    retained(|retained| retained.restart = 1);
}

/// Keeps a panic's task, place and message for the next start; false if an end was noted before, as when the panic's own log message
/// panics. Of the path only the file's name: there is little room.
pub fn note_panic(info: &PanicInfo<'_>) -> bool {
    let (path, line) = info
        .location()
        .map_or(("", 0), |place| (place.file(), place.line()));
    let file = path.rsplit('/').next().unwrap_or(path);
    note_end(format_args!("{file}:{line}: {}", info.message()))
}

/// The same for a fault of the processor, which ends as a panic does.
pub fn note_fault(frame: &ExceptionFrame) -> bool {
    note_end(format_args!("hard fault at {:08x}", frame.pc()))
}

/// Keeps the task that runs, and the start of what is to be said of the program's end.
fn note_end(message: fmt::Arguments<'_>) -> bool {
    note_running();
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
