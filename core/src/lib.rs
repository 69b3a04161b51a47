//! Inference of attention-LSTM land subsidence models on a microcontroller, bit for bit as on the host.
//!
//! No allocation, no IO, no clock, no float function but those of this crate and `libm`.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

#[cfg(not(any(feature = "f32", feature = "q15")))]
compile_error!("at least one arithmetic is needed: feature f32 or q15");

pub mod crc;

pub mod month;

pub mod scaler;

pub mod sizes;

pub mod arithmetic;

pub mod attention;

pub mod lstm;

pub mod model;

pub mod bed;

pub mod basis;

pub mod physics;

pub mod artifact;

pub mod estimator;

#[cfg(all(feature = "f32", feature = "q15"))]
pub mod quantise;

pub mod link;

#[cfg(test)]
mod example;
