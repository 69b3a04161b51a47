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
        let (record, crc, numbers) = layout::record(bytes)?;
        let file = Self::of_parts(record, crc, numbers)?;
        let found = file.record.sizes.hidden;
        if usize::from(found).next_multiple_of(BLOCK) > CAPACITY {
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

    /// Checks all but the golden months.
    fn of_parts(record: Record<'a>, crc: u32, numbers: &'a [u8]) -> Result<Self, ArtifactError> {
        check_record(&record)?;
        let inputs = usize::from(record.sizes.inputs);
        let hidden = usize::from(record.sizes.hidden);
        let mut parts = Parts::new(numbers);
        let input_numbers = parts.take(inputs);
        let [offset, scale, subsidence_mm] = parts.floats();
        let target = Scaler { offset, scale };
        let start = Start {
            subsidence_mm,
            hidden: parts.words(hidden),
            cell: parts.words(hidden),
        };
        let golden = Golden {
            level_m: parts.take(inputs),
            increment_mm: parts.take(GOLDEN_MONTHS),
            digest: parts.word(),
        };
        let network = match record.arithmetic {
            #[cfg(feature = "f32")]
            ArithmeticKind::F32 => Network::F32(parts.f32_weights(&record)?),
            #[cfg(feature = "q15")]
            ArithmeticKind::Q15 => Network::Q15(parts.q15_weights(&record)?),
            #[cfg(not(all(feature = "f32", feature = "q15")))]
            found => return Err(ArtifactError::Arithmetic { found }),
        };
        let model = Model {
            inputs: input_numbers,
            target,
            network,
        };
        check_numbers(&model, &start, &golden)?;
        Ok(Self {
            record,
            model,
            start,
            golden,
            crc,
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
    check_name(record.well)?;
    for name in &record.aquifer_layers {
        check_name(*name)?;
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
        // As bits, because the compiler makes three times the code of the same question about the float.
        let infinity = f32::INFINITY.to_bits();
        let negative = found_mm.to_bits() > (-0.0_f32).to_bits() && !found_mm.is_nan();
        if negative || found_mm.to_bits() == infinity {
            return Err(ArtifactError::Score { found_mm });
        }
    }
    Ok(())
}

fn check_name(name: Text) -> Result<(), ArtifactError> {
    let found_bytes = name.as_bytes().len();
    if found_bytes == 0 || found_bytes > MAX_NAME_BYTES {
        return Err(ArtifactError::Name { found_bytes });
    }
    Ok(())
}

fn check_numbers(model: &Model, start: &Start, golden: &Golden) -> Result<(), ArtifactError> {
    for (input, numbers) in model.inputs().enumerate() {
        let Input {
            scaler,
            lowest_trained_m: lowest_m,
            highest_trained_m: highest_m,
        } = numbers;
        if !scaler.is_usable() {
            return Err(ArtifactError::InputScaler {
                input,
                offset: scaler.offset,
                scale: scaler.scale,
            });
        }
        if !(lowest_m.is_finite() && highest_m.is_finite() && lowest_m <= highest_m) {
            return Err(ArtifactError::TrainedRange {
                input,
                lowest_m,
                highest_m,
            });
        }
    }
    if !model.target.is_usable() {
        return Err(ArtifactError::TargetScaler {
            offset: model.target.offset,
            scale: model.target.scale,
        });
    }
    if !start.subsidence_mm.is_finite() {
        return Err(ArtifactError::StartSubsidence {
            found_mm: start.subsidence_mm,
        });
    }
    for (input, level_m) in golden.level_m.iter().enumerate() {
        if !level_m.is_finite() {
            return Err(ArtifactError::GoldenLevel {
                input,
                found_m: *level_m,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
