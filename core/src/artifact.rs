//! The model file.
//!
//! All numbers are little-endian; every part begins at a multiple of 4 bytes, and the file must lie at such an address, because weights are used where they lie.
//!
//! | part | content |
//! |---|---|
//! | head | `AMLM` · format `u16` · length of the record `u16` · length of the file `u32` |
//! | record | [`Record`] in postcard, then zeros up to a multiple of 4 |
//! | inputs | for each input four `f32`: offset and scale of its level, lowest and highest level trained on, m above datum |
//! | target | two `f32`: offset and scale of a month's increment, mm |
//! | start | `f32` cumulative subsidence at the end of training, mm; bits of h `[hidden]`, bits of C `[hidden]` then, 4 bytes each |
//! | golden | `f32` level of each input; the increments of [`GOLDEN_MONTHS`] months of these levels from the zero state; `u32` [`digest`](crate::model::Running::digest) of these months |
//! | weights | see below |
//! | check | `u32` CRC-32 (IEEE) of all before it |
//!
//! Weights: three `i32` [scales](crate::arithmetic::Scales) (q15 only) · `B [attention, c]` · gate biases `[4 hidden]` · `b_o` · `W [attention, 2 hidden]`, columns h then C · `U [attention, c]` ·
//! `V [attention, c]` · gates `[4 hidden, hidden + inputs]`, columns h then e · `w_o [hidden]` · zeros up to a multiple of 4 bytes; with `c` columns of the attention (one, or one for each
//! input; B, W, U, V are absent in a plain LSTM). Biases are an `f32` in [`ArithmeticKind::F32`]; in [`ArithmeticKind::Q15`] a pair of `i32`, bias and shift ([`Q15`](crate::arithmetic::Q15)'s
//! row). Weights are an `f32` or an `i16`.
//!
//! Matrices and columns of biases lie in the order in which a step reads them: 8 rows after 8 rows; in these column by column, the 8 rows of a column side by side.
//! The gates' rows are 8 of f, i, candidate, o each, then the next 8 of each. Rows are filled up with zeros to a multiple of 8 in each gate and in the attention; columns of h and C to a
//! multiple of 8, those of e to one of 4. In q15, W and the gates have two columns at a time side by side: the first row's two weights, then the second row's.
//!
//! A file is checked wholly by [`ModelFile::parse`], the golden months included, and then trusted. A file of another format is refused by its number.
//! A second estimator beside the network (a physics basis) would be announced at the end of the record, lie after the weights, and raise the format.

#![allow(
    clippy::inline_always,
    reason = "what is checked in one place is made in it: no copies, and no code for what the one caller does not keep, such as the record and the numbers of an error"
)]

use core::ops::RangeInclusive;

use heapless::Vec;
use serde::Serialize;

use crate::arithmetic::{ArithmeticKind, Kernel, Portable};
use crate::model::{
    AttentionKind, Input, MAX_ATTENTION, MAX_HIDDEN, MAX_INPUTS, Model, Network, Running, Sizes,
};
use crate::month::Month;
use crate::scaler::Scaler;
use crate::sizes::BLOCK;

mod encode;
mod error;
mod layout;
mod reader;
mod text;

pub use encode::{Content, encode};
pub use error::ArtifactError;
pub use text::Text;

use layout::Parts;
use reader::Reader;

/// The first bytes of every model file.
pub const MAGIC: [u8; 4] = *b"AMLM";

/// The format this crate writes and the only one it reads.
pub const FORMAT: u16 = 2;

/// Months stepped to check the golden increments: the first sees a zero state, so recurrent weights need a second; the third is margin.
pub const GOLDEN_MONTHS: usize = 3;

/// Bytes of the head: magic, format, two lengths.
pub const HEAD_BYTES: usize = 12;

/// The longest name of a well or an aquifer layer in bytes, so that names fit the logger's messages.
pub const MAX_NAME_BYTES: usize = 48;

/// Bytes of a name.
const NAME_BYTES: RangeInclusive<usize> = 1..=MAX_NAME_BYTES;

/// The longest record: all names at their longest, and less than 100 bytes of numbers.
const MAX_RECORD_BYTES: usize = (MAX_INPUTS + 1) * (MAX_NAME_BYTES + 1) + 100;

/// The longest model file.
pub const MAX_FILE_BYTES: usize = {
    let attention = MAX_ATTENTION * (2 * MAX_HIDDEN + 3 * MAX_INPUTS);
    let gates = 4 * MAX_HIDDEN * (MAX_HIDDEN + MAX_INPUTS + 1) + MAX_HIDDEN + 1;
    let numbers = 5 * MAX_INPUTS + 2 + 1 + 2 * MAX_HIDDEN + GOLDEN_MONTHS + 1;
    HEAD_BYTES + MAX_RECORD_BYTES.next_multiple_of(4) + 4 * (attention + gates + numbers) + 4
};

/// What a model file says about its model besides numbers to compute with.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Record<'a> {
    /// Well, as in `wells.csv`; 1 to [`MAX_NAME_BYTES`] bytes.
    pub well: Text<'a>,
    /// Aquifer layers from the top, one for each input; each 1 to [`MAX_NAME_BYTES`] bytes.
    #[cfg_attr(test, serde(borrow))]
    pub aquifer_layers: Vec<Text<'a>, MAX_INPUTS>,
    /// Sizes of the network.
    pub sizes: Sizes,
    /// Kind of attention.
    pub attention: AttentionKind,
    /// What the weights are for.
    pub arithmetic: ArithmeticKind,
    /// Counts up with every model made for the well, so that an older one is not taken for a newer.
    pub model_version: u32,
    /// First month of training.
    pub trained_from: Month,
    /// Last month of training: the month of the state and of the cumulative subsidence in the file.
    pub trained_until: Month,
    /// Fingerprint of the data trained on.
    pub fingerprint: u64,
    /// Seed of the training.
    pub seed: u64,
    /// Trained on synthetic data.
    pub synthetic: bool,
    /// Errors measured after training.
    pub scores: Scores,
    /// Half the width of the 90 % interval around a month's increment in mm, from validation; NaN where there is none.
    pub interval_half_width_mm: f32,
}

/// Root mean square errors of a month's increment in mm; NaN where not measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Scores {
    /// On what was trained.
    pub train_rmse_mm: f32,
    /// On what chose the epoch.
    pub validate_rmse_mm: f32,
    /// On what nothing was chosen with.
    pub test_rmse_mm: f32,
    /// The least any model could reach on the test part: the spread of ps points that share inputs.
    pub floor_rmse_mm: f32,
}

/// The state at the end of training.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Cumulative subsidence, mm, down +.
    pub subsidence_mm: f32,
    /// Bits of h `[hidden]`.
    pub hidden: &'a [u32],
    /// Bits of C `[hidden]`.
    pub cell: &'a [u32],
}

impl Start<'_> {
    /// Bits of h and C of each hidden unit.
    pub fn state_bits(&self) -> impl Iterator<Item = (u32, u32)> {
        self.hidden.iter().copied().zip(self.cell.iter().copied())
    }
}

/// What the months of the golden levels give, computed by who made the file.
#[derive(Clone, Copy, Debug)]
pub struct Golden<'a> {
    /// Level of each input, m above datum, the same in each month.
    pub level_m: &'a [f32],
    /// Increment of each month from the zero state, mm.
    pub increment_mm: &'a [f32],
    /// Digest of these months, see [`Running::digest`].
    pub digest: u32,
}

/// A model file that was checked.
#[derive(Clone, Debug)]
pub struct ModelFile<'a> {
    record: Record<'a>,
    model: Model<'a>,
    start: Start<'a>,
    golden: Golden<'a>,
    crc: u32,
}

impl<'a> ModelFile<'a> {
    /// Reads and checks a model file and computes its golden months.
    ///
    /// # Errors
    ///
    /// Each way in which a file can be wrong is its own [`ArtifactError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ArtifactError> {
        Self::parse_with::<Portable>(bytes)
    }

    /// As [`parse`](Self::parse), with the golden months computed by a machine's own kernel.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse); a kernel that does not give the host's bits is refused as the golden months of the file are.
    pub fn parse_with<K: Kernel>(bytes: &'a [u8]) -> Result<Self, ArtifactError> {
        let (file, _) = Self::parse_within::<K, MAX_HIDDEN>(bytes)?;
        Ok(file)
    }

    /// Reads and checks a model file with room for `CAPACITY` hidden units, of which a multiple of 8 is used; gives it and its network with a state of zero.
    pub(crate) fn parse_within<K: Kernel, const CAPACITY: usize>(
        bytes: &'a [u8],
    ) -> Result<(Self, Running<'a, CAPACITY>), ArtifactError> {
        let file = Self::read(bytes)?;
        let found = file.record.sizes.hidden;
        if layout::filled(found.into(), BLOCK) > CAPACITY {
            return Err(ArtifactError::Capacity {
                found,
                capacity: CAPACITY,
            });
        }
        let mut running = Running::cold(&file.model);
        file.check_running::<K, _>(&mut running)?;
        running.forget();
        Ok((file, running))
    }

    /// What the file says about its model.
    pub fn record(&self) -> &Record<'a> {
        &self.record
    }

    /// The numbers to compute with.
    pub fn model(&self) -> &Model<'a> {
        &self.model
    }

    /// The state at the end of training.
    pub fn start(&self) -> &Start<'a> {
        &self.start
    }

    /// The golden months.
    pub fn golden(&self) -> &Golden<'a> {
        &self.golden
    }

    /// CRC-32 of the file: what a saved state is bound to.
    pub fn crc(&self) -> u32 {
        self.crc
    }

    /// Reads and checks all but what can only be seen by running the model.
    #[inline(always)]
    fn read(bytes: &'a [u8]) -> Result<Self, ArtifactError> {
        let frame = layout::frame(bytes)?;
        let mut reader = Reader::new(frame.record);
        let record = reader.record();
        layout::check_read(frame.record, &reader)?;
        check_record(&record)?;
        let (model, start, golden) = read_numbers(&record, frame.numbers)?;
        check_numbers(&model, &start, &golden)?;
        Ok(Self {
            record,
            model,
            start,
            golden,
            crc: frame.crc,
        })
    }

    /// Steps through the golden months: their increments and their digest.
    fn golden_months<K: Kernel, const CAPACITY: usize>(
        &self,
        running: &mut Running<CAPACITY>,
    ) -> ([f32; GOLDEN_MONTHS], u32) {
        let mut increment_mm = [0.0; GOLDEN_MONTHS];
        let mut digest = 0;
        let mut level_m = [None; MAX_INPUTS];
        for (place, level_m) in level_m.iter_mut().zip(self.golden.level_m) {
            *place = Some(*level_m);
        }
        for increment_mm in &mut increment_mm {
            let output = running.step_with::<K>(&level_m);
            *increment_mm = output.increment_mm;
            digest = running.digest(digest, &output);
        }
        (increment_mm, digest)
    }

    /// Checks what can only be seen by running the model, from a state of zero: the golden months and the start.
    fn check_running<K: Kernel, const CAPACITY: usize>(
        &self,
        running: &mut Running<CAPACITY>,
    ) -> Result<(), ArtifactError> {
        let (increment_mm, digest) = self.golden_months::<K, _>(running);
        for (month, (found, expected)) in increment_mm
            .iter()
            .zip(self.golden.increment_mm)
            .enumerate()
        {
            if found.to_bits() != expected.to_bits() {
                return Err(ArtifactError::Golden {
                    month,
                    found_mm: *found,
                    expected_mm: *expected,
                });
            }
        }
        if digest != self.golden.digest {
            return Err(ArtifactError::GoldenDigest {
                found: digest,
                expected: self.golden.digest,
            });
        }
        running
            .set_state_bits(self.start.state_bits())
            .map_err(|unit| ArtifactError::StartState { unit })
    }
}

/// Reads what follows a checked record, and checks the weights.
#[inline(always)]
fn read_numbers<'a>(
    record: &Record,
    numbers: &'a [u8],
) -> Result<(Model<'a>, Start<'a>, Golden<'a>), ArtifactError> {
    let wrong_length = || ArtifactError::NumbersLength {
        found: numbers.len(),
        expected: layout::number_bytes(record),
    };
    let mut parts = Parts::new(numbers).ok_or_else(wrong_length)?;
    let (inputs, target, start, golden) = parts.head(record).ok_or_else(wrong_length)?;
    #[cfg(feature = "f32")]
    let weight_words = parts.rest();
    let network = match record.arithmetic {
        #[cfg(feature = "f32")]
        ArithmeticKind::F32 => Network::F32(parts.weights(record).ok_or_else(wrong_length)?),
        #[cfg(feature = "q15")]
        ArithmeticKind::Q15 => Network::Q15(parts.weights(record).ok_or_else(wrong_length)?),
        #[cfg(not(all(feature = "f32", feature = "q15")))]
        found => return Err(ArtifactError::Arithmetic { found }),
    };
    if !parts.rest().is_empty() {
        return Err(wrong_length());
    }
    match &network {
        #[cfg(feature = "f32")]
        Network::F32(_) => layout::check_f32(weight_words)?,
        #[cfg(feature = "q15")]
        Network::Q15(weights) => layout::check_q15(weights)?,
    }
    let model = Model {
        inputs,
        target,
        network,
    };
    Ok((model, start, golden))
}

#[inline(always)]
fn check_record(record: &Record) -> Result<(), ArtifactError> {
    let within = |found: u8, max: usize| found > 0 && usize::from(found) <= max;
    let Sizes {
        inputs,
        hidden,
        attention,
    } = record.sizes;
    if !within(inputs, MAX_INPUTS) {
        return Err(ArtifactError::Inputs { found: inputs });
    }
    if !within(hidden, MAX_HIDDEN) {
        return Err(ArtifactError::Hidden { found: hidden });
    }
    match record.attention {
        AttentionKind::None if attention != 0 => {
            return Err(ArtifactError::AttentionWithout { found: attention });
        }
        AttentionKind::Shared | AttentionKind::PerLayer if !within(attention, MAX_ATTENTION) => {
            return Err(ArtifactError::Attention { found: attention });
        }
        _ => {}
    }
    if record.aquifer_layers.len() != usize::from(inputs) {
        return Err(ArtifactError::Layers {
            found: record.aquifer_layers.len(),
            expected: inputs,
        });
    }
    if record.trained_until < record.trained_from {
        return Err(ArtifactError::Months {
            from: record.trained_from,
            until: record.trained_until,
        });
    }
    let Scores {
        train_rmse_mm,
        validate_rmse_mm,
        test_rmse_mm,
        floor_rmse_mm,
    } = record.scores;
    for found_mm in [
        train_rmse_mm,
        validate_rmse_mm,
        test_rmse_mm,
        floor_rmse_mm,
        record.interval_half_width_mm,
    ] {
        // As bits, because the compiler makes three times the code of the same question about the float: infinity, or below 0.
        if matches!(found_mm.to_bits(), 0x7f80_0000 | 0x8000_0001..=0xff80_0000) {
            return Err(ArtifactError::Score { found_mm });
        }
    }
    Ok(())
}

#[inline(always)]
fn check_numbers(model: &Model, start: &Start, golden: &Golden) -> Result<(), ArtifactError> {
    for (input, numbers) in model.inputs.iter().enumerate() {
        let Input {
            scaler,
            lowest_trained_m: lowest_m,
            highest_trained_m: highest_m,
        } = Input::from_numbers(*numbers);
        let in_order = lowest_m <= highest_m;
        if !are_finite(numbers) || scaler.scale <= 0.0 || !in_order {
            return Err(if scaler.is_usable() {
                ArtifactError::TrainedRange {
                    input,
                    lowest_m,
                    highest_m,
                }
            } else {
                ArtifactError::InputScaler {
                    input,
                    offset: scaler.offset,
                    scale: scaler.scale,
                }
            });
        }
    }
    let Scaler { offset, scale } = model.target;
    let found_mm = start.subsidence_mm;
    if !are_finite(&[offset, scale, found_mm]) || scale <= 0.0 {
        return Err(if model.target.is_usable() {
            ArtifactError::StartSubsidence { found_mm }
        } else {
            ArtifactError::TargetScaler { offset, scale }
        });
    }
    if !are_finite(golden.level_m) {
        let finite = golden.level_m.iter().take_while(|level| level.is_finite());
        let input = finite.count();
        return Err(ArtifactError::GoldenLevel {
            input,
            found_m: golden.level_m.get(input).copied().unwrap_or_default(),
        });
    }
    Ok(())
}

/// Called for many numbers and kept from being inlined: one question about all of them, and which of them it was is asked only if there is an error.
#[inline(never)]
fn are_finite(numbers: &[f32]) -> bool {
    numbers.iter().all(|number| number.is_finite())
}

#[cfg(test)]
mod tests;
