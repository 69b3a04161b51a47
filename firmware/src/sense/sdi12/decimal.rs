//! Decimal numbers.

/// A number of at most 7 digits with an optional sign and decimal point, to the nearest `f32`: seven digits are below 2^24 and powers
/// of ten up to 10^7 are exact in `f32`, so that the one division rounds once.
pub fn parse_decimal(text: &[u8]) -> Option<f32> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    let (mut mantissa, mut count, mut divisor, mut point) = (0_u32, 0, 1.0_f32, false);
    for &byte in digits {
        if byte == b'.' && !point {
            point = true;
            continue;
        }
        mantissa = mantissa * 10 + u32::from(digit_of(byte)?);
        count += 1;
        if count > 7 {
            return None;
        }
        if point {
            divisor *= 10.0;
        }
    }
    let magnitude = mantissa as f32 / divisor;
    (count > 0).then_some(if negative { -magnitude } else { magnitude })
}

pub(super) fn digit_of(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}
