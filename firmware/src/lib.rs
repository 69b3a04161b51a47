//! The subsidence logger: samples transducers, closes months, estimates, and keeps everything through power cuts.
//!
//! Nothing here knows a chip: the application is generic over the traits of [`board`], is asynchronous, and brings no executor.
//! A board is a small crate that hands its parts to [`app::run`]; the tests hand in fakes.
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

pub mod power;

pub mod board;

pub mod ticks;

pub mod calendar;

pub mod clock_chip;

pub mod boot;

mod bounded;

pub mod store;

pub mod sense;

pub mod settings;

pub mod open_month;

pub mod tally;

pub mod month_walk;

pub mod logger;

pub mod cable;

pub mod deadlines;

pub mod running;

pub mod shared;

pub mod health;

pub mod update;

pub mod trial;

pub mod repair;

pub mod port;

pub mod app;

#[cfg(test)]
mod fake;
