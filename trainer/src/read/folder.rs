//! One opened site folder.

use std::path::{Path, PathBuf};

use super::error::ReadError;
use super::layers;
use super::levels::Levels;
use super::points_files;
use super::subsidence::Subsidence;
use super::well::{Ground, WellReadings};
use super::wells::{self, Entry};
use crate::{
    config::DataConfig,
    level::LeftOut,
    ps::{PointsError, PointsIndex, WellPoints},
    table::Place,
};

/// One opened folder.
pub struct Folder {
    pub wells: Vec<Entry>,
    levels: Levels,
    subsidence: Option<Subsidence>,
    pub points_files: Vec<PathBuf>,
    points: Vec<PointsIndex>,
    /// Number among the centres of `points`; `None` for wells that are directly measured.
    pub centres: Vec<Option<usize>>,
}

impl Folder {
    /// Opens a folder; also returns the place of each well in `wells.csv`.
    pub fn open(path: &Path, config: &DataConfig) -> Result<(Self, Vec<Place>), ReadError> {
        if !path.is_dir() {
            return Err(ReadError::NotAFolder {
                path: path.to_owned(),
            });
        }
        let file = |name: &str| Some(path.join(name)).filter(|path| path.exists());
        let (subsidence, points) = (file("subsidence.csv"), points_files(path)?);
        if subsidence.is_none() && points.is_empty() {
            return Err(ReadError::NoGround {
                path: path.to_owned(),
            });
        }
        let conventions = config.conventions();
        let wells_csv = path.join("wells.csv");
        let (wells, index) = wells::read(&wells_csv)?;
        let (places, wells): (Vec<_>, Vec<_>) = wells.into_iter().unzip();
        let order = file("layers.csv").map(|path| layers::read_order(&path));
        let levels = Levels::open(
            &path.join("levels.csv"),
            &index,
            order.transpose()?,
            &conventions,
            config.approved_only,
        )?;
        let subsidence = subsidence.map(|path| Subsidence::open(&path, &index, &conventions));
        let mut folder = Self {
            centres: vec![None; wells.len()],
            wells,
            levels,
            subsidence: subsidence.transpose()?,
            points_files: points,
            points: Vec::new(),
        };
        folder.find_points(&wells_csv, config)?;
        Ok((folder, places))
    }

    /// Finds the points around each well that is not directly measured.
    fn find_points(&mut self, wells_csv: &Path, config: &DataConfig) -> Result<(), ReadError> {
        if self.points_files.is_empty() {
            return Ok(());
        }
        let mut centres = Vec::new();
        for (number, well) in self.wells.iter().enumerate() {
            let measured = self.subsidence.as_ref();
            if !measured.is_some_and(|measured| measured.has(number)) {
                self.centres[number] = Some(centres.len());
                centres.push(well.position.ok_or_else(|| ReadError::NoPositions {
                    path: wells_csv.to_owned(),
                })?);
            }
        }
        if centres.is_empty() {
            return Ok(());
        }
        let conventions = config.conventions();
        let index =
            |path: &PathBuf| PointsIndex::new(path, &centres, config.buffer_m, &conventions);
        let points = self.points_files.iter().map(index);
        self.points = points.collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Reads the measurements of a well once more if only that tells whether they are sound.
    pub fn check_suspect(&self, number: usize) -> Result<(), ReadError> {
        if self.levels.is_suspect(number) {
            self.levels.readings(number, &self.wells[number].id)?;
        }
        let measured = self.subsidence.as_ref();
        if measured.is_some_and(|measured| measured.is_suspect(number)) {
            self.ground(number)?;
        }
        Ok(())
    }

    /// What the ground did at a well, and what was not used.
    fn ground(&self, number: usize) -> Result<(Ground, LeftOut), ReadError> {
        let measured = self.subsidence.as_ref();
        if let Some(measured) = measured.filter(|measured| measured.has(number)) {
            let (readings, left_out) = measured.readings(number, &self.wells[number].id)?;
            return Ok((Ground::Direct(readings), left_out));
        }
        let mut points = WellPoints::default();
        let mut left_out = LeftOut::default();
        if let Some(centre) = self.centres[number] {
            for file in &self.points {
                let (more, of_file) = file.points(centre)?;
                left_out += of_file;
                left_out.copies +=
                    points
                        .merge(more)
                        .map_err(|pid| PointsError::ContradictingFiles {
                            path: file.path().to_owned(),
                            pid,
                            first: self.points[0].path().to_owned(),
                        })?;
            }
        }
        Ok((Ground::Points(points), left_out))
    }

    pub fn readings(&self, number: usize) -> Result<WellReadings, ReadError> {
        let Entry { id, name, position } = self.wells[number].clone();
        let (ground, ground_left_out) = self.ground(number)?;
        Ok(WellReadings {
            layers: self.levels.readings(number, &id)?,
            id,
            name,
            position,
            ground,
            ground_left_out,
        })
    }
}
