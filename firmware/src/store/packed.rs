//! Records as the bytes of an item.
//!
//! An item begins with its CRC, its length and a CRC of that (sequential-storage 8.0.2, `item.rs`). If the power goes behind the first word, the next item is
//! written one word later, and its own CRC lies where the old header has its length. One CRC of 65,536 looks like a length with its CRC. Where that length
//! fits the page, such an item is not found again; where it is longer than any item, nothing of the region can be read any more (sequential-storage issue
//! 136). So no item is written whose CRC looks so: a zero byte behind the record, which postcard does not read, gives it another one.

use serde::Serialize;

use super::StoreError;

/// Serialises a record into `buffer`. `before`: what lies in front of it in the item.
///
/// # Errors
/// [`StoreError::TooLarge`].
pub fn pack<'b, T: Serialize>(
    before: &[u8],
    record: &T,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], StoreError> {
    let packed = postcard::to_slice(record, buffer).map_err(|_| StoreError::TooLarge)?;
    let mut length = packed.len();
    while length_in_crc(before, buffer.get(..length).unwrap_or_default()).is_some() {
        *buffer.get_mut(length).ok_or(StoreError::TooLarge)? = 0;
        length += 1;
    }
    buffer.get(..length).ok_or(StoreError::TooLarge)
}

/// The length for which the CRC of an item with this data could be taken.
pub(super) fn length_in_crc(before: &[u8], record: &[u8]) -> Option<u16> {
    let crc = data_crc_of(before.iter().chain(record));
    let length = crc as u16;
    (length_crc_of(length) == (crc >> 16) as u16).then_some(length)
}

/// The CRC of an item's data (`adapted_crc32`): Castagnoli's with another initial value, never 0, and never with 0 or 255 in its first byte.
fn data_crc_of<'d>(data: impl Iterator<Item = &'d u8>) -> u32 {
    let mut crc = 0xeeee_eeee_u32;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
        }
    }
    match !crc {
        0 => 1,
        crc if matches!(crc as u8, 0 | 0xff) => crc ^ 1,
        crc => crc,
    }
}

/// The CRC of a length (`crc16`), never that of erased flash.
fn length_crc_of(length: u16) -> u16 {
    let mut crc = 0xffff_u16;
    for byte in length.to_le_bytes() {
        crc ^= u16::from(byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0x1a2e } else { 0 };
        }
    }
    match !crc {
        0xffff => 0xfffe,
        crc => crc,
    }
}
