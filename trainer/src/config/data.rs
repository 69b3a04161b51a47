//! `[data]`: how measurements become a series.

use serde::{Deserialize, Serialize};

use crate::table::{Conventions, NoData};

/// Most boundaries between rate classes: the map has five marks and colours.
pub const MAX_RATE_BOUNDARIES: usize = 4;

/// How measurements become a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// What one step of the model is.
    pub steps: Steps,
    /// How levels are scaled.
    pub level_scaling: LevelScaling,
    /// Radius around a well within which ps points count, in metres.
    pub buffer_m: f64,
    /// How many of the first scenes are left out.
    pub drop_scenes: usize,
    /// Values that mean "no reading", in levels, subsidence and points: left out and counted.
    pub no_data: Vec<NoData>,
    /// Hours by which the site's time is ahead of UTC: days and months are the site's.
    pub utc_offset: f64,
    /// Only levels that the column `approval` calls approved.
    pub approved_only: bool,
    /// Boundaries between the rate classes, mm a year, down +, rising, 1 to [`MAX_RATE_BOUNDARIES`].
    pub rate_classes_mm_per_year: Vec<f64>,
}

/// What one step of the model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Steps {
    /// Every calendar month.
    Months,
    /// Only months with an observation (the paper's).
    Scenes,
}

/// How levels are scaled, by training months alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LevelScaling {
    /// Mean 0 and standard deviation 1 for each aquifer layer.
    ZScore,
    /// Mean 0 and standard deviation 1 over all aquifer layers together.
    Pooled,
    /// Each aquifer layer's range to -1..1.
    MinMax,
    /// Metres as they are.
    None,
}

impl DataConfig {
    /// What the writers of the site's files agreed on.
    pub fn conventions(&self) -> Conventions {
        Conventions {
            no_data: self.no_data.clone(),
            utc_offset_minutes: (60.0 * self.utc_offset).round() as i32,
        }
    }
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            steps: Steps::Months,
            level_scaling: LevelScaling::ZScore,
            buffer_m: 300.0,
            drop_scenes: 0,
            no_data: Vec::new(),
            utc_offset: 0.0,
            approved_only: false,
            rate_classes_mm_per_year: vec![30.0, 50.0, 80.0, 110.0],
        }
    }
}
