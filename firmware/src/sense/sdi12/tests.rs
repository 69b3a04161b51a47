use amlstm_core::link::Sdi12Value;
use embassy_futures::block_on;

use super::*;
use crate::fake::{Answer, FakeBus, FakeClock};

const SENSOR: Sdi12Value = Sdi12Value {
    address: b'0',
    value: 0,
    crc: true,
};

/// Measures on a fake bus, with a deadline after one minute.
fn measured(bus: &mut FakeBus, sensor: Sdi12Value) -> Result<Values, Quality> {
    block_on(measure(&FakeClock::default(), bus, sensor.into(), 60_000))
}

/// 7E1: the parity is the highest bit. One flipped bit makes ready at once into ready in 800 s, and this answer has no CRC.
#[test]
fn a_byte_with_wrong_parity_spoils_its_answer() {
    let promised = |bytes: &[u8]| {
        let mut reply = [0; 8];
        let mut line = AnswerLine::new(&mut reply);
        let _ = bytes.iter().all(|byte| line.goes_on_with_parity(*byte));
        assert_eq!(line.length(), Some(7));
        parse_promise(&reply[..5], b'1', false).map(|promise| promise.ready_s)
    };
    let mut bytes = b"10001\r\n".map(|byte| byte | ((byte.count_ones() as u8 & 1) << 7));
    assert_eq!(promised(&bytes), Ok(0));
    bytes[1] ^= 0x08;
    assert_eq!(promised(&bytes), Err(Quality::GARBLED));
}

/// A corrupted digit makes `0001` into `9001`: the wait is not begun, and time is left for the other attempts.
#[test]
fn a_wait_beyond_the_deadline_is_not_begun() {
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
    // The byte that ends the line returns false, so `take_while` does not count it.
    assert_eq!(received(b"0+1\r\n7", 8), (4, Some(5), *b"0+1\r\n\0\0\0"));
    assert_eq!(received(b"0\r0", 8), (3, Some(3), *b"0\r0\0\0\0\0\0"));
    assert_eq!(received(b"777777", 4), (4, Some(4), *b"7777\0\0\0\0"));
    assert_eq!(received(b"7", 0), (0, None, [0; 8]));
}

/// Values that `command` returns, with a CRC or without.
fn by(command: &str, crc: bool, answers: &[(&str, Answer)]) -> Result<Values, Quality> {
    by_when(command, crc, answers).0
}

/// The same, and the uptime at which they were there, ms.
fn by_when(command: &str, crc: bool, answers: &[(&str, Answer)]) -> (Result<Values, Quality>, u64) {
    let reading = Sdi12Reading {
        value: Sdi12Value { crc, ..SENSOR },
        command: command.parse().unwrap(),
        wake_ms: 0,
    };
    let clock = FakeClock::default();
    let (mut values, mut bus) = (Err(Quality::GOOD), FakeBus::new(answers));
    let done = async { values = measure(&clock, &mut bus, reading, 60_000).await };
    assert!(clock.run(done, 60_000));
    (values, clock.uptime_ms())
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

/// A concurrent measurement announces up to 99 values and sends no service request; the logger waits without listening.
#[test]
fn a_concurrent_measurement_is_waited_for() {
    let (values, uptime_ms) = by_when(
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
    assert_eq!(uptime_ms, 5000 + u64::from(ANSWER_MS));
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
