//! Keeps two processes out of one run folder.
//!
//! The system holds the lock for as long as the process lives, so one that was killed leaves none behind, only the file.

use std::{
    fs::{File, TryLockError},
    io::{self, Read, Write},
    path::Path,
};

use super::RunError;

/// The lock on a run folder that is being written.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Name of its file.
    pub const FILE: &str = "lock";

    /// Takes the lock in `place`, a folder inside of `run`.
    ///
    /// # Errors
    /// When another process has it, or the file cannot be made.
    pub fn take(place: &Path, run: &Path) -> Result<Self, RunError> {
        let path = place.join(Self::FILE);
        let failed = |source| RunError::file(&path, source);
        let open = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let mut file = open.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(failed)?;
                return Err(RunError::InUse {
                    path: run.to_owned(),
                    holder,
                });
            }
            // A file system that has no locks.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        write!(file, "process {}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_and_a_file_left_behind_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(Lock::FILE), "process 1 and more text").unwrap();
        let take = || Lock::take(folder.path(), folder.path());
        let first = take().unwrap();
        let error = take().unwrap_err().to_string();
        let holder = format!("in use by process {}", std::process::id());
        assert!(error.contains(&holder), "{error}");
        drop(first);
        take().unwrap();
    }
}
