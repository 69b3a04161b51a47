//! Head, sections and checksum of a model file.

use core::fmt;

use heapless::Vec;

use super::{ArtifactError, CHECK_BYTES, FORMAT, HEAD_BYTES, MAGIC};
use crate::checksum::CRC32;
use crate::sizes::MAX_FURTHER;
#[cfg(feature = "encode")]
use crate::sizes::MAX_MEMBERS;

/// Names a section of a model file: four letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(pub [u8; 4]);

impl Tag {
    /// The record.
    pub const RECORD: Self = Self(*b"RECD");
    /// The inputs.
    pub const INPUTS: Self = Self(*b"INPT");
    /// The changes that the network sees beside the levels.
    pub const CHANGES: Self = Self(*b"CHNG");
    /// The network's numbers.
    pub const NETWORK: Self = Self(*b"NETW");
    /// The numbers of a further network.
    pub const MEMBER: Self = Self(*b"MEMB");
    /// The physics.
    pub const PHYSICS: Self = Self(*b"PHYS");
    /// How the model was fitted and judged.
    pub const FIT: Self = Self(*b"fitc");
    /// What stands in for levels that were not measured, for physics.
    pub const BRIDGES: Self = Self(*b"FILL");
    /// The intervals of the cumulative subsidence.
    pub const CUMULATIVE: Self = Self(*b"cumu");
    /// How the monthly levels are formed.
    pub const MONTHS: Self = Self(*b"MNTH");

    /// Whether a reader that does not know the tag must refuse the file.
    pub fn is_required(self) -> bool {
        let [first, ..] = self.0;
        !first.is_ascii_lowercase()
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(formatter)
    }
}

/// The contents of the sections.
pub(super) struct Sections<'a> {
    pub(super) record: &'a [u8],
    pub(super) inputs: &'a [u8],
    /// Empty in a network that sees levels only.
    pub(super) changes: &'a [u8],
    pub(super) network: &'a [u8],
    /// Those of further networks, in the order of the file.
    pub(super) further: Vec<&'a [u8], MAX_FURTHER>,
    /// Absent in a model without physics.
    pub(super) physics: Option<&'a [u8]>,
    /// Absent if no level is computed from the others.
    pub(super) bridges: Option<&'a [u8]>,
    /// Absent if every month with a reading counts, in UTC.
    pub(super) months: Option<&'a [u8]>,
    /// Absent if the fit was not described.
    pub(super) fit: Option<&'a [u8]>,
    /// Absent if validation gave none.
    pub(super) cumulative: Option<&'a [u8]>,
}

/// Checks head, length, CRC-32 and sections. Returns the sections and the CRC-32.
pub(super) fn open(bytes: &[u8]) -> Result<(Sections<'_>, u32), ArtifactError> {
    let (sections, crc) = checked(bytes)?;
    let (mut record, mut inputs, mut changes, mut network) = (None, None, None, None);
    let mut further = Vec::new();
    let (mut physics, mut bridges, mut months) = (None, None, None);
    let (mut fit, mut cumulative) = (None, None);
    let mut rest = sections;
    while !rest.is_empty() {
        let (tag, content, after) = section(rest)?;
        rest = after;
        let place = match tag {
            Tag::RECORD => &mut record,
            Tag::INPUTS => &mut inputs,
            Tag::CHANGES => &mut changes,
            Tag::NETWORK => &mut network,
            Tag::MEMBER => {
                further.push(content).map_err(|_| ArtifactError::Members)?;
                continue;
            }
            Tag::PHYSICS => &mut physics,
            Tag::BRIDGES => &mut bridges,
            Tag::MONTHS => &mut months,
            Tag::FIT => &mut fit,
            Tag::CUMULATIVE => &mut cumulative,
            tag if tag.is_required() => return Err(ArtifactError::SectionUnknown { tag }),
            _ => continue,
        };
        if place.replace(content).is_some() {
            return Err(ArtifactError::SectionTwice { tag });
        }
    }
    let missing = |tag| ArtifactError::SectionMissing { tag };
    let sections = Sections {
        record: record.ok_or(missing(Tag::RECORD))?,
        inputs: inputs.ok_or(missing(Tag::INPUTS))?,
        changes: changes.unwrap_or_default(),
        network: network.ok_or(missing(Tag::NETWORK))?,
        further,
        physics,
        bridges,
        months,
        fit,
        cumulative,
    };
    Ok((sections, crc))
}

/// Checks head, length and CRC-32. Returns the bytes of all sections and the CRC-32.
fn checked(bytes: &[u8]) -> Result<(&[u8], u32), ArtifactError> {
    let short = ArtifactError::Short {
        found: bytes.len(),
        expected: HEAD_BYTES + CHECK_BYTES,
    };
    let (content, crc) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or(short)?;
    let (head, sections) = content.split_first_chunk::<HEAD_BYTES>().ok_or(short)?;
    let [m0, m1, m2, m3, f0, f1, z0, z1, l0, l1, l2, l3] = *head;
    let magic = [m0, m1, m2, m3];
    if magic != MAGIC {
        return Err(ArtifactError::Magic { found: magic });
    }
    let format = u16::from_le_bytes([f0, f1]);
    if format != FORMAT {
        return Err(ArtifactError::Format { found: format });
    }
    let file_bytes = u32::from_le_bytes([l0, l1, l2, l3]);
    if file_bytes as usize != bytes.len() {
        return Err(ArtifactError::FileLength {
            found: bytes.len(),
            expected: file_bytes,
        });
    }
    let crc = u32::from_le_bytes(*crc);
    let found = CRC32.checksum(content);
    if found != crc {
        return Err(ArtifactError::Crc {
            found,
            expected: crc,
        });
    }
    check_zero(&[z0, z1])?;
    let remainder = bytes.as_ptr().addr() % 4;
    if remainder != 0 {
        return Err(ArtifactError::Misaligned { remainder });
    }
    Ok((sections, crc))
}

/// Where the contents of the sections of this tag begin in a checked file.
#[cfg(feature = "encode")]
pub(super) fn contents_at(file: &[u8], wanted: Tag) -> Vec<usize, MAX_MEMBERS> {
    let mut found = Vec::new();
    let mut rest = checked(file).map_or(&[][..], |(sections, _)| sections);
    while let Ok((tag, content, after)) = section(rest) {
        if tag == wanted {
            // No tag appears more often in a checked file.
            let _ = found.push(content.as_ptr().addr() - file.as_ptr().addr());
        }
        rest = after;
    }
    found
}

/// Splits off the first section: its tag, its content, and the bytes after it.
fn section(bytes: &[u8]) -> Result<(Tag, &[u8], &[u8]), ArtifactError> {
    let cut = ArtifactError::SectionHead { found: bytes.len() };
    let (tag, rest) = bytes.split_first_chunk::<4>().ok_or(cut)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(cut)?;
    let tag = Tag(*tag);
    let found = u32::from_le_bytes(*length);
    let too_long = ArtifactError::SectionLength {
        tag,
        found,
        room: rest.len(),
    };
    let (content, rest) = rest.split_at_checked(found as usize).ok_or(too_long)?;
    let padding = content.len().next_multiple_of(4) - content.len();
    let (padding, rest) = rest.split_at_checked(padding).ok_or(too_long)?;
    check_zero(padding)?;
    Ok((tag, content, rest))
}

fn check_zero(padding: &[u8]) -> Result<(), ArtifactError> {
    match padding.iter().find(|byte| **byte != 0) {
        Some(found) => Err(ArtifactError::Padding { found: *found }),
        None => Ok(()),
    }
}
