//! Reads the numbers of a model file: inputs, network, intervals.

use bytemuck::Pod;

#[cfg(feature = "f32")]
use super::check::check_f32;
#[cfg(feature = "q15")]
use super::check::check_q15;
use super::encoding::network_bytes;
use super::{ArtifactError, GOLDEN_MONTHS, Golden, Member, Record, Start, Tag};
use crate::arithmetic::{Arithmetic, ArithmeticKind, TiledMatrix};
use crate::attention::AttentionWeights;
use crate::cumulative_interval::{CumulativeIntervals, HORIZONS};
use crate::lstm::GateWeights;
use crate::model::{Model, Network};
use crate::month::Month;
use crate::network::Weights;
use crate::scaler::Scaler;
use crate::sizes::{BLOCK, TILE_COLUMNS};

/// Bytes of the section of the intervals around cumulative subsidence.
const CUMULATIVE_BYTES: usize = size_of::<i32>() + 2 * size_of::<[f32; HORIZONS]>();

/// Reads the numbers of a network that follow a checked record, and checks the weights.
pub(super) fn read<'a>(
    record: &Record,
    [inputs, changes]: [&'a [u8]; 2],
    (tag, network): (Tag, &'a [u8]),
) -> Result<Member<'a>, ArtifactError> {
    let layers = record.aquifer_layers.len();
    check_length(Tag::INPUTS, inputs, layers * size_of::<[f32; 4]>())?;
    let changed = if record.sees_changes() { layers } else { 0 };
    check_length(Tag::CHANGES, changes, changed * size_of::<[f32; 5]>())?;
    let mut change_numbers = Numbers { rest: changes };
    let changes = change_numbers.take(changed)?;
    check_length(tag, network, network_bytes(record))?;
    let mut numbers = Numbers { rest: network };
    let [offset, scale] = numbers.one()?;
    let hidden = usize::from(record.sizes.hidden);
    let month: i32 = numbers.one()?;
    let start = Start {
        month: Month::from_index(month).ok_or(ArtifactError::StartIndex { found: month })?,
        subsidence_mm: numbers.one()?,
        hidden: numbers.take(hidden)?,
        cell: numbers.take(hidden)?,
        level_m: change_numbers.take(changed)?,
    };
    let golden = Golden {
        level_m: numbers.take(layers)?,
        increment_mm: numbers.take(GOLDEN_MONTHS)?,
        digest: numbers.one()?,
    };
    let network = match record.arithmetic {
        #[cfg(feature = "f32")]
        ArithmeticKind::F32 => {
            check_f32(cast(numbers.rest)?)?;
            Network::F32(numbers.weights(record)?)
        }
        #[cfg(feature = "q15")]
        ArithmeticKind::Q15 => {
            let weights = numbers.weights(record)?;
            check_q15(&weights)?;
            Network::Q15(weights)
        }
        #[cfg(not(all(feature = "f32", feature = "q15")))]
        found => return Err(ArtifactError::Arithmetic { found }),
    };
    let model = Model {
        inputs: cast(inputs)?,
        changes,
        target: Scaler { offset, scale },
        network,
    };
    Ok(Member {
        model,
        start,
        golden,
    })
}

/// Reads and checks the intervals of the cumulative subsidence.
pub(super) fn cumulative(bytes: &[u8]) -> Result<CumulativeIntervals<'_>, ArtifactError> {
    check_length(Tag::CUMULATIVE, bytes, CUMULATIVE_BYTES)?;
    let mut numbers = Numbers { rest: bytes };
    let month: i32 = numbers.one()?;
    let [network, physics] = numbers.take(2)? else {
        return Err(ArtifactError::Cast);
    };
    let intervals = CumulativeIntervals {
        observed_until: Month::from_index(month)
            .ok_or(ArtifactError::StartIndex { found: month })?,
        network,
        physics,
    };
    if intervals.is_sound() {
        Ok(intervals)
    } else {
        Err(ArtifactError::CumulativeInterval)
    }
}

pub(super) fn check_length(tag: Tag, bytes: &[u8], expected: usize) -> Result<(), ArtifactError> {
    let found = bytes.len();
    if found == expected {
        return Ok(());
    }
    Err(ArtifactError::NumbersLength {
        tag,
        found,
        expected,
    })
}

/// The numbers in these bytes, in place.
fn cast<T: Pod>(bytes: &[u8]) -> Result<&[T], ArtifactError> {
    if bytes.is_empty() {
        // A section that is not there lies nowhere.
        return Ok(&[]);
    }
    bytemuck::try_cast_slice(bytes).map_err(|_| ArtifactError::Cast)
}

/// The numbers of a section, read one part after the other.
pub(super) struct Numbers<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Numbers<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], ArtifactError> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(ArtifactError::Cast)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The next `count` numbers, in place.
    pub(super) fn take<T: Pod>(&mut self, count: usize) -> Result<&'a [T], ArtifactError> {
        cast(self.bytes(count * size_of::<T>())?)
    }

    /// A copy of the next number or numbers.
    pub(super) fn one<T: Pod>(&mut self) -> Result<T, ArtifactError> {
        let bytes = self.bytes(size_of::<T>())?;
        bytemuck::try_pod_read_unaligned(bytes).map_err(|_| ArtifactError::Cast)
    }

    /// The weights of a network, unchecked.
    fn weights<A: Arithmetic>(&mut self, record: &Record) -> Result<Weights<'a, A>, ArtifactError> {
        let hidden_blocks = record.sizes.hidden_blocks();
        let hidden_tiles = hidden_blocks * BLOCK / TILE_COLUMNS;
        let input_tiles = usize::from(record.sizes.inputs).div_ceil(TILE_COLUMNS);
        let scales = self.one()?;
        let columns = record.sizes.attention_columns(record.attention);
        let attention = if columns == 0 {
            None
        } else {
            let blocks = record.sizes.attention_blocks();
            Some(AttentionWeights {
                w: self.matrix(blocks, 2 * hidden_tiles)?,
                u: self.take(blocks * columns)?,
                b: self.take(blocks * columns)?,
                v: self.take(blocks * columns)?,
                columns,
            })
        };
        let gates = GateWeights {
            weights: self.matrix(4 * hidden_blocks, hidden_tiles + input_tiles)?,
            biases: self.take(hidden_blocks)?,
        };
        Ok(Weights {
            attention,
            gates,
            output: self.take(hidden_blocks)?,
            output_bias: self.one()?,
            skip: self.take(usize::from(record.sees_changes()))?,
            hidden: usize::from(record.sizes.hidden),
            scales,
        })
    }

    fn matrix<A: Arithmetic>(
        &mut self,
        blocks: usize,
        tiles_per_block: usize,
    ) -> Result<TiledMatrix<'a, A>, ArtifactError> {
        Ok(TiledMatrix {
            tiles: self.take(blocks * tiles_per_block)?,
            tiles_per_block,
        })
    }
}
