//! Runs a model over a series of months. The programs of this crate do so on devices and hosts, to compare bits and to measure cost.
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

pub mod bare_network;
pub mod replay;
