//! What stands in for a board in the host's tests.

mod bus;
mod clock;
mod flash;
mod model;

pub use bus::{Answer, FakeBus};
pub use clock::FakeClock;
pub use flash::FakeFlash;
pub use model::{LAYERS, model};
