//! Positions and distances, geodesic or planar.

/// Where a well, ps point or benchmark is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Position {
    /// WGS 84 degrees, east and north +.
    Geographic {
        /// Degrees east.
        longitude: f64,
        /// Degrees north.
        latitude: f64,
    },
    /// Metres in one projected grid.
    Planar {
        /// Metres east.
        easting: f64,
        /// Metres north.
        northing: f64,
    },
}
