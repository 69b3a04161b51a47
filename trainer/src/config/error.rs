//! Why a configuration cannot be used.

use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read; says which.
    #[error(transparent)]
    Unreadable(#[from] std::io::Error),
    /// The text is not the TOML of a configuration.
    #[error("{path}:{line}: {message}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong, in one line.
        message: String,
    },
    /// Two sites want different things.
    #[error("{}: {key}: another site trained with it has another value; train them apart, or set the key in a file for --config", path.display())]
    Sites {
        /// Configuration of the second site.
        path: PathBuf,
        /// The key with its section.
        key: String,
    },
    /// A value outside its range.
    #[error("{key}: found {found}, expected {expected}")]
    Range {
        /// The key with its section.
        key: &'static str,
        /// The value.
        found: String,
        /// The range.
        expected: String,
    },
}
