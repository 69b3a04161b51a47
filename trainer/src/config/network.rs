//! `[network]`: sizes and kind of the network.

use serde::{Deserialize, Serialize};

/// Sizes and kind of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkConfig {
    /// Which network becomes the well's model file.
    pub kind: NetworkKind,
    /// LSTM units, 1 to [`MAX_HIDDEN`](amlstm_core::sizes::MAX_HIDDEN).
    pub hidden: usize,
    /// Attention units, 1 to [`MAX_ATTENTION`](amlstm_core::sizes::MAX_ATTENTION).
    pub attention_units: usize,
    /// Whether aquifer layers share the attention's weights.
    pub attention: Attention,
    /// What the network sees of each aquifer layer.
    pub inputs: Inputs,
}

/// What the network sees of each aquifer layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inputs {
    /// The level (the paper's).
    Levels,
    /// The level and its monthly change, each with weights of its own in the attention, and both past the LSTM to the output.
    LevelsAndChange,
}

/// Kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    /// Attention over the aquifer layers, then an LSTM.
    AmLstm,
    /// LSTM on the scaled levels.
    Lstm,
}

impl NetworkKind {
    /// Name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::AmLstm => "AM-LSTM",
            Self::Lstm => "LSTM",
        }
    }
}

/// Whether aquifer layers share U, V and B of the attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// One column for all aquifer layers (the paper's).
    Shared,
    /// One column an aquifer layer.
    PerLayer,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            kind: NetworkKind::AmLstm,
            hidden: 16,
            attention_units: 16,
            attention: Attention::Shared,
            inputs: Inputs::Levels,
        }
    }
}
