//! A logger's flash as a small file: only what is written.
//!
//! Pieces one after the other, little endian: `u32` offset, `u32` length, then the bytes. A piece lies in one 4 KiB sector and ends with its
//! last written byte; all else is 0xff.

const SECTOR: usize = 4096;

/// Only the written parts of a flash.
pub fn pack(flash: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    for (index, sector) in flash.chunks(SECTOR).enumerate() {
        let Some(last) = sector.iter().rposition(|byte| *byte != 0xff) else {
            continue;
        };
        let written = &sector[..=last];
        for number in [index * SECTOR, written.len()] {
            packed.extend_from_slice(&(number as u32).to_le_bytes());
        }
        packed.extend_from_slice(written);
    }
    packed
}

/// Lays a packed flash into an erased one.
///
/// # Panics
///
/// If `packed` is no packed flash, or of a larger one.
pub fn unpack(mut packed: &[u8], flash: &mut [u8]) {
    while !packed.is_empty() {
        let number = |place: usize| {
            let bytes = packed[place..].first_chunk().expect("a piece has a head");
            u32::from_le_bytes(*bytes) as usize
        };
        let (offset, length) = (number(0), number(4));
        flash[offset..offset + length].copy_from_slice(&packed[8..8 + length]);
        packed = &packed[8 + length..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flash_survives_its_packing() {
        let mut flash = vec![0xff; 4 * SECTOR];
        flash[5..9].copy_from_slice(&[0, 0xff, 3, 4]);
        flash[2 * SECTOR..3 * SECTOR].fill(0);
        let packed = pack(&flash);
        assert_eq!(packed.len(), 8 + 9 + 8 + SECTOR);
        let mut again = vec![0xff; flash.len()];
        unpack(&packed, &mut again);
        assert_eq!(again, flash);
    }
}
