//! Why a run folder cannot be used.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{config::ConfigError, read::ReadError};

/// Why a run folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It has something in it already.
    #[error("{}: not empty, expected a new folder for the run; choose another, remove it, or go on with it by --resume", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// Another process writes it.
    #[error("{}: in use by {holder}; wait until it has ended, or choose another folder", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
        /// Who.
        holder: String,
    },
    /// It was begun with another configuration.
    #[error("{}: a run with another configuration: {key} is {found}, asked for {asked}; go on with the same, or choose another folder", path.display())]
    OtherConfig {
        /// The folder.
        path: PathBuf,
        /// First key that differs.
        key: String,
        /// Its value in the run.
        found: String,
        /// Its value now.
        asked: String,
    },
    /// It was begun with other data.
    #[error("{}: cannot go on with this run: {difference}; choose another folder", path.display())]
    OtherData {
        /// The folder.
        path: PathBuf,
        /// What differs.
        difference: String,
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
    /// A site folder cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Its configuration cannot be read or written.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A table is not as `amlstm train` writes it.
    #[error("{}: {cause}, expected the table as `amlstm train` writes it", path.display())]
    Table {
        /// The table.
        path: PathBuf,
        /// Where and what was found.
        cause: String,
    },
    /// The part of a well was changed while the run went on.
    #[error("{}: damaged; go on with the run by --resume, which trains the well again", path.display())]
    Part {
        /// The file.
        path: PathBuf,
    },
    /// The file system's reason.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl RunError {
    /// The file system's reason at a file.
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}
