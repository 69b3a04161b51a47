//! Reads the CSV files of an observation site.
//!
//! A site folder holds `wells.csv` and `levels.csv`, and what the ground did: `subsidence.csv` (directly measured) or `points.csv`
//! (ps points). A well that has rows in `subsidence.csv` uses them, any other well the points around it. `layers.csv`, one column
//! `layer`, orders the aquifer layers from the top; without it they come in order of first appearance in `levels.csv`.

mod levels;
mod subsidence;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use jiff::civil::Date;

use crate::{
    config::DataConfig,
    geodesy::Position,
    level::MonthlyLevels,
    ps::{self, PointsError, WellPoints},
    table::{Column, Place, Row, Table, TableError},
};

pub use levels::read_levels_of;

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

/// Why a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A CSV file is malformed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The points file is malformed.
    #[error(transparent)]
    Points(#[from] PointsError),
    /// No such folder.
    #[error("{}: not a folder; expected one with wells.csv, levels.csv and subsidence.csv or points.csv", path.display())]
    NotAFolder {
        /// What was given.
        path: PathBuf,
    },
    /// Neither subsidence nor points.
    #[error("{}: found neither subsidence.csv nor points.csv, expected what the ground did in one of them", path.display())]
    NoGround {
        /// The folder.
        path: PathBuf,
    },
    /// Column names but no well.
    #[error("{}: found no well, expected at least one row", path.display())]
    NoWells {
        /// The file.
        path: PathBuf,
    },
    /// One id for two wells.
    #[error(
        "{place}: well: found \"{well}\" a second time, expected every well once; rename or remove one"
    )]
    DuplicateWell {
        /// Where.
        place: Place,
        /// The id.
        well: String,
    },
    /// A row of a well that `wells.csv` does not have.
    #[error(
        "{place}: well: found \"{well}\", expected a well of wells.csv ({known}); add it there or correct the row"
    )]
    UnknownWell {
        /// Where.
        place: Place,
        /// The id.
        well: String,
        /// The wells there are, shortened.
        known: String,
    },
    /// An aquifer layer that `layers.csv` or the model does not have.
    #[error("{place}: layer: found \"{layer}\", expected a layer of {of} ({known})")]
    UnknownLayer {
        /// Where.
        place: Place,
        /// The layer.
        layer: String,
        /// Who names the layers.
        of: &'static str,
        /// The layers there are.
        known: String,
    },
    /// Not a single level of the well.
    #[error("{}: found no level of well {well}; correct the column well, or leave it out where all rows are this well's", path.display())]
    NoLevels {
        /// The file.
        path: PathBuf,
        /// Well id.
        well: String,
    },
    /// Two values for one time.
    #[error(
        "{place}: date: found {time} a second time for {of} (first in line {first}); remove one"
    )]
    DuplicateDate {
        /// Where.
        place: Place,
        /// The time.
        time: String,
        /// Well and aquifer layer.
        of: String,
        /// Line of the other row.
        first: u64,
    },
    /// `points.csv` without positions of the wells.
    #[error("{}: points.csv needs to know where the wells are, expected the columns longitude, latitude or easting, northing", path.display())]
    NoPositions {
        /// `wells.csv`.
        path: PathBuf,
    },
    /// A position that cannot be.
    #[error(
        "{place}: found longitude {longitude}, latitude {latitude}, expected -180 to 180 and -90 to 90 degrees"
    )]
    Position {
        /// Where.
        place: Place,
        /// Degrees.
        longitude: f64,
        /// Degrees.
        latitude: f64,
    },
}

/// Reads site folders as one data set; wells keep the order of the folders and of their files.
///
/// # Errors
/// At the first malformed file, or where two folders have a well of one id.
pub fn read_folders(folders: &[PathBuf], config: &DataConfig) -> Result<Dataset, ReadError> {
    let mut wells: Vec<Well> = Vec::new();
    let mut known = WellIndex::default();
    for folder in folders {
        for (place, well) in read_folder(folder, config)? {
            known.add(&well.id, place)?;
            wells.push(well);
        }
    }
    let synthetic = wells.iter().any(Well::is_synthetic);
    Ok(Dataset { synthetic, wells })
}

impl Well {
    /// Whether the generator made it: it marks the names of its wells.
    pub fn is_synthetic(&self) -> bool {
        self.name.contains("SYNTHETIC")
    }
}

/// The wells of one folder, each with its place in `wells.csv`.
fn read_folder(folder: &Path, config: &DataConfig) -> Result<Vec<(Place, Well)>, ReadError> {
    if !folder.is_dir() {
        return Err(ReadError::NotAFolder {
            path: folder.to_owned(),
        });
    }
    let subsidence = Some(folder.join("subsidence.csv")).filter(|path| path.exists());
    let points = Some(folder.join("points.csv")).filter(|path| path.exists());
    if subsidence.is_none() && points.is_none() {
        return Err(ReadError::NoGround {
            path: folder.to_owned(),
        });
    }
    let wells_csv = folder.join("wells.csv");
    let (mut wells, index) = read_wells(&wells_csv)?;
    let layers = Some(folder.join("layers.csv")).filter(|path| path.exists());
    let order = layers.map(|path| levels::read_order(&path)).transpose()?;
    let levels = levels::read(&folder.join("levels.csv"), &index, order)?;
    for ((_, well), levels) in wells.iter_mut().zip(levels) {
        well.levels = levels;
    }
    if let Some(path) = subsidence {
        for ((_, well), readings) in wells.iter_mut().zip(subsidence::read(&path, &index)?) {
            if !readings.is_empty() {
                well.ground = Ground::Direct(readings);
            }
        }
    }
    if let Some(path) = points {
        add_points(&mut wells, &wells_csv, &path, config)?;
    }
    Ok(wells)
}

/// Gives each well that is not directly measured the points around it.
fn add_points(
    wells: &mut [(Place, Well)],
    wells_csv: &Path,
    points_csv: &Path,
    config: &DataConfig,
) -> Result<(), ReadError> {
    let mut open: Vec<&mut Well> = wells
        .iter_mut()
        .map(|(_, well)| well)
        .filter(|well| matches!(well.ground, Ground::Points(_)))
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let centres: Option<Vec<Position>> = open.iter().map(|well| well.position).collect();
    let centres = centres.ok_or_else(|| ReadError::NoPositions {
        path: wells_csv.to_owned(),
    })?;
    let found = ps::read_points(points_csv, &centres, config.buffer_m)?;
    for (well, points) in open.iter_mut().zip(found) {
        well.ground = Ground::Points(points);
    }
    Ok(())
}

/// Reads `wells.csv`.
fn read_wells(path: &Path) -> Result<(Vec<(Place, Well)>, WellIndex), ReadError> {
    let mut table = Table::open(path, "well, name")?;
    let id = table.column("well")?;
    let name = table.find("name");
    let with = |first: &str, second: &str| -> Result<Option<(Column, Column)>, TableError> {
        let first = table.find(first);
        first
            .map(|first| Ok((first, table.column(second)?)))
            .transpose()
    };
    let geographic = with("longitude", "latitude")?;
    let planar = with("easting", "northing")?;
    let mut wells = Vec::new();
    let mut index = WellIndex::default();
    while let Some(row) = table.next_row()? {
        let id = row.name(id)?;
        index.add(id, row.place())?;
        let position = match (geographic, planar) {
            (Some((longitude, latitude)), _) => {
                Some(geographic_position(&row, longitude, latitude)?)
            }
            (None, Some((easting, northing))) => Some(Position::Planar {
                easting: row.number(easting, "metres")?,
                northing: row.number(northing, "metres")?,
            }),
            (None, None) => None,
        };
        let name = name
            .map(|column| row.text(column))
            .transpose()?
            .filter(|name| !name.is_empty());
        wells.push((
            row.place(),
            Well {
                id: id.to_owned(),
                name: name.unwrap_or(id).to_owned(),
                position,
                levels: Vec::new(),
                ground: Ground::Points(WellPoints::default()),
            },
        ));
    }
    if wells.is_empty() {
        return Err(ReadError::NoWells {
            path: path.to_owned(),
        });
    }
    Ok((wells, index))
}

fn geographic_position(
    row: &Row,
    longitude: Column,
    latitude: Column,
) -> Result<Position, ReadError> {
    let longitude = row.number(longitude, "degrees east")?;
    let latitude = row.number(latitude, "degrees north")?;
    if longitude.abs() > 180.0 || latitude.abs() > 90.0 {
        return Err(ReadError::Position {
            place: row.place(),
            longitude,
            latitude,
        });
    }
    Ok(Position::Geographic {
        longitude,
        latitude,
    })
}

/// Number of each well by its id.
#[derive(Default)]
struct WellIndex {
    numbers: HashMap<String, usize>,
    ids: Vec<String>,
}

impl WellIndex {
    fn add(&mut self, id: &str, place: Place) -> Result<(), ReadError> {
        if self.numbers.insert(id.to_owned(), self.ids.len()).is_some() {
            return Err(ReadError::DuplicateWell {
                place,
                well: id.to_owned(),
            });
        }
        self.ids.push(id.to_owned());
        Ok(())
    }

    fn number(&self, id: &str, row: &Row) -> Result<usize, ReadError> {
        self.numbers
            .get(id)
            .copied()
            .ok_or_else(|| ReadError::UnknownWell {
                place: row.place(),
                well: id.to_owned(),
                known: listed(&self.ids),
            })
    }
}

/// Names for a message: all of a few, the first of many.
pub fn listed(names: &[String]) -> String {
    const SHOWN: usize = 6;
    let more = if names.len() > SHOWN {
        format!(" and {} more", names.len() - SHOWN)
    } else {
        String::new()
    };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
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
