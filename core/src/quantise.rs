//! Turns a floating-point model into a fixed-point one.

use core::fmt;

use heapless::Vec;

use crate::arithmetic::{
    ACTIVATION_BITS, ArithmeticKind, CELL_BITS, Scales, VALUE_BITS, VALUE_LIMIT,
};
use crate::artifact::{ArtifactError, Content, MAX_FILE_BYTES, ModelFile, Record, encode};
use crate::model::{Input, MAX_ATTENTION, MAX_HIDDEN, MAX_INPUTS, Network, Running};

/// The ranges that fixed point has to hold, from running the floating-point model over the levels it was trained on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Largest magnitude of a standardised input.
    pub input: f32,
    /// Largest magnitude of a cell.
    pub cell: f32,
}

impl Calibration {
    /// Runs `file`'s floating-point model over months of levels, from the zero state. The trained range of each input counts too.
    pub fn of<'l>(file: &ModelFile, months: impl Iterator<Item = &'l [Option<f32>]>) -> Self {
        let mut calibration = Self {
            input: 0.0,
            cell: 0.0,
        };
        for Input {
            scaler,
            lowest_trained_m,
            highest_trained_m,
        } in file.model().inputs()
        {
            for level_m in [lowest_trained_m, highest_trained_m] {
                calibration.input = calibration.input.max(scaler.standardise(level_m).abs());
            }
        }
        let mut running = Running::<MAX_HIDDEN>::cold(file.model());
        for level_m in months {
            running.step(level_m);
            for (_, cell) in running.state_bits() {
                calibration.cell = calibration.cell.max(f32::from_bits(cell).abs());
            }
        }
        calibration
    }
}

/// Inputs and cells twice as large as any in the calibration are still held; larger ones saturate (and such levels are flagged).
const MARGIN: f32 = 2.0;

/// Why a model cannot be turned into fixed point.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the wording of each is in Display")]
pub enum QuantiseError {
    NotFloat,
    Range { found: f32, limit: f32 },
    Row { row: usize },
    Artifact(ArtifactError),
}

impl fmt::Display for QuantiseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFloat => write!(f, "model to convert: is no f32 model"),
            Self::Range { found, limit } => write!(
                f,
                "model to convert: values reach {found}, fixed point holds {limit} at most"
            ),
            Self::Row { row } => write!(
                f,
                "model to convert: weight row {row} is too large for fixed point"
            ),
            Self::Artifact(error) => write!(f, "model to convert: {error}"),
        }
    }
}

impl core::error::Error for QuantiseError {}

/// Writes the fixed-point twin of the floating-point model in `file` to the beginning of `out`, which must lie at a multiple of 4 bytes, and gives its length.
///
/// The record stays the same but for the arithmetic: its scores are the floating-point model's.
///
/// # Errors
///
/// The model is not a floating-point one, or a number of it is too large to be held.
#[allow(
    clippy::too_many_lines,
    reason = "one block for each part of the file, in the file's order"
)]
pub fn quantise(
    file: &ModelFile,
    calibration: &Calibration,
    out: &mut [u8],
) -> Result<usize, QuantiseError> {
    let Network::F32(weights) = file.model().network else {
        return Err(QuantiseError::NotFloat);
    };
    let input_bits = VALUE_BITS - whole_bits(calibration.input)?;
    let cell_bits = VALUE_BITS - whole_bits(calibration.cell)?;
    let hidden = weights.output.len();
    let mut biases = Vec::<u8, MAX_FILE_BYTES>::new();
    let mut numbers = Vec::<u8, MAX_FILE_BYTES>::new();
    let mut alpha_shift = 0;

    if let Some(attention) = &weights.attention {
        let units = usize::from(file.record().sizes.attention);
        let filled = attention.w.nrows();
        let bits = |column: usize| {
            if column < hidden {
                VALUE_BITS
            } else {
                cell_bits
            }
        };
        let mut scales = Vec::<u32, MAX_ATTENTION>::new();
        for row in 0..units {
            let w = attention.w.row(row);
            let w = w.iter().enumerate().map(|(column, w)| (*w, bits(column)));
            // With the largest magnitudes among the inputs' columns.
            let u = (
                largest(attention.u.iter().skip(row).step_by(filled)),
                input_bits,
            );
            let bias = largest(attention.b.iter().skip(row).step_by(filled));
            let _ = scales
                .push(row_scale(&w.chain([u]), bias, i32::MAX).ok_or(QuantiseError::Row { row })?);
        }
        for column in attention.b.chunks(filled) {
            put_rows(&mut biases, column.iter().zip(&scales));
        }
        for (index, column) in attention.w.column_iter().enumerate() {
            put_weights(&mut numbers, column.iter().zip(&scales), bits(index));
        }
        for column in attention.u.chunks(filled) {
            put_weights(&mut numbers, column.iter().zip(&scales), input_bits);
        }
        let mut scale = MAX_SCALE;
        for v in attention.v.chunks(filled) {
            let v = v.iter().map(|v| (*v, VALUE_BITS));
            scale =
                scale.min(row_scale(&v, 0.0, i32::MAX / 2).ok_or(QuantiseError::Row { row: 0 })?);
        }
        for v in attention.v.chunks(filled) {
            put_weights(
                &mut numbers,
                v.iter().take(units).map(|v| (v, &scale)),
                VALUE_BITS,
            );
        }
        alpha_shift = scale - ACTIVATION_BITS;
    }

    let filled = weights.gates.rows.len() / 4;
    let bits = |column: usize| {
        if column < hidden {
            VALUE_BITS
        } else {
            input_bits
        }
    };
    let mut scales = Vec::<u32, { 4 * MAX_HIDDEN }>::new();
    for (row, (entries, bias)) in weights
        .gates
        .weights
        .row_iter()
        .zip(weights.gates.rows)
        .enumerate()
    {
        let entries = entries
            .iter()
            .enumerate()
            .map(|(column, w)| (*w, bits(column)));
        let _ =
            scales.push(row_scale(&entries, *bias, i32::MAX).ok_or(QuantiseError::Row { row })?);
    }
    // Only the rows of hidden units, not those that fill up blocks.
    let unfilled = |row: usize| row % filled < hidden;
    let rows = weights.gates.rows.iter().zip(&scales).enumerate();
    put_rows(
        &mut biases,
        rows.filter(|(row, _)| unfilled(*row)).map(|(_, pair)| pair),
    );
    for (index, column) in weights.gates.weights.column_iter().enumerate() {
        let pairs = column.iter().zip(&scales).enumerate();
        put_weights(
            &mut numbers,
            pairs
                .filter(|(row, _)| unfilled(*row))
                .map(|(_, pair)| pair),
            bits(index),
        );
    }
    let output = weights.output.iter().map(|w| (*w, VALUE_BITS));
    let scale = row_scale(&output, weights.output_row, i32::MAX)
        .ok_or(QuantiseError::Row { row: 0 })?
        .min(31);
    let bias = quantised(weights.output_row, scale);
    let _ = biases.extend_from_slice(bytemuck::bytes_of(&[bias as i32, scale as i32]));
    put_weights(
        &mut numbers,
        weights.output.iter().map(|w| (w, &scale)),
        VALUE_BITS,
    );

    let scales: Scales = [
        input_bits as i32,
        (CELL_BITS - cell_bits) as i32,
        alpha_shift as i32,
    ];
    let mut all = Vec::<u8, MAX_FILE_BYTES>::new();
    for part in [bytemuck::bytes_of(&scales), &biases, &numbers] {
        let _ = all.extend_from_slice(part);
    }
    let mut start_state = Vec::<(u32, u32), MAX_HIDDEN>::new();
    for (h, c) in file.start().hidden.iter().zip(file.start().cell) {
        let h = quantised(f32::from_bits(*h), VALUE_BITS)
            .clamp(-i64::from(VALUE_LIMIT), i64::from(VALUE_LIMIT));
        let c = quantised(f32::from_bits(*c), CELL_BITS)
            .clamp(i64::from(i32::MIN), i64::from(i32::MAX));
        let _ = start_state.push((h as i32 as u32, c as i32 as u32));
    }
    let inputs: Vec<Input, MAX_INPUTS> = file.model().inputs().collect();
    let content = Content {
        record: Record {
            arithmetic: ArithmeticKind::Q15,
            ..file.record().clone()
        },
        inputs: &inputs,
        target: file.model().target,
        start_subsidence_mm: file.start().subsidence_mm,
        start_state: &start_state,
        weights: &all,
    };
    encode(&content, out).map_err(QuantiseError::Artifact)
}

/// Most fractional bits of a row's sums: its shift to the pre-activation's is then 15.
const MAX_SCALE: u32 = ACTIVATION_BITS + 15;

/// Bits before the point that hold [`MARGIN`] times `largest`.
fn whole_bits(largest: f32) -> Result<u32, QuantiseError> {
    let limit = (1_u32 << (VALUE_BITS - 1)) as f32;
    (0..VALUE_BITS)
        .find(|bits| MARGIN * largest <= (1_u32 << bits) as f32)
        .ok_or(QuantiseError::Range {
            found: MARGIN * largest,
            limit,
        })
}

fn largest<'w>(weights: impl Iterator<Item = &'w f32>) -> f32 {
    weights.fold(0.0, |largest, weight| largest.max(weight.abs()))
}

/// `number * 2^bits`, rounded to nearest.
fn quantised(number: f32, bits: u32) -> i64 {
    let scaled = f64::from(number) * (1_u64 << bits) as f64;
    (scaled + if scaled < 0.0 { -0.5 } else { 0.5 }) as i64
}

/// The most fractional bits that a row's sums can have: each weight fits its 16 bits, and no sum can pass `limit`.
/// Each weight comes with the fractional bits of the values it is multiplied with.
fn row_scale(
    weights: &(impl Iterator<Item = (f32, u32)> + Clone),
    bias: f32,
    limit: i32,
) -> Option<u32> {
    (ACTIVATION_BITS + 1..=MAX_SCALE).rev().find(|scale| {
        let weights = weights
            .clone()
            .map(|(weight, bits)| quantised(weight, scale - bits).abs());
        let largest = weights.clone().max().unwrap_or(0);
        let bound = weights.sum::<i64>() * i64::from(VALUE_LIMIT) + quantised(bias, *scale).abs();
        largest <= i64::from(VALUE_LIMIT) && bound <= i64::from(limit)
    })
}

/// Appends pairs of bias and shift.
fn put_rows<'w>(
    to: &mut Vec<u8, MAX_FILE_BYTES>,
    biases: impl Iterator<Item = (&'w f32, &'w u32)>,
) {
    for (bias, scale) in biases {
        let row = [
            quantised(*bias, *scale) as i32,
            (scale - ACTIVATION_BITS) as i32,
        ];
        let _ = to.extend_from_slice(bytemuck::bytes_of(&row));
    }
}

/// Appends weights that are multiplied with values of `bits` fractional bits.
fn put_weights<'w>(
    to: &mut Vec<u8, MAX_FILE_BYTES>,
    weights: impl Iterator<Item = (&'w f32, &'w u32)>,
    bits: u32,
) {
    for (weight, scale) in weights {
        let _ = to.extend_from_slice(&(quantised(*weight, scale - bits) as i16).to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
