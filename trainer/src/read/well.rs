//! Wells with their measurements.

use jiff::civil::Date;

use crate::{
    geodesy::Position,
    level::{LayerReadings, LeftOut, MonthlyLevels},
    ps::WellPoints,
};

/// The wells of one or more site folders, or of the generator.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Made by the generator, not measured.
    pub synthetic: bool,
    /// In the order of `wells.csv`.
    pub wells: Vec<Well>,
}

/// One observation well with its measurements.
#[derive(Clone, Debug, PartialEq)]
pub struct Well {
    /// Its id: `well` in every file.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Where it is; needed only with ps points.
    pub position: Option<Position>,
    /// Monthly levels of each aquifer layer, from the top or as the files order them.
    pub levels: Vec<MonthlyLevels>,
    /// What the ground did.
    pub ground: Ground,
}

/// One observation well with every reading of its files.
#[derive(Clone, Debug, PartialEq)]
pub struct WellReadings {
    /// Its id: `well` in every file.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Where it is; needed only with ps points.
    pub position: Option<Position>,
    /// Readings of each aquifer layer that has any, from the top or as the files order them.
    pub layers: Vec<LayerReadings>,
    /// What the ground did.
    pub ground: Ground,
    /// Measurements of the ground that were not used.
    pub ground_left_out: LeftOut,
}

/// Measured movement of the ground at a well.
#[derive(Clone, Debug, PartialEq)]
pub enum Ground {
    /// `subsidence.csv`: readings of an extensometer, GNSS station or levelling, ascending.
    Direct(Vec<Reading>),
    /// `points.csv`: ps points within the buffer; none where the folder has no such file.
    Points(WellPoints),
}

/// One reading of a directly measured series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Day of the reading.
    pub date: Date,
    /// Cumulative subsidence in mm, down +.
    pub subsidence_mm: f64,
}

impl WellReadings {
    /// The well with monthly means of its levels; layers of which no month counts are left out.
    pub fn monthly(self) -> Well {
        let layers = self.layers.iter();
        Well {
            levels: layers
                .filter_map(|layer| layer.monthly(layer.month_rule()))
                .collect(),
            id: self.id,
            name: self.name,
            position: self.position,
            ground: self.ground,
        }
    }
}

impl Well {
    /// Whether the generator made it: it marks the names of its wells.
    pub fn is_synthetic(&self) -> bool {
        is_synthetic(&self.name)
    }
}

pub(super) fn is_synthetic(name: &str) -> bool {
    name.contains("SYNTHETIC")
}
