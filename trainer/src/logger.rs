//! Serial client of the data logger: asks over a serial port or a socket, moves models, writes what the logger kept.
//!
//! A request is repeated where its answer got lost, unless repeating it could do something twice
//! (a visit, a clock setting, a swap of models); such a request is asked once and the error says so.

mod client;
mod column;
mod download;
mod error;
mod exchange;
mod image;
mod levels;
mod line;
mod sdi12;
mod station;
mod table_file;
mod toa5;
mod transfer;
mod update;
mod verify;
mod words;

pub use client::Client;
pub use download::{Download, Table, download, events};
pub use error::LoggerError;
pub use image::{ImageError, firmware_file, load_address, program_crc};
pub use levels::{LevelOfMonth, corrected_levels, levels, write_levels};
pub use line::Line;
pub use sdi12::Renumbered;
pub use station::{Battery, Station, StationError};
pub use table_file::{Format, write_download};
pub use transfer::{Pushed, pull, push};
pub use update::{UpdateError, send_firmware, try_firmware, version_text};
pub use verify::{Comparison, Verdict};
pub use words::{month_text, quality_text, time_text};

#[cfg(all(test, unix))]
mod hostile_tests;
