//! What is estimated for a month.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::input::InputState;
use crate::month::Month;
use crate::sizes::MAX_INPUTS;

/// After more months without any level since the start of a model file, the interval that the file states is not believed.
pub const MAX_MONTHS_WITHOUT_LEVELS: u16 = 12;

/// The estimate to be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Primary {
    /// The network's.
    #[default]
    Network,
    /// That of the beds.
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

/// A month by physics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhysicsEstimate {
    /// In all.
    pub subsidence: Subsidence,
    /// What each aquifer layer contributes to the increment in mm, down +.
    pub layer_mm: Vec<f32, MAX_INPUTS>,
}

/// What is estimated for a month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The month.
    pub month: Month,
    /// Subsidence during the month in mm, down +, by the primary estimate.
    pub increment_mm: f32,
    /// Cumulative subsidence at the end of the month in mm, down +, by the primary estimate, from where the estimator started.
    pub subsidence_mm: f32,
    /// Which of the two the primary estimate is. The network too if it is physics but not every aquifer layer has been measured yet.
    pub primary: Primary,
    /// Half the width of the 90 % interval around the primary increment in mm: that of validation, and as many times wider as the level furthest outside
    /// the levels trained on is outside, in widths of their range. Nothing where validation gave none.
    pub half_width_mm: Option<f32>,
    /// Half the width of the 90 % interval around the primary cumulative subsidence in mm, from how many months ago the ground was last observed; wider as
    /// `half_width_mm` is. Nothing where validation gave none, after a cold start, or where the ground was observed.
    pub subsidence_half_width_mm: Option<f32>,
    /// Whether the two increments differ by more than both intervals allow: then at least one of them is wrong.
    pub disagree: bool,
    /// By the network.
    pub network: Subsidence,
    /// By physics; nothing in a model without, or until every aquifer layer has been measured.
    pub physics: Option<PhysicsEstimate>,
    /// Share of each input in the attention, 0 to 1; empty in a plain LSTM.
    pub attention: Vec<f32, MAX_INPUTS>,
    /// How each input's level relates to the levels trained on.
    pub inputs: Vec<InputState, MAX_INPUTS>,
}

impl Estimate {
    /// Whether no input has a level.
    pub fn is_without_levels(&self) -> bool {
        let mut inputs = self.inputs.iter();
        inputs.all(|input| *input == InputState::Missing)
    }

    /// The increment by the estimate that is not the primary one in mm, down +; nothing where there is none.
    pub fn other_increment_mm(&self) -> Option<f32> {
        let physics = self.physics.as_ref()?;
        Some(match self.primary {
            Primary::Network => physics.subsidence.increment_mm,
            Primary::Physics => self.network.increment_mm,
        })
    }
}
