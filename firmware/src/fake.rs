//! What stands in for a board in the host's tests.

mod flash;

pub use flash::FakeFlash;
