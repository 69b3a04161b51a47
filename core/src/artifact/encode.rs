//! Writes a model file.

use super::layout::{number_bytes, weight_bytes};
use super::{
    ArtifactError, FORMAT, GOLDEN_MONTHS, HEAD_BYTES, MAGIC, MAX_RECORD_BYTES, ModelFile, Record,
    check_record, layout,
};
use crate::CRC_32;
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
    /// All weights, in the order and as the numbers of the file.
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
    while !writer.at.is_multiple_of(4) {
        writer.put(&[0])?;
    }
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
    writer.put(content.weights)?;
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
