//! Files of a run folder, written whole.

use std::path::Path;

use super::RunError;
use crate::whole_file::{filled, name, persist};

/// Writes a file under another name, syncs it to the disk, and gives it its own: the name never stands for half a file, whatever happens.
///
/// # Errors
/// When it cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let written = filled(path, bytes).and_then(|file| name(file, path));
    written.map_err(|source| RunError::file(path, source))
}

/// As [`write_atomically`], without the sync: after a power cut the name may stand for half a file, which the reader must recognise.
pub(super) fn write_unsynced(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let written = filled(path, bytes).and_then(|file| persist(file, path));
    written.map_err(|source| RunError::file(path, source))
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
