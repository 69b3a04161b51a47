//! A sample of all channels.
//!
//! The same bytes are stored on flash and sent over the link, so new fields are only appended.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{MAX_CHANNELS, Reading};

/// All channels at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Counts every sample of this logger from 0.
    pub number: u32,
    /// UTC, seconds since 1970.
    pub unix_s: u32,
    /// Air pressure in kPa; `None` without barometer.
    pub barometer_kpa: Option<f32>,
    /// One reading for each configured channel, in channel order.
    pub channels: Vec<Reading, MAX_CHANNELS>,
}

/// Iterates the samples packed in a [`super::Response::Samples`].
#[derive(Clone, Debug)]
pub struct Samples<'a>(pub &'a [u8]);

impl Iterator for Samples<'_> {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        let (sample, rest) = postcard::take_from_bytes(self.0).ok()?;
        self.0 = rest;
        Some(sample)
    }
}
