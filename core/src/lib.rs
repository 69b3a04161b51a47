//! Inference of attention-LSTM land subsidence models (Cao et al. 2022, doi:10.11834/jrs.20211297) on microcontrollers, with the same bits as on the
//! host.
//!
//! A model file, trained and exported by `amlstm`, turns the monthly mean water levels of a well's aquifer layers into the subsidence of each month.
//!
//! ```
//! use amlstm_core::{Estimator, include_model};
//!
//! // A model of a SYNTHETIC well with three aquifer layers, at the end of its training.
//! let mut estimator: Estimator = Estimator::load(include_model!("../examples/A.amlm"))?;
//! for level_m in [[Some(20.5), Some(5.2), Some(-2.1)], [Some(20.3), None, Some(-2.6)]] {
//!     let month = estimator.month().ok_or("a cold start")?.next();
//!     let estimate = estimator.step(month, &level_m)?;
//!     println!("{month}: {:.1} mm, in all {:.1} mm", estimate.increment_mm, estimate.subsidence_mm);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Subsidence is in mm, down positive; levels are in m above the well's datum, up positive; a missing level is `None`. [`Estimator::load`] checks the
//! whole file, its golden months included, and uses the weights in place; the estimator holds only the state.
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | `f32`, `q15` (default) | the arithmetics that a program can run: floating point, and fixed point for cores without an FPU |
//! | `encode` | writes model files and turns floating-point models into fixed-point ones; for hosts |
//! | `link` | the protocol between the logger and a laptop |
//!
//! No allocation, no IO, no clock, no `unsafe`, no float functions except those of this crate and `libm`; no panic in release builds.
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

pub mod bridge;

pub mod physics;

pub mod estimate;

pub mod cumulative_interval;

pub mod saved_state;

pub mod artifact;

mod stateful_physics;

mod ensemble;

pub mod estimator;

pub mod verification;

#[cfg(feature = "encode")]
pub mod quantise;

#[cfg(feature = "link")]
pub mod channel_month;
#[cfg(feature = "link")]
pub mod drift;
#[cfg(feature = "link")]
pub mod firmware_file;
#[cfg(feature = "link")]
pub mod link;

#[cfg(all(test, feature = "encode"))]
mod example;

pub use artifact::ModelFile;
pub use estimate::Estimate;
pub use estimator::Estimator;
pub use input::InputState;
pub use month::Month;

/// The bytes of a model file as part of the program, aligned for use in place: a `&'static [u8]`.
///
/// The path is relative to the source file, as for [`include_bytes!`].
///
/// ```
/// use amlstm_core::{ModelFile, include_model};
///
/// let file = ModelFile::parse(include_model!("../examples/A.amlm"))?;
/// assert_eq!(file.record().well, "A");
/// # Ok::<(), amlstm_core::artifact::ArtifactError>(())
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
