//! Where everything lies in a model file, for reading.

#[cfg(feature = "q15")]
use core::ops::RangeInclusive;

use bytemuck::Pod;

use super::reader::Reader;
use super::{ArtifactError, FORMAT, GOLDEN_MONTHS, Golden, HEAD_BYTES, MAGIC, Record, Start};
#[cfg(feature = "f32")]
use crate::arithmetic::WEIGHT_LIMIT;
#[cfg(feature = "q15")]
use crate::arithmetic::{ALPHA_SHIFT, CELL_SHIFT, INPUT_BITS, Q15, row_bound};
use crate::arithmetic::{Arithmetic, ArithmeticKind, Matrix};
use crate::attention::AttentionWeights;
use crate::crc::crc32;
use crate::lstm::GateWeights;
use crate::model::{AttentionKind, Sizes, Weights};
use crate::scaler::Scaler;
use crate::sizes::{BLOCK, TILE_COLUMNS};

#[cfg(target_endian = "big")]
compile_error!("weights are used where they lie, which needs a little-endian machine");

/// A file of the length that its head says, with its CRC-32 checked.
pub(super) struct Frame<'a> {
    /// Bytes of the record.
    pub(super) record: &'a [u8],
    /// Bytes of the numbers.
    pub(super) numbers: &'a [u8],
    pub(super) crc: u32,
}

/// Checks head, length and CRC-32.
pub(super) fn frame(bytes: &[u8]) -> Result<Frame<'_>, ArtifactError> {
    let short = ArtifactError::Short {
        found: bytes.len(),
        expected: HEAD_BYTES + 4,
    };
    let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>().ok_or(short)?;
    let (rest, crc) = rest.split_last_chunk::<4>().ok_or(short)?;
    // Within a head of so many bytes, each is there.
    let (magic, head) = head.split_first_chunk::<4>().ok_or(short)?;
    let (format, head) = head.split_first_chunk::<2>().ok_or(short)?;
    let (record_bytes, head) = head.split_first_chunk::<2>().ok_or(short)?;
    let file_bytes = head.first_chunk::<4>().ok_or(short)?;
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
    let padding = filled(found, 4) - found;
    let (padding, numbers) = rest.split_at_checked(padding).ok_or(no_room)?;
    if let Some(found) = padding.iter().find(|byte| **byte != 0) {
        return Err(ArtifactError::Padding { found: *found });
    }
    Ok(Frame {
        record: record_bytes,
        numbers,
        crc,
    })
}

/// Checks that all of a record's bytes could be read, and its names.
pub(super) fn check_read(bytes: &[u8], reader: &Reader) -> Result<(), ArtifactError> {
    let found = bytes.len();
    let unread = reader
        .rest()
        .ok_or(ArtifactError::Record { bytes: found })?;
    if !unread.is_empty() {
        return Err(ArtifactError::RecordRest {
            found,
            expected: found - unread.len(),
        });
    }
    if let Some(found_bytes) = reader.wrong_name() {
        return Err(ArtifactError::Name { found_bytes });
    }
    Ok(())
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

/// The numbers of a model file, taken off part by part; nothing is given if there are too few.
pub(super) struct Parts<'a> {
    rest: &'a [u32],
}

impl<'a> Parts<'a> {
    /// The parts of a file's numbers; nothing if these are not whole words.
    pub(super) fn new(numbers: &'a [u8]) -> Option<Self> {
        let rest = bytemuck::try_cast_slice(numbers).ok()?;
        Some(Self { rest })
    }

    /// What was not taken.
    pub(super) fn rest(&self) -> &'a [u32] {
        self.rest
    }

    /// The next `count` words.
    #[inline(always)]
    pub(super) fn words(&mut self, count: usize) -> Option<&'a [u32]> {
        let (words, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(words)
    }

    /// The next `count` numbers where they lie, and what fills up their last word.
    pub(super) fn take<T: Pod>(&mut self, count: usize) -> Option<&'a [T]> {
        let words = self.words((count * size_of::<T>()).div_ceil(4))?;
        // All of them; so said, the compiler knows that the cast cannot fail.
        let words_each = size_of::<T>().div_ceil(4);
        let words = words.get(..words.len() / words_each * words_each)?;
        bytemuck::try_cast_slice(words).ok()
    }

    /// The next numbers.
    pub(super) fn array<T: Pod, const COUNT: usize>(&mut self) -> Option<[T; COUNT]> {
        self.take(COUNT)?.first_chunk().copied()
    }

    /// What lies before the weights, unchecked: the inputs' numbers, the target's scaler, the start and the golden months.
    #[inline(always)]
    pub(super) fn head(
        &mut self,
        record: &Record,
    ) -> Option<(&'a [[f32; 4]], Scaler, Start<'a>, Golden<'a>)> {
        let inputs = usize::from(record.sizes.inputs);
        let hidden = usize::from(record.sizes.hidden);
        let numbers = self.take(inputs)?;
        let [offset, scale, subsidence_mm] = self.array()?;
        let start = Start {
            subsidence_mm,
            hidden: self.words(hidden)?,
            cell: self.words(hidden)?,
        };
        let golden = Golden {
            level_m: self.take(inputs)?,
            increment_mm: self.take(GOLDEN_MONTHS)?,
            digest: *self.words(1)?.first()?,
        };
        Some((numbers, Scaler { offset, scale }, start, golden))
    }

    /// The weights of a network, unchecked.
    #[inline(always)]
    pub(super) fn weights<A: Arithmetic>(&mut self, record: &Record) -> Option<Weights<'a, A>> {
        let Shape {
            hidden,
            filled_hidden,
            filled_inputs,
            filled_units,
            columns,
            ..
        } = Shape::of(record);
        let scales = A::scales(self.take(A::SCALES)?)?;
        let units = filled_units / BLOCK;
        let b = self.take(units * columns)?;
        let rows = self.take(filled_hidden / BLOCK)?;
        let [output_row] = self.array()?;
        let tiles_a_block = 2 * filled_hidden / TILE_COLUMNS;
        let attention = match record.attention {
            AttentionKind::None => None,
            AttentionKind::Shared | AttentionKind::PerLayer => Some(AttentionWeights {
                w: Matrix {
                    tiles: self.take(units * tiles_a_block)?,
                    tiles_a_block,
                    hidden,
                },
                u: self.take(units * columns)?,
                b,
                v: self.take(units * columns)?,
                columns,
            }),
        };
        let tiles_a_block = (filled_hidden + filled_inputs) / TILE_COLUMNS;
        let gates = GateWeights {
            weights: Matrix {
                tiles: self.take(4 * filled_hidden / BLOCK * tiles_a_block)?,
                tiles_a_block,
                hidden,
            },
            rows,
        };
        Some(Weights {
            attention,
            gates,
            output: self.take(hidden)?.get(..hidden)?,
            output_row,
            scales,
        })
    }
}

/// Checks each weight of a floating-point network.
#[cfg(feature = "f32")]
#[inline(always)]
pub(super) fn check_f32(weights: &[u32]) -> Result<(), ArtifactError> {
    for (index, bits) in weights.iter().enumerate() {
        // Magnitudes are in the order of their bits, NaN above all.
        let found = f32::from_bits(*bits);
        if found.abs().to_bits() > WEIGHT_LIMIT.to_bits() {
            return Err(ArtifactError::Weight { index, found });
        }
    }
    Ok(())
}

/// Proves that no sum of a fixed-point network can overflow and that every shift is one.
#[cfg(feature = "q15")]
#[inline(always)]
pub(super) fn check_q15(weights: &Weights<Q15>) -> Result<(), ArtifactError> {
    let check_scale = |index: usize, range: RangeInclusive<i32>| {
        let found = weights.scales.get(index).copied().unwrap_or(-1);
        if !range.contains(&found) {
            return Err(ArtifactError::Scale { index, found });
        }
        Ok(())
    };
    check_scale(INPUT_BITS, 0..=15)?;
    check_scale(CELL_SHIFT, 8..=23)?;
    check_scale(ALPHA_SHIFT, 0..=30)?;
    if let Some(attention) = &weights.attention {
        let columns = attention.columns;
        let rows = Rows {
            numbers: attention.b.as_flattened(),
            words: words(&attention.w),
            pairs: attention.w.tiles_a_block * TILE_COLUMNS / 2,
            own: attention.u.as_flattened(),
            columns,
        };
        rows.check()?;
        for column in 0..columns {
            let mut sum = 0;
            let mut at = column;
            while let Some(v) = attention.v.get(at) {
                sum += magnitudes(v);
                at += columns;
            }
            // Half the range, so that the difference of two alphas fits too.
            check_row(0, sum, [0, 1], i32::MAX / 2)?;
        }
    }
    let gates = Rows {
        numbers: weights.gates.rows.as_flattened().as_flattened(),
        words: words(&weights.gates.weights),
        pairs: weights.gates.weights.tiles_a_block * TILE_COLUMNS / 2,
        own: &[],
        columns: 1,
    };
    gates.check()?;
    let sum = magnitudes(weights.output);
    check_row(0, sum, weights.output_row, i32::MAX)
}

/// Rows of a fixed-point network, block after block.
#[cfg(feature = "q15")]
struct Rows<'a> {
    /// Bias and shift of each row.
    numbers: &'a [[i32; 2]],
    /// All weights of the matrix, [`pairs`](Self::pairs) for each block: a word holds those of one row in two columns.
    words: &'a [[i32; BLOCK]],
    /// Pairs of columns of the matrix.
    pairs: usize,
    /// A weight of each row's own, or nothing.
    own: &'a [i16],
    /// Blocks after each other that share a block of the matrix.
    columns: usize,
}

#[cfg(feature = "q15")]
impl Rows<'_> {
    #[inline(always)]
    fn check(&self) -> Result<(), ArtifactError> {
        let index = self.sound_rows();
        if index == self.numbers.len() {
            return Ok(());
        }
        let (sum, [bias, shift]) = self.row(index);
        let row = self.block(index) * BLOCK + index % BLOCK;
        let found = row_bound(sum, bias);
        // Not by a second call of `check_row`, which would make the image 370 bytes larger.
        Err(if found > i64::from(i32::MAX) {
            ArtifactError::RowBound {
                row,
                found,
                limit: i32::MAX,
            }
        } else {
            ArtifactError::RowShift { row, found: shift }
        })
    }

    /// Rows before the first whose sum could overflow or whose shift is none. A number and no error, so that there is no code for one where nobody reads it.
    #[inline(never)]
    fn sound_rows(&self) -> usize {
        let is_sound = |index: &usize| {
            let (sum, numbers) = self.row(*index);
            check_row(0, sum, numbers, i32::MAX).is_ok()
        };
        (0..self.numbers.len()).take_while(is_sound).count()
    }

    /// The block of the matrix that has a row's weights.
    fn block(&self, index: usize) -> usize {
        index.checked_div(self.columns * BLOCK).unwrap_or(0)
    }

    /// The sum of the magnitudes of a row's weights, and its bias and shift.
    #[inline(always)]
    fn row(&self, index: usize) -> (u32, [i32; 2]) {
        let numbers = self.numbers.get(index).copied().unwrap_or_default();
        let own = self.own.get(index).copied().unwrap_or(0);
        let mut sum = u32::from(own.unsigned_abs());
        let first_pair = self.block(index) * self.pairs;
        for pair in first_pair..first_pair + self.pairs {
            let rows = self.words.get(pair);
            if let Some(word) = rows.and_then(|rows| rows.get(index % BLOCK)) {
                sum += u32::from((*word as i16).unsigned_abs()) + (word >> 16).unsigned_abs();
            }
        }
        (sum, numbers)
    }
}

/// The weights of a matrix in its file's order.
#[cfg(feature = "q15")]
fn words<'a>(matrix: &Matrix<'a, Q15>) -> &'a [[i32; BLOCK]] {
    let words = matrix.tiles.as_flattened().as_flattened().as_flattened();
    words.as_chunks().0
}

/// The sum of the magnitudes of weights, of which a row has a hundred at most.
#[cfg(feature = "q15")]
#[inline(never)]
fn magnitudes(weights: &[i16]) -> u32 {
    let magnitudes = weights
        .iter()
        .map(|weight| u32::from(weight.unsigned_abs()));
    magnitudes.sum()
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

/// The next multiple of `to`, a power of two, in half of the instructions that [`usize::next_multiple_of`] takes.
pub(super) fn filled(count: usize, to: usize) -> usize {
    count + count.wrapping_neg() % to
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
    #[inline(always)]
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
            filled_inputs: filled(inputs, TILE_COLUMNS),
            hidden,
            filled_hidden: filled(hidden, BLOCK),
            units,
            filled_units: filled(units, BLOCK),
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
