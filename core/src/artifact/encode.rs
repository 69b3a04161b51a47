//! Writes a model file.

use core::iter::once;

use super::layout::{Numbers, Shape, number_bytes};
use super::{
    ArtifactError, FORMAT, GOLDEN_MONTHS, HEAD_BYTES, MAGIC, MAX_RECORD_BYTES, ModelFile,
    NAME_BYTES, Record, check_record,
};
use crate::arithmetic::Portable;
use crate::crc::crc32;
use crate::model::{Input, MAX_HIDDEN, Running};
use crate::scaler::Scaler;
use crate::sizes::BLOCK;

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
    check_names(&content.record)?;
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
        let file = ModelFile::read(writer.file(file_bytes)?)?;
        file.golden_months::<Portable, _>(&mut Running::<MAX_HIDDEN>::cold(&file.model))
    };
    writer.at = golden_at;
    writer.put(bytemuck::bytes_of(&increment_mm))?;
    writer.put(&digest.to_le_bytes())?;
    writer.seal(file_bytes)?;
    ModelFile::parse(writer.file(file_bytes)?)?;
    Ok(file_bytes)
}

/// Writes the weights, filled up to whole blocks and tiles.
fn put_weights(writer: &mut Writer, content: &Content) -> Result<(), ArtifactError> {
    let shape = Shape::of(&content.record);
    let Shape {
        inputs,
        hidden,
        filled_hidden,
        units,
        columns,
        ..
    } = shape;
    let numbers = Numbers::of(content.record.arithmetic);
    let mut rest = content.weights;
    let mut take = |rows: usize, columns: usize, size: usize| {
        let (numbers, left) = rest
            .split_at_checked(rows * columns * size)
            .unwrap_or_default();
        rest = left;
        Source {
            numbers,
            rows,
            columns,
            size,
        }
    };
    let scales = take(numbers.scales, 1, 4);
    let recurrent = if columns > 0 { 2 * hidden } else { 0 };
    let w = take(units, recurrent, numbers.weight_bytes);
    let u = take(units, columns, numbers.weight_bytes);
    let b = take(units, columns, numbers.row_bytes);
    let v = take(units, columns, numbers.weight_bytes);
    let gates = take(4 * hidden, hidden + inputs, numbers.weight_bytes);
    let gate_rows = take(4 * hidden, 1, numbers.row_bytes);
    let output = take(hidden, 1, numbers.weight_bytes);
    let output_row = take(1, 1, numbers.row_bytes);

    let attention_rows = |row| (row < units).then_some(row);
    let gate_unit = |row| {
        let (gate, unit) = (row / BLOCK % 4, row / (4 * BLOCK) * BLOCK + row % BLOCK);
        (unit < hidden).then_some(gate * hidden + unit)
    };
    // Hidden values come first and are filled up to whole blocks.
    let matrix_column = |column| {
        if column < filled_hidden {
            (column < hidden).then_some(column)
        } else {
            Some(column - filled_hidden + hidden)
        }
    };
    let empty_weight = [0; 4];
    let empty_weight = empty_weight.get(..numbers.weight_bytes).unwrap_or_default();

    writer.put(scales.numbers)?;
    let filled_units = Filled {
        rows: shape.filled_units,
        columns,
        side_by_side: 1,
    };
    let filled_gates = Filled {
        rows: 4 * filled_hidden,
        columns: 1,
        side_by_side: 1,
    };
    writer.put_matrix(&b, &filled_units, attention_rows, Some, numbers.empty_row)?;
    writer.put_matrix(
        &gate_rows,
        &filled_gates,
        gate_unit,
        Some,
        numbers.empty_row,
    )?;
    writer.put(output_row.numbers)?;
    let filled_w = Filled {
        rows: shape.filled_units,
        columns: 2 * filled_hidden,
        side_by_side: numbers.side_by_side,
    };
    writer.put_matrix(&w, &filled_w, attention_rows, matrix_column, empty_weight)?;
    writer.put_matrix(&u, &filled_units, attention_rows, Some, empty_weight)?;
    writer.put_matrix(&v, &filled_units, attention_rows, Some, empty_weight)?;
    let filled_gates = Filled {
        rows: 4 * filled_hidden,
        columns: filled_hidden + shape.filled_inputs,
        side_by_side: numbers.side_by_side,
    };
    writer.put_matrix(
        &gates,
        &filled_gates,
        gate_unit,
        matrix_column,
        empty_weight,
    )?;
    writer.put(output.numbers)?;
    writer.fill()
}

/// Bytes of the weights of `content`, without what fills blocks and tiles up.
fn weight_bytes(record: &Record) -> usize {
    let numbers = Numbers::of(record.arithmetic);
    let columns = record.sizes.attention_columns(record.attention);
    let rows =
        usize::from(record.sizes.attention) * columns + 4 * usize::from(record.sizes.hidden) + 1;
    let weights = record.sizes.weights(record.attention) - rows;
    4 * numbers.scales + numbers.row_bytes * rows + numbers.weight_bytes * weights
}

/// A level within each input's trained range, at a different place in each, so that exchanged inputs do not go unseen.
fn golden_levels(inputs: &[Input]) -> impl Iterator<Item = f32> {
    let places = inputs.len() as f32 + 1.0;
    inputs.iter().zip(1_u8..).map(move |(input, place)| {
        let place = f32::from(place) / places;
        input.lowest_trained_m * (1.0 - place) + input.highest_trained_m * place
    })
}

fn check_names(record: &Record) -> Result<(), ArtifactError> {
    for name in once(&record.well).chain(&record.aquifer_layers) {
        let found_bytes = name.as_bytes().len();
        if !NAME_BYTES.contains(&found_bytes) {
            return Err(ArtifactError::Name { found_bytes });
        }
    }
    Ok(())
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

/// A matrix column by column, as it comes.
struct Source<'a> {
    numbers: &'a [u8],
    rows: usize,
    columns: usize,
    /// Bytes of a number.
    size: usize,
}

impl Source<'_> {
    fn number(&self, row: usize, column: usize) -> Option<&[u8]> {
        let at = (column < self.columns).then_some((column * self.rows + row) * self.size)?;
        self.numbers.get(at..at + self.size)
    }
}

/// A matrix as it is written: a block of rows after the other, of which each has so many columns side by side.
struct Filled {
    rows: usize,
    columns: usize,
    side_by_side: usize,
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

    /// Writes a matrix whose rows and columns are those of `source` or, where there is none, `empty`.
    fn put_matrix(
        &mut self,
        source: &Source,
        filled: &Filled,
        row_of: impl Fn(usize) -> Option<usize>,
        column_of: impl Fn(usize) -> Option<usize>,
        empty: &[u8],
    ) -> Result<(), ArtifactError> {
        let number = |row, column| source.number(row_of(row)?, column_of(column)?);
        for first_row in (0..filled.rows).step_by(BLOCK) {
            for first_column in (0..filled.columns).step_by(filled.side_by_side) {
                for row in first_row..first_row + BLOCK {
                    for column in first_column..first_column + filled.side_by_side {
                        self.put(number(row, column).unwrap_or(empty))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn file(&self, bytes: usize) -> Result<&[u8], ArtifactError> {
        self.out.get(..bytes).ok_or(self.no_room)
    }

    /// Writes the CRC-32 to the end of a file of `bytes`.
    fn seal(&mut self, bytes: usize) -> Result<(), ArtifactError> {
        let crc = crc32(self.file(bytes - 4)?);
        self.at = bytes - 4;
        self.put(&crc.to_le_bytes())
    }
}
