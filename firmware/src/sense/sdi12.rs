//! SDI-12 version 1.4, the logger's side: commands, answers, parity, CRC, retries within a time.
//!
//! A measurement is `aM!`, `aM1!` ... `aM9!` (`aMC!` ... with CRC), answered `atttn`: ready in `ttt` seconds, or earlier with a service request `a`,
//! with `n` values; then `aD0!`, `aD1!` ... until all values came. A concurrent one is `aC!` ..., answered `atttnn`, without a service request.
//! `aR0!` ... `aR9!` bring values at once.

use amlstm_core::link::{Quality, Sdi12Command, Sdi12Reading};
use heapless::Vec;

use crate::board::{Clock, SensorBus};
use crate::bounded::collect_bounded;

/// Most values of a command: nine of an `M` measurement, and more than any water sensor has of the others.
pub const MAX_VALUES: usize = 20;
/// Longest answer: 75 characters of values and CRC, address and CR LF.
pub const MAX_ANSWER: usize = 81;
/// Tries of a whole measurement.
const ATTEMPTS: usize = 3;
/// An answer must begin within 15 ms and 80 characters at 1200 baud take 667 ms.
pub const ANSWER_MS: u32 = 1000;

/// What stands in an answer for a byte whose parity was wrong: no answer holds it, so that the answer is refused and asked for again.
const DAMAGED: u8 = 0xff;

/// Values of one measurement.
pub type Values = Vec<f32, MAX_VALUES>;

/// Receives an answer, byte by byte, for [`SensorBus::exchange`].
pub struct AnswerLine<'a> {
    reply: &'a mut [u8],
    length: usize,
}

impl<'a> AnswerLine<'a> {
    /// Nothing yet; `reply` takes what comes.
    pub fn new(reply: &'a mut [u8]) -> Self {
        Self { reply, length: 0 }
    }

    /// Takes the next byte; whether more belong to the line: not after CR LF, nor when `reply` cannot take the byte.
    pub fn goes_on_with(&mut self, byte: u8) -> bool {
        let Some(place) = self.reply.get_mut(self.length) else {
            return false;
        };
        *place = byte;
        self.length += 1;
        let line = self.reply.get(..self.length);
        line.is_some_and(|line| !line.ends_with(b"\r\n"))
    }

    /// The same for a byte of 7 bits with an even parity bit in front: 7E1 as a UART of 8N1 receives it.
    pub fn goes_on_with_parity(&mut self, byte: u8) -> bool {
        if byte.count_ones().is_multiple_of(2) {
            self.goes_on_with(byte & 0x7f)
        } else {
            self.goes_on_with(DAMAGED)
        }
    }

    /// Bytes received; `None` if nothing came.
    pub fn length(&self) -> Option<usize> {
        (self.length > 0).then_some(self.length)
    }
}

/// Measures at one address, with retries, and ends at `deadline_ms` (time since the start) or one answer later.
///
/// # Errors
/// What was wrong in the last try: [`Quality::TIMEOUT`], [`Quality::CRC`] or [`Quality::GARBLED`].
pub async fn measure(
    clock: &impl Clock,
    bus: &mut impl SensorBus,
    sensor: Sdi12Reading,
    deadline_ms: u64,
) -> Result<Values, Quality> {
    let mut outcome = Err(Quality::TIMEOUT);
    for _ in 0..ATTEMPTS {
        if clock.uptime_ms() >= deadline_ms {
            break;
        }
        outcome = measure_once(clock, bus, sensor, deadline_ms).await;
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

async fn measure_once(
    clock: &impl Clock,
    bus: &mut impl SensorBus,
    sensor: Sdi12Reading,
    deadline_ms: u64,
) -> Result<Values, Quality> {
    let Sdi12Reading {
        value,
        command,
        wake_ms,
    } = sensor;
    let (address, crc) = (value.address, value.crc);
    let mut answer = [0; MAX_ANSWER];
    let start = start_of(address, command, crc);
    let line = ask(bus, wake_ms, &start, &mut answer, ANSWER_MS).await?;
    let mut values = Values::new();
    if let Sdi12Command::Continuous(_) = command {
        parse_values(line, address, crc, &mut values)?;
        return if values.is_empty() {
            Err(Quality::GARBLED)
        } else {
            Ok(values)
        };
    }
    let concurrent = matches!(command, Sdi12Command::Concurrent(_));
    let promise = parse_promise(line, address, concurrent)?;
    if promise.values == 0 {
        return Err(Quality::GARBLED);
    }
    if promise.ready_s > 0 {
        let wait_ms = promise.ready_s * 1000 + ANSWER_MS;
        // This answer has no CRC. A wait beyond the time there is may be a damaged digit: the next try asks again.
        let end_ms = clock.uptime_ms() + u64::from(wait_ms);
        if end_ms > deadline_ms {
            return Err(Quality::TIMEOUT);
        }
        if concurrent {
            clock.wait_until_ms(end_ms).await;
        } else {
            // The service request, or its absence, ends the wait; what counts is what the data command brings.
            let _ = ask(bus, 0, &[], &mut answer, wait_ms).await;
        }
    }
    for page in b'0'..=b'9' {
        if values.len() >= usize::from(promise.values) {
            break;
        }
        let data = [address, b'D', page, b'!'];
        let line = ask(bus, wake_ms, &data, &mut answer, ANSWER_MS).await?;
        let before = values.len();
        parse_values(line, address, crc, &mut values)?;
        if values.len() == before {
            return Err(Quality::GARBLED);
        }
    }
    if values.len() == usize::from(promise.values) {
        Ok(values)
    } else {
        Err(Quality::GARBLED)
    }
}

/// The command that starts a measurement or brings values.
fn start_of(address: u8, command: Sdi12Command, crc: bool) -> Vec<u8, 5> {
    let (letter, number) = command.parts();
    let numbered = letter == b'R' || number > 0;
    let characters = [
        Some(address),
        Some(letter),
        crc.then_some(b'C'),
        numbered.then_some(b'0' + number.min(9)),
        Some(b'!'),
    ];
    collect_bounded(characters.into_iter().flatten())
}

/// One command and its answer without CR LF. The sensor is woken so much earlier.
///
/// # Errors
/// [`Quality::TIMEOUT`] without an answer, [`Quality::GARBLED`] for one without an end.
pub async fn ask<'a>(
    bus: &mut impl SensorBus,
    wake_ms: u8,
    command: &[u8],
    answer: &'a mut [u8],
    timeout_ms: u32,
) -> Result<&'a [u8], Quality> {
    if wake_ms > 0 {
        bus.wake(wake_ms).await;
    }
    let length = bus
        .exchange(command, answer, timeout_ms)
        .await
        .ok_or(Quality::TIMEOUT)?;
    let line = answer.get(..length).ok_or(Quality::GARBLED)?;
    line.strip_suffix(b"\r\n").ok_or(Quality::GARBLED)
}

/// The answer to `aM!` or `aC!`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Promise {
    ready_s: u32,
    values: u8,
}

/// Three digits of seconds, and one of values; two after a concurrent start.
fn parse_promise(line: &[u8], address: u8, concurrent: bool) -> Result<Promise, Quality> {
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

/// The answer to `aD0!`: address, values each with their sign, CRC if asked for.
fn parse_values(line: &[u8], address: u8, crc: bool, values: &mut Values) -> Result<(), Quality> {
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

fn digit_of(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

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

#[cfg(test)]
#[allow(
    clippy::approx_constant,
    reason = "the specification's example is 3.14"
)]
mod tests {
    use amlstm_core::link::Sdi12Value;
    use embassy_futures::block_on;

    use super::*;
    use crate::fake::{Answer, FakeBus, FakeClock};

    const SENSOR: Sdi12Value = Sdi12Value {
        address: b'0',
        value: 0,
        crc: true,
    };

    /// Measures on a bus of fakes, with a minute of time.
    fn measured(bus: &mut FakeBus, sensor: Sdi12Value) -> Result<Values, Quality> {
        block_on(measure(&FakeClock::default(), bus, sensor.into(), 60_000))
    }

    /// 7E1: `1` is 0x31 with three bits set, so that its parity bit is set. One flipped bit makes the answer unreadable.
    #[test]
    fn a_byte_with_wrong_parity_spoils_its_answer() {
        let received = |bytes: &[u8]| {
            let mut reply = [0; 8];
            let mut line = AnswerLine::new(&mut reply);
            let _ = bytes.iter().all(|byte| line.goes_on_with_parity(*byte));
            (line.length(), reply)
        };
        assert_eq!(
            received(&[0xb1, 0x30, 0x8d, 0x0a]),
            (Some(4), *b"10\r\n\0\0\0\0")
        );
        let (length, reply) = received(&[0xb1, 0x38, 0x8d, 0x0a]);
        assert_eq!(length, Some(4));
        assert_eq!(
            parse_promise(&reply[..2], b'1', false),
            Err(Quality::GARBLED)
        );
    }

    /// A flipped bit in `0001` makes it `9001`, with parity checked or not: the wait is not begun, and the other tries have their time.
    #[test]
    fn a_wait_beyond_the_time_there_is_is_not_begun() {
        let mut bus = FakeBus::new(&[("0MC!", Answer::Line(b"09991\r\n"))]);
        assert_eq!(measured(&mut bus, SENSOR), Err(Quality::TIMEOUT));
        assert_eq!(bus.asked, ATTEMPTS, "nothing but the command was asked");
    }

    #[test]
    fn a_sensor_that_promises_no_value_is_tried_again() {
        let mut bus = FakeBus::new(&[("0MC!", Answer::Line(b"00000\r\n"))]);
        assert_eq!(measured(&mut bus, SENSOR), Err(Quality::GARBLED));
        assert_eq!(bus.asked, ATTEMPTS);
    }

    /// The example of the specification, section 4.4.12.3: `0+3.14` has the CRC `OqZ`.
    #[test]
    fn the_crc_of_the_specification_agrees() {
        assert_eq!(&crc_characters(b"0+3.14"), b"OqZ");
    }

    #[test]
    fn a_measurement_takes_values_over_several_data_commands() {
        let mut bus = FakeBus::new(&[
            ("0M!", Answer::Line(b"00013\r\n")),
            ("", Answer::Line(b"0\r\n")),
            ("0D0!", Answer::Line(b"0+101.325-2.5\r\n")),
            ("0D1!", Answer::Line(b"0+7\r\n")),
        ]);
        let values = measured(
            &mut bus,
            Sdi12Value {
                crc: false,
                ..SENSOR
            },
        )
        .unwrap();
        assert_eq!(values, [101.325, -2.5, 7.0]);
    }

    #[test]
    fn a_missing_service_request_does_not_spoil_the_measurement() {
        let mut bus = FakeBus::new(&[
            ("0MC!", Answer::Line(b"00021\r\n")),
            ("", Answer::Silence),
            ("0D0!", Answer::Line(b"0+3.14OqZ\r\n")),
        ]);
        assert_eq!(measured(&mut bus, SENSOR).unwrap(), [3.14]);
    }

    #[test]
    fn a_wrong_crc_is_tried_three_times_and_reported() {
        let mut bus = FakeBus::new(&[
            ("0MC!", Answer::Line(b"00001\r\n")),
            ("0D0!", Answer::Line(b"0+3.15OqZ\r\n")),
        ]);
        assert_eq!(measured(&mut bus, SENSOR), Err(Quality::CRC));
        assert_eq!(bus.asked, 6);
    }

    #[test]
    fn a_line_ends_with_cr_lf_or_where_the_reply_does() {
        let received = |bytes: &[u8], room: usize| {
            let mut reply = [0; 8];
            let mut line = AnswerLine::new(&mut reply[..room]);
            let taken = bytes
                .iter()
                .take_while(|byte| line.goes_on_with(**byte))
                .count();
            (taken, line.length(), reply)
        };
        assert_eq!(received(b"", 8), (0, None, [0; 8]));
        // The byte that ends a line is its last one and says that nothing goes on.
        assert_eq!(received(b"0+1\r\n7", 8), (4, Some(5), *b"0+1\r\n\0\0\0"));
        assert_eq!(received(b"0\r0", 8), (3, Some(3), *b"0\r0\0\0\0\0\0"));
        assert_eq!(received(b"777777", 4), (4, Some(4), *b"7777\0\0\0\0"));
        assert_eq!(received(b"7", 0), (0, None, [0; 8]));
    }

    /// What a command brings, by `command` with a CRC or without.
    fn by(command: &str, crc: bool, answers: &[(&str, Answer)]) -> Result<Values, Quality> {
        let reading = Sdi12Reading {
            value: Sdi12Value { crc, ..SENSOR },
            command: command.parse().unwrap(),
            wake_ms: 0,
        };
        let clock = FakeClock::default();
        let (mut values, mut bus) = (Err(Quality::GOOD), FakeBus::new(answers));
        let done = async { values = measure(&clock, &mut bus, reading, 60_000).await };
        assert!(clock.run(done, 60_000));
        values
    }

    #[test]
    fn numbered_measurements_are_started_by_their_number() {
        let data = ("0D0!", Answer::Line(b"0+3.14\r\n"));
        let start = ("0M3!", Answer::Line(b"00001\r\n"));
        assert_eq!(by("M3", false, &[start, data]).unwrap(), [3.14]);
        let start = ("0MC9!", Answer::Line(b"00001\r\n"));
        let data = ("0D0!", Answer::Line(b"0+3.14OqZ\r\n"));
        assert_eq!(by("M9", true, &[start, data]).unwrap(), [3.14]);
    }

    /// A concurrent measurement promises up to 99 values and sends no service request; the logger waits, and does not listen.
    #[test]
    fn a_concurrent_measurement_is_waited_for() {
        let values = by(
            "C",
            false,
            &[
                ("0C!", Answer::Line(b"000512\r\n")),
                ("0D0!", Answer::Line(b"0+1+2+3+4+5+6\r\n")),
                ("0D1!", Answer::Line(b"0+7+8+9+10+11-12\r\n")),
            ],
        );
        let values = values.unwrap();
        assert_eq!((values.len(), values[11]), (12, -12.0));
        let start = ("0CC1!", Answer::Line(b"000001\r\n"));
        let data = ("0D0!", Answer::Line(b"0+3.14OqZ\r\n"));
        assert_eq!(by("C1", true, &[start, data]).unwrap(), [3.14]);
    }

    #[test]
    fn continuous_values_come_at_once() {
        let line = ("0R0!", Answer::Line(b"0+1.5-2\r\n"));
        assert_eq!(by("R0", false, &[line]).unwrap(), [1.5, -2.0]);
        let line = ("0RC7!", Answer::Line(b"0+3.14OqZ\r\n"));
        assert_eq!(by("R7", true, &[line]).unwrap(), [3.14]);
        let nothing = ("0R0!", Answer::Line(b"0\r\n"));
        assert_eq!(by("R0", false, &[nothing]), Err(Quality::GARBLED));
    }

    #[test]
    fn a_sensor_that_wakes_slowly_is_woken_before_each_command() {
        let mut bus = FakeBus::new(&[
            ("0M!", Answer::Line(b"00001\r\n")),
            ("0D0!", Answer::Line(b"0+7\r\n")),
        ]);
        let reading = Sdi12Reading {
            value: Sdi12Value {
                crc: false,
                ..SENSOR
            },
            command: Sdi12Command::DEFAULT,
            wake_ms: 40,
        };
        let clock = FakeClock::default();
        let measured = block_on(measure(&clock, &mut bus, reading, 60_000));
        assert_eq!(measured.unwrap(), [7.0]);
        assert_eq!(bus.wakings_ms, [40, 40]);
    }

    #[test]
    fn silence_is_a_timeout() {
        let mut bus = FakeBus::new(&[("0MC!", Answer::Silence)]);
        assert_eq!(measured(&mut bus, SENSOR), Err(Quality::TIMEOUT));
        assert_eq!(bus.asked, ATTEMPTS);
    }

    #[test]
    fn answers_that_are_no_measurement_are_garbled() {
        let without_crc = Sdi12Value {
            crc: false,
            ..SENSOR
        };
        for data in [
            &b"1+3.14\r\n"[..],
            b"0\r\n",
            b"0+\r\n",
            b"03.14\r\n",
            b"0+3.1.4\r\n",
            b"0+3,14\r\n",
            b"0+3.14",
            b"\r\n",
        ] {
            let mut bus = FakeBus::new(&[
                ("0M!", Answer::Line(b"00001\r\n")),
                ("0D0!", Answer::Line(data)),
            ]);
            assert_eq!(
                measured(&mut bus, without_crc),
                Err(Quality::GARBLED),
                "{data:?}"
            );
        }
        for promise in [
            &b"1000\r\n"[..],
            b"10001\r\n",
            b"0x001\r\n",
            b"000001\r\n",
            b"\r\n",
        ] {
            let mut bus = FakeBus::new(&[("0M!", Answer::Line(promise))]);
            assert_eq!(
                measured(&mut bus, without_crc),
                Err(Quality::GARBLED),
                "{promise:?}"
            );
        }
    }

    #[test]
    fn more_values_than_promised_are_garbled() {
        let mut bus = FakeBus::new(&[
            ("0M!", Answer::Line(b"00001\r\n")),
            ("0D0!", Answer::Line(b"0+1+2\r\n")),
        ]);
        let without_crc = Sdi12Value {
            crc: false,
            ..SENSOR
        };
        assert_eq!(measured(&mut bus, without_crc), Err(Quality::GARBLED));
    }

    /// Rust's own parser is correctly rounded.
    #[test]
    fn decimals_round_as_rusts_own_parser() {
        for mantissa in (0..10_000_000_u32).step_by(997) {
            for digits in 0..=7_usize {
                let text = format!("{mantissa:07}");
                let (whole, fraction) = text.split_at(7 - digits);
                let text = format!("{whole}.{fraction}");
                assert_eq!(parse_decimal(text.as_bytes()), text.parse().ok(), "{text}");
            }
        }
        assert_eq!(parse_decimal(b"-0.25"), Some(-0.25));
        for text in ["", "+", ".", "1e3", "12345678", "--1", "1-"] {
            assert_eq!(parse_decimal(text.as_bytes()), None, "{text}");
        }
    }
}
