//! CRC-32 of model files, saved states and frames.

/// CRC-32 (IEEE 802.3) of what comes piece by piece. On a device without a table: a kilobyte of flash is worth more than the milliseconds at load.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Crc32 {
    remainder: u32,
}

/// x^32 + x^26 + x^23 + x^22 + x^16 + x^12 + x^11 + x^10 + x^8 + x^7 + x^5 + x^4 + x^2 + x + 1, lowest power first, without x^32.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// Remainder of each byte.
#[cfg(not(target_os = "none"))]
static REMAINDERS: [u32; 256] = {
    let mut table = [0; 256];
    let mut rest: &mut [u32] = &mut table;
    let mut byte = 0;
    while let [remainder, after @ ..] = rest {
        *remainder = byte;
        let mut bit = 0;
        while bit < 8 {
            let carry = *remainder & 1;
            *remainder = (*remainder >> 1) ^ (POLYNOMIAL & carry.wrapping_neg());
            bit += 1;
        }
        (byte, rest) = (byte + 1, after);
    }
    table
};

impl Crc32 {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self {
            remainder: u32::MAX,
        }
    }

    /// Goes on with the bytes of `word`, the lowest first.
    pub fn word(self, word: u32) -> Self {
        self.bytes(&word.to_le_bytes())
    }

    /// Goes on with `bytes`.
    #[cfg(not(target_os = "none"))]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            let lowest = usize::from(self.remainder as u8 ^ byte);
            // The table has every byte.
            let remainder = REMAINDERS.get(lowest).copied().unwrap_or_default();
            self.remainder = (self.remainder >> 8) ^ remainder;
        }
        self
    }

    /// Goes on with `bytes`.
    #[cfg(target_os = "none")]
    #[inline(never)]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            self.remainder ^= u32::from(*byte);
            for _ in 0..8 {
                let carry = self.remainder & 1;
                self.remainder = (self.remainder >> 1) ^ (POLYNOMIAL & carry.wrapping_neg());
            }
        }
        self
    }

    /// The CRC-32.
    pub fn finish(self) -> u32 {
        !self.remainder
    }
}

impl Default for Crc32 {
    fn default() -> Self {
        Self::new()
    }
}

/// CRC-32 of `bytes`.
pub fn crc32(bytes: &[u8]) -> u32 {
    Crc32::new().bytes(bytes).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_ieee_one() {
        // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let pieces = Crc32::new()
            .bytes(b"1234")
            .word(u32::from_le_bytes(*b"5678"));
        assert_eq!(pieces.bytes(b"9").finish(), 0xcbf4_3926);
    }
}
