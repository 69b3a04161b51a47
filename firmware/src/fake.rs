//! Replacements of a board's parts for tests on the host.

mod bus;
mod clock;
mod clock_chip;
mod flash;
mod laptop;
mod model;
mod nor;

pub use bus::{Answer, FakeBus};
pub use clock::FakeClock;
pub use clock_chip::FakeChip;
pub use flash::FakeFlash;
pub use laptop::{Nobody, Screen};
pub use model::{LAYERS, model, model_of_site, model_with_physics, upload};
pub use nor::{ACTIVE, CutErase, FakeNor, PAGE, PAGES, Part};

use amlstm_core::link::ResetCause;

use crate::board::LastRun;

/// The machine was switched on.
pub const SWITCHED_ON: LastRun = LastRun {
    cause: ResetCause::Power,
    late_task: None,
    panic: None,
};
