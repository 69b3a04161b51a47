//! A whole series of months through the estimator, so that a device can be compared with the host bit for bit.
//!
//! Model file and levels form one block of bytes, which the host puts into the device's flash:
//!
//! | bytes | content |
//! |---|---|
//! | 4 | `AMLR` |
//! | 4 | length of the model file, `u32` |
//! | 4 | months, `u32` |
//! | 4 | levels per month, `u32` |
//! | 4 | first month, `i32`, as in [`Month::index`] |
//! | 4 | 0: start cold; 1: start at the end of training |
//! | ... | the model file, then zeros up to a multiple of 4 |
//! | ... | levels in m above datum, `f32`, `[months, levels]` row by row; NaN where missing |
//!
//! All numbers are little-endian. The block must lie at a multiple of 4 bytes, because the model's weights are used where they lie.

use amlstm_core::artifact::ArtifactError;
use amlstm_core::estimate::Estimate;
use amlstm_core::estimator::Estimator;
use amlstm_core::month::Month;
use amlstm_core::sizes::{MAX_BLOCKS, MAX_FURTHER, MAX_INPUTS};
use heapless::Vec;

/// The first bytes of a block.
pub const MAGIC: [u8; 4] = *b"AMLR";

/// Bytes before the model file.
pub const HEAD_BYTES: usize = 24;

/// Where the estimator starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With zero state and zero subsidence.
    Cold,
    /// With the state and the subsidence of the end of training.
    TrainingEnd,
}

/// Networks of a model beside the first that there is room for: none in the 16 KiB of RAM of the micro:bit.
pub const FURTHER: usize = if cfg!(feature = "microbit") {
    0
} else {
    MAX_FURTHER
};

/// The head of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Length of the model file in bytes.
    pub model_bytes: u32,
    /// Number of months.
    pub months: u32,
    /// Levels per month, 1 to [`MAX_INPUTS`].
    pub levels: u32,
    /// The first of the months.
    pub first: Month,
    /// Where the estimator starts.
    pub start: Start,
}

/// A block that was checked.
#[derive(Clone, Copy, Debug)]
pub struct Replay<'a> {
    head: Head,
    model: &'a [u8],
    levels: &'a [u8],
}

/// Why a block is refused.
#[derive(Debug)]
pub enum ReplayError {
    /// It does not begin with [`MAGIC`].
    Magic {
        /// Its first bytes.
        found: [u8; 4],
    },
    /// It is shorter than its head says, or than a head.
    Length {
        /// Bytes found.
        found: usize,
        /// Bytes expected.
        expected: usize,
    },
    /// The number of levels per month is out of range.
    Levels {
        /// The number, expected to be 1 to [`MAX_INPUTS`].
        found: u32,
    },
    /// The first month is out of range.
    Month {
        /// Its index.
        found: i32,
    },
    /// The start is neither cold nor at the end of training.
    Start {
        /// The number, expected to be 0 or 1.
        found: u32,
    },
    /// The model file is refused.
    Model(ArtifactError),
}

impl core::fmt::Display for ReplayError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Magic { found } => {
                write!(f, "replay: begins with {found:02x?}, expected {MAGIC:02x?}")
            }
            Self::Length { found, expected } => {
                write!(f, "replay: {found} bytes, expected {expected}")
            }
            Self::Levels { found } => write!(
                f,
                "replay: {found} levels per month, expected 1 to {MAX_INPUTS}"
            ),
            Self::Month { found } => write!(f, "replay: no month has the index {found}"),
            Self::Start { found } => write!(
                f,
                "replay: start {found}, expected 0 (cold) or 1 (end of training)"
            ),
            Self::Model(error) => write!(f, "replay: {error}"),
        }
    }
}

impl core::error::Error for ReplayError {}

/// The result of a month: the estimate, and the estimator after it.
pub struct Replayed<'a, 'model> {
    /// The estimate.
    pub estimate: &'a Estimate,
    /// The estimator, for its state.
    pub estimator: &'a Estimator<'model, MAX_BLOCKS, FURTHER>,
    /// Digest of this month and all before it: [`Estimator::digest`].
    pub digest: u32,
}

impl Head {
    /// The first bytes of the block.
    pub fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let words = [
            u32::from_le_bytes(MAGIC),
            self.model_bytes,
            self.months,
            self.levels,
            self.first.index().cast_unsigned(),
            match self.start {
                Start::Cold => 0,
                Start::TrainingEnd => 1,
            },
        ];
        let mut bytes = [0; HEAD_BYTES];
        for (place, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
            *place = word.to_le_bytes();
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, ReplayError> {
        let length = ReplayError::Length {
            found: bytes.len(),
            expected: HEAD_BYTES,
        };
        let head: &[u8; HEAD_BYTES] = bytes.first_chunk().ok_or(length)?;
        let mut words = [0; HEAD_BYTES / 4];
        for (word, bytes) in words.iter_mut().zip(head.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let [magic, model_bytes, months, levels, first, start] = words;
        if magic.to_le_bytes() != MAGIC {
            return Err(ReplayError::Magic {
                found: magic.to_le_bytes(),
            });
        }
        if levels == 0 || levels as usize > MAX_INPUTS {
            return Err(ReplayError::Levels { found: levels });
        }
        let start = match start {
            0 => Start::Cold,
            1 => Start::TrainingEnd,
            found => return Err(ReplayError::Start { found }),
        };
        let index = first.cast_signed();
        let first = Month::from_index(index).ok_or(ReplayError::Month { found: index })?;
        Ok(Self {
            model_bytes,
            months,
            levels,
            first,
            start,
        })
    }
}

impl<'a> Replay<'a> {
    /// Reads the block at the start of `bytes`. Bytes behind it are ignored.
    ///
    /// # Errors
    ///
    /// The block is invalid or truncated. The model file is checked by [`Replay::run`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ReplayError> {
        let head = Head::from_bytes(bytes)?;
        let model_bytes = head.model_bytes as usize;
        let row_bytes = head.levels as usize * 4;
        let length = || ReplayError::Length {
            found: bytes.len(),
            expected: HEAD_BYTES
                .saturating_add(model_bytes.saturating_add(3) / 4 * 4)
                .saturating_add((head.months as usize).saturating_mul(row_bytes)),
        };
        let rest = bytes.get(HEAD_BYTES..).ok_or_else(length)?;
        let (model, rest) = rest.split_at_checked(model_bytes).ok_or_else(length)?;
        let padding = model_bytes.wrapping_neg() % 4;
        let rest = rest.get(padding..).ok_or_else(length)?;
        let level_bytes = (head.months as usize).checked_mul(row_bytes);
        let levels = level_bytes.and_then(|level_bytes| rest.get(..level_bytes));
        Ok(Self {
            head,
            model,
            levels: levels.ok_or_else(length)?,
        })
    }

    /// The head of the block.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The model file, unchecked.
    pub fn model(&self) -> &'a [u8] {
        self.model
    }

    /// The levels in m above datum as little-endian `f32`, `[months, levels]` row by row.
    pub fn levels(&self) -> &'a [[u8; 4]] {
        self.levels.as_chunks().0
    }

    /// Steps through all months, calls `report` for each, and returns the digest of all.
    ///
    /// # Errors
    ///
    /// The model file is refused.
    pub fn run(&self, mut report: impl FnMut(Replayed<'_, 'a>)) -> Result<u32, ReplayError> {
        let mut estimator = Estimator::load(self.model).map_err(ReplayError::Model)?;
        if self.head.start == Start::Cold {
            estimator.reset();
        }
        let mut month = self.head.first;
        let mut digest = 0;
        for row in self.levels.chunks_exact(self.head.levels as usize * 4) {
            let estimate = estimator.step_across_gap(month, &levels_of(row));
            digest = estimator.digest(digest, &estimate);
            report(Replayed {
                estimate: &estimate,
                estimator: &estimator,
                digest,
            });
            month = month.next();
        }
        Ok(digest)
    }
}

/// The levels of a month; NaN is missing.
fn levels_of(row: &[u8]) -> Vec<Option<f32>, MAX_INPUTS> {
    let levels = row.as_chunks().0.iter().copied().map(f32::from_le_bytes);
    levels
        .map(|level| (!level.is_nan()).then_some(level))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            model_bytes: 6,
            months: 2,
            levels: 3,
            first: Month::new(2016, 8).unwrap(),
            start: Start::TrainingEnd,
        }
    }

    /// Head, model of 6 bytes, 2 bytes of padding, 6 levels.
    fn block() -> [u8; 56] {
        let mut bytes = [0; 56];
        bytes[..HEAD_BYTES].copy_from_slice(&head().to_bytes());
        bytes[52..].copy_from_slice(&1.5f32.to_le_bytes());
        bytes
    }

    #[test]
    fn a_head_survives_its_bytes() {
        assert_eq!(Head::from_bytes(&head().to_bytes()).unwrap(), head());
    }

    #[test]
    fn levels_lie_behind_the_padded_model() {
        let bytes = block();
        let replay = Replay::parse(&bytes).unwrap();
        assert_eq!(replay.model.len(), 6);
        assert_eq!(replay.levels.len(), 24);
        assert_eq!(replay.levels[20..], 1.5f32.to_le_bytes());
    }

    #[test]
    fn a_block_cut_at_any_byte_is_refused() {
        let bytes = block();
        for length in 0..bytes.len() {
            assert!(
                matches!(
                    Replay::parse(&bytes[..length]),
                    Err(ReplayError::Length { .. })
                ),
                "{length}"
            );
        }
    }

    #[test]
    fn a_head_of_impossible_numbers_is_refused() {
        let with = |at: usize, word: u32| {
            let mut bytes = block();
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
            Replay::parse(&bytes).unwrap_err()
        };
        assert!(matches!(
            with(0, 0),
            ReplayError::Magic {
                found: [0, 0, 0, 0]
            }
        ));
        assert!(matches!(with(4, u32::MAX), ReplayError::Length { .. }));
        assert!(matches!(with(8, u32::MAX), ReplayError::Length { .. }));
        assert!(matches!(with(12, 0), ReplayError::Levels { found: 0 }));
        assert!(matches!(with(12, 9), ReplayError::Levels { found: 9 }));
        assert!(matches!(
            with(16, u32::MAX),
            ReplayError::Month { found: -1 }
        ));
        assert!(matches!(with(20, 2), ReplayError::Start { found: 2 }));
    }

    #[test]
    fn a_level_that_is_nan_is_missing() {
        let mut row = [0; 8];
        row[..4].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(levels_of(&row), [None, Some(0.0)]);
    }
}
