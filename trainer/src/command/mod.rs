//! One module a command.

pub mod check;
pub mod estimate;
pub mod export;
pub mod figure;
pub mod inspect;
pub mod logger;
pub mod merge;
pub mod study;
pub mod swap_test;
pub mod synth;
pub mod train;
