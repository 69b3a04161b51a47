//! Why the store failed.

use amlstm_core::link::Fault;

/// Why the store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The flash chip refused, or what it holds is beyond repair.
    Flash,
    /// No room is left.
    Full,
    /// A record is larger than an item may be.
    TooLarge,
    /// What was written could not be read back, tries included.
    NotKept,
    /// The flash holds another layout.
    Format {
        /// Its number.
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

/// What the laptop is told: the store's own counter says how often.
impl From<StoreError> for Fault {
    fn from(_: StoreError) -> Self {
        Self::Storage
    }
}
