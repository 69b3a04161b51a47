//! Why the store failed.

use amlstm_core::link::Fault;

/// Why the store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The flash chip reported an error, or its content is corrupt.
    Flash,
    /// No room is left.
    Full,
    /// A record exceeds the largest item.
    TooLarge,
    /// Written data could not be read back, even after retries.
    NotKept,
    /// The flash holds another layout.
    Format {
        /// Its version.
        found: u8,
    },
}

impl<E> From<sequential_storage::Error<E>> for StoreError {
    fn from(error: sequential_storage::Error<E>) -> Self {
        match error {
            sequential_storage::Error::FullStorage => Self::Full,
            sequential_storage::Error::ItemTooBig
            | sequential_storage::Error::BufferTooSmall(_) => Self::TooLarge,
            _ => Self::Flash,
        }
    }
}

/// The laptop sees one storage fault; the store counts how many occurred.
impl From<StoreError> for Fault {
    fn from(_: StoreError) -> Self {
        Self::Storage
    }
}
