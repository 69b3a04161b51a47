//! Writes a model file.

use super::layout::{Shape, number_bytes};
use super::{
    ArtifactError, FORMAT, GOLDEN_MONTHS, HEAD_BYTES, MAGIC, MAX_RECORD_BYTES, ModelFile, Record,
    check_record, layout,
};
use crate::CRC_32;
use crate::arithmetic::{ArithmeticKind, Scales};
use crate::model::Input;
use crate::scaler::Scaler;

/// What goes into a model file. Golden months and CRC-32 are computed.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    /// What the file says about its model.
    pub record: Record<'a>,
    /// The inputs, in the order of the aquifer layers.
    pub inputs: &'a [Input],
    /// Scaler of a month's increment in mm.
    pub target: Scaler,
    /// Cumulative subsidence at the end of training in mm, down +.
    pub start_subsidence_mm: f32,
    /// Bits of h and C of each hidden unit at the end of training: [`state_bits`](crate::estimator::Estimator::state_bits) of an estimator that has stepped through the months of training.
    pub start_state: &'a [(u32, u32)],
    /// All weights, in the order and as the numbers of the file, but without what fills blocks up: for f32 these are [`Sizes::weights`](crate::sizes::Sizes::weights) numbers.
    pub weights: &'a [u8],
}

/// Writes a model file to the beginning of `out`, which must lie at a multiple of 4 bytes, and gives its length, [`MAX_FILE_BYTES`](super::MAX_FILE_BYTES) at most.
///
/// # Errors
///
/// Whatever [`ModelFile::parse`] would refuse is refused here; also too little room, and counts that do not fit the record's sizes.
pub fn encode(content: &Content, out: &mut [u8]) -> Result<usize, ArtifactError> {
    check_record(&content.record)?;
    check_counts(content)?;
    let expected =
        HEAD_BYTES + MAX_RECORD_BYTES.next_multiple_of(4) + number_bytes(&content.record) + 4;
    let no_room = ArtifactError::Room {
        found: out.len(),
        expected,
    };

    let record = out.get_mut(HEAD_BYTES..).ok_or(no_room)?;
    let record_bytes = postcard::to_slice(&content.record, record)
        .map_err(|_| no_room)?
        .len();
    let mut writer = Writer {
        out,
        at: HEAD_BYTES + record_bytes,
        no_room,
    };
    writer.fill()?;
    for input in content.inputs {
        writer.put(bytemuck::bytes_of(&input.to_numbers()))?;
    }
    writer.put(bytemuck::bytes_of(&[
        content.target.offset,
        content.target.scale,
        content.start_subsidence_mm,
    ]))?;
    for (hidden, _) in content.start_state {
        writer.put(&hidden.to_le_bytes())?;
    }
    for (_, cell) in content.start_state {
        writer.put(&cell.to_le_bytes())?;
    }
    for level_m in golden_levels(content.inputs) {
        writer.put(&level_m.to_le_bytes())?;
    }
    let golden_at = writer.at;
    writer.put(&[0; 4 * (GOLDEN_MONTHS + 1)])?;
    put_weights(&mut writer, content)?;
    let file_bytes = writer.at + 4;

    writer.at = 0;
    writer.put(&MAGIC)?;
    writer.put(&FORMAT.to_le_bytes())?;
    writer.put(&(record_bytes as u16).to_le_bytes())?;
    writer.put(&(file_bytes as u32).to_le_bytes())?;
    writer.seal(file_bytes)?;

    let (increment_mm, digest) = {
        let (record, crc, numbers) = layout::record(writer.file(file_bytes)?)?;
        ModelFile::of_parts(record, crc, numbers)?.golden_months()
    };
    writer.at = golden_at;
    writer.put(bytemuck::bytes_of(&increment_mm))?;
    writer.put(&digest.to_le_bytes())?;
    writer.seal(file_bytes)?;
    ModelFile::parse(writer.file(file_bytes)?)?;
    Ok(file_bytes)
}

/// Writes the weights, each column of units filled up to whole blocks.
fn put_weights(writer: &mut Writer, content: &Content) -> Result<(), ArtifactError> {
    let Shape {
        inputs,
        hidden,
        filled_hidden,
        filled_units,
        columns,
    } = Shape::of(&content.record);
    let units = usize::from(content.record.sizes.attention);
    // Attention columns have one part, gate columns four: f, i, candidate, o.
    let attention = |columns| Columns {
        columns,
        rows: units,
        filled_rows: filled_units,
    };
    let gates = |columns| Columns {
        columns: 4 * columns,
        rows: hidden,
        filled_rows: filled_hidden,
    };
    let recurrent = if columns > 0 { 2 * hidden } else { 0 };
    let mut rest = content.weights;
    match content.record.arithmetic {
        ArithmeticKind::F32 => {
            // W, U, B, V; gates, gate biases; w_o, b_o
            rest = writer.put_columns(rest, 4, attention(recurrent + 3 * columns))?;
            rest = writer.put_columns(rest, 4, gates(hidden + inputs + 1))?;
            writer.put(rest)?;
        }
        ArithmeticKind::Q15 => {
            // scales; B, gate biases, b_o; W, U, V; gates; w_o
            rest = writer.put_columns(
                rest,
                size_of::<Scales>(),
                Columns {
                    columns: 1,
                    rows: 1,
                    filled_rows: 1,
                },
            )?;
            rest = writer.put_columns(rest, 8, attention(columns))?;
            rest = writer.put_columns(rest, 8, gates(1))?;
            rest = writer.put_columns(
                rest,
                8,
                Columns {
                    columns: 1,
                    rows: 1,
                    filled_rows: 1,
                },
            )?;
            rest = writer.put_columns(rest, 2, attention(recurrent + 2 * columns))?;
            rest = writer.put_columns(rest, 2, gates(hidden + inputs))?;
            writer.put(rest)?;
            writer.fill()?;
        }
    }
    Ok(())
}

/// Bytes of the weights of `content`, without what fills blocks up.
fn weight_bytes(record: &Record) -> usize {
    let all = record.sizes.weights(record.attention);
    match record.arithmetic {
        ArithmeticKind::F32 => 4 * all,
        ArithmeticKind::Q15 => {
            let columns = record.sizes.attention_columns(record.attention);
            let rows = usize::from(record.sizes.attention) * columns
                + 4 * usize::from(record.sizes.hidden)
                + 1;
            size_of::<Scales>() + 8 * rows + 2 * (all - rows)
        }
    }
}

/// A level within each input's trained range, at a different place in each, so that exchanged inputs do not go unseen.
fn golden_levels(inputs: &[Input]) -> impl Iterator<Item = f32> {
    let places = inputs.len() as f32 + 1.0;
    inputs.iter().zip(1_u8..).map(move |(input, place)| {
        let place = f32::from(place) / places;
        input.lowest_trained_m * (1.0 - place) + input.highest_trained_m * place
    })
}

fn check_counts(content: &Content) -> Result<(), ArtifactError> {
    let sizes = content.record.sizes;
    if content.inputs.len() != usize::from(sizes.inputs) {
        return Err(ArtifactError::InputCount {
            found: content.inputs.len(),
            expected: sizes.inputs,
        });
    }
    if content.start_state.len() != usize::from(sizes.hidden) {
        return Err(ArtifactError::StateCount {
            found: content.start_state.len(),
            expected: sizes.hidden,
        });
    }
    let expected = weight_bytes(&content.record);
    if content.weights.len() != expected {
        return Err(ArtifactError::WeightBytes {
            found: content.weights.len(),
            expected,
        });
    }
    Ok(())
}

/// Columns of a matrix, each filled up from `rows` to `filled_rows`.
#[allow(
    clippy::struct_field_names,
    reason = "how many columns there are has no other name"
)]
struct Columns {
    columns: usize,
    rows: usize,
    filled_rows: usize,
}

struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
    no_room: ArtifactError,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), ArtifactError> {
        let place = self
            .out
            .get_mut(self.at..self.at + bytes.len())
            .ok_or(self.no_room)?;
        place.copy_from_slice(bytes);
        self.at += bytes.len();
        Ok(())
    }

    /// Writes zeros up to a multiple of 4.
    fn fill(&mut self) -> Result<(), ArtifactError> {
        while !self.at.is_multiple_of(4) {
            self.put(&[0])?;
        }
        Ok(())
    }

    /// Writes columns of numbers of `size` bytes from `from`; gives what is left of `from`.
    fn put_columns<'f>(
        &mut self,
        mut from: &'f [u8],
        size: usize,
        Columns {
            columns,
            rows,
            filled_rows,
        }: Columns,
    ) -> Result<&'f [u8], ArtifactError> {
        for _ in 0..columns {
            let (column, rest) = from.split_at_checked(rows * size).ok_or(self.no_room)?;
            self.put(column)?;
            for _ in rows..filled_rows {
                // A row without weights: for a fixed-point row, shifted by 1.
                let empty = if size == 8 {
                    [0, 0, 0, 0, 1, 0, 0, 0]
                } else {
                    [0; 8]
                };
                self.put(empty.get(..size).unwrap_or_default())?;
            }
            from = rest;
        }
        Ok(from)
    }

    fn file(&self, bytes: usize) -> Result<&[u8], ArtifactError> {
        self.out.get(..bytes).ok_or(self.no_room)
    }

    /// Writes the CRC-32 to the end of a file of `bytes`.
    fn seal(&mut self, bytes: usize) -> Result<(), ArtifactError> {
        let crc = CRC_32.checksum(self.file(bytes - 4)?);
        self.at = bytes - 4;
        self.put(&crc.to_le_bytes())
    }
}
