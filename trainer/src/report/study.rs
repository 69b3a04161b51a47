//! Tables that a study left in the run folder.

use std::path::Path;

use super::ReportError;
use super::page::Table;
use crate::figure::gather::GatherError;

/// Tables in the run's folder `study`, in the order of their names.
pub(super) fn tables(folder: &Path) -> Result<Vec<Table>, ReportError> {
    let failed = |source| GatherError::File {
        path: folder.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    let folder = &folder.join("study");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if path.extension().is_some_and(|ending| ending == "csv") {
            paths.push((name, path));
        }
    }
    paths.sort();
    let mut tables = Vec::new();
    for (name, path) in paths {
        let wrong = |error: csv::Error| GatherError::Table {
            path: path.clone(),
            cause: error.to_string(),
        };
        let mut reader = csv::Reader::from_path(&path).map_err(wrong)?;
        let header = reader
            .headers()
            .map_err(wrong)?
            .iter()
            .map(str::to_owned)
            .collect();
        let rows: Result<Vec<_>, _> = reader
            .records()
            .map(|record| record.map(|record| record.iter().map(str::to_owned).collect()))
            .collect();
        tables.push(Table {
            caption: name,
            header,
            rows: rows.map_err(wrong)?,
        });
    }
    Ok(tables)
}
