//! The CRC of an answer.

/// CRC-16/ARC of an answer as its three characters (SDI-12 1.4, section 4.4.12).
pub fn crc_characters(body: &[u8]) -> [u8; 3] {
    let mut crc = 0_u16;
    for &byte in body {
        crc ^= u16::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xa001
            } else {
                crc >> 1
            };
        }
    }
    [
        0x40 | (crc >> 12) as u8,
        0x40 | (crc >> 6 & 0x3f) as u8,
        0x40 | (crc & 0x3f) as u8,
    ]
}
