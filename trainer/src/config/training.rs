//! `[training]`: how weights are fitted.

use std::collections::BTreeMap;

use amlstm_core::sizes::MAX_MEMBERS;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// How weights are fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the training data.
    pub epochs: usize,
    /// Adam's step size.
    pub learning_rate: f64,
    /// ps points a gradient step averages over, from 1.
    pub batch: usize,
    /// The same of single wells, by well id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub batch_of: BTreeMap<String, usize>,
    /// Gradient steps of an epoch where a well has one measured series, from 1.
    pub series_steps: usize,
    /// Epochs without improvement before stopping; 0 = never.
    pub patience: usize,
    /// Which part chooses the best epoch.
    pub selection: Selection,
    /// burn's CPU backend.
    pub backend: Backend,
    /// What a network knows before it sees the measurements.
    pub pretrain: Pretrain,
    /// Networks of a model, each from another seed, whose mean is its estimate; 1 to [`MAX_MEMBERS`](amlstm_core::sizes::MAX_MEMBERS).
    pub members: usize,
    /// Whether the exported model is fitted once more, to everything observed, after it was scored.
    pub refit: bool,
}

/// What a network knows before it sees the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pretrain {
    /// The physics of its own well.
    Physics,
    /// Nothing: the paper's way.
    None,
}

/// Which part chooses the best epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// The validation part.
    Validation,
    /// The test part: the paper's protocol, which flatters the test score.
    Test,
}

/// burn's CPU backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// burn-flex.
    Flex,
    /// burn-ndarray, deprecated upstream; needs the cargo feature `ndarray`.
    Ndarray,
}

impl TrainingConfig {
    /// ps points that a gradient step averages over at a well.
    pub fn batch_for(&self, well: &str) -> usize {
        self.batch_of.get(well).copied().unwrap_or(self.batch)
    }

    /// Refuses networks that cannot be averaged.
    pub(super) fn check_members(&self) -> Result<(), ConfigError> {
        let (found, expected) = match (self.members, self.pretrain) {
            (1, _) | (2..=MAX_MEMBERS, Pretrain::Physics) => return Ok(()),
            (2..=MAX_MEMBERS, Pretrain::None) => (
                format!("{} with training.pretrain = \"none\"", self.members),
                "1, or training.pretrain = \"physics\"".to_owned(),
            ),
            _ => (self.members.to_string(), format!("1 to {MAX_MEMBERS}")),
        };
        Err(ConfigError::Range {
            key: "training.members",
            found,
            expected,
        })
    }
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            epochs: 100,
            learning_rate: 0.05,
            batch: 16,
            batch_of: BTreeMap::new(),
            series_steps: 5,
            patience: 0,
            selection: Selection::Validation,
            backend: Backend::Flex,
            pretrain: Pretrain::Physics,
            members: 1,
            refit: true,
        }
    }
}
