//! Writes sections, padded matrices and the checksum of a model file.

use super::{ArtifactError, CHECK_BYTES, Tag};
use crate::checksum::CRC32;
use crate::sizes::BLOCK;

/// A matrix, stored column by column without padding.
pub(super) struct Matrix<'a> {
    pub(super) numbers: &'a [u8],
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// The bytes of a padding number.
    pub(super) empty: &'a [u8],
}

impl Matrix<'_> {
    pub(super) fn number(&self, row: usize, column: usize) -> Option<&[u8]> {
        let size = self.empty.len();
        let at = (column < self.columns).then_some((column * self.rows + row) * size)?;
        self.numbers.get(at..at + size)
    }
}

/// A file that is being written.
pub(super) struct Writer<'a> {
    pub(super) out: &'a mut [u8],
    pub(super) at: usize,
    pub(super) no_room: ArtifactError,
}

impl Writer<'_> {
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), ArtifactError> {
        self.put_at(self.at, bytes)?;
        self.at += bytes.len();
        Ok(())
    }

    pub(super) fn put_at(&mut self, at: usize, bytes: &[u8]) -> Result<(), ArtifactError> {
        let place = self.out.get_mut(at..at + bytes.len());
        place.ok_or(self.no_room)?.copy_from_slice(bytes);
        Ok(())
    }

    /// Begins a section. Returns where its content begins.
    pub(super) fn begin(&mut self, tag: Tag) -> Result<usize, ArtifactError> {
        self.put(&tag.0)?;
        self.put(&[0; 4])?;
        Ok(self.at)
    }

    /// Ends the section whose content began at `start`.
    pub(super) fn end(&mut self, start: usize) -> Result<(), ArtifactError> {
        let length = (self.at - start) as u32;
        self.put_at(start - 4, &length.to_le_bytes())?;
        while !self.at.is_multiple_of(4) {
            self.put(&[0])?;
        }
        Ok(())
    }

    /// Writes a matrix with this many rows and columns, padding included: one block of rows after the other, each column by column. `row_of` and
    /// `column_of` map them to those of `matrix`; `None` is padding.
    pub(super) fn put_matrix(
        &mut self,
        matrix: &Matrix,
        rows: usize,
        columns: usize,
        row_of: impl Fn(usize) -> Option<usize>,
        column_of: impl Fn(usize) -> Option<usize>,
    ) -> Result<(), ArtifactError> {
        let number = |row, column| matrix.number(row_of(row)?, column_of(column)?);
        for first_row in (0..rows).step_by(BLOCK) {
            for column in 0..columns {
                for row in first_row..first_row + BLOCK {
                    self.put(number(row, column).unwrap_or(matrix.empty))?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn file(&self, bytes: usize) -> Result<&[u8], ArtifactError> {
        self.out.get(..bytes).ok_or(self.no_room)
    }

    /// Writes the CRC-32 to the end of a file of `bytes`.
    pub(super) fn seal(&mut self, bytes: usize) -> Result<(), ArtifactError> {
        let content = bytes - CHECK_BYTES;
        let crc = CRC32.checksum(self.file(content)?);
        self.put_at(content, &crc.to_le_bytes())
    }
}
