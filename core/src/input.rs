//! An input of a model.

use serde::{Deserialize, Serialize};

use crate::scaler::Scaler;

/// One input: the level of an aquifer layer in m above datum, or its change since the month before in m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    /// From m to the standardised value that the network sees.
    pub scaler: Scaler,
    /// Lowest value trained on, m.
    pub lowest_trained_m: f32,
    /// Highest value trained on, m.
    pub highest_trained_m: f32,
}

impl Input {
    /// Its numbers in the order of the model file.
    pub fn to_numbers(self) -> [f32; 4] {
        [
            self.scaler.offset,
            self.scaler.scale,
            self.lowest_trained_m,
            self.highest_trained_m,
        ]
    }

    /// The input from its numbers in the order of the model file.
    pub fn from_numbers([offset, scale, lowest_trained_m, highest_trained_m]: [f32; 4]) -> Self {
        Self {
            scaler: Scaler { offset, scale },
            lowest_trained_m,
            highest_trained_m,
        }
    }

    /// How far a value of this input lies outside the trained range, as a multiple of the range's width; 0 inside, and without a value.
    pub fn outside(&self, value_m: Option<f32>) -> f32 {
        let (InputState::Below { by_m } | InputState::Above { by_m }) = self.state(value_m) else {
            return 0.0;
        };
        let range_m = self.highest_trained_m - self.lowest_trained_m;
        if range_m > 0.0 { by_m / range_m } else { 1.0 }
    }

    /// How a level relates to the trained range, for an input that is a level.
    pub fn state(&self, level_m: Option<f32>) -> InputState {
        match level_m.filter(|level_m| level_m.is_finite()) {
            None => InputState::Missing,
            Some(level_m) if level_m < self.lowest_trained_m => InputState::Below {
                by_m: self.lowest_trained_m - level_m,
            },
            Some(level_m) if level_m > self.highest_trained_m => InputState::Above {
                by_m: level_m - self.highest_trained_m,
            },
            Some(_) => InputState::Trained,
        }
    }
}

/// How the level of an aquifer layer relates to the levels that the model was trained on, and, where it lies within them and the network sees its change, how the
/// change since the month before relates to the changes trained on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum InputState {
    /// Within the trained range.
    Trained,
    /// No level, or not a finite number: left out of the attention.
    Missing,
    /// Below the lowest level trained on.
    Below {
        /// By how many m.
        by_m: f32,
    },
    /// Above the highest level trained on.
    Above {
        /// By how many m.
        by_m: f32,
    },
    /// A change below the lowest trained on: the level fell faster.
    ChangeBelow {
        /// By how many m.
        by_m: f32,
    },
    /// A change above the highest trained on: the level rose faster.
    ChangeAbove {
        /// By how many m.
        by_m: f32,
    },
}
