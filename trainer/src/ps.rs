//! Persistent scatterers: points file, line of sight to vertical, buffer around a well.

use jiff::civil::Date;

use crate::geodesy::Position;

/// The ps points within a well's buffer.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WellPoints {
    /// Date of each scene, ascending.
    pub scenes: Vec<Date>,
    /// The points, in the order of the points file.
    pub points: Vec<PsPoint>,
}

/// One ps point.
#[derive(Clone, Debug, PartialEq)]
pub struct PsPoint {
    /// Its `pid`.
    pub id: String,
    /// Where it is.
    pub position: Position,
    /// Distance from the well in metres.
    pub distance_m: f32,
    /// Cumulative vertical subsidence in mm, down +, `[scenes]`; `None` where not observed.
    pub subsidence_mm: Vec<Option<f32>>,
}
