//! What stands in for a board in the host's tests.

mod bus;
mod flash;

pub use bus::{Answer, FakeBus};
pub use flash::FakeFlash;
