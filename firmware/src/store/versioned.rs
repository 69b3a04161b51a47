//! Records on flash with their version.

use serde::{Deserialize, Serialize};

/// A record with its version. A record that changes gets an enum of its own with the old type as `V1` and the new one as `V2`: the bytes of
/// the old one stay readable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Versioned<T> {
    /// The first version.
    V1(T),
}

impl<T> Versioned<T> {
    /// The record in its newest version.
    pub fn newest(self) -> T {
        match self {
            Self::V1(record) => record,
        }
    }
}

/// Bytes before the record: the number of the version.
pub const VERSION_BYTES: usize = 1;
