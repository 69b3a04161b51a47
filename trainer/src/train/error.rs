//! Why a well cannot be trained.

use amlstm_core::sizes::MAX_CHANGED_LAYERS;

/// Why a well cannot be trained.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// More layers than a model file holds, or none.
    #[error("well {well}: found {found} aquifer layers, expected 1 to {limit}")]
    Inputs {
        /// Well id.
        well: String,
        /// Its aquifer layers.
        found: usize,
        /// The most a model takes.
        limit: usize,
    },
    /// More layers than a model file holds with their changes.
    #[error(
        "well {well}: found {found} aquifer layers, expected at most {MAX_CHANGED_LAYERS} with network.inputs = \"levels-and-change\"; use \"levels\""
    )]
    Changes {
        /// Well id.
        well: String,
        /// Its aquifer layers.
        found: usize,
    },
    /// A layer was never measured while training looks.
    #[error(
        "well {well}: aquifer layer {aquifer_layer} has no level in the training months; leave the layer out or train longer"
    )]
    NoLevel {
        /// Well id.
        well: String,
        /// The layer.
        aquifer_layer: String,
    },
    /// A part that is needed has no observation.
    #[error(
        "well {well}: the {part} part has no observed increment; change [split] or training.selection"
    )]
    NoObservation {
        /// Well id.
        well: String,
        /// Name of the part.
        part: &'static str,
    },
    /// The parameters grew without bound or became NaN.
    #[error(
        "well {well}: training diverged in epoch {epoch} with learning rate {learning_rate}; use a smaller training.learning_rate or another data.level_scaling"
    )]
    Diverged {
        /// Well id.
        well: String,
        /// Epoch, from 1.
        epoch: usize,
        /// Adam's step size.
        learning_rate: f64,
    },
    /// The backend is not part of this program.
    #[error(
        "training.backend = \"ndarray\": this program was built without it; build with `--features ndarray` or use \"flex\""
    )]
    NoNdarray,
}
