//! Shared parts of boards with a Cortex-M. Empty on every other target.
#![no_std]
#![cfg(target_os = "none")]
#![allow(
    unsafe_code,
    reason = "memory that start-up code leaves alone is reached through pointers; each use says why it is sound"
)]

pub mod program;

pub mod retained;

pub mod stack;
