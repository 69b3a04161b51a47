#![no_std]
//! fw
