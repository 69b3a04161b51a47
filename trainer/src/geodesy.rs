//! Positions and distances, geodesic or planar.

use geographiclib_rs::{DirectGeodesic, Geodesic, InverseGeodesic};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

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

impl Position {
    /// Distance to another position, m: along the ellipsoid (Karney 2013, doi:10.1007/s00190-012-0578-z) or straight in
    /// the grid. `None` when one position is geographic and the other planar.
    pub fn distance_m(self, other: Self) -> Option<f64> {
        match (self, other) {
            (
                Self::Geographic {
                    longitude,
                    latitude,
                },
                Self::Geographic {
                    longitude: to_longitude,
                    latitude: to_latitude,
                },
            ) => Some(Geodesic::wgs84().inverse(latitude, longitude, to_latitude, to_longitude)),
            (
                Self::Planar { easting, northing },
                Self::Planar {
                    easting: to_easting,
                    northing: to_northing,
                },
            ) => Some((to_easting - easting).hypot(to_northing - northing)),
            _ => None,
        }
    }

    /// Metres east and north to another position, of which [`Position::moved`] is the inverse. `None` when one position is geographic and the other planar.
    pub fn offset_m(self, other: Self) -> Option<[f64; 2]> {
        match (self, other) {
            (
                Self::Geographic {
                    longitude,
                    latitude,
                },
                Self::Geographic {
                    longitude: to_longitude,
                    latitude: to_latitude,
                },
            ) => {
                let (distance_m, azimuth, _, _): (f64, f64, f64, f64) =
                    Geodesic::wgs84().inverse(latitude, longitude, to_latitude, to_longitude);
                let (east, north) = azimuth.to_radians().sin_cos();
                Some([distance_m * east, distance_m * north])
            }
            (
                Self::Planar { easting, northing },
                Self::Planar {
                    easting: to_easting,
                    northing: to_northing,
                },
            ) => Some([to_easting - easting, to_northing - northing]),
            _ => None,
        }
    }

    /// The position some metres east and north of this one.
    #[must_use]
    pub fn moved(self, east_m: f64, north_m: f64) -> Self {
        match self {
            Self::Geographic {
                longitude,
                latitude,
            } => {
                let azimuth = east_m.atan2(north_m).to_degrees();
                let (latitude, longitude) =
                    Geodesic::wgs84().direct(latitude, longitude, azimuth, east_m.hypot(north_m));
                Self::Geographic {
                    longitude,
                    latitude,
                }
            }
            Self::Planar { easting, northing } => Self::Planar {
                easting: easting + east_m,
                northing: northing + north_m,
            },
        }
    }

    /// The two numbers as a point in the plane of the index: longitude within -180..180.
    fn plane(self) -> [f64; 2] {
        match self {
            Self::Geographic {
                longitude,
                latitude,
            } => [(longitude + 180.0).rem_euclid(360.0) - 180.0, latitude],
            Self::Planar { easting, northing } => [easting, northing],
        }
    }

    /// Half width and half height, in the position's own units, of a box that holds the circle of `radius_m` around it.
    fn half_box(self, radius_m: f64) -> [f64; 2] {
        match self {
            Self::Geographic { latitude, .. } => {
                let height = radius_m / SHORTEST_DEGREE_M;
                let narrowest = (latitude.abs() + height).min(90.0).to_radians().cos();
                [(height / narrowest).min(180.0), height]
            }
            Self::Planar { .. } => [radius_m; 2],
        }
    }
}

/// Lower bound of a degree of latitude, and of a degree of longitude at the equator's scale, m.
const SHORTEST_DEGREE_M: f64 = 110_500.0;

/// Circles around wells or benchmarks, found quickly from a point inside.
pub struct Buffers {
    centres: Vec<Position>,
    radius_m: f64,
    boxes: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
}

impl Buffers {
    /// Circles of `radius_m` around the centres, which are all geographic or all planar.
    pub fn new(centres: Vec<Position>, radius_m: f64) -> Self {
        let boxes = centres
            .iter()
            .enumerate()
            .flat_map(|(index, centre)| {
                let [x, y] = centre.plane();
                let [width, height] = centre.half_box(radius_m);
                // A box across the date line is also needed on its other side.
                let copies: &[f64] = match centre {
                    Position::Geographic { .. } => &[-360.0, 0.0, 360.0],
                    Position::Planar { .. } => &[0.0],
                };
                copies.iter().map(move |shift| {
                    let x = x + shift;
                    let corners =
                        AABB::from_corners([x - width, y - height], [x + width, y + height]);
                    (corners, index)
                })
            })
            .map(|(corners, index)| GeomWithData::new(Rectangle::from_aabb(corners), index))
            .collect();
        Self {
            centres,
            radius_m,
            boxes: RTree::bulk_load(boxes),
        }
    }

    /// Indices of the centres within the radius of a position, with the distance, m; in no particular order.
    pub fn around(&self, position: Position) -> impl Iterator<Item = (usize, f64)> {
        let [x, y] = position.plane();
        self.boxes
            .locate_all_at_point(&[x, y])
            .filter_map(move |found| {
                let distance_m = self.centres[found.data].distance_m(position)?;
                (distance_m <= self.radius_m).then_some((found.data, distance_m))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn geographic(longitude: f64, latitude: f64) -> Position {
        Position::Geographic {
            longitude,
            latitude,
        }
    }

    #[test]
    fn a_geodesic_matches_a_published_one() {
        // Vincenty (1975) test line Flinders Peak - Buninyon, recomputed on WGS 84 / GRS 80: 54 972.271 m.
        let flinders_peak = geographic(
            144.0 + 25.0 / 60.0 + 29.52440 / 3600.0,
            -(37.0 + 57.0 / 60.0 + 3.72030 / 3600.0),
        );
        let buninyon = geographic(
            143.0 + 55.0 / 60.0 + 35.38390 / 3600.0,
            -(37.0 + 39.0 / 60.0 + 10.15610 / 3600.0),
        );
        let distance_m = flinders_peak.distance_m(buninyon).unwrap();
        assert!((distance_m - 54_972.271).abs() < 0.001, "{distance_m}");
    }

    #[test]
    fn a_planar_distance_is_pythagoras() {
        let origin = Position::Planar {
            easting: 500_000.0,
            northing: 4_000_000.0,
        };
        let moved = origin.moved(30.0, -40.0);
        assert_eq!(origin.distance_m(moved), Some(50.0));
        assert_eq!(origin.offset_m(moved), Some([30.0, -40.0]));
    }

    #[test]
    fn degrees_and_metres_have_no_distance() {
        let planar = Position::Planar {
            easting: 116.0,
            northing: 40.0,
        };
        assert_eq!(planar.distance_m(geographic(116.0, 40.0)), None);
        assert_eq!(planar.offset_m(geographic(116.0, 40.0)), None);
    }

    #[test]
    fn a_buffer_reaches_across_the_date_line() {
        let buffers = Buffers::new(vec![geographic(179.999, -17.0)], 300.0);
        let found: Vec<_> = buffers.around(geographic(-179.9995, -17.0)).collect();
        assert_eq!(found.len(), 1);
        assert!((found[0].1 - 159.7).abs() < 0.2, "{found:?}");
    }

    proptest! {
        #[test]
        fn moving_and_measuring_agree(
            longitude in -180.0..180.0, latitude in -85.0..85.0, east_m in -900.0..900.0, north_m in -900.0..900.0,
        ) {
            let centre = geographic(longitude, latitude);
            let moved = centre.moved(east_m, north_m);
            prop_assert!((centre.distance_m(moved).unwrap() - east_m.hypot(north_m)).abs() < 1e-6);
            let [east, north] = centre.offset_m(moved).unwrap();
            prop_assert!((east - east_m).abs() < 1e-6 && (north - north_m).abs() < 1e-6, "{east} {north}");
        }

        #[test]
        fn the_index_finds_what_measuring_every_distance_finds(
            centres in prop::collection::vec((-180.0..180.0, -85.0..85.0), 1..20),
            chosen in 0..20_usize, east_m in -400.0..400.0, north_m in -400.0..400.0,
        ) {
            let centres: Vec<_> = centres.into_iter().map(|(x, y)| geographic(x, y)).collect();
            let point = centres[chosen % centres.len()].moved(east_m, north_m);
            let mut found: Vec<_> = Buffers::new(centres.clone(), 300.0).around(point).map(|(index, _)| index).collect();
            found.sort_unstable();
            let expected: Vec<_> = (0..centres.len())
                .filter(|index| centres[*index].distance_m(point).unwrap() <= 300.0)
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
