//! Why a well has no model.

use amlstm_core::artifact::ArtifactError;

use super::Stage;
use crate::{export::ExportError, series::SeriesError, split::SplitError, train::TrainError};

/// Why a well has no model.
#[derive(Debug, thiserror::Error)]
pub enum WellRunError {
    /// Its measurements make no series.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// Its series cannot be split.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The model cannot be exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The exported model is not one that a logger would take.
    #[error("well {well}: the exported model cannot be used")]
    Model {
        /// Well id.
        well: String,
        /// What is wrong with it.
        source: ArtifactError,
    },
}

impl WellRunError {
    /// Where it failed.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Series(_) => Stage::Series,
            Self::Split(_) => Stage::Split,
            Self::Train(_) => Stage::Train,
            Self::Export(_) | Self::Model { .. } => Stage::Export,
        }
    }
}
