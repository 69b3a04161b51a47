//! One self-contained HTML page per run.
//!
//! The page asks nothing of the network, follows the reader's light or dark theme, prints, and fits a phone. It says what the figures do not show: floors, baselines, disagreement between the methods that
//! name a dominating aquifer layer, and which data are synthetic. It is made from the run folder alone, to which [`write`] first adds what it needs of the data.

mod card;
mod caution;
mod page;
mod rates;
mod score;
mod sources;
mod study;
mod verdict;

use std::path::{Path, PathBuf};

pub use card::Card;
pub use page::Report;
pub use sources::Sources;

use crate::config::Config;
use crate::figure::FigureError;
use crate::figure::gather::{self, GatherError};
use crate::ps::PointsError;
use crate::read::Well;
use crate::run::{self, RunError};
use crate::table::TableError;

/// Name of the page in a run folder.
pub const FILE: &str = "report.html";

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The run folder cannot be read.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// A figure cannot be drawn.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// The levelling cannot be read.
    #[error(transparent)]
    Levelling(#[from] TableError),
    /// The ps points around the benchmarks cannot be read.
    #[error(transparent)]
    Points(#[from] PointsError),
    /// A file cannot be written.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Adds the tables `ps_points.csv`, `levelling.csv` and `attribution.csv` to a finished run folder and writes its page; returns the page's path.
///
/// # Errors
/// When the folder is not a finished run or cannot be written.
pub fn write(folder: &Path, wells: &[Well], sources: &Sources) -> Result<PathBuf, ReportError> {
    sources::write_tables(folder, wells, sources)?;
    let path = folder.join(FILE);
    run::write_beside(&path, read(folder)?.html()?.as_bytes())?;
    Ok(path)
}

/// Reads what the page of a run shows.
///
/// # Errors
/// When the folder is not a finished run.
pub fn read(folder: &Path) -> Result<Report, ReportError> {
    let shown = gather::gather(folder)?;
    let path = folder.join("config.toml");
    let config = Config::read(&path).map_err(GatherError::from)?;
    let text =
        std::fs::read_to_string(&path).map_err(|source| GatherError::File { path, source })?;
    let mut cards = Vec::new();
    for path in gather::model_paths(folder)? {
        cards.push(gather::read_model(&path, |file| Card::of(&path, file))?);
    }
    let cautions = caution::of_run(&config, &shown);
    Ok(Report {
        shown,
        cards,
        config: text,
        cautions,
        study: study::read(folder)?,
    })
}
