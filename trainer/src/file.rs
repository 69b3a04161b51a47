//! Whole files: read into aligned memory, written beside and renamed.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub struct FileError {
    path: PathBuf,
    action: &'static str,
    source: io::Error,
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The system's own words are the source: they are printed behind this line.
        write!(
            formatter,
            "{}: cannot be {}",
            self.path.display(),
            self.action
        )
    }
}

/// Bytes that begin on a multiple of four, as a model file must lie in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlignedBytes {
    words: Vec<u32>,
    length: usize,
}

impl AlignedBytes {
    /// Copies `bytes`.
    pub fn from_slice(bytes: &[u8]) -> Self {
        let mut words = vec![0u32; bytes.len().div_ceil(4)];
        bytemuck::cast_slice_mut::<u32, u8>(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self {
            words,
            length: bytes.len(),
        }
    }

    /// Reads a whole file.
    ///
    /// # Errors
    ///
    /// What the system says, with the path.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let bytes = std::fs::read(path).map_err(|source| FileError {
            path: path.to_owned(),
            action: "read",
            source,
        })?;
        Ok(Self::from_slice(&bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }
}

/// Writes `bytes` beside `path` and renames, so that nobody ever sees half a file.
///
/// # Errors
///
/// What the system says, with the path; the file before stays as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let write = || {
        let mut beside = tempfile::NamedTempFile::new_in(folder)?;
        beside.write_all(bytes)?;
        beside.as_file().sync_all()?;
        set_usual_permissions(beside.path())?;
        beside.persist(path).map_err(io::Error::from)?;
        Ok(())
    };
    write().map_err(|source| FileError {
        path: path.to_owned(),
        action: "written",
        source,
    })
}

/// Temporary files are private; a result is for everybody.
#[cfg(unix)]
fn set_usual_permissions(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_usual_permissions(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_begin_on_a_multiple_of_four_and_keep_their_length() {
        for length in 0..9 {
            let bytes: Vec<u8> = (0..length).collect();
            let aligned = AlignedBytes::from_slice(&bytes);
            assert_eq!(aligned.as_bytes(), bytes);
            assert_eq!(aligned.as_bytes().as_ptr().align_offset(4), 0);
        }
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.txt");
        write_whole(&path, b"first").expect("the folder is writable");
        write_whole(&path, b"second").expect("the folder is writable");
        assert_eq!(
            AlignedBytes::read(&path).expect("it is there").as_bytes(),
            b"second"
        );
        assert_eq!(
            std::fs::read_dir(folder.path())
                .expect("it is a folder")
                .count(),
            1
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = write_whole(Path::new("/nowhere/at/all.txt"), b"").expect_err("no such folder");
        assert_eq!(error.to_string(), "/nowhere/at/all.txt: cannot be written");
    }
}
