//! The folder that one training run leaves behind.
//!
//! `config.toml` (resolved), `models/<well>.f32.amlm` and `models/<well>.lstm.f32.amlm`, and the tables `metrics.csv`, `predictions.csv`,
//! `attention.csv`, `training.csv`; of the first [`WELLS_IN_FULL`] wells also `ps_points.csv` and `attribution.csv`, and `levelling.csv` where there are
//! benchmarks. Every file is written beside its place and renamed, so a name never stands for half a file.
//!
//! While a run is going on, what it found at each well lies in `parts/`; [`RunFolder::finish`] joins the parts to the tables in well
//! order and removes them. So a run of any number of wells needs the memory of a few, and one that was interrupted can go on.

mod columns;
mod model_kind;
mod report_rows;
mod rows;
mod shard;
mod table;
mod well_run;

use std::{
    fs,
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use crate::quantise::MonthOfLevels;
use amlstm_core::month::Month;
use tempfile::NamedTempFile;

use crate::{
    config::{Config, ConfigError},
    levelling::Comparison,
    read::listed,
    table::{Table, TableError},
};

pub use model_kind::ModelKind;
pub use rows::{
    AttentionRow, FailureRow, LevelledPoint, MetricRow, PredictionRow, RatePoint, Row, Share,
    Stage, TrainingRow,
};
pub use shard::{MergeError, Resumed, Shard, ShardRecord};
pub use well_run::{BASELINES, TrainedModel, WellRun, WellRunError};

/// Names of the tables in the order of a part's chunks, in which they are also written.
pub const TABLES: [&str; 6] = [
    MetricRow::TABLE,
    PredictionRow::TABLE,
    AttentionRow::TABLE,
    RatePoint::TABLE,
    Share::TABLE,
    TrainingRow::TABLE,
];

/// Tables that are not written where they would have no row.
const OPTIONAL: [&str; 2] = [RatePoint::TABLE, Share::TABLE];

/// Wells that the report shows in full, with figures. Of a larger run the others stand in the tables, and any of them can be drawn by `amlstm figure`.
pub const WELLS_IN_FULL: usize = 40;

/// Folder of the model files.
const MODELS: &str = "models";

/// Folder of what is finished while the run goes on.
const PARTS: &str = "parts";

/// A run folder.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

/// Why a run folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It has something in it already.
    #[error("{}: not empty, expected a new folder for the run; choose another or remove it", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// It was begun otherwise.
    #[error("{}: a run with another configuration, expected the same to go on; choose another folder or remove it", path.display())]
    OtherConfig {
        /// The folder.
        path: PathBuf,
    },
    /// It is no run.
    #[error("{}: not a finished run, expected a folder with metrics.csv and models/ as `amlstm train --out` writes it", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
    },
    /// No such well, or several and none was asked for.
    #[error("{}: --well{asked}: expected one of the run's wells: {known}", path.display())]
    WhichWell {
        /// The run.
        path: PathBuf,
        /// The well that was asked for.
        asked: String,
        /// Wells of the run.
        known: String,
    },
    /// A value of the configuration is outside its range.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A table of the run is malformed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The file system's reason.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
}

impl RunFolder {
    /// Makes a folder for a new run and writes the resolved configuration.
    ///
    /// # Errors
    /// When the folder exists and is not empty, or cannot be written.
    pub fn create(path: &Path, config: &Config) -> Result<Self, RunError> {
        Self::create_with(path, config.to_documented_toml()?.as_bytes())
    }

    /// As [`RunFolder::create`], with the bytes of the configuration file.
    fn create_with(path: &Path, config: &[u8]) -> Result<Self, RunError> {
        let folder = Self {
            path: path.to_owned(),
        };
        let mut entries = fs::read_dir(path).into_iter().flatten();
        if entries.next().is_some() {
            return Err(RunError::NotEmpty {
                path: path.to_owned(),
            });
        }
        for inner in [MODELS, PARTS] {
            let inner = path.join(inner);
            fs::create_dir_all(&inner).map_err(|source| RunError::File {
                path: inner,
                source,
            })?;
        }
        write_beside(&path.join("config.toml"), config)?;
        Ok(folder)
    }

    /// Opens a finished run.
    ///
    /// # Errors
    /// [`RunError::NotARun`].
    pub fn open(path: &Path) -> Result<Self, RunError> {
        if path.join(TABLES[0]).is_file() && path.join(MODELS).is_dir() {
            Ok(Self {
                path: path.to_owned(),
            })
        } else {
            Err(RunError::NotARun {
                path: path.to_owned(),
            })
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a well's model file is.
    pub fn model_path(&self, well: &str, kind: ModelName) -> PathBuf {
        kind.path(&self.path, well)
    }

    /// The well that is asked for, or the only one there is.
    ///
    /// # Errors
    /// When the run has no such well, or several and none is asked for.
    pub fn one_well(&self, asked: Option<&str>) -> Result<String, RunError> {
        let wells = self.wells()?;
        match (asked, &wells[..]) {
            (Some(asked), _) if wells.iter().any(|well| well == asked) => Ok(asked.to_owned()),
            (None, [well]) => Ok(well.clone()),
            (asked, _) => Err(RunError::WhichWell {
                path: self.path.clone(),
                asked: asked.map_or(String::new(), |well| format!(" \"{well}\"")),
                known: listed(&wells),
            }),
        }
    }

    /// Monthly levels that a well's models were run over, in the order of its aquifer layers.
    ///
    /// # Errors
    /// When `attention.csv` cannot be read.
    pub fn levels(&self, well: &str) -> Result<Vec<MonthOfLevels>, RunError> {
        let mut table = Table::open(&self.path.join(TABLES[2]), "well")?;
        let (of_well, month, level) = (
            table.column("well")?,
            table.column("month")?,
            table.column("level_m")?,
        );
        let mut months: Vec<MonthOfLevels> = Vec::new();
        while let Some(row) = table.next_row()? {
            if row.name(of_well)? != well {
                continue;
            }
            let month: Month = row
                .text(month)?
                .parse()
                .map_err(|_| row.refuse(month, "a month such as 2016-08"))?;
            let level_m = row.optional_number(level, "metres or an empty field")?;
            let level_m = level_m.map(|level_m| level_m as f32);
            match months.last_mut() {
                Some((last, levels)) if *last == month => levels.push(level_m),
                _ => months.push((month, vec![level_m])),
            }
        }
        Ok(months)
    }

    /// Wells of a finished run, in its order.
    ///
    /// # Errors
    /// When `metrics.csv` cannot be read.
    pub fn wells(&self) -> Result<Vec<String>, RunError> {
        let mut table = Table::open(&self.path.join(TABLES[0]), "well")?;
        let well = table.column("well")?;
        let mut wells: Vec<String> = Vec::new();
        while let Some(row) = table.next_row()? {
            let well = row.name(well)?;
            if wells.last().is_none_or(|last| last != well) {
                wells.push(well.to_owned());
            }
        }
        Ok(wells)
    }

    /// Writes the models of a well, then its part; `number` is the well's place in the order of the tables.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_well(&self, number: usize, well: &WellRun) -> Result<(), RunError> {
        for model in &well.models {
            write_beside(&self.model_path(&well.well, model.name), &model.file)?;
        }
        let chunks = well.chunks();
        let mut part = Vec::new();
        for chunk in &chunks {
            part.extend_from_slice(&(chunk.len() as u64).to_le_bytes());
            part.extend_from_slice(chunk);
        }
        write_beside(&self.part_path(number), &part)
    }

    /// Writes the benchmarks that have ps points around them; no file where there are none.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_levelling(&self, comparisons: &[Comparison]) -> Result<(), RunError> {
        let row = |comparison: &Comparison| {
            Some(LevelledPoint {
                benchmark: comparison.benchmark.name.clone(),
                levelling_mm_per_year: comparison.benchmark.rate_mm_per_year,
                ps_mm_per_year: comparison.ps_mm_per_year?,
            })
        };
        let rows: Vec<LevelledPoint> = comparisons.iter().filter_map(row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let mut table = table::header::<LevelledPoint>();
        table.extend(table::rows(&rows));
        write_beside(&self.path.join(LevelledPoint::TABLE), &table)
    }

    /// Whether a well's part is there.
    pub fn has_well(&self, number: usize) -> bool {
        self.part_path(number).is_file()
    }

    /// Joins the parts of wells `0..wells` to the tables, in their order; failed wells have no part.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn finish(&self, wells: usize) -> Result<(), RunError> {
        let failed = |source| RunError::File {
            path: self.path.clone(),
            source,
        };
        let mut tables = Vec::with_capacity(TABLES.len());
        for header in headers() {
            let mut table = BufWriter::new(NamedTempFile::new_in(&self.path).map_err(failed)?);
            table.write_all(&header).map_err(failed)?;
            tables.push(table);
        }
        for number in (0..wells).filter(|number| self.has_well(*number)) {
            let path = self.part_path(number);
            let failed = |source| RunError::File {
                path: path.clone(),
                source,
            };
            let mut part = fs::File::open(&path).map_err(failed)?;
            for table in &mut tables {
                let mut length = [0; 8];
                part.read_exact(&mut length).map_err(failed)?;
                std::io::copy(&mut (&mut part).take(u64::from_le_bytes(length)), table)
                    .map_err(failed)?;
            }
        }
        for ((table, name), header) in tables.into_iter().zip(TABLES).zip(headers()) {
            let file = table
                .into_inner()
                .map_err(|error| failed(error.into_error()))?;
            let length = file.as_file().metadata().map_err(failed)?.len();
            if length > header.len() as u64 || !OPTIONAL.contains(&name) {
                persist(file, &self.path.join(name))?;
            }
        }
        fs::remove_dir_all(self.path.join(PARTS)).map_err(failed)
    }

    fn failed(&self, source: std::io::Error) -> RunError {
        RunError::File {
            path: self.path.clone(),
            source,
        }
    }

    fn part_path(&self, number: usize) -> PathBuf {
        self.path.join(PARTS).join(format!("{number:08}"))
    }
}

/// The first line of each table, in the order of [`TABLES`].
fn headers() -> [Vec<u8>; 6] {
    [
        table::header::<MetricRow>(),
        table::header::<PredictionRow>(),
        table::header::<AttentionRow>(),
        table::header::<RatePoint>(),
        table::header::<Share>(),
        table::header::<TrainingRow>(),
    ]
}

/// Which of a well's model files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelName {
    /// The well's model.
    Model,
    /// The plain LSTM it is compared with.
    PlainLstm,
}

impl ModelName {
    /// Where this model of a well lies in a run folder.
    pub fn path(self, folder: &Path, well: &str) -> PathBuf {
        folder
            .join(MODELS)
            .join(format!("{}{}", file_stem(well), self.ending()))
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Model => ".f32.amlm",
            Self::PlainLstm => ".lstm.f32.amlm",
        }
    }
}

/// A well id as part of a file name: letters, digits, `-`, `_` and `.` stay, anything else becomes `%` and its bytes in hexadecimal.
pub fn file_stem(well: &str) -> String {
    well.bytes()
        .map(|byte| match byte {
            b'.' | b'-' | b'_' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// Writes a file beside its place and renames it.
///
/// # Errors
/// When it cannot be written.
pub fn write_beside(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let failed = |source| RunError::File {
        path: path.to_owned(),
        source,
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    persist(file, path)
}

/// Gives a written file its name and, unlike a private temporary file, the usual permissions.
fn persist(file: NamedTempFile, path: &Path) -> Result<(), RunError> {
    let failed = |source| RunError::File {
        path: path.to_owned(),
        source,
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(0o644))
            .map_err(failed)?;
    }
    file.persist(path)
        .map(drop)
        .map_err(|error| failed(error.error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_id_becomes_a_safe_file_name() {
        assert_eq!(file_stem("D201"), "D201");
        assert_eq!(file_stem("../a b/ü"), "..%2Fa%20b%2F%C3%BC");
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let run = RunFolder::create(&path, &Config::default()).unwrap();
        assert!(path.join("config.toml").is_file() && !run.has_well(0));
        let error = RunFolder::create(&path, &Config::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("not empty"), "{error}");
        assert!(
            RunFolder::open(&path)
                .unwrap_err()
                .to_string()
                .contains("not a finished run")
        );
    }

    #[test]
    fn tables_come_in_well_order_with_one_header() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::create(&folder.path().join("run"), &Config::default()).unwrap();
        for number in [2, 0] {
            let mut well = WellRun::empty(&format!("W{number}"));
            well.training = vec![TrainingRow {
                well: well.well.clone(),
                model: ModelKind::LSTM,
                epoch: 1,
                train_rmse_mm_per_month: 1.5,
                validate_rmse_mm_per_month: None,
                test_rmse_mm_per_month: Some(2.0),
                kept: true,
            }];
            run.write_well(number, &well).unwrap();
        }
        run.finish(3).unwrap();
        let text = fs::read_to_string(run.path().join("training.csv")).unwrap();
        let header = "well,model,epoch,train_rmse_mm_per_month,validate_rmse_mm_per_month,test_rmse_mm_per_month,kept\n";
        assert_eq!(
            text,
            format!("{header}W0,lstm,1,1.5,,2.0,true\nW2,lstm,1,1.5,,2.0,true\n")
        );
        assert!(!run.path().join("parts").exists());
        RunFolder::open(run.path()).unwrap();
    }
}
