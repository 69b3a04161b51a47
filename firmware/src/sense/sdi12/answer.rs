//! Parsing of answers.

use amlstm_core::link::Quality;

use super::Values;
use super::crc::crc_characters;
use super::decimal::{digit_of, parse_decimal};

/// The answer to `aM!` or `aC!`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Promise {
    pub ready_s: u32,
    pub values: u8,
}

/// Three digits of seconds, then the number of values: one digit, or two after a concurrent start.
pub(super) fn parse_promise(
    line: &[u8],
    address: u8,
    concurrent: bool,
) -> Result<Promise, Quality> {
    let Some((found, digits)) = line.split_first() else {
        return Err(Quality::GARBLED);
    };
    let expected = if concurrent { 5 } else { 4 };
    if *found != address || digits.len() != expected {
        return Err(Quality::GARBLED);
    }
    let (seconds, values) = digits.split_at_checked(3).ok_or(Quality::GARBLED)?;
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0, |sum, digit| {
                Some(sum * 10 + u32::from(digit_of(*digit)?))
            })
            .ok_or(Quality::GARBLED)
    };
    Ok(Promise {
        ready_s: number(seconds)?,
        values: number(values)? as u8,
    })
}

/// The answer to `aD0!`: address, values each with a sign, CRC if requested.
pub(super) fn parse_values(
    line: &[u8],
    address: u8,
    crc: bool,
    values: &mut Values,
) -> Result<(), Quality> {
    let body = if crc {
        let (body, sent) = line.split_last_chunk::<3>().ok_or(Quality::CRC)?;
        if crc_characters(body) == *sent {
            body
        } else {
            return Err(Quality::CRC);
        }
    } else {
        line
    };
    let Some((&found, mut rest)) = body.split_first() else {
        return Err(Quality::GARBLED);
    };
    if found != address {
        return Err(Quality::GARBLED);
    }
    while !rest.is_empty() {
        let end = rest
            .iter()
            .skip(1)
            .position(|byte| matches!(byte, b'+' | b'-'))
            .map_or(rest.len(), |place| place + 1);
        let (value, after) = rest.split_at_checked(end).ok_or(Quality::GARBLED)?;
        let signed = matches!(value.first(), Some(b'+' | b'-'));
        let value = parse_decimal(value)
            .filter(|_| signed)
            .ok_or(Quality::GARBLED)?;
        values.push(value).map_err(|_| Quality::GARBLED)?;
        rest = after;
    }
    Ok(())
}
