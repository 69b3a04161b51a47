//! Reads the CSV files of an observation site.
//!
//! A site folder holds `wells.csv` and `levels.csv`, and what the ground did: `subsidence.csv` (directly measured) or `points.csv`
//! (ps points). A well that has rows in `subsidence.csv` uses them, any other well the points around it. `layers.csv`, one column
//! `layer`, orders the aquifer layers from the top; without it they come in order of first appearance in `levels.csv`.
//!
//! [`Sites::open`] looks through the files once, by all threads at once, checks every row it will need, and remembers where those of each well lie. A well's
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
    level::MonthlyLevels,
    ps::{PointsIndex, WellPoints},
    table::Place,
};

pub use error::ReadError;
pub use levels::read_levels_of;
pub use wells::listed;

/// Files of a site folder that measurements are read from.
pub const SITE_FILES: [&str; 6] = [
    "wells.csv",
    "levels.csv",
    "layers.csv",
    "subsidence.csv",
    "points.csv",
    "levelling.csv",
];

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
    points: Option<PointsIndex>,
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
        let check = |&(folder, number): &(usize, usize)| {
            sites.folders[folder].find_double_time(number).err()
        };
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
        let (folder, number) = self.wells[number];
        self.folders[folder].well(number)
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
        let (subsidence, points) = (file("subsidence.csv"), file("points.csv"));
        if subsidence.is_none() && points.is_none() {
            return Err(ReadError::NoGround {
                path: path.to_owned(),
            });
        }
        let wells_csv = path.join("wells.csv");
        let (wells, index) = wells::read(&wells_csv)?;
        let (places, wells): (Vec<_>, Vec<_>) = wells.into_iter().unzip();
        let order = file("layers.csv").map(|path| levels::read_order(&path));
        let levels = Levels::open(&path.join("levels.csv"), &index, order.transpose()?)?;
        let subsidence = subsidence.map(|path| Subsidence::open(&path, &index));
        let mut folder = Self {
            centres: vec![None; wells.len()],
            wells,
            levels,
            subsidence: subsidence.transpose()?,
            points: None,
        };
        if let Some(points_csv) = points {
            folder.find_points(&wells_csv, &points_csv, config)?;
        }
        Ok((folder, places))
    }

    /// Finds the points around each well that is not directly measured.
    fn find_points(
        &mut self,
        wells_csv: &Path,
        points_csv: &Path,
        config: &DataConfig,
    ) -> Result<(), ReadError> {
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
        if !centres.is_empty() {
            self.points = Some(PointsIndex::new(points_csv, &centres, config.buffer_m)?);
        }
        Ok(())
    }

    fn levels(&self, number: usize) -> Result<Vec<MonthlyLevels>, ReadError> {
        self.levels.monthly(number, &self.wells[number].id)
    }

    /// Reads the measurements of a well once more if two of them may have one time.
    fn find_double_time(&self, number: usize) -> Result<(), ReadError> {
        if self.levels.is_unordered(number) {
            self.levels(number)?;
        }
        let measured = self.subsidence.as_ref();
        if measured.is_some_and(|measured| measured.is_unordered(number)) {
            self.readings(number)?;
        }
        Ok(())
    }

    /// The directly measured series of a well, if it has one.
    fn readings(&self, number: usize) -> Result<Option<Vec<Reading>>, ReadError> {
        let measured = self.subsidence.as_ref();
        measured
            .filter(|measured| measured.has(number))
            .map(|measured| measured.readings(number, &self.wells[number].id))
            .transpose()
    }

    fn well(&self, number: usize) -> Result<Well, ReadError> {
        let Entry { id, name, position } = self.wells[number].clone();
        let ground = match (self.readings(number)?, &self.points, self.centres[number]) {
            (Some(readings), ..) => Ground::Direct(readings),
            (None, Some(points), Some(centre)) => Ground::Points(points.points(centre)?),
            _ => Ground::Points(WellPoints::default()),
        };
        Ok(Well {
            id,
            name,
            position,
            levels: self.levels(number)?,
            ground,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::Config;

    const WELLS: &str = "well,name\nA,\"Well A, north\"\nB,\n";
    const LEVELS: &str = "well,layer,date,level_m\nA,lower,2010-01-05,1\nA,upper,2010-01-05,5\nB,upper,2010-02-01,7\nA,lower,2010-01-07,2\n";
    const SUBSIDENCE: &str =
        "well,date,subsidence_mm\nA,2010-02-01,3\nA,2010-01-01,1\nB,2010-01-01,\n";

    fn read(files: &[(&str, &str)]) -> Result<Dataset, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let path = folder.path().to_owned();
        let shown = format!("{}/", path.display());
        read_folders(&[path], &Config::default().data)
            .map_err(|error| error.to_string().replace(&shown, ""))
    }

    fn site() -> [(&'static str, &'static str); 3] {
        [
            ("wells.csv", WELLS),
            ("levels.csv", LEVELS),
            ("subsidence.csv", SUBSIDENCE),
        ]
    }

    fn with(name: &'static str, text: &'static str) -> Result<Dataset, String> {
        let mut files: Vec<_> = site().into_iter().filter(|file| file.0 != name).collect();
        files.push((name, text));
        read(&files)
    }

    #[test]
    fn a_site_folder_becomes_wells_in_their_order() {
        let dataset = read(&site()).unwrap();
        let [a, b] = &dataset.wells[..] else {
            panic!("two wells")
        };
        assert_eq!((a.name.as_str(), b.name.as_str()), ("Well A, north", "B"));
        assert_eq!(
            a.levels
                .iter()
                .map(|l| l.aquifer_layer.as_str())
                .collect::<Vec<_>>(),
            ["lower", "upper"]
        );
        assert_eq!(a.levels[0].level_m, [Some(1.5)]);
        assert_eq!(b.levels[0].aquifer_layer, "upper");
        let Ground::Direct(readings) = &a.ground else {
            panic!("directly measured")
        };
        assert_eq!(
            readings.iter().map(|r| r.subsidence_mm).collect::<Vec<_>>(),
            [1.0, 3.0]
        );
        assert_eq!(b.ground, Ground::Points(WellPoints::default()));
        assert!(!dataset.synthetic);
    }

    #[test]
    fn layers_csv_orders_the_aquifer_layers() {
        let dataset = with("layers.csv", "layer\nupper\nlower\n").unwrap();
        assert_eq!(dataset.wells[0].levels[0].aquifer_layer, "upper");
        let message = with("layers.csv", "layer\nupper\n").unwrap_err();
        assert_eq!(
            message,
            "levels.csv:2: layer: found \"lower\", expected a layer of layers.csv (upper)"
        );
    }

    #[test]
    fn an_unknown_well_is_named_beside_the_known_ones() {
        let message = with(
            "levels.csv",
            "well,layer,date,level_m\nA,u,2010-01-01,1\nHOLY,u,2010-01-01,1\n",
        )
        .unwrap_err();
        assert_eq!(
            message,
            "levels.csv:3: well: found \"HOLY\", expected a well of wells.csv (A, B); add it there or correct the row"
        );
        let message = with(
            "subsidence.csv",
            "well,date,subsidence_mm\na,2010-01-01,1\n",
        )
        .unwrap_err();
        assert!(
            message.starts_with("subsidence.csv:2: well: found \"a\""),
            "{message}"
        );
    }

    #[test]
    fn a_duplicate_date_is_refused_with_both_lines() {
        let levels = "well,layer,date,level_m\nA,u,2010-01-01,1\nA,l,2010-01-01,1\nB,u,2010-01-01,1\nA,u,2010-01-01,1\n";
        assert_eq!(
            with("levels.csv", levels).unwrap_err(),
            "levels.csv:5: date: found 2010-01-01 a second time for well A, layer u (first in line 2); remove one"
        );
        let subsidence =
            "well,date,subsidence_mm\nA,2010-01-02,1\nA,2010-01-01,1\nA,2010-01-02,1\n";
        assert_eq!(
            with("subsidence.csv", subsidence).unwrap_err(),
            "subsidence.csv:4: date: found 2010-01-02 a second time for well A (first in line 2); remove one"
        );
    }

    /// Levels of two wells by turns in blocks, enough for several stretches; `note` goes into a last column.
    fn large_levels(note: &str) -> String {
        let mut text = "well,layer,date,level_m,note\n".to_owned();
        let first = jiff::civil::date(1850, 1, 1);
        for day in 0..60_000 {
            let date = first + jiff::Span::new().days(day);
            let well = if day % 20_000 < 10_000 { "A" } else { "B" };
            text += &format!(
                "{well},u,{date},{}.5,{note}\n{well},l,{date},,{note}\n",
                day % 90
            );
        }
        text
    }

    fn with_levels(levels: &str) -> Result<Dataset, String> {
        let mut files = site();
        files[1].1 = levels;
        read(&files)
    }

    #[test]
    fn a_quoted_line_end_may_lie_anywhere_in_a_large_file() {
        let plain = with_levels(&large_levels("a note of some length")).unwrap();
        for note in ["\"two\nlines\"", "\"a \"\"note\"\"\n\nof some length\n\""] {
            let noted = with_levels(&large_levels(note)).unwrap();
            assert!(plain == noted, "{note}");
        }
        // A's last day is the 50,000th, 1986-11-23.
        assert_eq!(plain.wells[0].levels[0].level_m.len(), 136 * 12 + 11);
    }

    #[test]
    fn the_first_mistake_of_a_large_file_is_named_by_its_line() {
        let text = large_levels("\"two\nlines\"");
        // Each row takes two lines, and each day two rows: day 50,000 begins in line 200,002.
        let broken = text.replace(",1986-11-24,50.5", ",1986-11-24,5O.5");
        let broken = broken.replace(",2014-04-10,", ",2014-04-100,");
        assert_eq!(
            with_levels(&broken).unwrap_err(),
            "levels.csv:200002: level_m: found \"5O.5\", expected metres or an empty field"
        );
        let twice = text.replace("A,u,1973-03-17,", "A,u,1850-01-01,");
        let message = with_levels(&twice).unwrap_err();
        assert!(
            message.ends_with("date: found 1850-01-01 a second time for well A, layer u (first in line 2); remove one"),
            "{message}"
        );
    }

    #[test]
    fn what_is_missing_is_said() {
        assert!(
            read(&site()[..2])
                .unwrap_err()
                .contains("found neither subsidence.csv nor points.csv")
        );
        assert!(
            read(&site()[1..])
                .unwrap_err()
                .starts_with("wells.csv: cannot be read")
        );
        assert!(
            with("wells.csv", "well,name\n")
                .unwrap_err()
                .contains("found no well")
        );
        assert!(
            with("wells.csv", "well,name\nA,a\nA,b\n")
                .unwrap_err()
                .starts_with("wells.csv:3: well: found \"A\" a second time")
        );
        assert!(
            with("wells.csv", "well,longitude\nA,1\n")
                .unwrap_err()
                .contains("no column latitude")
        );
        assert!(
            with("wells.csv", "well,longitude,latitude\nA,1,91\n")
                .unwrap_err()
                .contains("latitude 91")
        );
        assert!(
            with("points.csv", "pid,longitude,latitude,20100101\n")
                .unwrap_err()
                .contains("where the wells are")
        );
        let nowhere =
            read_folders(&["no/such/folder".into()], &Config::default().data).unwrap_err();
        assert!(
            nowhere
                .to_string()
                .starts_with("no/such/folder: not a folder")
        );
    }

    #[test]
    fn levels_of_one_well_come_in_the_models_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("levels.csv");
        let read = |text: &str, well: &str| {
            fs::write(&path, text).unwrap();
            read_levels_of(&path, well, &["upper".into(), "lower".into()])
        };
        let levels = read(LEVELS, "A").unwrap();
        assert_eq!(
            (levels[0].aquifer_layer.as_str(), levels[0].level_m[0]),
            ("upper", Some(5.0))
        );
        assert_eq!(
            read("layer,date,level_m\nlower,2010-01-01,3\n", "A")
                .unwrap()
                .len(),
            1
        );
        assert!(
            read(LEVELS, "C")
                .unwrap_err()
                .to_string()
                .contains("found no level of well C")
        );
        let message = read("layer,date,level_m\nuper,2010-01-01,3\n", "A")
            .unwrap_err()
            .to_string();
        assert!(
            message.ends_with(
                ":2: layer: found \"uper\", expected a layer of the model (upper, lower)"
            ),
            "{message}"
        );
    }

    #[test]
    fn what_spreadsheets_write_reads_like_the_plain_file() {
        let windows: Vec<(&str, String)> = site()
            .iter()
            .map(|(name, text)| (*name, format!("\u{feff}{}", text.replace('\n', "\r\n"))))
            .collect();
        let windows: Vec<(&str, &str)> = windows
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        assert_eq!(read(&windows).unwrap(), read(&site()).unwrap());
    }
}
