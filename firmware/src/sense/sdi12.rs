//! SDI-12 version 1.4, the logger's side: commands, answers, parity, CRC, retries until a deadline.
//!
//! A measurement is `aM!`, `aM1!` ... `aM9!` (`aMC!` ... with CRC), answered `atttn`: ready in `ttt` seconds, or earlier with a service request `a`,
//! with `n` values; then `aD0!`, `aD1!` ... until all values came. A concurrent one is `aC!` ..., answered `atttnn`, without a service request.
//! `aR0!` ... `aR9!` bring values at once.

mod answer;
mod answer_line;
mod crc;
mod decimal;

use amlstm_core::link::{Quality, Sdi12Command, Sdi12Reading};
use heapless::Vec;

use crate::board::{Clock, SensorBus};
use crate::bounded::collect_bounded;

use answer::{parse_promise, parse_values};
pub use answer_line::AnswerLine;
pub use crc::crc_characters;
pub use decimal::parse_decimal;

/// Most values per command: an `M` measurement has at most nine; of the other commands no water sensor returns more than this.
pub const MAX_VALUES: usize = 20;
/// Longest answer: 75 characters of values and CRC, address and CR LF.
pub const MAX_ANSWER: usize = 81;
/// Attempts of a whole measurement.
const ATTEMPTS: usize = 3;
/// An answer must begin within 15 ms and 80 characters at 1200 baud take 667 ms.
pub const ANSWER_MS: u32 = 1000;

/// Values of one measurement.
pub type Values = Vec<f32, MAX_VALUES>;

/// Measures at one address, with retries. Ends at `deadline_ms` (uptime), or one answer later.
///
/// # Errors
/// What failed in the last attempt: [`Quality::TIMEOUT`], [`Quality::CRC`] or [`Quality::GARBLED`].
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
        // This answer has no CRC. A wait beyond the deadline may be a corrupted digit: the next attempt asks again.
        let end_ms = clock.uptime_ms() + u64::from(wait_ms);
        if end_ms > deadline_ms {
            return Err(Quality::TIMEOUT);
        }
        if concurrent {
            clock.wait_until_ms(end_ms).await;
        } else {
            // The service request or the timeout ends the wait; either way the data command follows.
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

/// The command that starts a measurement or requests continuous values.
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

/// Sends one command and returns the answer without CR LF. If `wake_ms` is not 0, a break wakes the sensor that much earlier.
///
/// # Errors
/// [`Quality::TIMEOUT`] without an answer, [`Quality::GARBLED`] for one without CR LF.
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

#[cfg(test)]
#[allow(
    clippy::approx_constant,
    reason = "the specification's example is 3.14"
)]
mod tests;
