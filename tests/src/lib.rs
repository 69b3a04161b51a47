//! What the tests that cross two crates, a process or the device share: device images built by cargo and run in QEMU.
//!
//! Whatever goes wrong here fails a test, so everything here panics where it goes wrong.
#![allow(clippy::missing_panics_doc)]

pub mod board;
pub mod chip;
pub mod cost;
pub mod flash_image;
pub mod guide;
pub mod host;
pub mod image;
pub mod logger_rig;
pub mod measured;
pub mod power;
pub mod qemu;
pub mod replay;
pub mod sample;
pub mod sdi12_bus;
pub mod skip;
pub mod toolchain;
