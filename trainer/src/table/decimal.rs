//! Plain decimal numbers, which are nearly all that tables hold, read without the general parser's detours.

/// Powers of ten that an f64 holds exactly and that a mantissa below may be divided by.
const POWERS: [f64; 16] = [
    1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// A number such as `-12.345`, of at most 15 digits and without exponent; `None` for any other text, which may be a number all the same.
///
/// Its digits and the power of ten are both exact, so their quotient is rounded once: it is the number that `str::parse` gives (Clinger 1990,
/// doi:10.1145/93542.93557).
pub fn plain_decimal(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let mut mantissa = 0_u64;
    let mut point = None;
    for (place, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(place),
            _ => return None,
        }
        if place >= POWERS.len() {
            return None;
        }
    }
    let count = digits.len() - usize::from(point.is_some());
    if count == 0 || count >= POWERS.len() {
        return None;
    }
    let decimals = point.map_or(0, |point| digits.len() - 1 - point);
    let number = mantissa as f64 / POWERS[decimals];
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_plain_is_left_to_the_general_parser() {
        for text in [
            "",
            "-",
            ".",
            "-.",
            "1e3",
            "+1",
            "1.2.3",
            "inf",
            "NaN",
            " 1",
            "1234567890123456",
        ] {
            assert_eq!(plain_decimal(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn signs_and_bare_points_are_understood() {
        let bits = |text: &str| plain_decimal(text.as_bytes()).map(f64::to_bits);
        for text in [
            "-0.00",
            "0",
            ".5",
            "5.",
            "-12.345",
            "999999999999999",
            "0.00000000000001",
        ] {
            assert_eq!(bits(text), text.parse().ok().map(f64::to_bits), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_number_has_the_bits_of_the_general_parser(text in "-?[0-9]{0,9}(\\.[0-9]{0,9})?") {
            if let Some(number) = plain_decimal(text.as_bytes()) {
                prop_assert_eq!(number.to_bits(), text.parse::<f64>().unwrap().to_bits());
            }
        }
    }
}
