//! Months that verify that a program computes as the one that made the file.

/// The golden months: levels, and the results of the program that made the file.
#[derive(Clone, Copy, Debug)]
pub struct Golden<'a> {
    /// Level of each input, m above datum, the same in each month.
    pub level_m: &'a [f32],
    /// Increment of each month from the zero state, mm.
    pub increment_mm: &'a [f32],
    /// Digest of these months, see [`StatefulNetwork::digest`](crate::stateful_network::StatefulNetwork::digest).
    pub digest: u32,
}
