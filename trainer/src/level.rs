//! Monthly means of water levels.

use amlstm_core::month::Month;

/// Monthly mean levels of one aquifer layer at one well.
#[derive(Clone, Debug, PartialEq)]
pub struct MonthlyLevels {
    /// Name of the aquifer layer.
    pub aquifer_layer: String,
    /// Month of the first value.
    pub start: Month,
    /// Metres above the site's datum, up +, one a month from `start`; `None` where nothing was measured.
    pub level_m: Vec<Option<f32>>,
}
