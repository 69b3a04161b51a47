//! Reads the CSV files of an observation site.

use jiff::civil::Date;

use crate::{geodesy::Position, level::MonthlyLevels, ps::WellPoints};

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

/// Measured movement of the ground at a well.
#[derive(Clone, Debug, PartialEq)]
pub enum Ground {
    /// `subsidence.csv`: readings of an extensometer, GNSS station or levelling, ascending.
    Direct(Vec<Reading>),
    /// `points.csv`: ps points within the buffer.
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
