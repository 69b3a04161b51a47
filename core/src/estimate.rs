//! The estimate of a month.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::bridge::LevelSource;
use crate::input::InputState;
use crate::month::Month;
use crate::sizes::MAX_INPUTS;

/// After more months without any level since the start of a model file, its interval is no longer valid.
pub const MAX_MONTHS_WITHOUT_LEVELS: u16 = 12;

/// Which estimate is to be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Primary {
    /// The network's.
    #[default]
    Network,
    /// The physics'.
    Physics,
}

/// A month's subsidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Subsidence {
    /// During the month in mm, down +.
    pub increment_mm: f32,
    /// Cumulative at its end in mm, down +, from where the estimator started.
    pub cumulative_mm: f32,
}

/// The estimate of a month by physics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhysicsEstimate {
    /// The sum of all layers and of what is still to come from before the first month.
    pub subsidence: Subsidence,
    /// The part of each aquifer layer in the increment in mm, down +.
    pub layer_mm: Vec<f32, MAX_INPUTS>,
    /// How it came by the level of each aquifer layer.
    pub source: Vec<LevelSource, MAX_INPUTS>,
}

/// The estimate of a month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The month.
    pub month: Month,
    /// Subsidence during the month in mm, down +, by the primary estimate.
    pub increment_mm: f32,
    /// Cumulative subsidence at the end of the month in mm, down +, by the primary estimate, from where the estimator started.
    pub subsidence_mm: f32,
    /// Which estimate is the primary one. It is the network's, too, while physics is to be trusted but not every aquifer layer has been measured yet.
    pub primary: Primary,
    /// Half the width of the 90 % interval around the primary increment in mm: that of validation times 1 + d, where d is the largest distance of a
    /// level, or of a change that the network sees, from its trained range, as a multiple of that range. `None` if validation gave none.
    pub half_width_mm: Option<f32>,
    /// Half the width of the 90 % interval around the primary cumulative subsidence in mm, by the number of months since the ground was last
    /// observed; widened like `half_width_mm`. `None` if validation gave none, after a cold start, or while the ground was observed.
    pub subsidence_half_width_mm: Option<f32>,
    /// Whether the two increments differ by more than both intervals allow: then at least one of them is wrong.
    pub disagree: bool,
    /// By the network.
    pub network: Subsidence,
    /// By physics; `None` in a model without physics, or until every aquifer layer has been measured.
    pub physics: Option<PhysicsEstimate>,
    /// Share of each input in the attention, 0 to 1; empty in a plain LSTM.
    pub attention: Vec<f32, MAX_INPUTS>,
    /// How the level of each aquifer layer relates to the levels trained on, and its change to the changes.
    pub inputs: Vec<InputState, MAX_INPUTS>,
}

/// Share of each aquifer layer, 0 to 1, in what all of them add to a month's subsidence (mm, down +); a layer that rebounds counts as zero, and all are zero
/// where none compacts. Levels of neighbouring layers rise and fall together, so shares are only weakly identified.
pub fn layer_shares(layer_mm: &Vec<f32, MAX_INPUTS>) -> Vec<f32, MAX_INPUTS> {
    let compaction = |mm: f32| if mm > 0.0 { mm } else { 0.0 };
    let sum_mm = layer_mm.iter().fold(0.0, |sum, mm| sum + compaction(*mm));
    let mut shares = layer_mm.clone();
    for share in &mut shares {
        *share = if sum_mm > 0.0 {
            compaction(*share) / sum_mm
        } else {
            0.0
        };
    }
    shares
}

impl Estimate {
    /// Whether no input has a level.
    pub fn is_without_levels(&self) -> bool {
        let mut inputs = self.inputs.iter();
        inputs.all(|input| *input == InputState::Missing)
    }

    /// The increment by the other, not primary, estimate in mm, down +; `None` if there is none.
    pub fn other_increment_mm(&self) -> Option<f32> {
        let physics = self.physics.as_ref()?;
        Some(match self.primary {
            Primary::Network => physics.subsidence.increment_mm,
            Primary::Physics => self.network.increment_mm,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_layers_that_compact() {
        let shares = |mm: [f32; 3]| layer_shares(&Vec::from_slice(&mm).unwrap());
        assert_eq!(shares([1.0, 3.0, -2.0])[..], [0.25, 0.75, 0.0]);
        assert_eq!(shares([0.0, -1.0, -2.0])[..], [0.0; 3]);
        assert!(layer_shares(&Vec::new()).is_empty());
    }
}
