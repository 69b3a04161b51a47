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

pub mod checksum;

pub mod month;

pub mod month_mean;

pub mod scaler;

pub mod sizes;

pub mod input;

pub mod arithmetic;

pub mod attention;

pub mod lstm;

pub mod state;

pub mod network;

pub mod model;

pub mod stateful_network;

pub mod bed;

pub mod basis;

pub mod physics;

pub mod estimate;

pub mod artifact;

pub mod saved_state;

mod stateful_physics;

pub mod estimator;

#[cfg(feature = "encode")]
pub mod quantise;

#[cfg(feature = "link")]
pub mod link;

#[cfg(test)]
mod example;

/// The bytes of a model file, embedded in the program and aligned for use in place: a `&'static [u8]`. The path is relative to the source file.
///
/// ```ignore
/// let estimator: Estimator = Estimator::load(include_model!("A.amlm"))?;
/// ```
#[macro_export]
macro_rules! include_model {
    ($path:expr) => {{
        #[repr(C, align(4))]
        struct Aligned<Bytes: ?Sized>(Bytes);
        static MODEL: &Aligned<[u8]> = &Aligned(*include_bytes!($path));
        &MODEL.0
    }};
}
