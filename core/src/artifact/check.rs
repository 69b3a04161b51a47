//! Checks the numbers of a model file.

use core::iter::zip;
#[cfg(feature = "q15")]
use core::ops::RangeInclusive;

use super::{ArtifactError, Member, Record, SUBSIDENCE_LIMIT_MM};
#[cfg(feature = "f32")]
use crate::arithmetic::WEIGHT_LIMIT;
#[cfg(feature = "q15")]
use crate::arithmetic::{ALPHA_SHIFT, Block, CELL_SHIFT, INPUT_BITS, Q15, Tile, row_bound};
use crate::input::Input;
#[cfg(feature = "q15")]
use crate::network::Weights;
use crate::scaler::Scaler;
#[cfg(feature = "q15")]
use crate::sizes::BLOCK;

/// Checks all numbers of a network except the weights.
pub(super) fn check_numbers(record: &Record, member: &Member) -> Result<(), ArtifactError> {
    let Member {
        model,
        start,
        golden,
    } = member;
    for (index, input) in model.inputs().chain(model.changes()).enumerate() {
        check_input(index, input)?;
    }
    let is_infinite = |level_m: &f32| level_m.is_infinite();
    if let Some(layer) = start.level_m.iter().position(is_infinite) {
        return Err(ArtifactError::StartLevel { layer });
    }
    let Scaler { offset, scale } = model.target;
    let is_sane = |mm: f32| mm.abs() <= SUBSIDENCE_LIMIT_MM;
    if !model.target.is_usable() || !is_sane(offset) || !is_sane(scale) {
        return Err(ArtifactError::TargetScaler { offset, scale });
    }
    if !is_sane(start.subsidence_mm) {
        return Err(ArtifactError::StartSubsidence {
            found_mm: start.subsidence_mm,
        });
    }
    if start.month < record.trained_until {
        return Err(ArtifactError::StartMonth {
            found: start.month,
            expected: record.trained_until,
        });
    }
    for (input, found_m) in golden.level_m.iter().copied().enumerate() {
        if !found_m.is_finite() {
            return Err(ArtifactError::GoldenLevel { input, found_m });
        }
    }
    Ok(())
}

/// Checks that the golden months give the increments in the file, bit for bit.
pub(super) fn check_increments(found_mm: &[f32], expected_mm: &[f32]) -> Result<(), ArtifactError> {
    for (month, (found_mm, expected_mm)) in zip(found_mm, expected_mm).enumerate() {
        if found_mm.to_bits() != expected_mm.to_bits() {
            return Err(ArtifactError::Golden {
                month,
                found_mm: *found_mm,
                expected_mm: *expected_mm,
            });
        }
    }
    Ok(())
}

fn check_input(index: usize, input: Input) -> Result<(), ArtifactError> {
    let Input {
        scaler,
        lowest_trained_m: lowest_m,
        highest_trained_m: highest_m,
    } = input;
    if !scaler.is_usable() {
        return Err(ArtifactError::InputScaler {
            input: index,
            offset: scaler.offset,
            scale: scaler.scale,
        });
    }
    if !lowest_m.is_finite() || !highest_m.is_finite() || lowest_m > highest_m {
        return Err(ArtifactError::TrainedRange {
            input: index,
            lowest_m,
            highest_m,
        });
    }
    Ok(())
}

/// Checks each weight and bias of a floating-point network.
#[cfg(feature = "f32")]
pub(super) fn check_f32(weights: &[f32]) -> Result<(), ArtifactError> {
    let is_sound = |weight: &f32| weight.abs() <= WEIGHT_LIMIT;
    match zip(0.., weights).find(|(_, weight)| !is_sound(weight)) {
        Some((index, found)) => Err(ArtifactError::Weight {
            index,
            found: *found,
        }),
        None => Ok(()),
    }
}

/// Proves that no sum of a fixed-point network can overflow and that every shift is valid.
#[cfg(feature = "q15")]
pub(super) fn check_q15(weights: &Weights<Q15>) -> Result<(), ArtifactError> {
    check_scale(weights, INPUT_BITS, 0..=15)?;
    check_scale(weights, CELL_SHIFT, 8..=23)?;
    check_scale(weights, ALPHA_SHIFT, 0..=30)?;
    if let Some(attention) = &weights.attention {
        let columns = attention.columns.max(1);
        let mut alpha = [Block::zeros(); crate::sizes::MAX_INPUTS];
        let blocks = zip(
            attention.w.blocks(),
            zip(
                attention.u.chunks(columns),
                zip(attention.b.chunks(columns), attention.v.chunks(columns)),
            ),
        );
        for (block, (tiles, (u, (b, v)))) in blocks.enumerate() {
            let recurrent = tile_magnitudes(tiles);
            for (u, b) in zip(u, b) {
                check_rows(block, &(recurrent + magnitudes(u)), b)?;
            }
            for (alpha, v) in zip(&mut alpha, v) {
                *alpha += magnitudes(v);
            }
        }
        for alpha in &alpha {
            // Half the range, so that the difference of two alphas fits, too.
            check_row(0, alpha.sum(), [0, 1], i32::MAX / 2)?;
        }
    }
    let gates = weights.gates;
    for (block, (tiles, biases)) in
        zip(gates.weights.blocks(), gates.biases.as_flattened()).enumerate()
    {
        check_rows(block, &tile_magnitudes(tiles), biases)?;
    }
    let output = weights.output.iter().chain(weights.skip);
    let output = output.map(|weights| magnitudes(weights).sum());
    check_row(0, output.sum(), weights.output_bias, i32::MAX)
}

#[cfg(feature = "q15")]
fn check_scale(
    weights: &Weights<Q15>,
    index: usize,
    range: RangeInclusive<i32>,
) -> Result<(), ArtifactError> {
    match weights.scales.get(index).copied() {
        Some(found) if !range.contains(&found) => Err(ArtifactError::Scale { index, found }),
        _ => Ok(()),
    }
}

/// The magnitude of each weight. A row has at most a hundred weights, so their sum fits.
#[cfg(feature = "q15")]
fn magnitudes(weights: &Block<i16>) -> Block<u32> {
    weights.map(|weight| u32::from(weight.unsigned_abs()))
}

/// The sum of the magnitudes of each row.
#[cfg(feature = "q15")]
fn tile_magnitudes(tiles: &[Tile<i16>]) -> Block<u32> {
    let columns = tiles.iter().flat_map(|tile| tile.column_iter());
    columns.fold(Block::zeros(), |sum, column| {
        sum + magnitudes(&column.into())
    })
}

#[cfg(feature = "q15")]
fn check_rows(
    block: usize,
    magnitudes: &Block<u32>,
    biases: &Block<[i32; 2]>,
) -> Result<(), ArtifactError> {
    for (row, (magnitudes, bias)) in zip(magnitudes, biases).enumerate() {
        check_row(block * BLOCK + row, *magnitudes, *bias, i32::MAX)?;
    }
    Ok(())
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
