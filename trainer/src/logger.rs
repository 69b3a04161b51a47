//! Serial client of the data logger: asks over a serial port or a socket, moves models, writes what the logger kept.
//!
//! A request is repeated where its answer got lost, unless repeating it could do something twice
//! (a visit, a clock setting, a swap of models); such a request is asked once and the error says so.

mod client;
mod download;
mod drift;
mod levels;
mod line;
mod station;
mod transfer;

pub use client::{Client, LoggerError};
pub use download::{
    Download, Format, Table, download, events, month_text, quality_text, time_text, write_download,
};
pub use drift::{Drift, TapeReading};
pub use levels::{Correction, LevelOfMonth, corrected_levels, levels, write_levels};
pub use line::Line;
pub use station::{Station, StationError};
pub use transfer::{Pushed, pull, push};

#[cfg(all(test, unix))]
mod hostile_tests;
