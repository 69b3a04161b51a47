//! Reads the CSV files of an observation site.
//!
//! A site folder holds `wells.csv` and `levels.csv`, and what the ground did: `subsidence.csv` (directly measured) or `points.csv`
//! (ps points; files of the European Ground Motion Service may keep their own names, `EGMS_L2b_....csv`). A well that has rows in `subsidence.csv` uses them,
//! any other well the points around it. `layers.csv`, one column
//! `layer`, orders the aquifer layers from the top; without it they come in order of first appearance in `levels.csv`.
//!
//! [`Sites::open`] scans the files once, by all threads at once, checks every row it will need, and remembers where those of each well lie. A well's
//! measurements are read again when it is its turn ([`Sites::well`]), so that any number of wells needs the memory of a few.

mod error;
mod levels;
mod rows;
mod subsidence;
mod wells;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rayon::prelude::*;

use self::{
    levels::Levels,
    subsidence::Subsidence,
    wells::{Entry, WellIndex},
};
use crate::{
    config::DataConfig,
    geodesy::Position,
    level::{LayerReadings, LeftOut, MonthlyLevels},
    ps::{Component, PointsError, PointsIndex, WellPoints},
    table::{Place, TableError},
};

pub use crate::table::listed;
pub use error::ReadError;
pub use levels::{LevelsOfWell, read_levels_of};

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

/// Opened site folders: their wells, and where the rows of each lie.
pub struct Sites {
    folders: Vec<Folder>,
    /// Folder of each well, and its number there.
    wells: Vec<(usize, usize)>,
}

/// One opened folder.
struct Folder {
    wells: Vec<Entry>,
    levels: Levels,
    subsidence: Option<Subsidence>,
    points_files: Vec<PathBuf>,
    points: Vec<PointsIndex>,
    /// Number among the centres of `points`; `None` for wells that are directly measured.
    centres: Vec<Option<usize>>,
}

impl Sites {
    /// Opens site folders as one data set; wells keep the order of the folders and of their files.
    ///
    /// # Errors
    /// At the first malformed file, where two folders have a well of one id, or where two of a well's levels or readings have one time.
    pub fn open(folders: &[PathBuf], config: &DataConfig) -> Result<Self, ReadError> {
        let sites = Self::index(folders, config)?;
        let check =
            |&(folder, number): &(usize, usize)| sites.folders[folder].check_suspect(number).err();
        match sites.wells.par_iter().find_map_first(check) {
            Some(error) => Err(error),
            None => Ok(sites),
        }
    }

    fn index(folders: &[PathBuf], config: &DataConfig) -> Result<Self, ReadError> {
        let mut sites = Self {
            folders: Vec::new(),
            wells: Vec::new(),
        };
        let mut known = WellIndex::default();
        for path in folders {
            let (folder, places) = Folder::open(path, config)?;
            for (number, (well, place)) in folder.wells.iter().zip(places).enumerate() {
                known.add(&well.id, place)?;
                sites.wells.push((sites.folders.len(), number));
            }
            sites.folders.push(folder);
        }
        Ok(sites)
    }

    /// Ids of all wells.
    pub fn ids(&self) -> Vec<String> {
        let entry = |&(folder, number): &(usize, usize)| &self.folders[folder].wells[number];
        self.wells.iter().map(|at| entry(at).id.clone()).collect()
    }

    /// Whether the generator made any of them: it marks the names of its wells.
    pub fn synthetic(&self) -> bool {
        let mut entries = self.folders.iter().flat_map(|folder| &folder.wells);
        entries.any(|entry| is_synthetic(&entry.name))
    }

    /// Reads one well's measurements.
    ///
    /// # Errors
    /// When a file cannot be read or was changed since it was opened.
    ///
    /// # Panics
    /// When there is no such well.
    pub fn well(&self, number: usize) -> Result<Well, ReadError> {
        Ok(self.readings(number)?.monthly())
    }

    /// The points files that a directly measured well does without.
    ///
    /// # Panics
    /// When there is no such well.
    pub fn unused_points(&self, number: usize) -> &[PathBuf] {
        let (folder, number) = self.wells[number];
        let folder = &self.folders[folder];
        match folder.centres[number] {
            None => &folder.points_files,
            Some(_) => &[],
        }
    }

    /// The points files around a well.
    ///
    /// # Panics
    /// When there is no such well.
    pub fn points_files(&self, number: usize) -> &[PathBuf] {
        &self.folders[self.wells[number].0].points_files
    }

    /// Reads every reading of one well.
    ///
    /// # Errors
    /// As [`Sites::well`].
    ///
    /// # Panics
    /// When there is no such well.
    pub fn readings(&self, number: usize) -> Result<WellReadings, ReadError> {
        let (folder, number) = self.wells[number];
        self.folders[folder].readings(number)
    }
}

/// Reads site folders as one data set in memory; wells keep the order of the folders and of their files.
///
/// # Errors
/// As [`Sites::open`].
pub fn read_folders(folders: &[PathBuf], config: &DataConfig) -> Result<Dataset, ReadError> {
    let sites = Sites::index(folders, config)?;
    let wells = (0..sites.wells.len()).map(|number| sites.well(number));
    Ok(Dataset {
        synthetic: sites.synthetic(),
        wells: wells.collect::<Result<_, _>>()?,
    })
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

fn is_synthetic(name: &str) -> bool {
    name.contains("SYNTHETIC")
}

impl Folder {
    /// Opens a folder; also returns the place of each well in `wells.csv`.
    fn open(path: &Path, config: &DataConfig) -> Result<(Self, Vec<Place>), ReadError> {
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
        let order = file("layers.csv").map(|path| levels::read_order(&path));
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
    fn check_suspect(&self, number: usize) -> Result<(), ReadError> {
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

    fn readings(&self, number: usize) -> Result<WellReadings, ReadError> {
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

/// Where the wells of a `wells.csv` are; those without a position are left out.
///
/// # Errors
/// When the file is malformed.
pub fn well_positions(wells_csv: &Path) -> Result<Vec<Position>, ReadError> {
    let (wells, _) = wells::read(wells_csv)?;
    Ok(wells
        .into_iter()
        .filter_map(|(_, well)| well.position)
        .collect())
}

/// The points files of a folder, in the order of their names: `points.csv`, and those of the European Ground Motion Service under their own names.
///
/// # Errors
/// When the folder cannot be read.
pub fn points_files(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(folder).map_err(TableError::from)? {
        let path = entry.map_err(TableError::from)?.path();
        let is_points = path.file_name().is_some_and(|name| name == "points.csv");
        if is_points || Component::of_egms_name(&path).is_some() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Files of a site folder that measurements are read from.
///
/// # Errors
/// When the folder cannot be read.
pub fn site_files(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let names = [
        "wells.csv",
        "levels.csv",
        "layers.csv",
        "subsidence.csv",
        "levelling.csv",
    ];
    let files = names.map(|name| folder.join(name)).into_iter();
    let mut files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    files.extend(points_files(folder)?);
    Ok(files)
}

#[cfg(test)]
mod tests;
