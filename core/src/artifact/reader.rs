//! Reads a record's bytes, which are postcard's, in half of the flash that postcard's own reader takes for it.
//!
//! What reads one field is called for many, so it is kept from being inlined.

use heapless::Vec;

use super::{Record, Scores, Text};
use crate::arithmetic::ArithmeticKind;
use crate::model::{AttentionKind, Sizes};
use crate::month::Month;

/// Bytes not yet read. What cannot be read is nothing or zero, and is remembered: one look at the end instead of one after each field saves flash.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    failed: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            failed: false,
        }
    }

    /// Bytes not yet read; nothing if something could not be read.
    pub(super) fn rest(&self) -> Option<&'a [u8]> {
        (!self.failed).then_some(self.rest)
    }

    /// A record: its fields in their order.
    #[allow(
        clippy::inline_always,
        reason = "its one caller takes the fields as they are read, without a copy"
    )]
    #[inline(always)]
    pub(super) fn record(&mut self) -> Record<'a> {
        Record {
            well: self.text(),
            aquifer_layers: self.texts(),
            sizes: Sizes {
                inputs: self.byte(),
                hidden: self.byte(),
                attention: self.byte(),
            },
            attention: match self.kind(3) {
                0 => AttentionKind::None,
                1 => AttentionKind::Shared,
                _ => AttentionKind::PerLayer,
            },
            arithmetic: match self.kind(2) {
                0 => ArithmeticKind::F32,
                _ => ArithmeticKind::Q15,
            },
            model_version: self.word(),
            trained_from: self.month(),
            trained_until: self.month(),
            fingerprint: self.varint(10),
            seed: self.varint(10),
            synthetic: {
                let byte = self.byte();
                self.failed |= byte > 1;
                byte > 0
            },
            scores: Scores {
                train_rmse_mm: self.float(),
                validate_rmse_mm: self.float(),
                test_rmse_mm: self.float(),
                floor_rmse_mm: self.float(),
            },
            interval_half_width_mm: self.float(),
        }
    }

    fn found<T>(&mut self, found: Option<T>, otherwise: T) -> T {
        self.failed |= found.is_none();
        found.unwrap_or(otherwise)
    }

    #[inline(never)]
    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (bytes, rest) = self.found(self.rest.split_at_checked(count), (&[], &[]));
        self.rest = rest;
        bytes
    }

    #[inline(never)]
    fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or(0)
    }

    /// A number in so many bytes at most: 7 bits in each, the lowest first, and the last byte alone below 128.
    fn varint(&mut self, most_bytes: usize) -> u64 {
        let above_127 = self.rest.iter().take_while(|byte| **byte > 127).count();
        let bytes = self.bytes(above_127 + 1);
        self.failed |= above_127 >= most_bytes;
        let mut number = 0_u64;
        for byte in bytes.iter().rev() {
            // What does not fit is not a number.
            self.failed |= number >> (u64::BITS - 7) != 0;
            number = number << 7 | u64::from(byte & 127);
        }
        number
    }

    fn word(&mut self) -> u32 {
        let number = self.varint(5);
        self.failed |= number > u64::from(u32::MAX);
        number as u32
    }

    /// The number of one of so many kinds.
    #[inline(never)]
    fn kind(&mut self, kinds: u32) -> u32 {
        let kind = self.word();
        self.failed |= kind >= kinds;
        kind
    }

    /// A month, whose index is zigzag: 0, -1, 1, -2, ...
    #[inline(never)]
    fn month(&mut self) -> Month {
        let zigzag = self.word();
        let index = (zigzag >> 1) as i32 ^ -((zigzag & 1) as i32);
        self.found(Month::from_index(index), Month::FIRST)
    }

    #[inline(never)]
    fn float(&mut self) -> f32 {
        let bytes = self.bytes(4).first_chunk().copied().unwrap_or_default();
        f32::from_le_bytes(bytes)
    }

    /// A length, then so many bytes of UTF-8.
    #[inline(never)]
    fn text(&mut self) -> Text<'a> {
        let length = self.word() as usize;
        let text = self.bytes(length);
        self.found(Text::of_bytes(text), Text::default())
    }

    /// A count, then so many texts.
    fn texts<const ROOM: usize>(&mut self) -> Vec<Text<'a>, ROOM> {
        let mut texts = Vec::new();
        let count = self.word();
        for _ in 0..count {
            let text = self.text();
            if texts.push(text).is_err() {
                self.failed = true;
                break;
            }
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::example::{self, PAPER};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50_000))]

        #[test]
        fn bytes_are_read_or_refused_as_postcard_does(
            at in any::<Index>(),
            with in vec(any::<u8>(), 0..12),
            cut in proptest::option::of(any::<Index>()),
        ) {
            let record = example::record(PAPER, AttentionKind::PerLayer);
            let mut room = [0; 200];
            let mut bytes = postcard::to_slice(&record, &mut room).unwrap().to_vec();
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + with.len());
            bytes[at..end].copy_from_slice(&with[..end - at]);
            if let Some(length) = cut {
                bytes.truncate(length.index(bytes.len()));
            }

            let mut reader = Reader::new(&bytes);
            let record = reader.record();
            let found = reader.rest().map(|rest| (record, rest));
            let expected = postcard::take_from_bytes::<Record>(&bytes).ok();
            // NaN is not equal to itself.
            prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
        }
    }
}
