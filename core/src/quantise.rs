//! Converts a floating-point model to fixed point.

use core::iter::zip;

use heapless::Vec;

use crate::arithmetic::{
    ACTIVATION_BITS, ArithmeticKind, Block, CELL_BITS, F32, Scales, VALUE_BITS, VALUE_LIMIT,
};
use crate::artifact::{
    ArtifactError, Content, FurtherContent, MAX_FILE_BYTES, ModelFile, Record, Start, encode,
    weight_bytes,
};
use crate::ensemble::Ensemble;
use crate::input::Input;
use crate::lstm::gate_row;
use crate::model::Network;
use crate::network::Weights;
use crate::sizes::{
    BLOCK, MAX_ATTENTION, MAX_BLOCKS, MAX_CHANGED_LAYERS, MAX_HIDDEN, MAX_INPUTS, MAX_MEMBERS,
    Sizes,
};
use crate::stateful_network::StatefulNetwork;

/// The ranges that fixed point must represent, found by running the floating-point model over its training levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Largest magnitude of a standardised input.
    pub input: f32,
    /// Largest magnitude of a cell, of any network.
    pub cell: f32,
}

impl Calibration {
    /// Runs the floating-point networks in `file` over months of levels, from the zero state. The trained range of each input is included.
    pub fn of<'l>(file: &ModelFile, months: impl Iterator<Item = &'l [Option<f32>]>) -> Self {
        let mut calibration = Self {
            input: 0.0,
            cell: 0.0,
        };
        for Input {
            scaler,
            lowest_trained_m,
            highest_trained_m,
        } in file.model().inputs().chain(file.model().changes())
        {
            for value_m in [lowest_trained_m, highest_trained_m] {
                calibration.input = calibration.input.max(scaler.standardise(value_m).abs());
            }
        }
        let mut networks = Ensemble::<MAX_BLOCKS>::cold(file);
        for level_m in months {
            let last_m = networks.first.last_levels();
            let changes = zip(file.model().changes(), last_m);
            for ((change, last_m), level_m) in zip(changes, level_m) {
                if let Some(level_m) = level_m.filter(|level_m| level_m.is_finite()) {
                    // Not a number where the level before is missing, which is never the larger one.
                    let change = change.scaler.standardise(level_m - last_m);
                    calibration.input = calibration.input.max(change.abs());
                }
            }
            networks.step(level_m);
            let cells = networks.networks().flat_map(StatefulNetwork::state_bits);
            for (_, cell) in cells {
                calibration.cell = calibration.cell.max(f32::from_bits(cell).abs());
            }
        }
        calibration
    }
}

/// Inputs and cells up to twice as large as any in the calibration can be represented; larger ones saturate, and such levels and changes are flagged.
const MARGIN: f32 = 2.0;

/// Why a model cannot be converted to fixed point.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the wording of each says it")]
pub enum QuantiseError {
    #[error("model to convert: is no f32 model")]
    NotFloat,
    #[error("model to convert: values reach {found}, fixed point holds {limit} at most")]
    Range { found: f32, limit: f32 },
    #[error("model to convert: weight row {row} is too large for fixed point")]
    Row { row: usize },
    #[error("model to convert: {0}")]
    Artifact(ArtifactError),
}

/// Converts the floating-point model in `file` to fixed point, writes it to the beginning of `out`, which must be aligned to 4 bytes, and returns its
/// length.
///
/// The record stays the same except for the arithmetic: its scores are those of the floating-point model.
///
/// # Errors
///
/// The model is not a floating-point one, or one of its numbers is too large for fixed point.
pub fn quantise(
    file: &ModelFile,
    calibration: &Calibration,
    out: &mut [u8],
) -> Result<usize, QuantiseError> {
    let input_bits = VALUE_BITS - whole_bits(calibration.input)?;
    let cell_bits = VALUE_BITS - whole_bits(calibration.cell)?;
    let record = Record {
        arithmetic: ArithmeticKind::Q15,
        ..file.record().clone()
    };
    // Of all networks, one after the other.
    let mut numbers = Vec::<u8, MAX_FILE_BYTES>::new();
    let mut states = Vec::<Vec<(u32, u32), MAX_HIDDEN>, MAX_MEMBERS>::new();
    for member in file.members() {
        let Network::F32(weights) = member.model.network else {
            return Err(QuantiseError::NotFloat);
        };
        put_network(
            &mut numbers,
            &weights,
            record.sizes,
            [input_bits, cell_bits],
        )?;
        // There is room for all networks of a model, here and below.
        let _ = states.push(fixed_state(&member.start));
    }
    let mut networks = Vec::<FurtherContent, MAX_MEMBERS>::new();
    for (weights, start_state) in zip(numbers.chunks(weight_bytes(&record)), &states) {
        let _ = networks.push(FurtherContent {
            start_state,
            weights,
        });
    }
    debug_assert_eq!(networks.len(), file.member_count());
    let (first, further) = networks.split_first().ok_or(QuantiseError::NotFloat)?;
    let inputs: Vec<Input, MAX_INPUTS> = file.model().inputs().collect();
    let changes: Vec<Input, MAX_CHANGED_LAYERS> = file.model().changes().collect();
    let content = Content {
        record,
        inputs: &inputs,
        changes: &changes,
        target: file.model().target,
        start_month: file.start().month,
        start_subsidence_mm: file.start().subsidence_mm,
        start_state: first.start_state,
        start_level_m: file.start().level_m,
        weights: first.weights,
        further,
        physics: file.physics(),
        months: file.months(),
        fit: file.fit(),
        cumulative: file.cumulative_intervals(),
    };
    encode(&content, out).map_err(QuantiseError::Artifact)
}

/// A start state in fixed point.
fn fixed_state(start: &Start) -> Vec<(u32, u32), MAX_HIDDEN> {
    let mut state = Vec::new();
    for (h, c) in start.state_bits() {
        let h = quantised(f32::from_bits(h), VALUE_BITS)
            .clamp(-i64::from(VALUE_LIMIT), i64::from(VALUE_LIMIT));
        let c =
            quantised(f32::from_bits(c), CELL_BITS).clamp(i64::from(i32::MIN), i64::from(i32::MAX));
        let _ = state.push((h as i32 as u32, c as i32 as u32));
    }
    state
}

/// Appends the scales and weights of a network in fixed point, with so many fractional bits of inputs and cells.
#[allow(
    clippy::too_many_lines,
    reason = "one block for each part of the file, in the file's order"
)]
fn put_network(
    numbers: &mut Vec<u8, MAX_FILE_BYTES>,
    weights: &Weights<F32>,
    sizes: Sizes,
    [input_bits, cell_bits]: [u32; 2],
) -> Result<(), QuantiseError> {
    let Sizes {
        inputs,
        hidden,
        attention: units,
    } = sizes;
    let [inputs, hidden, units] = [inputs, hidden, units].map(usize::from);
    let mut alpha_shift = 0;
    let padded = |column| sizes.padded_column(column);
    // Reserved for the scales, which are known at the end.
    let scales_at = numbers.len();
    let _ = numbers.extend_from_slice(&[0; size_of::<Scales>()]);

    if let Some(attention) = &weights.attention {
        let columns = attention.columns;
        // Fractional bits of the values of a column of W.
        let bits = |column| {
            if column < hidden {
                VALUE_BITS
            } else {
                cell_bits
            }
        };
        let w = |row, column| attention.w.weight(row, padded(column)).unwrap_or(0.0);
        // A number of U, B or V: each block of rows holds all columns, one after the other.
        let entry = |of: &[Block<f32>], row: usize, column: usize| {
            let block = of.get(row / BLOCK * columns + column);
            block
                .and_then(|block| block.get(row % BLOCK))
                .copied()
                .unwrap_or(0.0)
        };
        let mut scales = Vec::<u32, MAX_ATTENTION>::new();
        for row in 0..units {
            let recurrent = (0..2 * hidden).map(|column| (w(row, column), bits(column)));
            // The largest magnitude among the columns of the inputs.
            let u = (
                largest((0..columns).map(|column| entry(attention.u, row, column))),
                input_bits,
            );
            let bias = largest((0..columns).map(|column| entry(attention.b, row, column)));
            let scale = row_scale(&recurrent.chain([u]), bias, i32::MAX);
            let _ = scales.push(scale.ok_or(QuantiseError::Row { row })?);
        }
        let rows = || scales.iter().enumerate();
        for column in 0..2 * hidden {
            put_weights(
                numbers,
                rows().map(|(row, scale)| (w(row, column), scale - bits(column))),
            );
        }
        for column in 0..columns {
            put_weights(
                numbers,
                rows().map(|(row, scale)| (entry(attention.u, row, column), scale - input_bits)),
            );
        }
        for column in 0..columns {
            put_rows(
                numbers,
                rows().map(|(row, scale)| (entry(attention.b, row, column), *scale)),
            );
        }
        let mut scale = MAX_SCALE;
        for column in 0..columns {
            let v = (0..units).map(|row| (entry(attention.v, row, column), VALUE_BITS));
            scale =
                scale.min(row_scale(&v, 0.0, i32::MAX / 2).ok_or(QuantiseError::Row { row: 0 })?);
        }
        for column in 0..columns {
            put_weights(
                numbers,
                (0..units).map(|row| (entry(attention.v, row, column), scale - VALUE_BITS)),
            );
        }
        alpha_shift = scale - ACTIVATION_BITS;
    }

    let bits = |column| {
        if column < hidden {
            VALUE_BITS
        } else {
            input_bits
        }
    };
    let weight = |row, column| {
        let weight = weights.gates.weights.weight(row, padded(column));
        weight.unwrap_or(0.0)
    };
    let gate_biases = weights.gates.biases.as_flattened();
    let bias = |row: usize| {
        let block = gate_biases.get(row / BLOCK);
        let bias = block.and_then(|block| block.get(row % BLOCK));
        bias.copied().unwrap_or(0.0)
    };
    let mut scales = Vec::<(usize, u32), { 4 * MAX_HIDDEN }>::new();
    for gate in 0..4 {
        for unit in 0..hidden {
            let row = gate_row(gate, unit);
            let entries = (0..hidden + inputs).map(|column| (weight(row, column), bits(column)));
            let scale = row_scale(&entries, bias(row), i32::MAX);
            let scale = scale.ok_or(QuantiseError::Row {
                row: gate * hidden + unit,
            })?;
            let _ = scales.push((row, scale));
        }
    }
    for column in 0..hidden + inputs {
        put_weights(
            numbers,
            scales
                .iter()
                .map(|(row, scale)| (weight(*row, column), scale - bits(column))),
        );
    }
    put_rows(
        numbers,
        scales.iter().map(|(row, scale)| (bias(*row), *scale)),
    );
    let output = || weights.output.iter().flatten().take(hidden);
    let skip = || weights.skip.iter().flatten().take(inputs);
    let of_skip = skip().map(|w| (*w, input_bits));
    let scale = row_scale(
        &output().map(|w| (*w, VALUE_BITS)).chain(of_skip),
        weights.output_bias,
        i32::MAX,
    )
    .ok_or(QuantiseError::Row { row: 0 })?
    .min(31);
    put_weights(numbers, output().map(|w| (*w, scale - VALUE_BITS)));
    let bias = quantised(weights.output_bias, scale);
    let _ = numbers.extend_from_slice(bytemuck::bytes_of(&[bias as i32, scale as i32]));
    put_weights(numbers, skip().map(|w| (*w, scale - input_bits)));

    let scales: Scales = [
        input_bits as i32,
        (CELL_BITS - cell_bits) as i32,
        alpha_shift as i32,
    ];
    let place = numbers.get_mut(scales_at..).unwrap_or_default();
    if let Some(place) = place.first_chunk_mut::<{ size_of::<Scales>() }>() {
        *place = bytemuck::cast(scales);
    }
    Ok(())
}

/// Most fractional bits of a row's sum: its shift to the scale of a pre-activation is then 15.
const MAX_SCALE: u32 = ACTIVATION_BITS + 15;

/// Bits before the binary point that [`MARGIN`] times `largest` needs.
fn whole_bits(largest: f32) -> Result<u32, QuantiseError> {
    let limit = (1_u32 << (VALUE_BITS - 1)) as f32;
    (0..VALUE_BITS)
        .find(|bits| MARGIN * largest <= (1_u32 << bits) as f32)
        .ok_or(QuantiseError::Range {
            found: MARGIN * largest,
            limit,
        })
}

fn largest(weights: impl Iterator<Item = f32>) -> f32 {
    weights.fold(0.0, |largest, weight| largest.max(weight.abs()))
}

/// `number * 2^bits`, rounded to nearest.
fn quantised(number: f32, bits: u32) -> i64 {
    let scaled = f64::from(number) * (1_u64 << bits) as f64;
    (scaled + if scaled < 0.0 { -0.5 } else { 0.5 }) as i64
}

/// The most fractional bits that a row's sum can have, so that each weight fits 16 bits and no sum exceeds `limit`. Each weight comes with the
/// fractional bits of the values it is multiplied with.
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

/// Appends bias and shift of each row, given its bias and the fractional bits of its sum.
fn put_rows(to: &mut Vec<u8, MAX_FILE_BYTES>, rows: impl Iterator<Item = (f32, u32)>) {
    for (bias, scale) in rows {
        let row = [
            quantised(bias, scale) as i32,
            (scale - ACTIVATION_BITS) as i32,
        ];
        let _ = to.extend_from_slice(bytemuck::bytes_of(&row));
    }
}

/// Appends weights, each with its fractional bits.
fn put_weights(to: &mut Vec<u8, MAX_FILE_BYTES>, weights: impl Iterator<Item = (f32, u32)>) {
    for (weight, bits) in weights {
        let _ = to.extend_from_slice(&(quantised(weight, bits) as i16).to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
