//! Where everything lies in a model file, for reading.

use bytemuck::{Pod, Zeroable};

use super::reader::Reader;
use super::{ArtifactError, FORMAT, GOLDEN_MONTHS, HEAD_BYTES, MAGIC, Record};
#[cfg(feature = "q15")]
use crate::arithmetic::{ALPHA_SHIFT, CELL_SHIFT, INPUT_BITS, Q15, row_bound};
use crate::arithmetic::{Arithmetic, ArithmeticKind, Matrix};
#[cfg(feature = "f32")]
use crate::arithmetic::{F32, WEIGHT_LIMIT};
use crate::attention::AttentionWeights;
use crate::crc::crc32;
use crate::lstm::GateWeights;
use crate::model::{AttentionKind, Sizes, Weights};
use crate::sizes::{BLOCK, TILE_COLUMNS};

#[cfg(target_endian = "big")]
compile_error!("weights are used where they lie, which needs a little-endian machine");

/// Checks head, length and CRC-32; gives the record, the CRC-32 and the bytes of the numbers.
pub(super) fn record(bytes: &[u8]) -> Result<(Record<'_>, u32, &[u8]), ArtifactError> {
    let short = ArtifactError::Short {
        found: bytes.len(),
        expected: HEAD_BYTES + 4,
    };
    let (magic, rest) = bytes.split_first_chunk::<4>().ok_or(short)?;
    let (format, rest) = rest.split_first_chunk::<2>().ok_or(short)?;
    let (record_bytes, rest) = rest.split_first_chunk::<2>().ok_or(short)?;
    let (file_bytes, rest) = rest.split_first_chunk::<4>().ok_or(short)?;
    let (rest, crc) = rest.split_last_chunk::<4>().ok_or(short)?;
    if *magic != MAGIC {
        return Err(ArtifactError::Magic { found: *magic });
    }
    let format = u16::from_le_bytes(*format);
    if format != FORMAT {
        return Err(ArtifactError::Format { found: format });
    }
    let file_bytes = u32::from_le_bytes(*file_bytes);
    if file_bytes as usize != bytes.len() {
        return Err(ArtifactError::FileLength {
            found: bytes.len(),
            expected: file_bytes,
        });
    }
    let crc = u32::from_le_bytes(*crc);
    let content = bytes.get(..HEAD_BYTES + rest.len()).ok_or(short)?;
    let found = crc32(content);
    if found != crc {
        return Err(ArtifactError::Crc {
            found,
            expected: crc,
        });
    }
    let remainder = bytes.as_ptr().addr() % 4;
    if remainder != 0 {
        return Err(ArtifactError::Misaligned { remainder });
    }
    let found = usize::from(u16::from_le_bytes(*record_bytes));
    let no_room = ArtifactError::RecordLength {
        found,
        room: rest.len(),
    };
    let (record_bytes, rest) = rest.split_at_checked(found).ok_or(no_room)?;
    let padding = found.next_multiple_of(4) - found;
    let (padding, numbers) = rest.split_at_checked(padding).ok_or(no_room)?;
    if let Some(found) = padding.iter().find(|byte| **byte != 0) {
        return Err(ArtifactError::Padding { found: *found });
    }
    let mut reader = Reader::new(record_bytes);
    let record = reader.record();
    let unread = reader
        .rest()
        .ok_or(ArtifactError::Record { bytes: found })?;
    if !unread.is_empty() {
        return Err(ArtifactError::RecordRest {
            found,
            expected: found - unread.len(),
        });
    }
    Ok((record, crc, numbers))
}

/// Bytes of the numbers of a model with a checked record.
pub(super) fn number_bytes(record: &Record) -> usize {
    let inputs = usize::from(record.sizes.inputs);
    let hidden = usize::from(record.sizes.hidden);
    let words = 5 * inputs + 2 + 1 + 2 * hidden + GOLDEN_MONTHS + 1;
    4 * words + weight_bytes(record)
}

/// Bytes of the weights of a model with a checked record, with what fills up blocks and tiles.
fn weight_bytes(record: &Record) -> usize {
    let shape = Shape::of(record);
    let Numbers {
        scales,
        row_bytes,
        weight_bytes,
        ..
    } = Numbers::of(record.arithmetic);
    let rows = shape.filled_units * shape.columns + 4 * shape.filled_hidden + 1;
    let attention = shape.filled_units * (2 * shape.filled_hidden + 2 * shape.columns);
    let gates = 4 * shape.filled_hidden * (shape.filled_hidden + shape.filled_inputs);
    let weights = attention + gates + shape.hidden;
    4 * scales + row_bytes * rows + (weight_bytes * weights).next_multiple_of(4)
}

/// The numbers of a model file, taken off part by part. A part that is not there is empty: the length is checked once, when all are taken.
pub(super) struct Parts<'a> {
    words: &'a [u32],
    /// Bytes there are: all words, unless the file ends within one.
    bytes: usize,
    /// Words taken, or asked for.
    taken: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn new(numbers: &'a [u8]) -> Self {
        Self {
            words: bytemuck::try_cast_slice(numbers.as_chunks::<4>().0).unwrap_or_default(),
            bytes: numbers.len(),
            taken: 0,
        }
    }

    /// The next `count` words.
    #[inline(never)]
    pub(super) fn words(&mut self, count: usize) -> &'a [u32] {
        let begin = self.taken;
        self.taken += count;
        self.words.get(begin..self.taken).unwrap_or_default()
    }

    /// The next word.
    pub(super) fn word(&mut self) -> u32 {
        self.words(1).first().copied().unwrap_or(0)
    }

    /// The next `count` numbers where they lie, and what fills up their last word.
    pub(super) fn take<T: Pod>(&mut self, count: usize) -> &'a [T] {
        let words = self.words((count * size_of::<T>()).div_ceil(4));
        bytemuck::try_cast_slice(words).unwrap_or_default()
    }

    /// The next floats.
    pub(super) fn floats<const COUNT: usize>(&mut self) -> [f32; COUNT] {
        let words = self.words(COUNT).first_chunk().copied();
        words.unwrap_or([0; COUNT]).map(f32::from_bits)
    }

    /// The weights of a network, which are the last of the numbers, unchecked but for their length.
    fn weights<A: Arithmetic>(&mut self, record: &Record) -> Result<Weights<'a, A>, ArtifactError> {
        let Shape {
            hidden,
            filled_hidden,
            filled_inputs,
            filled_units,
            columns,
            ..
        } = Shape::of(record);
        let scales = A::scales(self.take(A::SCALES));
        let units = filled_units / BLOCK;
        let b = self.take(units * columns);
        let rows = self.take(filled_hidden / BLOCK);
        let output_row = self.take(1).first().copied().unwrap_or(A::Row::zeroed());
        let tiles_a_block = 2 * filled_hidden / TILE_COLUMNS;
        let attention = match record.attention {
            AttentionKind::None => None,
            AttentionKind::Shared | AttentionKind::PerLayer => Some(AttentionWeights {
                w: Matrix {
                    tiles: self.take(units * tiles_a_block),
                    tiles_a_block,
                    hidden,
                },
                u: self.take(units * columns),
                b,
                v: self.take(units * columns),
                columns,
            }),
        };
        let tiles_a_block = (filled_hidden + filled_inputs) / TILE_COLUMNS;
        let gates = GateWeights {
            weights: Matrix {
                tiles: self.take(4 * filled_hidden / BLOCK * tiles_a_block),
                tiles_a_block,
                hidden,
            },
            rows,
        };
        let output = self.take(hidden).get(..hidden).unwrap_or_default();
        let wrong_length = ArtifactError::NumbersLength {
            found: self.bytes,
            expected: 4 * self.taken,
        };
        if self.bytes != 4 * self.taken {
            return Err(wrong_length);
        }
        Ok(Weights {
            attention,
            gates,
            output,
            output_row,
            scales: scales.ok_or(wrong_length)?,
        })
    }

    /// The weights of an f32 network, each checked.
    #[cfg(feature = "f32")]
    pub(super) fn f32_weights(
        &mut self,
        record: &Record,
    ) -> Result<Weights<'a, F32>, ArtifactError> {
        let begin = self.taken;
        let weights = self.weights(record)?;
        let all = self.words.get(begin..).unwrap_or_default();
        for (index, bits) in all.iter().enumerate() {
            // Magnitudes are in the order of their bits, NaN above all.
            let found = f32::from_bits(*bits);
            if found.abs().to_bits() > WEIGHT_LIMIT.to_bits() {
                return Err(ArtifactError::Weight { index, found });
            }
        }
        Ok(weights)
    }

    /// The weights of a fixed-point network, each row's bound checked.
    #[cfg(feature = "q15")]
    pub(super) fn q15_weights(
        &mut self,
        record: &Record,
    ) -> Result<Weights<'a, Q15>, ArtifactError> {
        let weights = self.weights(record)?;
        check_q15(&weights)?;
        Ok(weights)
    }
}

/// Proves that no sum of a fixed-point network can overflow and that every shift is one.
#[cfg(feature = "q15")]
fn check_q15(weights: &Weights<Q15>) -> Result<(), ArtifactError> {
    for (index, range) in [
        (INPUT_BITS, 0..=15),
        (CELL_SHIFT, 8..=23),
        (ALPHA_SHIFT, 0..=30),
    ] {
        let found = weights.scales.get(index).copied().unwrap_or(-1);
        if !range.contains(&found) {
            return Err(ArtifactError::Scale { index, found });
        }
    }
    if let Some(attention) = &weights.attention {
        check_rows(attention.b, &attention.w, attention.u, attention.columns)?;
        for column in 0..attention.columns {
            let mut sum = 0;
            let mut at = column;
            while let Some(v) = attention.v.get(at) {
                sum += magnitudes(v);
                at += attention.columns;
            }
            // Half the range, so that the difference of two alphas fits too.
            check_row(0, sum, [0, 1], i32::MAX / 2)?;
        }
    }
    let gates = &weights.gates;
    check_rows(gates.rows.as_flattened(), &gates.weights, &[], 1)?;
    check_row(0, magnitudes(weights.output), weights.output_row, i32::MAX)
}

/// Checks blocks of rows, of which `columns` after each other share their rows of the matrix and have a weight of their own each.
#[cfg(feature = "q15")]
#[inline(never)]
fn check_rows(
    rows: &[[[i32; 2]; BLOCK]],
    matrix: &Matrix<Q15>,
    own: &[[i16; BLOCK]],
    columns: usize,
) -> Result<(), ArtifactError> {
    let mut own = own.as_flattened().iter();
    for (block, rows) in rows.iter().enumerate() {
        let block = block.checked_div(columns).unwrap_or(0);
        for (row, numbers) in (block * BLOCK..).zip(rows) {
            let own = own
                .next()
                .map_or(0, |weight| u32::from(weight.unsigned_abs()));
            check_row(row, row_magnitudes(matrix, row) + own, *numbers, i32::MAX)?;
        }
    }
    Ok(())
}

/// The sum of the magnitudes of weights, of which a row has a hundred at most.
#[cfg(feature = "q15")]
fn magnitudes(weights: &[i16]) -> u32 {
    let magnitudes = weights
        .iter()
        .map(|weight| u32::from(weight.unsigned_abs()));
    magnitudes.sum()
}

#[cfg(feature = "q15")]
#[inline(never)]
fn row_magnitudes(matrix: &Matrix<Q15>, row: usize) -> u32 {
    matrix
        .filled_row(row)
        .map(|weight| magnitudes(&[weight]))
        .sum()
}

#[cfg(feature = "q15")]
fn check_row(
    row: usize,
    magnitudes: u32,
    [bias, shift]: [i32; 2],
    limit: i32,
) -> Result<(), ArtifactError> {
    let found = row_bound(magnitudes, bias);
    if found > i64::from(limit) {
        return Err(ArtifactError::RowBound { row, found, limit });
    }
    if !(1..=31).contains(&shift) {
        return Err(ArtifactError::RowShift { row, found: shift });
    }
    Ok(())
}

/// Sizes of a network, and what they are filled up to.
pub(super) struct Shape {
    pub(super) inputs: usize,
    /// To whole tiles.
    pub(super) filled_inputs: usize,
    pub(super) hidden: usize,
    /// To whole blocks.
    pub(super) filled_hidden: usize,
    pub(super) units: usize,
    /// To whole blocks.
    pub(super) filled_units: usize,
    /// Columns of the attention.
    pub(super) columns: usize,
}

impl Shape {
    pub(super) fn of(record: &Record) -> Self {
        let Sizes {
            inputs,
            hidden,
            attention,
        } = record.sizes;
        let (inputs, hidden) = (usize::from(inputs), usize::from(hidden));
        let units = usize::from(attention);
        Self {
            inputs,
            filled_inputs: inputs.next_multiple_of(TILE_COLUMNS),
            hidden,
            filled_hidden: hidden.next_multiple_of(BLOCK),
            units,
            filled_units: units.next_multiple_of(BLOCK),
            columns: record.sizes.attention_columns(record.attention),
        }
    }
}

/// The numbers of an arithmetic in a model file.
pub(super) struct Numbers {
    /// Words of scales.
    pub(super) scales: usize,
    /// Bytes of a row's bias.
    pub(super) row_bytes: usize,
    /// Bytes of a weight.
    pub(super) weight_bytes: usize,
    /// Columns of a tile whose weights of one row lie side by side.
    pub(super) side_by_side: usize,
    /// A row that fills up a block.
    pub(super) empty_row: &'static [u8],
}

impl Numbers {
    pub(super) fn of(arithmetic: ArithmeticKind) -> Self {
        match arithmetic {
            ArithmeticKind::F32 => Self {
                scales: 0,
                row_bytes: 4,
                weight_bytes: 4,
                side_by_side: 1,
                empty_row: &[0; 4],
            },
            ArithmeticKind::Q15 => Self {
                scales: 3,
                row_bytes: 8,
                weight_bytes: 2,
                side_by_side: 2,
                // Shifted by 1.
                empty_row: &[0, 0, 0, 0, 1, 0, 0, 0],
            },
        }
    }
}
