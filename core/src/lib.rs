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

pub mod month;

pub mod scaler;

pub mod arithmetic;

pub mod model;

pub mod attention;

pub mod lstm;

pub mod artifact;

pub mod estimator;

pub mod link;
