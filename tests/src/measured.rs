//! Measured wells, which the repository does not carry.

use std::env;
use std::path::PathBuf;

use crate::skip::skip;
use crate::toolchain;

/// Environment variable that names the folder with measured wells, instead of `../shared/data` beside the repository.
pub const DATA_VARIABLE: &str = "AMLSTM_DATA";

/// The folders of the measured wells, or `None` after the running test is recorded as skipped.
///
/// # Panics
///
/// Where they are missing and tests with them are required.
pub fn folders() -> Option<Vec<PathBuf>> {
    let data = env::var_os(DATA_VARIABLE)
        .map_or_else(|| toolchain::root().join("../shared/data"), PathBuf::from);
    let folders = ["holly", "central-valley-d201"].map(|well| data.join(well));
    if let Some(missing) = folders.iter().find(|folder| !folder.is_dir()) {
        let missing = missing.display();
        let reason = format!("no measured well in {missing}; {DATA_VARIABLE} names their folder");
        skip(Some("AMLSTM_DATA_TESTS"), &reason);
        return None;
    }
    Some(folders.to_vec())
}
