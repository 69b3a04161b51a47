//! Trains, judges and exports land subsidence models of groundwater observation wells.
//!
//! The modules stand in pipeline order; each uses only those above it and `amlstm-core`. Without the features `cli` (the program), `report`
//! (figures and pages) and `logger` (the client of a data logger) the library needs neither a terminal nor a port.
//!
//! From measurements in memory to a model file and an estimate (`examples/train_a_well.rs`):
//!
//! ```
#![doc = include_str!("../examples/train_a_well.rs")]
//! ```

/// Inference: what runs an exported model, here as on a logger.
pub use amlstm_core;

pub mod whole_file;

pub mod format;

pub mod table;

pub mod config;

pub mod level;

pub mod geodesy;

pub mod spread;

pub mod ps;

pub mod levelling;

pub mod read;

pub mod import;

pub mod series;

pub mod measurements;

pub mod split;

pub mod survey;

pub mod synth;

pub mod network;

pub mod bptt;

pub mod train;

pub mod metric;

pub mod physics;

pub mod reference_network;

pub mod bridge;

mod standardised;

pub mod baseline;

pub mod choice;

pub mod window;

pub mod fitted_physics;

pub mod fit_notes;

pub mod export;

pub mod quantise;

pub mod forecast;

pub mod pretrain;

pub mod attribution;

pub mod run;

pub mod study;

pub mod evaluate;

pub mod results;

#[cfg(feature = "report")]
pub mod figure;

#[cfg(feature = "report")]
pub mod report;

#[cfg(feature = "logger")]
pub mod logger;
