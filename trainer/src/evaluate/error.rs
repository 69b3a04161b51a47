//! Why a well cannot be evaluated.

use crate::export::ExportError;
use crate::split::SplitError;
use crate::train::TrainError;

/// Why a well cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// Its months cannot be divided.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// A network cannot be fitted.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A network cannot be exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A layer has no level at all.
    #[error("well {well}: an aquifer layer was never measured; leave it out of levels.csv")]
    NoLevel {
        /// Well id.
        well: String,
    },
}
