//! Reads a record's bytes, which are postcard's, in half of the flash that postcard's own reader takes for it.
//!
//! What reads one field is called for many, so it is kept from being inlined.

use heapless::Vec;

use super::{NAME_BYTES, Record, Scores, Text};
use crate::arithmetic::ArithmeticKind;
use crate::model::{AttentionKind, Sizes};
use crate::month::Month;

/// Bytes not yet read, or nothing once something could not be read: then all that is read is nothing or zero. One look at the end instead of one after each field saves flash.
pub(super) struct Reader<'a> {
    rest: Option<&'a [u8]>,
    /// Bytes of the last name that is too short or too long.
    wrong_name: Option<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: Some(bytes),
            wrong_name: None,
        }
    }

    /// Bytes of a name that is too short or too long. Looked at here, because who does not ask for the names need not keep them.
    pub(super) fn wrong_name(&self) -> Option<usize> {
        self.wrong_name
    }

    /// Bytes not yet read; nothing if something could not be read.
    pub(super) fn rest(&self) -> Option<&'a [u8]> {
        self.rest
    }

    /// A record: its fields in their order.
    #[inline(always)]
    pub(super) fn record(&mut self) -> Record<'a> {
        Record {
            well: self.text(),
            aquifer_layers: self.texts(),
            sizes: self.sizes(),
            attention: match self.word(2) {
                0 => AttentionKind::None,
                1 => AttentionKind::Shared,
                _ => AttentionKind::PerLayer,
            },
            arithmetic: match self.word(1) {
                0 => ArithmeticKind::F32,
                _ => ArithmeticKind::Q15,
            },
            model_version: self.word(u32::MAX),
            trained_from: self.month(),
            trained_until: self.month(),
            fingerprint: self.number(10),
            seed: self.number(10),
            synthetic: {
                let byte = self.byte();
                self.refuse_if(byte > 1);
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

    fn refuse_if(&mut self, wrong: bool) {
        if wrong {
            self.rest = None;
        }
    }

    #[inline(never)]
    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let parts = self.rest.and_then(|rest| rest.split_at_checked(count));
        let (bytes, rest) = parts.unzip();
        self.rest = rest;
        bytes.unwrap_or_default()
    }

    fn sizes(&mut self) -> Sizes {
        let bytes = self.bytes(3).first_chunk().copied();
        let [inputs, hidden, attention] = bytes.unwrap_or_default();
        Sizes {
            inputs,
            hidden,
            attention,
        }
    }

    fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or(0)
    }

    /// A number in so many bytes at most: 7 bits in each, the lowest first, and the last byte alone below 128.
    #[inline(never)]
    fn number(&mut self, most_bytes: usize) -> u64 {
        let rest = self.rest.into_iter().flatten();
        let above_127 = rest.take_while(|byte| **byte > 127).count();
        let bytes = self.bytes(above_127 + 1);
        self.refuse_if(above_127 >= most_bytes);
        let mut number = 0_u64;
        for byte in bytes.iter().rev() {
            // What does not fit is not a number.
            self.refuse_if(number >> (u64::BITS - 7) != 0);
            number = number << 7 | u64::from(byte & 127);
        }
        number
    }

    /// A number that is not above `most`.
    #[inline(never)]
    fn word(&mut self, most: u32) -> u32 {
        let number = self.number(5);
        if number > u64::from(most) {
            self.rest = None;
            return 0;
        }
        number as u32
    }

    /// A month, whose index is zigzag: 0, -1, 1, -2, ...
    #[inline(never)]
    fn month(&mut self) -> Month {
        let zigzag = self.word(u32::MAX);
        // An odd number is a negative index; here it becomes another one, and no month either.
        let month = Month::from_index(zigzag.rotate_right(1).cast_signed());
        self.refuse_if(month.is_none());
        month.unwrap_or(Month::FIRST)
    }

    fn float(&mut self) -> f32 {
        f32::from_bits(self.four_bytes())
    }

    #[inline(never)]
    fn four_bytes(&mut self) -> u32 {
        let bytes = self.bytes(4).first_chunk().copied();
        u32::from_le_bytes(bytes.unwrap_or_default())
    }

    /// A length, then so many bytes of UTF-8.
    #[inline(never)]
    fn text(&mut self) -> Text<'a> {
        let length = self.word(u32::MAX) as usize;
        if !NAME_BYTES.contains(&length) {
            self.wrong_name = Some(length);
        }
        let text = Text::of_bytes(self.bytes(length));
        self.refuse_if(text.is_none());
        text.unwrap_or_default()
    }

    /// A count, then so many texts.
    #[inline(always)]
    fn texts<const ROOM: usize>(&mut self) -> Vec<Text<'a>, ROOM> {
        let mut texts = Vec::new();
        for _ in 0..self.word(ROOM as u32) {
            // There is room for as many.
            let _ = texts.push(self.text());
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

    #[test]
    fn a_name_that_is_too_short_or_too_long_is_remembered() {
        for (name, expected) in [
            (String::new(), Some(0)),
            ("a".into(), None),
            ("a".repeat(48), None),
            ("a".repeat(49), Some(49)),
        ] {
            let record = Record {
                well: name.as_str().into(),
                ..example::record(PAPER, AttentionKind::Shared)
            };
            let mut room = [0; 200];
            let mut reader = Reader::new(postcard::to_slice(&record, &mut room).unwrap());
            assert_eq!(reader.record().well, record.well);
            assert_eq!(reader.wrong_name(), expected);
        }
    }

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
