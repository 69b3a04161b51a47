//! Where everything lies in a model file, for reading.

use bytemuck::Pod;

use super::{ArtifactError, FORMAT, GOLDEN_MONTHS, HEAD_BYTES, MAGIC, Record};
use crate::CRC_32;
use crate::arithmetic::{ArithmeticKind, F32, Matrix, WEIGHT_LIMIT, matrix};
use crate::attention::AttentionWeights;
use crate::lstm::GateWeights;
use crate::model::{AttentionKind, Weights};
use crate::scaler::Scaler;

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

/// Bytes of the weights of a model with a checked record.
pub(super) fn weight_bytes(record: &Record) -> usize {
    match record.arithmetic {
        ArithmeticKind::F32 => 4 * record.sizes.weights(record.attention),
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
        let [inputs, hidden, units] = [
            record.sizes.inputs,
            record.sizes.hidden,
            record.sizes.attention,
        ]
        .map(usize::from);
        let columns = record.sizes.attention_columns(record.attention);
        let attention = match record.attention {
            AttentionKind::None => None,
            kind => Some(AttentionWeights {
                w: self.matrix(units, 2 * hidden)?,
                u: self.take(units * columns)?,
                b: self.take(units * columns)?,
                v: self.take(units * columns)?,
                column_step: if kind == AttentionKind::PerLayer {
                    units
                } else {
                    0
                },
            }),
        };
        let gates = GateWeights {
            weights: self.matrix(4 * hidden, hidden + inputs)?,
            rows: self.take(4 * hidden)?,
        };
        Ok(Weights {
            attention,
            gates,
            output: self.take(hidden)?,
            output_row: self.one()?,
            scales: (),
        })
    }
}
