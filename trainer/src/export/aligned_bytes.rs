//! The bytes of a model file in memory.

use std::path::Path;
use std::{fmt, io, ops};

/// Bytes that begin at a multiple of four, as a model file in memory must.
#[derive(Clone, PartialEq, Eq)]
pub struct AlignedBytes {
    words: Vec<u32>,
    length: usize,
}

impl AlignedBytes {
    /// So many zeros.
    pub fn zeros(length: usize) -> Self {
        Self {
            words: vec![0; length.div_ceil(4)],
            length,
        }
    }

    /// Copies bytes to an aligned place.
    pub fn new(bytes: &[u8]) -> Self {
        let mut aligned = Self::zeros(bytes.len());
        aligned.copy_from_slice(bytes);
        aligned
    }

    /// Keeps the first `length` bytes.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
        self.words.truncate(self.length.div_ceil(4));
    }

    /// Reads a whole file.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn read(path: &Path) -> io::Result<Self> {
        Ok(Self::new(&fs_err::read(path)?))
    }
}

impl ops::DerefMut for AlignedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.length]
    }
}

impl ops::Deref for AlignedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }
}

impl fmt::Debug for AlignedBytes {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} aligned bytes", self.length)
    }
}
