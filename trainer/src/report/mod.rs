//! One self-contained HTML page per run.
//!
//! The page asks nothing of the network, follows the reader's light or dark theme, prints, and fits a phone. It says what the figures do not show: floors, baselines, disagreement between the methods that
//! name a dominating aquifer layer, and which data are synthetic. It is made from the run folder alone.

mod card;
mod caution;
mod page;
mod rates;
mod score;
mod study;
mod verdict;

use std::path::{Path, PathBuf};

pub use card::Card;
pub use page::Report;

use crate::config::Config;
use crate::figure::FigureError;
use crate::figure::gather::{self, GatherError};
use crate::run::{self, RunError, RunFolder};

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
    /// A file cannot be written.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Writes the page of a finished run into its folder; returns the page's path.
///
/// # Errors
/// When the folder is not a finished run or cannot be written.
pub fn write(folder: &Path) -> Result<PathBuf, ReportError> {
    let path = folder.join(FILE);
    run::write_atomically(&path, read(folder)?.html()?.as_bytes())?;
    Ok(path)
}

/// Reads what the page of a run shows.
///
/// # Errors
/// When the folder is not a finished run.
pub fn read(folder: &Path) -> Result<Report, ReportError> {
    let shown = gather::gather(folder, None)?;
    let path = folder.join("config.toml");
    let config = Config::read(&path).map_err(GatherError::from)?;
    let text =
        std::fs::read_to_string(&path).map_err(|source| GatherError::File { path, source })?;
    let run = RunFolder::open(folder)?;
    let mut cards = Vec::new();
    for well in &shown.wells {
        for path in gather::model_paths(&run, &well.well) {
            cards.push(gather::read_model(&path, |file| Card::of(&path, file))?);
        }
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
