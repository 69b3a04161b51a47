//! RAM that survives a reset: why the run before ended. Part of each board's binary.

use core::cell::RefCell;
use core::fmt::{self, Write as _};
use core::mem::MaybeUninit;
use core::panic::PanicInfo;

use amlstm_core::link::{MAX_MESSAGE, ResetCause, Task};
use amlstm_firmware::board::Start;
use critical_section::Mutex;

/// What survives a reset.
struct Retained {
    magic: u32,
    late_task: Option<Task>,
    panic: heapless::String<MAX_MESSAGE>,
    restart: bool,
}

const MAGIC: u32 = 0x616d_6c31;

impl Retained {
    const EMPTY: Self = Self {
        magic: MAGIC,
        late_task: None,
        panic: heapless::String::new(),
        restart: false,
    };
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
        // SAFETY: interrupts are off, the guard keeps out handlers that cannot be off, and this is the only place that touches it. The magic word is read as the plain integer it is; any
        // bits are an integer. Without it, a whole value is written before a reference is made; with it, this program wrote one before the
        // reset, and nothing else writes there.
        unsafe {
            let magic = (&raw const (*(*place).as_ptr()).magic).read_volatile();
            if magic != MAGIC {
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

/// Keeps a panic's place and message for the next start. Of the path only the file's name: there is little room.
pub fn note_panic(info: &PanicInfo<'_>) {
    let (path, line) = info
        .location()
        .map_or(("", 0), |place| (place.file(), place.line()));
    let file = path.rsplit('/').next().unwrap_or(path);
    note_end(format_args!("{file}:{line}: {}", info.message()));
}

/// Keeps the start of what is to be said of the program's end.
pub fn note_end(message: fmt::Arguments<'_>) {
    retained(|retained| {
        retained.panic.clear();
        let mut cut = Cut(&mut retained.panic);
        let _ = cut.write_fmt(message);
    });
}

/// Writes until the string is full, character by character.
struct Cut<'s>(&'s mut heapless::String<MAX_MESSAGE>);

impl fmt::Write for Cut<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars()
            .try_for_each(|character| self.0.push(character).map_err(|_| fmt::Error))
    }
}

/// What the run before left, and a clean page for this one.
pub fn start() -> Start {
    let warm = is_warm();
    retained(|retained| {
        let before = core::mem::replace(retained, Retained::EMPTY);
        let cause = match () {
            () if !warm => ResetCause::Power,
            () if !before.panic.is_empty() => ResetCause::Panic,
            () if before.restart => ResetCause::Other,
            () => ResetCause::Watchdog,
        };
        let panic = (!before.panic.is_empty()).then_some(before.panic);
        Start {
            cause,
            late_task: before.late_task,
            panic,
        }
    })
    .unwrap_or(Start {
        cause: ResetCause::Other,
        late_task: None,
        panic: None,
    })
}

/// Nobody is late any more.
pub fn forget_late() {
    retained(|retained| retained.late_task = None);
}

/// Keeps the task that runs while all ends, unless a late one is known.
pub fn note_running(task: Task) {
    retained(|retained| {
        retained.late_task.get_or_insert(task);
    });
}

/// Keeps which task is late.
pub fn note_late(task: Task) {
    retained(|retained| retained.late_task = Some(task));
}

/// Keeps that the restart is wanted.
pub fn note_restart() {
    retained(|retained| retained.restart = true);
}
