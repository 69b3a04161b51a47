//! How far the nearest point of a file lies from a place.

use std::path::Path;

use super::header::Header;
use super::row::Row;
use super::{PointsError, header_of, read_line};
use crate::geodesy::Position;
use crate::table::line::Lines;
use crate::table::{Conventions, open};

/// Distance in metres from each place to the nearest point of a file; `None` where it has no point.
///
/// # Errors
///
/// As [`read_points`](super::read_points).
pub fn nearest_m(path: &Path, places: &[Position]) -> Result<Vec<Option<f64>>, PointsError> {
    let conventions = Conventions::default();
    let mut lines = Lines::behind(open(path)?, 0, 0);
    let header: Header = header_of(&mut lines, path, places)?;
    let mut nearest: Vec<Option<(f64, Position)>> = vec![None; places.len()];
    let mut line = Vec::new();
    loop {
        line.clear();
        if !read_line(&mut lines, &mut line, path)? {
            break;
        }
        if line.iter().all(|byte| matches!(byte, b',' | b' ')) {
            continue;
        }
        let row = Row {
            header: &header,
            bytes: &line,
            line: lines.count(),
            path,
            conventions: &conventions,
        };
        let position = row.position()?;
        for (place, nearest) in places.iter().zip(&mut nearest) {
            let apart = roughly_apart(*place, position);
            if nearest.is_none_or(|(least, _)| apart < least) {
                *nearest = Some((apart, position));
            }
        }
    }
    let distances = places.iter().zip(nearest);
    Ok(distances
        .map(|(place, nearest)| place.distance_m(nearest?.1))
        .collect())
}

/// Square of a distance in a plane, in the positions' own units: enough to tell which is nearer.
fn roughly_apart(place: Position, other: Position) -> f64 {
    match (place, other) {
        (
            Position::Geographic {
                longitude,
                latitude,
            },
            Position::Geographic {
                longitude: other_longitude,
                latitude: other_latitude,
            },
        ) => {
            let east = (other_longitude - longitude + 180.0).rem_euclid(360.0) - 180.0;
            let east = east * latitude.to_radians().cos();
            east * east + (other_latitude - latitude).powi(2)
        }
        (
            Position::Planar { easting, northing },
            Position::Planar {
                easting: other_easting,
                northing: other_northing,
            },
        ) => (other_easting - easting).powi(2) + (other_northing - northing).powi(2),
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_point_is_found_across_the_date_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "pid,longitude,latitude,20150301\na,170,0,1\nb,-179.9,0,1\n";
        std::fs::write(file.path(), text).unwrap();
        let place = Position::Geographic {
            longitude: 179.9,
            latitude: 0.0,
        };
        // 0.2 degrees of the equator: 22.26 km.
        let west = Position::Geographic {
            longitude: 169.9,
            latitude: 0.0,
        };
        let distances_m = nearest_m(file.path(), &[place, west]).unwrap();
        assert!((distances_m[0].unwrap() - 22_264.0).abs() < 1.0);
        // 0.1 degrees to the other point.
        assert!((distances_m[1].unwrap() - 11_132.0).abs() < 1.0);
    }
}
