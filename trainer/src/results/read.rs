//! Reads a run folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use amlstm_core::artifact::{ArtifactError, ModelFile};

use super::{ModelErrors, ModelResults, MonthResults, RunResults, WellResults};
use crate::export::AlignedBytes;
use crate::run::table::{Wanted, read_optional, read_wanted};
use crate::run::{
    AttentionRow, MetricRow, ModelKind, NETWORKS, PredictionRow, RatePoint, Row, RunError,
    RunFolder, Share, TrainingRow, WELLS_IN_FULL,
};
use crate::split::Part;
use crate::spread::Spread;
use crate::survey::{GroundSurvey, Hint, LayerSurvey};

/// Why a run folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// It is no run, or a table is not as `amlstm train` writes it.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A model file cannot be read; says which.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A model file is damaged.
    #[error("{}: {source}", path.display())]
    Model {
        /// The model file.
        path: PathBuf,
        /// What is wrong with it.
        source: ArtifactError,
    },
}

impl RunResults {
    /// Reads one well of a run folder, or of the first [`WELLS_IN_FULL`] wells and of all together.
    ///
    /// # Errors
    /// When a table is missing or not as `amlstm train` writes it, or a model file is damaged.
    pub fn read(run: &RunFolder, only: Option<&str>) -> Result<Self, ResultsError> {
        Self::read_with(run, only, |_, _| {})
    }

    /// As [`RunResults::read`]; each model file of the wells goes through `look`, too.
    ///
    /// # Errors
    /// As [`RunResults::read`].
    pub fn read_with(
        run: &RunFolder,
        only: Option<&str>,
        mut look: impl FnMut(&Path, &ModelFile),
    ) -> Result<Self, ResultsError> {
        let folder = run.path();
        let data = &run.config().data;
        let mut results = Self {
            benchmarks: read_optional(folder)?,
            failures: read_optional(folder)?,
            rate_classes: data.rate_classes_mm_per_year.clone(),
            buffer_m: data.buffer_m,
            ..Self::default()
        };
        let mut wells = Wells::default();
        let mut errors: Vec<(ModelKind, Vec<f64>)> = Vec::new();
        let mut last = String::new();
        read_wanted(
            folder,
            |_| Wanted::Yes,
            |score: MetricRow| {
                if last != score.well {
                    last.clone_from(&score.well);
                    results.wells_of_run += 1;
                }
                if score.part == Part::Test && score.rmse_mm_per_month.is_finite() {
                    match errors.iter_mut().find(|(model, _)| *model == score.model) {
                        Some((_, errors)) => errors.push(score.rmse_mm_per_month),
                        None => errors.push((score.model, vec![score.rmse_mm_per_month])),
                    }
                }
                let is_wanted = only.map_or(results.wells_of_run <= WELLS_IN_FULL, |only| {
                    score.well == only
                });
                if is_wanted {
                    wells.at(&score.well);
                    // Every other score names the floor as well.
                    if score.model != ModelKind::FLOOR {
                        results.scores.push(score);
                    }
                }
            },
        )?;
        let spread = |(model, errors): (ModelKind, Vec<f64>)| ModelErrors {
            model,
            wells: errors.len(),
            rmse: Spread::of(errors),
        };
        results.errors = errors.into_iter().map(spread).collect();
        wells.for_each_row(folder, |wells, row: PredictionRow| {
            wells.at(&row.well).add_prediction(&row);
        })?;
        wells.for_each_row(folder, |wells, row: AttentionRow| {
            wells.at(&row.well).add_attention(row);
        })?;
        wells.for_each_row(folder, |wells, row: TrainingRow| {
            wells.at(&row.well).add_epoch(row);
        })?;
        for well in &mut wells.wells {
            for path in model_paths(run, &well.well) {
                read_model(&path, |file| {
                    well.synthetic |= file.record().synthetic;
                    look(&path, file);
                })?;
            }
            well.models
                .sort_by_key(|model| model.model != ModelKind::LSTM);
        }
        results.points = read_optional(folder)?;
        results.points.retain(|point: &RatePoint| {
            wells.has(&point.well) && point.vertical_rate_mm_per_year.is_finite()
        });
        results.attribution = read_optional(folder)?;
        results
            .attribution
            .retain(|share: &Share| wells.has(&share.well));
        results.levels_as_read = read_optional(folder)?;
        results
            .levels_as_read
            .retain(|layer: &LayerSurvey| wells.has(&layer.well));
        results.ground_as_read = read_optional(folder)?;
        results
            .ground_as_read
            .retain(|ground: &GroundSurvey| wells.has(&ground.well));
        results.hints = read_optional(folder)?;
        results.hints.retain(|hint: &Hint| wells.has(&hint.well));
        results.wells = wells.wells;
        Ok(results)
    }
}

/// The model files that a run has of a well.
fn model_paths(run: &RunFolder, well: &str) -> Vec<PathBuf> {
    NETWORKS
        .into_iter()
        .filter_map(|network| run.model_path(well, network))
        .filter(|path| path.is_file())
        .collect()
}

/// Reads one model file and hands it to `look`.
///
/// # Errors
/// When it cannot be read or is damaged.
pub fn read_model<T>(path: &Path, look: impl FnOnce(&ModelFile) -> T) -> Result<T, ResultsError> {
    let bytes = AlignedBytes::read(path)?;
    let file = ModelFile::parse(&bytes).map_err(|source| ResultsError::Model {
        path: path.to_owned(),
        source,
    })?;
    Ok(look(&file))
}

/// Wells in the order in which the tables name them.
#[derive(Default)]
struct Wells {
    wells: Vec<WellResults>,
    places: HashMap<String, usize>,
}

impl Wells {
    fn at(&mut self, well: &str) -> &mut WellResults {
        let place = *self.places.entry(well.to_owned()).or_insert_with(|| {
            self.wells.push(WellResults {
                well: well.to_owned(),
                ..WellResults::default()
            });
            self.wells.len() - 1
        });
        &mut self.wells[place]
    }

    fn has(&self, well: &str) -> bool {
        self.places.contains_key(well)
    }

    /// Hands the rows of these wells to `take`. Every table has the wells in one order and these without others between them, so reading ends behind the last.
    fn for_each_row<T: Row>(
        &mut self,
        folder: &Path,
        mut take: impl FnMut(&mut Self, T),
    ) -> Result<(), RunError> {
        let places = self.places.clone();
        let mut begun = false;
        let wanted = |well: &str| match (places.contains_key(well), begun) {
            (true, _) => {
                begun = true;
                Wanted::Yes
            }
            (false, false) => Wanted::No,
            (false, true) => Wanted::NoMore,
        };
        read_wanted(folder, wanted, |row| take(self, row))
    }
}

/// Puts a value into its place in a list, which grows to hold it.
fn put(values: &mut Vec<Option<f64>>, place: usize, value: Option<f64>) {
    values.resize(values.len().max(place + 1), None);
    values[place] = value;
}

impl WellResults {
    fn add_prediction(&mut self, row: &PredictionRow) {
        let place = self.place(row.month.index());
        let model = self.model_at(row.model);
        put(&mut model.subsidence_mm, place, row.predicted_subsidence_mm);
        put(
            &mut model.increment_mm,
            place,
            Some(row.predicted_increment_mm),
        );
        let at = &mut self.months[place];
        at.observed_mm = row.observed_subsidence_mm;
        // A directly measured series has one point, which has no spread.
        at.spread_mm = row
            .observed_low_mm
            .zip(row.observed_high_mm)
            .filter(|(low, high)| low < high);
        at.days = row.days;
        at.part = row.part;
    }

    fn add_attention(&mut self, row: AttentionRow) {
        let place = self.place(row.month.index());
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
        let at = &mut self.months[place];
        put(&mut at.level_m, layer, row.level_m);
        // A layer without a level is left out of the attention: its share is not zero but none.
        let attention = row.level_m.map(|_| row.attention);
        put(&mut at.attention, layer, attention);
    }

    fn add_epoch(&mut self, row: TrainingRow) {
        self.model_at(row.model).epochs.push(row);
    }

    /// Place of a month; the tables name the months of a well in rising order, those without a row in between are filled in.
    fn place(&mut self, month: i32) -> usize {
        let first = self.months.first().map_or(month, |first| first.month);
        let next = first + self.months.len() as i32;
        for index in next..=month {
            self.months.push(MonthResults {
                month: index,
                ..MonthResults::default()
            });
        }
        (month - first).max(0) as usize
    }

    fn model_at(&mut self, model: ModelKind) -> &mut ModelResults {
        let place = if let Some(place) = self.models.iter().position(|known| known.model == model) {
            place
        } else {
            self.models.push(ModelResults::new(model));
            self.models.len() - 1
        };
        &mut self.models[place]
    }
}
