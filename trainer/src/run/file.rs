//! Files that have their name only when they are whole.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use tempfile::NamedTempFile;

use super::RunError;

/// Writes a file under another name, syncs it to the disk, and gives it its own: the name never stands for half a file, whatever happens.
///
/// # Errors
/// When it cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let mut file = unnamed(path)?;
    let written = file.write_all(bytes);
    written.map_err(|source| RunError::file(path, source))?;
    name(file, path)
}

/// As [`write_atomically`], without the sync: after a power cut the name may stand for half a file, which the reader must recognise.
pub(super) fn write_unsynced(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let mut file = unnamed(path)?;
    let written = file.write_all(bytes);
    written.map_err(|source| RunError::file(path, source))?;
    persist(file, path)
}

/// A file beside `path` that vanishes unless it is named; with the permissions of any other new file.
pub(super) fn unnamed(path: &Path) -> Result<NamedTempFile, RunError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    tempfile::Builder::new()
        .make_in(folder, |path| File::create_new(path))
        .map_err(|error| RunError::file(path, without_path(error)))
}

/// Syncs a file to the disk and gives it its name.
pub(super) fn name(file: NamedTempFile, path: &Path) -> Result<(), RunError> {
    file.as_file()
        .sync_all()
        .map_err(|source| RunError::file(path, source))?;
    persist(file, path)
}

fn persist(file: NamedTempFile, path: &Path) -> Result<(), RunError> {
    file.persist(path)
        .map(drop)
        .map_err(|error| RunError::file(path, error.error))
}

/// The system's error alone: tempfile puts the name of the temporary file before it, which means nothing to the user.
fn without_path(error: io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|inner| inner.source());
    let system = inner.and_then(|inner| inner.downcast_ref::<io::Error>());
    match system.and_then(io::Error::raw_os_error) {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_file_that_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing/a.amlm");
        let error = write_atomically(&path, b"1").unwrap_err();
        let RunError::File {
            path: named,
            source,
        } = error
        else {
            panic!("{error}")
        };
        assert_eq!(named, path);
        assert!(!source.to_string().contains(".tmp"), "{source}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_the_permissions_of_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let [ours, plain] = ["ours", "plain"].map(|name| folder.path().join(name));
        write_atomically(&ours, b"1").unwrap();
        std::fs::write(&plain, b"1").unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }
}
