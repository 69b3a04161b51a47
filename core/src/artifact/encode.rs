//! Writes a model file.

use core::iter::zip;

use heapless::Vec;

use super::encoding::{Encoding, TARGET_BYTES, network_bytes};
use super::physics::{PRIMARY_BYTES, golden_months, state_at};
use super::writer::{Matrix, Writer};
use super::{
    ArtifactError, CHECK_BYTES, FORMAT, GOLDEN_MONTHS, HEAD_BYTES, MAGIC, MAX_FILE_BYTES,
    ModelFile, Physics, Record, Tag, section,
};
use crate::arithmetic::ArithmeticKind;
use crate::basis::{LAYER_NUMBERS, LayerBeds};
use crate::cumulative_interval::CumulativeIntervals;
use crate::estimate::Primary;
use crate::input::Input;
use crate::month::Month;
use crate::month_mean::MonthDefinition;
use crate::saved_state::SavedState;
use crate::scaler::Scaler;
use crate::sizes::{BLOCK, MAX_BLOCKS, MAX_INPUTS, MAX_MEMBERS, TILE_COLUMNS};
use crate::stateful_network::StatefulNetwork;

/// The content of a model file. Golden months and CRC-32 are computed.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    /// What the file says about its model.
    pub record: Record<'a>,
    /// The inputs that are levels, in the order of the aquifer layers.
    pub inputs: &'a [Input],
    /// The inputs that are monthly changes of these levels, for a network that sees them, too; else empty.
    pub changes: &'a [Input],
    /// Scaler of a month's increment in mm.
    pub target: Scaler,
    /// Month of the start state: the last of training or a later one.
    pub start_month: Month,
    /// Cumulative subsidence at the end of that month in mm, down +.
    pub start_subsidence_mm: f32,
    /// Bits of h and C of each hidden unit at that time: [`state_bits`](crate::estimator::Estimator::state_bits) of an estimator that has stepped
    /// through the months.
    pub start_state: &'a [(u32, u32)],
    /// Level of each layer in that month, m above datum, NaN where it was missing, for a network that sees changes; else empty.
    pub start_level_m: &'a [f32],
    /// All weights, in the order of the file, matrices column by column and without padding: scales (q15 only), W, U, B, V, gates (rows f, i, candidate, o), gate biases,
    /// w_o, b_o, and, in a network that sees changes, the skip. For f32 these are [`Record::weights`] numbers.
    pub weights: &'a [u8],
    /// Further networks of the same sizes, with the same inputs and target.
    pub further: &'a [FurtherContent<'a>],
    /// The physics, for a model that has one: with as many layers as inputs.
    pub physics: Option<&'a Physics<'a>>,
    /// How the monthly levels are formed.
    pub months: MonthDefinition,
    /// How the model was fitted and judged, for people: JSON.
    pub fit: Option<&'a [u8]>,
    /// The intervals of the cumulative subsidence.
    pub cumulative: Option<&'a CumulativeIntervals<'a>>,
}

/// The content of a model file that belongs to a further network.
#[derive(Clone, Copy, Debug)]
pub struct FurtherContent<'a> {
    /// As [`Content::start_state`].
    pub start_state: &'a [(u32, u32)],
    /// As [`Content::weights`].
    pub weights: &'a [u8],
}

impl<'a> Content<'a> {
    /// What differs between the networks.
    fn networks(&self) -> impl Iterator<Item = FurtherContent<'a>> {
        let first = FurtherContent {
            start_state: self.start_state,
            weights: self.weights,
        };
        core::iter::once(first).chain(self.further.iter().copied())
    }
}

/// Writes a model file to the beginning of `out`, which must be aligned to 4 bytes, and returns its length, at most [`MAX_FILE_BYTES`].
///
/// # Errors
///
/// Everything that [`ModelFile::parse`] would refuse; also too little room, and counts that do not fit the record's sizes.
pub fn encode(content: &Content, out: &mut [u8]) -> Result<usize, ArtifactError> {
    content.record.check()?;
    check_counts(content)?;
    let no_room = ArtifactError::Room {
        found: out.len(),
        expected: MAX_FILE_BYTES,
    };
    let mut writer = Writer {
        out,
        at: HEAD_BYTES,
        no_room,
    };

    let record = writer.begin(Tag::RECORD)?;
    let rest = writer.out.get_mut(writer.at..).ok_or(no_room)?;
    writer.at += postcard::to_slice(&content.record, rest)
        .map_err(|_| no_room)?
        .len();
    writer.end(record)?;

    let inputs = writer.begin(Tag::INPUTS)?;
    for input in content.inputs {
        writer.put(bytemuck::bytes_of(&input.to_numbers()))?;
    }
    writer.end(inputs)?;

    if !content.changes.is_empty() {
        let changes = writer.begin(Tag::CHANGES)?;
        for change in content.changes {
            writer.put(bytemuck::bytes_of(&change.to_numbers()))?;
        }
        writer.put(bytemuck::cast_slice(content.start_level_m))?;
        writer.end(changes)?;
    }

    let months = writer.begin(Tag::MONTHS)?;
    writer.put(&content.months.to_bytes())?;
    writer.end(months)?;

    let mut golden_at = Vec::<usize, MAX_MEMBERS>::new();
    for (index, network) in content.networks().enumerate() {
        let tag = if index == 0 {
            Tag::NETWORK
        } else {
            Tag::MEMBER
        };
        let start = writer.begin(tag)?;
        let at = put_network(&mut writer, content, &network)?;
        golden_at.push(at).map_err(|_| ArtifactError::Members)?;
        debug_assert_eq!(writer.at - start, network_bytes(&content.record));
        writer.end(start)?;
    }

    if let Some(physics) = content.physics {
        let start = writer.begin(Tag::PHYSICS)?;
        put_physics(&mut writer, physics, content.inputs)?;
        writer.end(start)?;
    }

    if let Some(bridges) = content.physics.and_then(|physics| physics.bridges) {
        let start = writer.begin(Tag::BRIDGES)?;
        writer.put(bytemuck::cast_slice(bridges.of_month_m.as_flattened()))?;
        writer.put(bytemuck::cast_slice(bridges.per_m))?;
        writer.end(start)?;
    }

    if let Some(intervals) = content.cumulative {
        let start = writer.begin(Tag::CUMULATIVE)?;
        writer.put(&intervals.observed_until.index().to_le_bytes())?;
        writer.put(bytemuck::bytes_of(intervals.network))?;
        writer.put(bytemuck::bytes_of(intervals.physics))?;
        writer.end(start)?;
    }

    if let Some(fit) = content.fit {
        let start = writer.begin(Tag::FIT)?;
        writer.put(fit)?;
        writer.end(start)?;
    }

    let file_bytes = writer.at + CHECK_BYTES;
    writer.put_at(0, &MAGIC)?;
    writer.put_at(4, &FORMAT.to_le_bytes())?;
    writer.put_at(6, &[0; 2])?;
    writer.put_at(8, &(file_bytes as u32).to_le_bytes())?;
    writer.seal(file_bytes)?;
    let mut golden = Vec::<_, MAX_MEMBERS>::new();
    for member in ModelFile::read(writer.file(file_bytes)?, |_| Ok(()))?.members() {
        let mut network = StatefulNetwork::<MAX_BLOCKS>::cold(&member.model);
        // As many as there are places.
        let _ = golden.push(member.golden_months(&mut network));
    }
    for (at, (increment_mm, digest)) in zip(golden_at, golden) {
        writer.put_at(at, bytemuck::bytes_of(&increment_mm))?;
        writer.put_at(at + 4 * GOLDEN_MONTHS, &digest.to_le_bytes())?;
    }
    writer.seal(file_bytes)?;
    ModelFile::parse(writer.file(file_bytes)?)?;
    Ok(file_bytes)
}

/// Replaces the start state in a model file by a later state, which an estimator of that file has saved.
///
/// # Errors
///
/// The file is invalid, or the state belongs to another model or has no month. The file is then unchanged.
pub fn start_from(file: &mut [u8], state: &SavedState) -> Result<(), ArtifactError> {
    let (expected, hidden, layers) = {
        let file = ModelFile::parse(file)?;
        (
            file.crc(),
            usize::from(file.record().sizes.hidden),
            file.model().inputs().len(),
        )
    };
    if state.model_crc != expected {
        return Err(ArtifactError::StateModel {
            found: state.model_crc,
            expected,
        });
    }
    let month = state.month.ok_or(ArtifactError::StateMonth)?;
    let [first, further, changes, physics] =
        [Tag::NETWORK, Tag::MEMBER, Tag::CHANGES, Tag::PHYSICS]
            .map(|tag| section::contents_at(file, tag));
    let bytes = file.len();
    let mut writer = Writer {
        no_room: ArtifactError::Room {
            found: bytes,
            expected: MAX_FILE_BYTES,
        },
        out: file,
        at: 0,
    };
    let states = core::iter::once(&state.first).chain(&state.further);
    for (network, units) in zip(first.iter().chain(&further), states) {
        writer.at = network + TARGET_BYTES;
        writer.put(&month.index().to_le_bytes())?;
        writer.put(&state.subsidence_bits.to_le_bytes())?;
        for units in [&units.hidden, &units.cell] {
            for bits in units.iter().take(hidden) {
                writer.put(&bits.to_le_bytes())?;
            }
        }
    }
    if let Some(changes) = changes.first() {
        writer.at = changes + layers * size_of::<[f32; 4]>();
        for bits in state.last_level.iter().take(layers) {
            writer.put(&bits.to_le_bytes())?;
        }
    }
    if let (Some(physics), Some(state)) = (physics.first(), &state.physics) {
        writer.at = physics + PRIMARY_BYTES;
        let months = state.months.and_then(|months| i32::try_from(months).ok());
        writer.put(&months.unwrap_or(-1).to_le_bytes())?;
        writer.put(&state.subsidence_bits.to_le_bytes())?;
        writer.at = physics + state_at(layers);
        for beds in &state.layers {
            writer.put(&u32::from(!beds.is_empty()).to_le_bytes())?;
            for number in 0..LAYER_NUMBERS {
                let bits = beds.get(number).copied().unwrap_or(0);
                writer.put(&bits.to_le_bytes())?;
            }
        }
    }
    writer.seal(bytes)
}

/// Writes the physics' numbers, including the golden months.
fn put_physics(
    writer: &mut Writer,
    physics: &Physics,
    inputs: &[Input],
) -> Result<(), ArtifactError> {
    let weights = &physics.weights;
    writer.put(&u32::from(physics.primary == Primary::Physics).to_le_bytes())?;
    let months = physics
        .state
        .months
        .and_then(|months| i32::try_from(months).ok());
    writer.put(&months.unwrap_or(-1).to_le_bytes())?;
    writer.put(bytemuck::bytes_of(&[
        physics.subsidence_mm,
        physics.interval_half_width_mm,
    ]))?;
    writer.put(bytemuck::bytes_of(&weights.decay))?;
    writer.put(bytemuck::cast_slice(weights.layers.as_flattened()))?;
    for beds in physics.state.layers.iter().take(inputs.len()) {
        writer.put(&u32::from(beds.is_some()).to_le_bytes())?;
        for number in beds.unwrap_or(LayerBeds::at_rest(0.0)).to_numbers() {
            writer.put(&number.to_le_bytes())?;
        }
    }
    let mut level_m = [0.0; MAX_INPUTS];
    for (place, golden_m) in level_m.iter_mut().zip(golden_levels(inputs)) {
        *place = golden_m;
    }
    debug_assert!(inputs.len() <= MAX_INPUTS, "the inputs have been counted");
    let level_m = level_m.get(..inputs.len()).unwrap_or_default();
    writer.put(bytemuck::bytes_of(&golden_months(weights, level_m)))
}

/// Writes the numbers of a network; gives where its golden months are to be written.
fn put_network(
    writer: &mut Writer,
    content: &Content,
    network: &FurtherContent,
) -> Result<usize, ArtifactError> {
    writer.put(bytemuck::bytes_of(&[
        content.target.offset,
        content.target.scale,
    ]))?;
    writer.put(&content.start_month.index().to_le_bytes())?;
    writer.put(&content.start_subsidence_mm.to_le_bytes())?;
    for (hidden, _) in network.start_state {
        writer.put(&hidden.to_le_bytes())?;
    }
    for (_, cell) in network.start_state {
        writer.put(&cell.to_le_bytes())?;
    }
    for level_m in golden_levels(content.inputs) {
        writer.put(&level_m.to_le_bytes())?;
    }
    let golden_at = writer.at;
    writer.put(&[0; 4 * (GOLDEN_MONTHS + 1)])?;
    put_weights(writer, &content.record, network.weights)?;
    Ok(golden_at)
}

/// Writes the weights, padded to whole blocks and tiles.
fn put_weights(writer: &mut Writer, record: &Record, weights: &[u8]) -> Result<(), ArtifactError> {
    let sizes = record.sizes;
    let [inputs, hidden, units] = [sizes.inputs, sizes.hidden, sizes.attention].map(usize::from);
    let columns = sizes.attention_columns(record.attention);
    let Encoding { scales, bias, .. } = Encoding::of(record.arithmetic);
    let no_bias: &[u8] = match record.arithmetic {
        ArithmeticKind::F32 => &[0; 4],
        // Shifted by 1.
        ArithmeticKind::Q15 => &[0, 0, 0, 0, 1, 0, 0, 0],
    };
    let no_weight: &[u8] = match record.arithmetic {
        ArithmeticKind::F32 => &[0; 4],
        ArithmeticKind::Q15 => &[0; 2],
    };

    let padded_hidden = BLOCK * sizes.hidden_blocks();
    let padded_units = BLOCK * sizes.attention_blocks();
    let padded_inputs = inputs.next_multiple_of(TILE_COLUMNS);
    let unit = |row| (row < units).then_some(row);
    let hidden_unit = |row| (row < hidden).then_some(row);
    let gate_row = |row| {
        let (gate, unit) = (row / BLOCK % 4, row / (4 * BLOCK) * BLOCK + row % BLOCK);
        (unit < hidden).then_some(gate * hidden + unit)
    };
    // The columns of h come first, padded to whole blocks.
    let stacked = |column| {
        if column < padded_hidden {
            hidden_unit(column)
        } else {
            Some(column - padded_hidden + hidden)
        }
    };

    let mut rest = weights;
    let mut take = |rows: usize, columns: usize, empty| {
        let size = <[u8]>::len(empty);
        let bytes = rest.split_at_checked(rows * columns * size);
        debug_assert!(bytes.is_some(), "the bytes have been counted");
        let (numbers, left) = bytes.unwrap_or_default();
        rest = left;
        Matrix {
            numbers,
            rows,
            columns,
            empty,
        }
    };
    writer.put(take(scales, 1, &[0]).numbers)?;
    if columns > 0 {
        let w = take(units, 2 * hidden, no_weight);
        writer.put_matrix(&w, padded_units, 2 * padded_hidden, unit, stacked)?;
        for empty in [no_weight, no_bias, no_weight] {
            let u_b_v = take(units, columns, empty);
            writer.put_matrix(&u_b_v, padded_units, columns, unit, Some)?;
        }
    }
    let gates = take(4 * hidden, hidden + inputs, no_weight);
    let gate_columns = padded_hidden + padded_inputs;
    writer.put_matrix(&gates, 4 * padded_hidden, gate_columns, gate_row, stacked)?;
    let biases = take(4 * hidden, 1, no_bias);
    writer.put_matrix(&biases, 4 * padded_hidden, 1, gate_row, Some)?;
    let output = take(hidden, 1, no_weight);
    writer.put_matrix(&output, padded_hidden, 1, hidden_unit, Some)?;
    writer.put(take(1, bias, &[0]).numbers)?;
    if record.sees_changes() {
        let input = |row| (row < inputs).then_some(row);
        let skip = take(inputs, 1, no_weight);
        writer.put_matrix(&skip, BLOCK, 1, input, Some)?;
    }
    Ok(())
}

/// Bytes of the weights of one network, without padding.
pub(crate) fn weight_bytes(record: &Record) -> usize {
    let encoding = Encoding::of(record.arithmetic);
    let columns = record.sizes.attention_columns(record.attention);
    let biases =
        usize::from(record.sizes.attention) * columns + 4 * usize::from(record.sizes.hidden) + 1;
    let weights = record.weights() - biases;
    encoding.scales + encoding.bias * biases + encoding.weight * weights
}

/// A level within the trained range of each input, at a different position in each, so that swapped inputs are detected.
fn golden_levels(inputs: &[Input]) -> impl Iterator<Item = f32> {
    let places = inputs.len() as f32 + 1.0;
    inputs.iter().zip(1_u8..).map(move |(input, place)| {
        let place = f32::from(place) / places;
        input.lowest_trained_m * (1.0 - place) + input.highest_trained_m * place
    })
}

fn check_counts(content: &Content) -> Result<(), ArtifactError> {
    let sizes = content.record.sizes;
    let found = content.inputs.len() + content.changes.len();
    if content.inputs.len() != content.record.aquifer_layers.len()
        || found != usize::from(sizes.inputs)
    {
        return Err(ArtifactError::InputCount {
            found,
            expected: sizes.inputs,
        });
    }
    let expected = weight_bytes(&content.record);
    for network in content.networks() {
        if network.start_state.len() != usize::from(sizes.hidden) {
            return Err(ArtifactError::StateCount {
                found: network.start_state.len(),
                expected: sizes.hidden,
            });
        }
        if network.weights.len() != expected {
            return Err(ArtifactError::WeightBytes {
                found: network.weights.len(),
                expected,
            });
        }
    }
    Ok(())
}
