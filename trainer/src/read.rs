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
mod folder;
mod layers;
mod level_row;
mod levels;
mod levels_of_well;
mod readings;
mod rows;
mod subsidence;
mod well;
mod wells;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use self::folder::Folder;
use self::well::is_synthetic;
use self::wells::WellIndex;
use crate::{config::DataConfig, geodesy::Position, ps::Component, table::TableError};

pub use crate::table::listed;
pub use error::ReadError;
pub use levels_of_well::{LevelsOfWell, read_levels_of};
pub use well::{Dataset, Ground, Reading, Well, WellReadings};

/// Opened site folders: their wells, and where the rows of each lie.
pub struct Sites {
    folders: Vec<Folder>,
    /// Folder of each well, and its number there.
    wells: Vec<(usize, usize)>,
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
