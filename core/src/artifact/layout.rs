//! Where everything lies in a model file, for reading.

use bytemuck::Pod;

use super::{ArtifactError, FORMAT, GOLDEN_MONTHS, HEAD_BYTES, MAGIC, Record};
use crate::CRC_32;
#[cfg(feature = "q15")]
use crate::arithmetic::{ALPHA_SHIFT, CELL_SHIFT, INPUT_BITS, Q15, row_bound};
use crate::arithmetic::{ArithmeticKind, Matrix, Scales, matrix};
#[cfg(feature = "f32")]
use crate::arithmetic::{F32, WEIGHT_LIMIT};
use crate::attention::AttentionWeights;
use crate::lstm::GateWeights;
use crate::model::{AttentionKind, Sizes, Weights};
use crate::scaler::Scaler;
use crate::sizes::BLOCK;

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
    let found = CRC_32.checksum(content);
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
    let (record, unread) = postcard::take_from_bytes(record_bytes)
        .map_err(|_| ArtifactError::Record { bytes: found })?;
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

/// Bytes of the weights of a model with a checked record, units filled up to whole blocks.
fn weight_bytes(record: &Record) -> usize {
    let Shape {
        inputs,
        hidden,
        filled_hidden,
        filled_units,
        columns,
    } = Shape::of(record);
    let attention = match record.attention {
        AttentionKind::None => 0,
        _ => filled_units * (2 * hidden + 3 * columns),
    };
    let weights = attention + 4 * filled_hidden * (hidden + inputs) + hidden;
    match record.arithmetic {
        ArithmeticKind::F32 => 4 * (weights + 4 * filled_hidden + 1),
        ArithmeticKind::Q15 => {
            // B and the gates' biases are rows of 8 bytes.
            let rows = filled_units * columns + 4 * filled_hidden + 1;
            let weights = weights - filled_units * columns;
            size_of::<Scales>() + 8 * rows + (2 * weights).next_multiple_of(4)
        }
    }
}

/// The numbers of a model file, taken off part by part.
pub(super) struct Parts<'a> {
    rest: &'a [u8],
    wrong_length: ArtifactError,
}

impl<'a> Parts<'a> {
    /// The numbers of a model with this (checked) record.
    pub(super) fn new(numbers: &'a [u8], record: &Record) -> Result<Self, ArtifactError> {
        let wrong_length = ArtifactError::NumbersLength {
            found: numbers.len(),
            expected: number_bytes(record),
        };
        if numbers.len() != number_bytes(record) {
            return Err(wrong_length);
        }
        Ok(Self {
            rest: numbers,
            wrong_length,
        })
    }

    /// The next `count` numbers, where they lie.
    pub(super) fn take<T: Pod>(&mut self, count: usize) -> Result<&'a [T], ArtifactError> {
        let bytes = count * size_of::<T>();
        let (part, rest) = self.rest.split_at_checked(bytes).ok_or(self.wrong_length)?;
        self.rest = rest;
        bytemuck::try_cast_slice(part).map_err(|_| self.wrong_length)
    }

    /// The next number.
    pub(super) fn one<T: Pod>(&mut self) -> Result<T, ArtifactError> {
        self.take(1)?.first().copied().ok_or(self.wrong_length)
    }

    /// The next two numbers as a scaler.
    pub(super) fn scaler(&mut self) -> Result<Scaler, ArtifactError> {
        Ok(Scaler {
            offset: self.one()?,
            scale: self.one()?,
        })
    }

    fn matrix<T: Pod + nalgebra::Scalar>(
        &mut self,
        rows: usize,
        columns: usize,
    ) -> Result<Matrix<'a, T>, ArtifactError> {
        matrix(self.take(rows * columns)?, rows, columns).ok_or(self.wrong_length)
    }

    /// The weights of an f32 network, each checked.
    #[cfg(feature = "f32")]
    pub(super) fn f32_weights(
        &mut self,
        record: &Record,
    ) -> Result<Weights<'a, F32>, ArtifactError> {
        let all: &[f32] = bytemuck::try_cast_slice(self.rest).map_err(|_| self.wrong_length)?;
        for (index, weight) in all.iter().enumerate() {
            if weight.is_nan() || weight.abs() > WEIGHT_LIMIT {
                return Err(ArtifactError::Weight {
                    index,
                    found: *weight,
                });
            }
        }
        let Shape {
            inputs,
            hidden,
            filled_hidden,
            filled_units,
            columns,
        } = Shape::of(record);
        let attention = match record.attention {
            AttentionKind::None => None,
            kind => Some(AttentionWeights {
                w: self.matrix(filled_units, 2 * hidden)?,
                u: self.take(filled_units * columns)?,
                b: self.take(filled_units * columns)?,
                v: self.take(filled_units * columns)?,
                column_step: if kind == AttentionKind::PerLayer {
                    filled_units
                } else {
                    0
                },
            }),
        };
        let gates = GateWeights {
            weights: self.matrix(4 * filled_hidden, hidden + inputs)?,
            rows: self.take(4 * filled_hidden)?,
        };
        Ok(Weights {
            attention,
            gates,
            output: self.take(hidden)?,
            output_row: self.one()?,
            scales: (),
        })
    }

    /// The weights of a fixed-point network, each row's bound checked.
    #[cfg(feature = "q15")]
    pub(super) fn q15_weights(
        &mut self,
        record: &Record,
    ) -> Result<Weights<'a, Q15>, ArtifactError> {
        let Shape {
            inputs,
            hidden,
            filled_hidden,
            filled_units,
            columns,
        } = Shape::of(record);
        let scales = self.one()?;
        let b = self.take(filled_units * columns)?;
        let rows = self.take(4 * filled_hidden)?;
        let output_row = self.one()?;
        let attention = match record.attention {
            AttentionKind::None => None,
            kind => Some(AttentionWeights {
                w: self.matrix(filled_units, 2 * hidden)?,
                u: self.take(filled_units * columns)?,
                b,
                v: self.take(filled_units * columns)?,
                column_step: if kind == AttentionKind::PerLayer {
                    filled_units
                } else {
                    0
                },
            }),
        };
        let gates = GateWeights {
            weights: self.matrix(4 * filled_hidden, hidden + inputs)?,
            rows,
        };
        let weights = Weights {
            attention,
            gates,
            output: self.take(hidden)?,
            output_row,
            scales,
        };
        check_q15(&weights)?;
        Ok(weights)
    }
}

/// Proves that no sum of a fixed-point network can overflow and that every shift is one.
#[cfg(feature = "q15")]
fn check_q15(weights: &Weights<Q15>) -> Result<(), ArtifactError> {
    let within = |index: usize, range: core::ops::RangeInclusive<i32>| {
        let found = weights.scales.get(index).copied().unwrap_or(-1);
        if range.contains(&found) {
            Ok(())
        } else {
            Err(ArtifactError::Scale { index, found })
        }
    };
    within(INPUT_BITS, 0..=15)?;
    within(CELL_SHIFT, 8..=23)?;
    within(ALPHA_SHIFT, 0..=30)?;
    if let Some(attention) = &weights.attention {
        let units = attention.w.nrows();
        for (row, entries) in attention.w.row_iter().enumerate() {
            let mut at = row;
            while let (Some(u), Some([bias, shift])) = (attention.u.get(at), attention.b.get(at)) {
                let bound = row_bound(entries.iter().copied().chain([*u]), *bias);
                check_row(row, bound, i32::MAX, *shift)?;
                at += units;
            }
        }
        for v in attention.v.chunks(units.max(1)) {
            // Half the range, so that the difference of two alphas fits too.
            check_row(0, row_bound(v.iter().copied(), 0), i32::MAX / 2, 1)?;
        }
    }
    let gates = weights.gates.weights.row_iter().zip(weights.gates.rows);
    for (row, (entries, [bias, shift])) in gates.enumerate() {
        check_row(
            row,
            row_bound(entries.iter().copied(), *bias),
            i32::MAX,
            *shift,
        )?;
    }
    let [bias, bits] = weights.output_row;
    check_row(
        0,
        row_bound(weights.output.iter().copied(), bias),
        i32::MAX,
        bits,
    )
}

#[cfg(feature = "q15")]
fn check_row(row: usize, found: i64, limit: i32, shift: i32) -> Result<(), ArtifactError> {
    if found > i64::from(limit) {
        return Err(ArtifactError::RowBound { row, found, limit });
    }
    if !(1..=31).contains(&shift) {
        return Err(ArtifactError::RowShift { row, found: shift });
    }
    Ok(())
}

/// Sizes of a network, and its units filled up to whole blocks.
pub(super) struct Shape {
    pub(super) inputs: usize,
    pub(super) hidden: usize,
    pub(super) filled_hidden: usize,
    pub(super) filled_units: usize,
    pub(super) columns: usize,
}

impl Shape {
    pub(super) fn of(record: &Record) -> Self {
        let Sizes {
            inputs,
            hidden,
            attention,
        } = record.sizes;
        Self {
            inputs: usize::from(inputs),
            hidden: usize::from(hidden),
            filled_hidden: usize::from(hidden).next_multiple_of(BLOCK),
            filled_units: usize::from(attention).next_multiple_of(BLOCK),
            columns: record.sizes.attention_columns(record.attention),
        }
    }
}
