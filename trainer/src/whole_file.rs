//! Files that have their name only when they are whole: whatever happens, no name stands for half a file.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use tempfile::NamedTempFile;

/// A file beside `path` that vanishes unless it is named; with the permissions of any other new file.
///
/// # Errors
/// The system's, which does not name the file.
pub fn unnamed(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    tempfile::Builder::new()
        .make_in(folder, |path| File::create_new(path))
        .map_err(without_path)
}

/// A file beside `path` with these bytes.
///
/// # Errors
/// As [`unnamed`].
pub fn filled(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = unnamed(path)?;
    file.write_all(bytes)?;
    Ok(file)
}

/// Syncs a file to the disk and gives it its name.
///
/// # Errors
/// As [`unnamed`].
pub fn name(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    persist(file, path)
}

/// Gives a file its name without a sync: after a power cut the name may stand for half a file, which the reader must recognise.
///
/// # Errors
/// As [`unnamed`].
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map(drop).map_err(|error| error.error)
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
