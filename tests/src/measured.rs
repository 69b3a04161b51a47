//! Measured wells, which the repository does not carry.

use std::env;
use std::io::Write;
use std::path::PathBuf;

use crate::toolchain;

/// Environment variable that names the folder with measured wells, instead of `../shared/data` beside the repository.
pub const DATA_VARIABLE: &str = "AMLSTM_DATA";

/// The folders of the measured wells, or `None` after a line on stderr that says that the test is skipped.
pub fn folders() -> Option<Vec<PathBuf>> {
    let data = env::var_os(DATA_VARIABLE)
        .map_or_else(|| toolchain::root().join("../shared/data"), PathBuf::from);
    let folders = ["holly", "central-valley-d201"].map(|well| data.join(well));
    if let Some(missing) = folders.iter().find(|folder| !folder.is_dir()) {
        // Past the capture of the test runner: a skipped test must be seen.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: no measured well in {}; {DATA_VARIABLE} names their folder",
            missing.display()
        );
        return None;
    }
    Some(folders.to_vec())
}
