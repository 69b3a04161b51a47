//! The grid of EGMS level 3: ETRS89-LAEA Europe (EPSG:3035), Lambert's azimuthal equal-area projection of the GRS 80 ellipsoid.
//!
//! Source: IOGP Publication 373-7-2, "Coordinate Conversions and Transformations including Formulas", method 9820. ETRS89 and WGS 84 are less than a
//! metre apart, far less than a buffer.

use libm::{asin, atan2, cos, log, sin, sqrt};

use crate::geodesy::Position;

/// Semi-major axis of GRS 80, m.
const AXIS_M: f64 = 6_378_137.0;
/// Square of its eccentricity.
const E2: f64 = 0.006_694_380_022_90;
/// Longitude and latitude of the grid's centre, degrees.
const CENTRE_DEGREES: [f64; 2] = [10.0, 52.0];
/// Easting and northing of the grid's centre, m.
const CENTRE_M: [f64; 2] = [4_321_000.0, 3_210_000.0];

/// Longitude and latitude of a place on the grid.
pub(crate) fn position(easting: f64, northing: f64) -> Position {
    let [centre_longitude, centre_latitude] = CENTRE_DEGREES.map(f64::to_radians);
    let whole = q(1.0);
    let centre = asin(q(sin(centre_latitude)) / whole);
    let radius_m = AXIS_M * sqrt(0.5 * whole);
    let stretch = AXIS_M * cos(centre_latitude)
        / sqrt(1.0 - E2 * sin(centre_latitude) * sin(centre_latitude))
        / (radius_m * cos(centre));
    let east_m = easting - CENTRE_M[0];
    let north_m = northing - CENTRE_M[1];
    let rho_m = sqrt((east_m / stretch).powi(2) + (stretch * north_m).powi(2));
    if rho_m == 0.0 {
        let [longitude, latitude] = CENTRE_DEGREES;
        return Position::Geographic {
            longitude,
            latitude,
        };
    }
    let angle = 2.0 * asin(rho_m / (2.0 * radius_m));
    let authalic =
        asin(cos(angle) * sin(centre) + stretch * north_m * sin(angle) * cos(centre) / rho_m);
    let latitude = authalic
        + (E2 / 3.0 + 31.0 * E2 * E2 / 180.0 + 517.0 * E2 * E2 * E2 / 5040.0) * sin(2.0 * authalic)
        + (23.0 * E2 * E2 / 360.0 + 251.0 * E2 * E2 * E2 / 3780.0) * sin(4.0 * authalic)
        + (761.0 * E2 * E2 * E2 / 45360.0) * sin(6.0 * authalic);
    let longitude = centre_longitude
        + atan2(
            east_m * sin(angle),
            stretch * rho_m * cos(centre) * cos(angle)
                - stretch * stretch * north_m * sin(centre) * sin(angle),
        );
    Position::Geographic {
        longitude: longitude.to_degrees(),
        latitude: latitude.to_degrees(),
    }
}

/// The function q of a latitude whose sine is given.
fn q(sine: f64) -> f64 {
    let e = sqrt(E2);
    let part = log((1.0 - e * sine) / (1.0 + e * sine)) / (2.0 * e);
    (1.0 - E2) * (sine / (1.0 - E2 * sine * sine) - part)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IOGP Publication 373-7-2, example of method 9820: 50 degrees north, 5 degrees east.
    #[test]
    fn the_grid_agrees_with_its_publication() {
        let found = position(3_962_799.45, 2_999_718.85);
        let expected = Position::Geographic {
            longitude: 5.0,
            latitude: 50.0,
        };
        let apart_m = expected.distance_m(found).unwrap();
        assert!(apart_m < 0.02, "{apart_m} m");
        let Position::Geographic {
            longitude,
            latitude,
        } = position(CENTRE_M[0], CENTRE_M[1])
        else {
            panic!("degrees");
        };
        assert_eq!([longitude, latitude], CENTRE_DEGREES);
    }
}
