//! The configuration of a command that takes site folders, or none for the embedded wells.

use std::path::{Path, PathBuf};

use amlstm::{
    config::{Config, ConfigError, SITE_CONFIG},
    synth,
};

/// So many seeds, counted up from the configuration's.
pub fn seeds(config: &Config, count: u64) -> Vec<u64> {
    (0..count).map(|i| config.seed.wrapping_add(i)).collect()
}

/// Configuration of the site folders, or of the embedded wells, and the user's file over it.
pub fn configuration(folders: &[PathBuf], file: Option<&Path>) -> Result<Config, ConfigError> {
    if folders.is_empty() {
        Config::over(&[(SITE_CONFIG.into(), synth::CONFIG_TOML.into())], file)
    } else {
        Config::of_sites(folders, file)
    }
}
