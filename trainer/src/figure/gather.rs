//! Reads what the figures show from a run folder.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use amlstm_core::artifact::{ArtifactError, ModelFile};
use amlstm_core::month::Month;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::shown::{
    LevelledPoint, RatePoint, Share, Shown, ShownEpoch, ShownModel, ShownMonth, ShownWell,
};
use crate::config::{Config, ConfigError};
use crate::export::AlignedBytes;

/// Rates of the ps points, if the run has any.
pub const POINTS_TABLE: &str = "ps_points.csv";
/// Levelling benchmarks, if there are any.
pub const LEVELLING_TABLE: &str = "levelling.csv";
/// Shares of the aquifer layers by method.
pub const ATTRIBUTION_TABLE: &str = "attribution.csv";

/// Why a run folder cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A table is not as `amlstm train` writes it.
    #[error("{}: {cause}, expected the table as `amlstm train` writes it", path.display())]
    Table {
        /// The table.
        path: PathBuf,
        /// Where and what was found.
        cause: String,
    },
    /// Its configuration cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A model file is damaged.
    #[error("{}: {source}", path.display())]
    Model {
        /// The model file.
        path: PathBuf,
        /// What is wrong with it.
        source: ArtifactError,
    },
}

#[derive(Deserialize)]
struct PredictionRow {
    well: String,
    model: String,
    month: String,
    part: String,
    observed_subsidence_mm: Option<f64>,
    observed_low_mm: Option<f64>,
    observed_high_mm: Option<f64>,
    predicted_increment_mm: Option<f64>,
    predicted_subsidence_mm: Option<f64>,
}

#[derive(Deserialize)]
struct AttentionRow {
    well: String,
    month: String,
    layer: String,
    level_m: Option<f64>,
    attention: Option<f64>,
}

#[derive(Deserialize)]
struct TrainingRow {
    well: String,
    model: String,
    epoch: usize,
    train_rmse_mm_per_month: f64,
    validate_rmse_mm_per_month: Option<f64>,
    test_rmse_mm_per_month: Option<f64>,
    kept: bool,
}

/// Reads the tables of a run folder.
///
/// # Errors
/// When a table is missing or not as `amlstm train` writes it, or a model file is damaged.
pub fn gather(folder: &Path) -> Result<Shown, GatherError> {
    let data = Config::read(&folder.join("config.toml"))?.data;
    let mut shown = Shown {
        scores: rows(folder, "metrics.csv")?,
        points: optional_rows(folder, POINTS_TABLE)?,
        benchmarks: optional_rows::<LevelledPoint>(folder, LEVELLING_TABLE)?,
        attribution: optional_rows::<Share>(folder, ATTRIBUTION_TABLE)?,
        rate_classes: data.rate_classes_mm_per_year,
        buffer_m: data.buffer_m,
        wells: Vec::new(),
    };
    shown
        .points
        .retain(|point: &RatePoint| point.vertical_rate_mm_per_year.is_finite());
    let mut wells = Wells::default();
    for score in &shown.scores {
        wells.at(&score.well);
    }
    for row in rows::<PredictionRow>(folder, "predictions.csv")? {
        let month = month(folder, "predictions.csv", &row.month)?;
        wells.at(&row.well).add_prediction(month, row);
    }
    for row in rows::<AttentionRow>(folder, "attention.csv")? {
        let month = month(folder, "attention.csv", &row.month)?;
        wells.at(&row.well).add_attention(month, row);
    }
    for row in rows::<TrainingRow>(folder, "training.csv")? {
        wells.at(&row.well).add_epoch(&row);
    }
    for path in model_paths(folder)? {
        let synthetic = read_model(&path, |file| {
            (file.record().well.to_owned(), file.record().synthetic)
        })?;
        wells.at(&synthetic.0).synthetic |= synthetic.1;
    }
    shown.wells = wells.wells;
    for well in &mut shown.wells {
        well.models.sort_by_key(|model| model.model != "lstm");
    }
    Ok(shown)
}

/// Model files of a run in the order of their names.
///
/// # Errors
/// When the folder cannot be read.
pub fn model_paths(folder: &Path) -> Result<Vec<PathBuf>, GatherError> {
    let models = folder.join("models");
    let failed = |source| GatherError::File {
        path: models.clone(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&models).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "amlm")
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Reads one model file and hands it to `look`.
///
/// # Errors
/// When it cannot be read or is damaged.
pub fn read_model<T>(path: &Path, look: impl FnOnce(&ModelFile) -> T) -> Result<T, GatherError> {
    let bytes = AlignedBytes::read(path).map_err(|source| GatherError::File {
        path: path.to_owned(),
        source,
    })?;
    let file = ModelFile::parse(&bytes).map_err(|source| GatherError::Model {
        path: path.to_owned(),
        source,
    })?;
    Ok(look(&file))
}

fn rows<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Vec<T>, GatherError> {
    let path = folder.join(name);
    let wrong = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(source) => GatherError::File {
            path: path.clone(),
            source,
        },
        csv::ErrorKind::Deserialize { pos, err } => {
            let line = pos.map_or(String::new(), |pos| format!("line {}: ", pos.line()));
            GatherError::Table {
                path: path.clone(),
                cause: format!("{line}{err}"),
            }
        }
        other => GatherError::Table {
            path: path.clone(),
            cause: format!("{other:?}"),
        },
    };
    let mut reader = csv::Reader::from_path(&path).map_err(wrong)?;
    reader
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(wrong)
}

fn optional_rows<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Vec<T>, GatherError> {
    if folder.join(name).is_file() {
        rows(folder, name)
    } else {
        Ok(Vec::new())
    }
}

fn month(folder: &Path, table: &str, text: &str) -> Result<i32, GatherError> {
    let wrong = |_| GatherError::Table {
        path: folder.join(table),
        cause: format!("month: found \"{text}\", expected such as 2016-08"),
    };
    text.parse::<Month>().map(Month::index).map_err(wrong)
}

/// Wells in the order in which the tables name them.
#[derive(Default)]
struct Wells {
    wells: Vec<ShownWell>,
    places: HashMap<String, usize>,
}

impl Wells {
    fn at(&mut self, well: &str) -> &mut ShownWell {
        let place = *self.places.entry(well.to_owned()).or_insert_with(|| {
            self.wells.push(ShownWell {
                well: well.to_owned(),
                ..ShownWell::default()
            });
            self.wells.len() - 1
        });
        &mut self.wells[place]
    }
}

impl ShownWell {
    fn add_prediction(&mut self, month: i32, row: PredictionRow) {
        let place = self.place(month);
        let model = self.model_at(&row.model);
        model
            .subsidence_mm
            .resize(model.subsidence_mm.len().max(place + 1), None);
        model
            .increment_mm
            .resize(model.increment_mm.len().max(place + 1), None);
        model.subsidence_mm[place] = row.predicted_subsidence_mm;
        model.increment_mm[place] = row.predicted_increment_mm;
        let shown = &mut self.months[place];
        shown.observed_mm = row.observed_subsidence_mm;
        // A directly measured series has one point, which has no spread.
        shown.spread_mm = row
            .observed_low_mm
            .zip(row.observed_high_mm)
            .filter(|(low, high)| low < high);
        shown.part = row.part;
    }

    fn add_attention(&mut self, month: i32, row: AttentionRow) {
        let place = self.place(month);
        let layer = if let Some(layer) = self
            .aquifer_layers
            .iter()
            .position(|name| *name == row.layer)
        {
            layer
        } else {
            self.aquifer_layers.push(row.layer);
            self.aquifer_layers.len() - 1
        };
        let shown = &mut self.months[place];
        shown
            .level_m
            .resize(shown.level_m.len().max(layer + 1), None);
        shown
            .attention
            .resize(shown.attention.len().max(layer + 1), None);
        shown.level_m[layer] = row.level_m;
        // A layer without a level is left out of the attention: its share is not zero but none.
        shown.attention[layer] = row.attention.filter(|_| row.level_m.is_some());
    }

    fn add_epoch(&mut self, row: &TrainingRow) {
        self.model_at(&row.model).epochs.push(ShownEpoch {
            epoch: row.epoch,
            train_rmse: row.train_rmse_mm_per_month,
            validate_rmse: row.validate_rmse_mm_per_month,
            test_rmse: row.test_rmse_mm_per_month,
            kept: row.kept,
        });
    }

    /// Place of a month; the tables name the months of a well in rising order, those without a row in between are filled in.
    fn place(&mut self, month: i32) -> usize {
        let first = self.months.first().map_or(month, |first| first.month);
        let next = first + self.months.len() as i32;
        for index in next..=month {
            self.months.push(ShownMonth {
                month: index,
                ..ShownMonth::default()
            });
        }
        (month - first).max(0) as usize
    }

    fn model_at(&mut self, name: &str) -> &mut ShownModel {
        let place = if let Some(place) = self.models.iter().position(|model| model.model == name) {
            place
        } else {
            self.models.push(ShownModel {
                model: name.to_owned(),
                ..ShownModel::default()
            });
            self.models.len() - 1
        };
        &mut self.models[place]
    }
}
