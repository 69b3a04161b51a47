//! A well of site folders, looked at with what its folders tell beside its readings.

use super::{Hint, Survey};
use crate::{
    config::DataConfig,
    geodesy::Position,
    ps::nearest_m,
    read::{Ground, ReadError, Sites, Well},
    series::{SeriesError, WellSeries},
};

/// A well of site folders.
#[derive(Debug)]
pub struct SurveyedWell {
    /// What is to be said of its files.
    pub survey: Survey,
    /// Its monthly levels and its ground.
    pub well: Well,
    /// What it is trained on, or why it cannot be.
    pub series: Result<WellSeries, SeriesError>,
}

impl SurveyedWell {
    /// Reads the well and looks at it; `number` is its place in the order of the folders.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn read(sites: &Sites, number: usize, config: &DataConfig) -> Result<Self, ReadError> {
        let readings = sites.readings(number)?;
        let well = readings.clone().monthly();
        let series = WellSeries::new(&well, config);
        let mut survey = Survey::of(&readings, series.as_ref().ok(), config);
        let hints = [
            unused_points(sites, number),
            far_points(sites, number, &well),
        ];
        let hints = hints.into_iter().flatten().map(|hint| Hint {
            well: well.id.clone(),
            hint,
        });
        survey.hints.extend(hints);
        Ok(Self {
            survey,
            well,
            series,
        })
    }
}

/// Says which file counts where a folder has both kinds.
fn unused_points(sites: &Sites, number: usize) -> Option<String> {
    let unused = sites.unused_points(number).first()?;
    Some(format!(
        "subsidence.csv has readings of this well, so {} is not used for it",
        unused.file_name()?.to_string_lossy()
    ))
}

/// Says how far the nearest point lies where none lies in the buffer.
fn far_points(sites: &Sites, number: usize, well: &Well) -> Option<String> {
    let Ground::Points(points) = &well.ground else {
        return None;
    };
    let place = well.position.filter(|_| points.points.is_empty())?;
    let places: Vec<Position> = [Some(place), swapped(place)]
        .into_iter()
        .flatten()
        .collect();
    let mut nearest_of: Vec<Option<f64>> = vec![None; places.len()];
    for path in sites.points_files(number) {
        // What is wrong with a file was said when it was opened.
        let in_file = nearest_m(path, &places).unwrap_or_default();
        for (nearest, distance_m) in nearest_of.iter_mut().zip(in_file) {
            *nearest = [*nearest, distance_m]
                .into_iter()
                .flatten()
                .min_by(f64::total_cmp);
        }
    }
    let distance_m = nearest_of[0]?;
    let swapped_m = nearest_of.get(1).copied().flatten();
    let hint = format!("the nearest point lies {:.1} km away", distance_m / 1e3);
    Some(match swapped_m {
        Some(swapped_m) if swapped_m < 0.1 * distance_m => format!(
            "{hint}, {:.1} km if longitude and latitude in wells.csv are swapped",
            swapped_m / 1e3
        ),
        _ => hint,
    })
}

/// A place with its two numbers swapped, where that is one.
fn swapped(place: Position) -> Option<Position> {
    Some(match place {
        Position::Geographic {
            longitude,
            latitude,
        } if longitude.abs() <= 90.0 => Position::Geographic {
            longitude: latitude,
            latitude: longitude,
        },
        Position::Geographic { .. } => return None,
        Position::Planar { easting, northing } => Position::Planar {
            easting: northing,
            northing: easting,
        },
    })
}
