//! What a model file says about its model, apart from the numbers of the network.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{ArtifactError, MAX_NAME_BYTES};
use crate::arithmetic::ArithmeticKind;
use crate::month::Month;
use crate::sizes::{AttentionKind, MAX_ATTENTION, MAX_HIDDEN, MAX_INPUTS, Sizes};

/// What a model file says about its model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record<'a> {
    /// Well, as in `wells.csv`; 1 to [`MAX_NAME_BYTES`] bytes.
    pub well: &'a str,
    /// Aquifer layers from the top, one for each level that the network sees; each 1 to [`MAX_NAME_BYTES`] bytes.
    #[serde(borrow)]
    pub aquifer_layers: Vec<&'a str, MAX_INPUTS>,
    /// Sizes of the network.
    pub sizes: Sizes,
    /// Kind of attention.
    pub attention: AttentionKind,
    /// Arithmetic of the weights.
    pub arithmetic: ArithmeticKind,
    /// Increases with every model made for the well, so that a newer model can be told from an older one.
    pub model_version: u32,
    /// First month of training.
    pub trained_from: Month,
    /// Last month of training.
    pub trained_until: Month,
    /// Fingerprint of the training data.
    pub fingerprint: u64,
    /// Seed of the training.
    pub seed: u64,
    /// Trained on synthetic data.
    pub synthetic: bool,
    /// Errors measured after training.
    pub scores: Scores,
    /// Half the width of the 90 % interval around a month's increment in mm, from validation; NaN if there is none.
    pub interval_half_width_mm: f32,
}

/// Root mean square errors of a month's increment in mm; NaN if not measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// On the training part.
    pub train_rmse_mm: f32,
    /// On the part that chose the epoch.
    pub validate_rmse_mm: f32,
    /// On the test part, which was not used to choose anything.
    pub test_rmse_mm: f32,
    /// Lower bound of the error of any model on the test part: the scatter among ps points that share their inputs.
    pub floor_rmse_mm: f32,
}

/// Reads and checks the record.
pub(super) fn read(bytes: &[u8]) -> Result<Record<'_>, ArtifactError> {
    let found = bytes.len();
    let (record, rest) = postcard::take_from_bytes::<Record>(bytes)
        .map_err(|_| ArtifactError::Record { bytes: found })?;
    if !rest.is_empty() {
        return Err(ArtifactError::RecordRest {
            found,
            expected: found - rest.len(),
        });
    }
    record.check()?;
    Ok(record)
}

impl Record<'_> {
    /// Whether the network sees the monthly change of each level beside the level: it has twice as many inputs as aquifer layers then, and a skip.
    pub fn sees_changes(&self) -> bool {
        self.aquifer_layers.len() < usize::from(self.sizes.inputs)
    }

    /// Number of all weights, the skip's included.
    pub fn weights(&self) -> usize {
        let inputs = usize::from(self.sizes.inputs);
        let skip = if self.sees_changes() { inputs } else { 0 };
        self.sizes.weights(self.attention) + skip
    }

    /// Checks names, sizes, months and errors.
    pub(super) fn check(&self) -> Result<(), ArtifactError> {
        for name in core::iter::once(&self.well).chain(&self.aquifer_layers) {
            if !(1..=MAX_NAME_BYTES).contains(&name.len()) {
                return Err(ArtifactError::Name {
                    found_bytes: name.len(),
                });
            }
        }
        self.check_sizes()?;
        if self.trained_until < self.trained_from {
            return Err(ArtifactError::Months {
                from: self.trained_from,
                until: self.trained_until,
            });
        }
        let Scores {
            train_rmse_mm,
            validate_rmse_mm,
            test_rmse_mm,
            floor_rmse_mm,
        } = self.scores;
        for found_mm in [
            train_rmse_mm,
            validate_rmse_mm,
            test_rmse_mm,
            floor_rmse_mm,
            self.interval_half_width_mm,
        ] {
            if found_mm < 0.0 || found_mm == f32::INFINITY {
                return Err(ArtifactError::Score { found_mm });
            }
        }
        Ok(())
    }

    fn check_sizes(&self) -> Result<(), ArtifactError> {
        let within = |found: u8, max: usize| found > 0 && usize::from(found) <= max;
        let Sizes {
            inputs,
            hidden,
            attention,
        } = self.sizes;
        if !within(inputs, MAX_INPUTS) {
            return Err(ArtifactError::Inputs { found: inputs });
        }
        if !within(hidden, MAX_HIDDEN) {
            return Err(ArtifactError::Hidden { found: hidden });
        }
        match self.attention {
            AttentionKind::None if attention != 0 => {
                return Err(ArtifactError::AttentionWithout { found: attention });
            }
            AttentionKind::Shared | AttentionKind::PerLayer
                if !within(attention, MAX_ATTENTION) =>
            {
                return Err(ArtifactError::Attention { found: attention });
            }
            _ => {}
        }
        let layers = self.aquifer_layers.len();
        if ![layers, 2 * layers].contains(&usize::from(inputs)) {
            return Err(ArtifactError::Layers {
                found: layers,
                expected: inputs,
            });
        }
        Ok(())
    }
}
