//! Tests that cannot run on a machine: they say so, `tests/run` counts them, and where they are required they fail instead.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;

/// Environment variable with the file that `tests/run` counts skipped tests in: one line each.
const LIST_VARIABLE: &str = "AMLSTM_SKIPPED";

/// Records that the running test skips, and why. `required_by` is the environment variable that forbids it with the value `required`.
///
/// # Panics
///
/// If the variable does so.
pub fn skip(required_by: Option<&str>, reason: &str) {
    if let Some(variable) = required_by {
        let required = env::var(variable).as_deref() == Ok("required");
        assert!(!required, "{reason}; {variable}=required forbids to skip");
    }
    let thread = std::thread::current();
    let line = format!("{}: {reason}\n", thread.name().unwrap_or("a test"));
    // Past the capture of the test runner: a skipped test must be seen.
    let _ = write!(std::io::stderr(), "skipped: {line}");
    if let Some(list) = env::var_os(LIST_VARIABLE) {
        let appended = OpenOptions::new()
            .append(true)
            .create(true)
            .open(list)
            .and_then(|mut file| file.write_all(line.as_bytes()));
        appended.expect("the list of skipped tests can be written");
    }
}
