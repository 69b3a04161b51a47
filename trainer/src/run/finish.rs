//! From the parts of a run's wells to its tables.

use std::{
    collections::HashSet,
    fs, io,
    io::{BufWriter, Write},
    path::PathBuf,
};

use tempfile::NamedTempFile;

use super::{
    AttentionRow, FailureRow, LevelledPoint, MetricRow, NETWORKS, PARTS, PredictionRow, RatePoint,
    Row, RunError, RunFolder, Share, TABLES, TrainingRow, WellRun,
    file::{write_atomically, write_unsynced},
    part_file::{self, PartFile},
    table,
};
use crate::levelling::Comparison;
use crate::survey::{GroundSurvey, Hint, LayerSurvey};
use crate::whole_file::{name, unnamed};

/// Tables that are not written where they would have no row.
const OPTIONAL: [&str; 5] = [
    RatePoint::TABLE,
    Share::TABLE,
    LayerSurvey::TABLE,
    GroundSurvey::TABLE,
    Hint::TABLE,
];

/// What [`PARTS`] becomes when it is no longer needed: from then on the run is complete.
const DONE: &str = "parts.done";

/// A table that is being written.
struct OpenTable {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
    /// Whether it is written without rows, too.
    always: bool,
    has_rows: bool,
}

impl RunFolder {
    /// Writes the models of a well, then its part; `number` is the well's place in the order of the tables.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_well(&self, number: usize, well: &WellRun) -> Result<(), RunError> {
        for model in &well.models {
            write_unsynced(&self.model_path_of(number, model.network), &model.file)?;
        }
        let models: Vec<&[u8]> = well.models.iter().map(|model| &model.file[..]).collect();
        let part = part_file::encode(&well.chunks(), &models);
        write_unsynced(&self.part_path(number), &part)
    }

    /// Whether a well's part and models are there, whole.
    pub fn has_well(&self, number: usize) -> bool {
        let models = NETWORKS.map(|network| fs::read(self.model_path_of(number, network)));
        let models: Vec<Vec<u8>> = models.into_iter().flatten().collect();
        fs::read(self.part_path(number)).is_ok_and(|bytes| {
            PartFile::decode(&bytes).is_some_and(|part| part.has_models(&models))
        })
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
        self.write_optional(&comparisons.iter().filter_map(row).collect::<Vec<_>>())
    }

    /// Joins the parts of the wells to the tables, in their order; `failures` are the wells that have no part. Where there are none, the parts are removed.
    ///
    /// # Errors
    /// When a file cannot be read or written, or a well has neither a part nor failed.
    pub fn finish(&self, failures: &[FailureRow]) -> Result<(), RunError> {
        self.sync_models()?;
        let mut tables = Vec::with_capacity(TABLES.len());
        for (table, header) in TABLES.into_iter().zip(headers()) {
            let path = self.path.join(table);
            let failed = |source| RunError::file(&path, source);
            let mut file = BufWriter::new(unnamed(&path).map_err(failed)?);
            file.write_all(&header).map_err(failed)?;
            tables.push(OpenTable {
                file,
                path,
                always: !OPTIONAL.contains(&table),
                has_rows: false,
            });
        }
        let failed: HashSet<&str> = failures.iter().map(|row| row.well.as_str()).collect();
        for (number, well) in self.identity.wells.iter().enumerate() {
            if !failed.contains(well.as_str()) {
                self.append_part(number, &mut tables)?;
            }
        }
        for OpenTable {
            file,
            path,
            always,
            has_rows,
        } in tables
        {
            let file = file.into_inner();
            let file = file.map_err(|error| RunError::file(&path, error.into_error()))?;
            if always || has_rows {
                name(file, &path).map_err(|source| RunError::file(&path, source))?;
            }
        }
        self.write_optional(failures)?;
        if failures.is_empty() {
            self.remove_parts()?;
        }
        Ok(())
    }

    /// Writes the failed wells of a shard; [`RunFolder::merge`] does the rest.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish_shard(&self, failures: &[FailureRow]) -> Result<(), RunError> {
        self.sync_models()?;
        self.write_optional(failures)
    }

    /// Appends the rows of a well.
    fn append_part(&self, number: usize, tables: &mut [OpenTable]) -> Result<(), RunError> {
        let path = self.part_path(number);
        let bytes = fs::read(&path).map_err(|source| RunError::file(&path, source))?;
        let part = PartFile::decode(&bytes).ok_or(RunError::Part { path })?;
        for (table, rows) in tables.iter_mut().zip(part.tables) {
            table.has_rows |= !rows.is_empty();
            let written = table.file.write_all(rows);
            written.map_err(|source| RunError::file(&table.path, source))?;
        }
        Ok(())
    }

    /// Writes a table that is not there where it has no row.
    fn write_optional<T: Row>(&self, rows: &[T]) -> Result<(), RunError> {
        let path = self.path.join(T::TABLE);
        if rows.is_empty() {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed.map_err(|source| RunError::file(&path, source)),
            };
        }
        let mut table = table::header::<T>();
        table.extend(table::rows(rows));
        write_atomically(&path, &table)
    }

    /// Removes the parts. From the renaming on the run is complete, whatever is left of them.
    pub(super) fn remove_parts(&self) -> Result<(), RunError> {
        let (parts, done) = (self.path.join(PARTS), self.path.join(DONE));
        let failed = |source| self.failed(source);
        if parts.is_dir() {
            fs::rename(&parts, &done).map_err(failed)?;
        }
        if done.is_dir() {
            fs::remove_dir_all(&done).map_err(failed)?;
        }
        Ok(())
    }

    /// Brings all models to the disk before any table says that the run is finished.
    #[cfg(target_os = "linux")]
    fn sync_models(&self) -> Result<(), RunError> {
        // One call for tens of thousands of files.
        let folder = fs::File::open(&self.path).map_err(|source| self.failed(source))?;
        rustix::fs::syncfs(folder).map_err(|error| self.failed(error.into()))
    }

    /// Brings all models to the disk before any table says that the run is finished.
    #[cfg(not(target_os = "linux"))]
    fn sync_models(&self) -> Result<(), RunError> {
        for folder in NETWORKS.map(|network| self.models_of(network)) {
            for entry in fs::read_dir(folder).map_err(|source| self.failed(source))? {
                let path = entry.map_err(|source| self.failed(source))?.path();
                if path.is_file() {
                    let file = fs::File::options().append(true).open(&path);
                    let synced = file.and_then(|file| file.sync_all());
                    synced.map_err(|source| RunError::file(&path, source))?;
                }
            }
        }
        Ok(())
    }
}

/// The first line of each table, in the order of [`TABLES`].
fn headers() -> [Vec<u8>; TABLES.len()] {
    [
        table::header::<MetricRow>(),
        table::header::<PredictionRow>(),
        table::header::<AttentionRow>(),
        table::header::<RatePoint>(),
        table::header::<Share>(),
        table::header::<TrainingRow>(),
        table::header::<LayerSurvey>(),
        table::header::<GroundSurvey>(),
        table::header::<Hint>(),
    ]
}

#[cfg(test)]
mod tests {
    use crate::{
        config::Config,
        run::{
            RunFolder,
            tests::{failure, identity, well},
        },
    };

    #[test]
    fn tables_come_in_well_order_with_one_header_and_failed_wells_in_a_table_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let wells = ["W0", "W1", "W2"];
        let run = RunFolder::create(&path, &Config::default(), identity(wells)).unwrap();
        for number in [2, 0] {
            run.write_well(number, &well(wells[number])).unwrap();
        }
        run.finish(&[failure("W1")]).unwrap();
        let text = |name| std::fs::read_to_string(path.join(name)).unwrap();
        let header = "well,model,epoch,train_rmse_mm_per_month,validate_rmse_mm_per_month,test_rmse_mm_per_month,kept\n";
        assert_eq!(
            text("training.csv"),
            format!("{header}W0,lstm,1,1.5,,2.0,true\nW2,lstm,1,1.5,,2.0,true\n")
        );
        assert_eq!(
            text("failures.csv"),
            "well,stage,message\nW1,train,diverged\n"
        );
        assert!(path.join("parts").exists(), "to try W1 again");
        let open = RunFolder::open(&path).unwrap();
        assert_eq!(open.wells().unwrap(), ["W0", "W2"]);
        assert!(open.one_well(Some("W1")).is_err());

        run.write_well(1, &well("W1")).unwrap();
        run.finish(&[]).unwrap();
        assert_eq!(text("training.csv").lines().count(), 1 + 3);
        assert!(!path.join("parts").exists() && !path.join("failures.csv").exists());
        assert_eq!(RunFolder::open(&path).unwrap().wells().unwrap(), wells);
    }

    #[test]
    fn a_well_without_part_that_has_not_failed_stops_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let run = RunFolder::create(&path, &Config::default(), identity(["W0"])).unwrap();
        assert!(run.finish(&[]).is_err());
        std::fs::write(run.part_path(0), "half").unwrap();
        let error = run.finish(&[]).unwrap_err().to_string();
        assert!(error.contains("00000000: damaged"), "{error}");
        assert!(!path.join("metrics.csv").exists());
    }
}
