//! Carries a model's state from month to month.

use core::fmt;

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::arithmetic::{Kernel, Portable};
use crate::artifact::{ArtifactError, ModelFile};
use crate::crc::Crc32;
use crate::model::{Input, MAX_HIDDEN, MAX_INPUTS, Output, Running};
use crate::month::Month;

/// Estimates the subsidence at a well month by month.
///
/// `CAPACITY` is the most hidden units it has room for; a device that runs small models only saves RAM with a smaller one.
#[derive(Clone, Debug)]
pub struct Estimator<'a, const CAPACITY: usize = MAX_HIDDEN> {
    running: Running<'a, CAPACITY>,
    model_crc: u32,
    month: Option<Month>,
    subsidence_mm: f32,
}

/// What is estimated for a month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The month.
    pub month: Month,
    /// Subsidence during the month in mm, down +.
    pub increment_mm: f32,
    /// Cumulative subsidence at the end of the month in mm, down +, from where the estimator started.
    pub subsidence_mm: f32,
    /// Share of each input in the attention, 0 to 1; empty in a plain LSTM.
    pub attention: Vec<f32, MAX_INPUTS>,
    /// What is to be said about each input.
    pub inputs: Vec<InputFlag, MAX_INPUTS>,
}

/// What is to be said about the level of an aquifer layer in a month.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum InputFlag {
    /// Within what the model was trained on.
    Ok,
    /// No level, or not a finite number.
    Missing,
    /// Below the lowest level trained on.
    BelowTrained {
        /// By how many m.
        by_m: f32,
    },
    /// Above the highest level trained on.
    AboveTrained {
        /// By how many m.
        by_m: f32,
    },
}

impl InputFlag {
    fn of(input: &Input, level_m: Option<f32>) -> Self {
        match level_m {
            Some(level_m) if level_m < input.lowest_trained_m => Self::BelowTrained {
                by_m: input.lowest_trained_m - level_m,
            },
            Some(level_m) if level_m > input.highest_trained_m => Self::AboveTrained {
                by_m: level_m - input.highest_trained_m,
            },
            Some(_) => Self::Ok,
            None => Self::Missing,
        }
    }
}

/// Version of [`SavedState`]'s meaning.
const STATE_FORMAT: u8 = 1;

/// An estimator's memory, to be kept over a power cut. Bound to the model file that it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedState {
    format: u8,
    model_crc: u32,
    month: Option<Month>,
    subsidence_bits: u32,
    /// Bits of h and C; zero beyond the model's hidden units.
    hidden: [u32; MAX_HIDDEN],
    cell: [u32; MAX_HIDDEN],
}

impl SavedState {
    /// CRC-32 of the model file that the state belongs to.
    pub fn model_crc(&self) -> u32 {
        self.model_crc
    }

    /// Month of the last step.
    pub fn month(&self) -> Option<Month> {
        self.month
    }
}

/// Why a saved state is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the wording of each is in Display")]
pub enum StateError {
    Format { found: u8 },
    Model { found: u32, expected: u32 },
    Subsidence { found_bits: u32 },
    Unit { unit: usize },
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Format { found } => {
                write!(f, "saved state: format {found}, expected {STATE_FORMAT}")
            }
            Self::Model { found, expected } => {
                write!(
                    f,
                    "saved state: belongs to model {found:08x}, expected {expected:08x}"
                )
            }
            Self::Subsidence { found_bits } => {
                write!(
                    f,
                    "saved state: subsidence {} mm, expected a finite number",
                    f32::from_bits(found_bits)
                )
            }
            Self::Unit { unit } => write!(f, "saved state: hidden unit {unit} is out of range"),
        }
    }
}

impl core::error::Error for StateError {}

impl<'a> Estimator<'a> {
    /// Starts cold: state and cumulative subsidence zero.
    pub fn new(file: &ModelFile<'a>) -> Self {
        Self::of_running(file, Running::cold(file.model()))
    }

    /// Starts with state, month and cumulative subsidence of the end of training.
    pub fn at_training_end(file: &ModelFile<'a>) -> Self {
        let mut estimator = Self::new(file);
        estimator.go_to_training_end(file);
        estimator
    }
}

impl<'a, const CAPACITY: usize> Estimator<'a, CAPACITY> {
    /// Checks a model file and starts cold with it: state and cumulative subsidence zero. There is room for `CAPACITY` hidden units, of which a multiple of 8 is used.
    ///
    /// # Errors
    ///
    /// The file is refused as by [`ModelFile::parse`], or has more hidden units than that.
    pub fn load(file: &'a [u8]) -> Result<Self, ArtifactError> {
        Self::load_with::<Portable>(file)
    }

    /// As [`load`](Self::load), with the golden months computed by a machine's own kernel.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn load_with<K: Kernel>(file: &'a [u8]) -> Result<Self, ArtifactError> {
        let (file, running) = ModelFile::parse_within::<K, _>(file)?;
        Ok(Self::of_running(&file, running))
    }

    fn of_running(file: &ModelFile<'a>, running: Running<'a, CAPACITY>) -> Self {
        Self {
            running,
            model_crc: file.crc(),
            month: None,
            subsidence_mm: 0.0,
        }
    }

    /// Takes on state, month and cumulative subsidence of the end of training. Does nothing if `file` is not the estimator's own.
    pub fn go_to_training_end(&mut self, file: &ModelFile<'_>) {
        let start = file.start();
        let bits = start.hidden.iter().copied().zip(start.cell.iter().copied());
        if file.crc() == self.model_crc && self.running.set_state_bits(bits).is_ok() {
            self.month = Some(file.record().trained_until);
            self.subsidence_mm = start.subsidence_mm;
        }
    }

    /// One month with the monthly mean levels (m above datum) of the aquifer layers, in the order of the model's inputs.
    ///
    /// A level that is absent, not finite, or beyond the end of `level_m` is missing; more levels than inputs are not looked at.
    /// Months must be given one after the other, a month without levels too.
    pub fn step(&mut self, month: Month, level_m: &[Option<f32>]) -> Estimate {
        self.step_with::<Portable>(month, level_m)
    }

    /// As [`step`](Self::step), with a machine's own kernel.
    pub fn step_with<K: Kernel>(&mut self, month: Month, level_m: &[Option<f32>]) -> Estimate {
        let output = self.running.step_with::<K>(level_m);
        self.month = Some(month);
        self.subsidence_mm += output.increment_mm;
        let mut inputs = Vec::new();
        for (index, input) in self.running.inputs().enumerate() {
            let level_m = level_m
                .get(index)
                .copied()
                .flatten()
                .filter(|level| level.is_finite());
            let _ = inputs.push(InputFlag::of(&input, level_m));
        }
        Estimate {
            month,
            increment_mm: output.increment_mm,
            subsidence_mm: self.subsidence_mm,
            attention: self.attention_of(&output),
            inputs,
        }
    }

    fn attention_of(&self, output: &Output) -> Vec<f32, MAX_INPUTS> {
        let inputs = if self.running.has_attention() {
            self.running.inputs().len()
        } else {
            0
        };
        // Not collected: that would keep a panic in the image.
        let mut attention = Vec::new();
        for share in output.attention.iter().take(inputs) {
            let _ = attention.push(*share);
        }
        attention
    }

    /// Month of the last step, if there was one.
    pub fn month(&self) -> Option<Month> {
        self.month
    }

    /// Cumulative subsidence in mm, down +, from where the estimator started.
    pub fn subsidence_mm(&self) -> f32 {
        self.subsidence_mm
    }

    /// Bits of h and C of each hidden unit, as they go into a model file.
    pub fn state_bits(&self) -> impl Iterator<Item = (u32, u32)> {
        self.running.state_bits()
    }

    /// The memory, to be kept over a power cut.
    pub fn save(&self) -> SavedState {
        let mut saved = SavedState {
            format: STATE_FORMAT,
            model_crc: self.model_crc,
            month: self.month,
            subsidence_bits: self.subsidence_mm.to_bits(),
            hidden: [0; MAX_HIDDEN],
            cell: [0; MAX_HIDDEN],
        };
        let places = saved.hidden.iter_mut().zip(&mut saved.cell);
        for ((hidden, cell), bits) in places.zip(self.state_bits()) {
            (*hidden, *cell) = bits;
        }
        saved
    }

    /// Takes on a saved memory.
    ///
    /// # Errors
    ///
    /// The state is of another format or model, or no step can have left it behind. The estimator is then what it was.
    pub fn restore(&mut self, saved: &SavedState) -> Result<(), StateError> {
        if saved.format != STATE_FORMAT {
            return Err(StateError::Format {
                found: saved.format,
            });
        }
        if saved.model_crc != self.model_crc {
            return Err(StateError::Model {
                found: saved.model_crc,
                expected: self.model_crc,
            });
        }
        let subsidence_mm = f32::from_bits(saved.subsidence_bits);
        if !subsidence_mm.is_finite() {
            return Err(StateError::Subsidence {
                found_bits: saved.subsidence_bits,
            });
        }
        let bits = saved.hidden.iter().copied().zip(saved.cell.iter().copied());
        self.running
            .set_state_bits(bits)
            .map_err(|unit| StateError::Unit { unit })?;
        self.month = saved.month;
        self.subsidence_mm = subsidence_mm;
        Ok(())
    }

    /// CRC-32 of `previous`, of all bits of `estimate`'s numbers, and of the state after it.
    /// Chained from 0 over a series, equal digests mean equal bits in every month.
    pub fn digest(&self, previous: u32, estimate: &Estimate) -> u32 {
        let mut output = Output {
            increment_mm: estimate.increment_mm,
            attention: [0.0; MAX_INPUTS],
        };
        for (place, share) in output.attention.iter_mut().zip(&estimate.attention) {
            *place = *share;
        }
        Crc32::new()
            .word(self.running.digest(previous, &output))
            .word(estimate.subsidence_mm.to_bits())
            .finish()
    }
}

#[cfg(test)]
mod tests;
