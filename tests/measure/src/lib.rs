//! A model over a series of months: what the programs for devices and hosts in this crate run, to compare their bits and to measure their cost.
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

pub mod replay;
