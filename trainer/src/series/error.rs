//! Why a well has no series.

use amlstm_core::{month::Month, sizes::MAX_INPUTS};

/// Why a well has no series.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum SeriesError {
    /// Nothing to learn from.
    #[error("well {well}: found no level, expected rows in levels.csv")]
    NoLevels {
        /// Well id.
        well: String,
    },
    /// More than a model can take.
    #[error(
        "well {well}: found {found} aquifer layers, expected at most {MAX_INPUTS}; leave some out of levels.csv"
    )]
    TooManyLayers {
        /// Well id.
        well: String,
        /// Its layers.
        found: usize,
    },
    /// Nothing to learn.
    #[error(
        "well {well}: found no ps point within {buffer_m} m and no row in subsidence.csv; enlarge buffer_m in [data] or remove the well"
    )]
    NoGround {
        /// Well id.
        well: String,
        /// Radius of the buffer.
        buffer_m: f64,
    },
    /// Levels and observations do not meet.
    #[error(
        "well {well}: found {found} months with an observation of the ground between {from} and {until}, where levels are, expected at least 2"
    )]
    TooFewObservations {
        /// Well id.
        well: String,
        /// Months with both.
        found: usize,
        /// First month with a level.
        from: Month,
        /// Last month with a level.
        until: Month,
    },
}
