//! The texts of a record.

use core::fmt;

use serde::{Serialize, Serializer};

/// A text whose bytes were checked to be UTF-8 when they were read.
///
/// It is a `&str` but for its type: a device that shows no name does without the check of core, which takes 500 bytes of flash.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// The text of these bytes, or nothing if they are not UTF-8.
    pub(super) fn of_bytes(bytes: &'a [u8]) -> Option<Self> {
        is_utf8(bytes).then_some(Self(bytes))
    }

    /// The text as Rust knows it.
    pub fn as_str(self) -> &'a str {
        // There is no other way to it without `unsafe`, and no text that is not UTF-8.
        core::str::from_utf8(self.0).unwrap_or_default()
    }

    /// The text as UTF-8.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }
}

/// Whether these are characters of UTF-8 (The Unicode Standard, table 3-7): each as short as it can be, none a surrogate or above the last.
fn is_utf8(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter();
    while let Some(first) = bytes.next() {
        let length = first.leading_ones();
        if length == 0 {
            continue;
        }
        // Below begin what goes on with a character and ASCII in two bytes, above what no character begins with.
        if !(0xc2..0xf5).contains(first) {
            return false;
        }
        let mut scalar = u32::from(*first) & (0x7f >> length);
        for _ in 1..length {
            let Some(byte) = bytes.next().filter(|byte| **byte >> 6 == 0b10) else {
                return false;
            };
            scalar = scalar << 6 | u32::from(byte & 0x3f);
        }
        // Three bytes are for 12 bits and more, four for 17.
        let too_long = scalar >> (5 * length - 4) == 0;
        if too_long || scalar >> 11 == 0xd800 >> 11 || scalar > 0x10_ffff {
            return false;
        }
    }
    true
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.as_bytes())
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), formatter)
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_str().serialize(serializer)
    }
}

#[cfg(test)]
impl<'de: 'a, 'a> serde::Deserialize<'de> for Text<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&str>::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Bytes at the borders of what UTF-8 tells apart, and any other.
    fn byte() -> impl Strategy<Value = u8> {
        const BORDERS: [u8; 25] = [
            0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
            0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff,
        ];
        prop_oneof![3 => proptest::sample::select(&BORDERS[..]), 1 => any::<u8>()]
    }

    fn judged_as_core_does(bytes: &[u8]) -> bool {
        Text::of_bytes(bytes).map(Text::as_str) == core::str::from_utf8(bytes).ok()
    }

    #[test]
    fn all_of_three_bytes_and_less_are_judged_as_core_does() {
        for number in 0..1_u32 << 24 {
            let [bytes @ .., _] = number.to_le_bytes();
            assert!(judged_as_core_does(&bytes), "{bytes:02x?}");
        }
        for number in 0..=u16::MAX {
            let bytes = number.to_le_bytes();
            assert!(judged_as_core_does(&bytes), "{bytes:02x?}");
            assert!(judged_as_core_does(&bytes[..1]), "{bytes:02x?}");
        }
    }

    #[test]
    fn all_characters_and_their_neighbours_of_four_bytes_are_judged_as_core_does() {
        for scalar in 0..1_u32 << 21 {
            let byte = |shift: u32| 0x80 | (scalar >> shift & 0x3f) as u8;
            let bytes = [0xf0 | (scalar >> 18) as u8, byte(12), byte(6), byte(0)];
            assert!(judged_as_core_does(&bytes), "{bytes:02x?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50_000))]

        #[test]
        fn bytes_are_judged_as_core_does(bytes in vec(byte(), 0..10)) {
            prop_assert!(judged_as_core_does(&bytes), "{:02x?}", bytes);
        }

        #[test]
        fn texts_with_a_byte_replaced_are_judged_as_core_does(
            text in "\\PC{1,8}",
            at in any::<proptest::sample::Index>(),
            with in byte(),
        ) {
            let mut bytes = text.into_bytes();
            prop_assert!(judged_as_core_does(&bytes));
            let at = at.index(bytes.len());
            bytes[at] = with;
            prop_assert!(judged_as_core_does(&bytes), "{:02x?}", bytes);
        }
    }
}
