//! The checksum of model files, saved states and link frames.

use crc::{CRC_32_ISO_HDLC, Crc, Table};

/// Lanes of the table, 1 KiB each: one on a device to save flash, sixteen on a host for speed.
const LANES: usize = if cfg!(target_os = "none") { 1 } else { 16 };

/// CRC-32 as in IEEE 802.3.
pub static CRC32: Crc<u32, Table<LANES>> = Crc::<u32, Table<LANES>>::new(&CRC_32_ISO_HDLC);
