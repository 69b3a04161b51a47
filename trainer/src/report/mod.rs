//! One self-contained HTML page per run.
//!
//! The page asks nothing of the network, follows the reader's light or dark theme, prints, and fits a phone. It says what the figures do not show: floors, baselines, disagreement between the methods that
//! name a dominating aquifer layer, and which data are synthetic. It is made from the run folder alone.

mod card;
mod caution;
mod data;
mod page;
mod rates;
mod score;
mod study;
mod table;
mod verdict;

use std::path::{Path, PathBuf};

pub use card::Card;
pub use page::Report;

use crate::results::{ResultsError, RunResults};
use crate::run::{self, RunError, RunFolder};

/// Name of the page in a run folder.
pub const FILE: &str = "report.html";

/// Writes the page of a finished run into its folder; returns the page's path.
///
/// # Errors
/// When the folder is not a finished run or cannot be written.
pub fn write(folder: &Path) -> Result<PathBuf, ResultsError> {
    let path = folder.join(FILE);
    run::write_atomically(&path, read(folder)?.html().as_bytes())?;
    Ok(path)
}

/// Reads what the page of a run shows.
///
/// # Errors
/// When the folder is not a finished run.
pub fn read(folder: &Path) -> Result<Report, ResultsError> {
    let run = RunFolder::open(folder)?;
    let mut cards = Vec::new();
    let results = RunResults::read_with(&run, None, |path, file| cards.push(Card::of(path, file)))?;
    Ok(Report {
        cautions: caution::of_run(run.config(), &results),
        study: study::read(folder, "study")?,
        evaluation: study::read(folder, "evaluation")?,
        config: run.config().to_documented_toml().map_err(RunError::from)?,
        results,
        cards,
    })
}
