//! The subsidence logger: samples transducers, closes months, estimates, and keeps everything through power cuts.
//!
//! Nothing here knows a chip: the application is generic over the traits of [`board`], is asynchronous, and brings no executor.
//! A board is one small binary that hands its parts to [`app::run`]; the tests hand in fakes.
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

pub mod board;

pub mod calendar;

pub mod kernel;

mod filled;

pub mod store;

pub mod sense;

pub mod settings;

pub mod month_close;

pub mod logger;

pub mod port;

pub mod health;

pub mod app;

#[cfg(test)]
mod fake;
