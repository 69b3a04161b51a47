//! A simulated SDI-12 bus on the host: transducers that answer on the logger's second UART.
//!
//! The sensor's side of SDI-12 version 1.4: `?!`, `a!`, `aI!`, `aAb!`, `aM!`, `aM1!`, `aC!`, `aR0!`, each with CRC, and `aD0!`.
//! The CRC is computed here on its own, from the specification's text, so that it checks the logger's codec.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a transducer does when it is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Behaviour {
    /// Answers with its value.
    Answers(f64),
    /// Says nothing.
    Silent,
    /// Answers with its value and a CRC that does not fit.
    BadCrc(f64),
    /// Answers with bytes without end.
    Floods,
    /// Breaks its answers off before their end.
    BreaksOff,
}

/// The transducers by their SDI-12 address, shared with the test that drives them.
pub type Sensors = Arc<Mutex<BTreeMap<u8, Behaviour>>>;

/// The bus: a thread that answers until it is dropped.
pub struct Sdi12Bus {
    /// The transducers; change one to change what it answers next.
    pub sensors: Sensors,
    /// How many complete data answers were given.
    pub answered: Arc<AtomicU32>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Sdi12Bus {
    /// Starts answering on `line`.
    ///
    /// # Panics
    ///
    /// Where the socket takes no read timeout.
    pub fn start(line: UnixStream, sensors: BTreeMap<u8, Behaviour>) -> Self {
        line.set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a unix socket takes a read timeout");
        let sensors = Arc::new(Mutex::new(sensors));
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU32::new(0));
        let thread = std::thread::spawn({
            let (sensors, stop, answered) = (sensors.clone(), stop.clone(), answered.clone());
            move || answer_until_stopped(line, &sensors, &stop, &answered)
        });
        Self {
            sensors,
            answered,
            stop,
            thread: Some(thread),
        }
    }

    /// Lets the transducer at `address` behave otherwise from now on.
    ///
    /// # Panics
    ///
    /// Where the bus thread has panicked.
    pub fn set(&self, address: u8, behaviour: Behaviour) {
        self.sensors
            .lock()
            .expect("the bus thread is alive")
            .insert(address, behaviour);
    }
}

impl Drop for Sdi12Bus {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer_until_stopped(
    mut line: UnixStream,
    sensors: &Sensors,
    stop: &AtomicBool,
    answered: &AtomicU32,
) {
    let mut command = Vec::new();
    let mut byte = [0u8; 1];
    while !stop.load(Ordering::Relaxed) {
        match line.read(&mut byte) {
            Ok(0) => return,
            Ok(_) if byte[0] == b'!' => {
                let reply = {
                    let mut sensors = sensors
                        .lock()
                        .expect("no test panics while it holds the lock");
                    renumber(&command, &mut sensors).unwrap_or_else(|| answer(&command, &sensors))
                };
                command.clear();
                if reply.len() > 7 {
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                if line.write_all(&reply).is_err() {
                    return;
                }
            }
            // A break shows as a zero byte: it wakes the sensors and ends a command begun.
            Ok(_) if byte[0] == 0 => command.clear(),
            Ok(_) => command.push(byte[0]),
            Err(error) if would_block(&error) => {}
            Err(_) => return,
        }
    }
}

fn would_block(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
    )
}

/// Moves a sensor to another address, `aAb!`; what it then says.
fn renumber(command: &[u8], sensors: &mut BTreeMap<u8, Behaviour>) -> Option<Vec<u8>> {
    let &[from, b'A', to] = command else {
        return None;
    };
    let moved = sensors.remove(&from)?;
    sensors.insert(to, moved);
    Some(vec![to, b'\r', b'\n'])
}

/// What the bus says to `command` (without its `!`); empty where no sensor answers.
pub fn answer(command: &[u8], sensors: &BTreeMap<u8, Behaviour>) -> Vec<u8> {
    let Some((&address, verb)) = command.split_first() else {
        return Vec::new();
    };
    // A question to whoever is there: the first answers, as if it were alone.
    let address = match (address, sensors.first_key_value()) {
        (b'?', Some((first, _))) => *first,
        _ => address,
    };
    let Some(&behaviour) = sensors.get(&address) else {
        return Vec::new();
    };
    let (value, crc_error) = match behaviour {
        Behaviour::Answers(value) => (value, 0),
        Behaviour::BadCrc(value) => (value, 1),
        Behaviour::Silent => return Vec::new(),
        Behaviour::Floods => return vec![b'7'; 4096],
        Behaviour::BreaksOff => return vec![address, b'0'],
    };
    let mut text = vec![address];
    match verb {
        b"" => {}
        b"I" => text.extend_from_slice(b"14AMLSTM  SIMTRN001"),
        b"M" | b"MC" | b"M1" | b"MC1" => text.extend_from_slice(b"0001"),
        b"C" | b"CC" => text.extend_from_slice(b"00001"),
        b"D0" | b"R0" | b"RC0" => {
            // At most seven digits (section 4.4.6).
            let decimals = if value.abs() < 1000.0 { 4 } else { 3 };
            text.extend_from_slice(format!("{value:+.decimals$}").as_bytes());
            if verb != b"R0" {
                let crc = crc16(&text) ^ crc_error;
                text.extend_from_slice(&crc_characters(crc));
            }
        }
        _ => return Vec::new(),
    }
    text.extend_from_slice(b"\r\n");
    text
}

/// CRC-16 of SDI-12 (polynomial 0xA001 reflected, start 0), as the specification's section 4.4.12 writes it.
pub fn crc16(text: &[u8]) -> u16 {
    let mut crc = 0u16;
    for &byte in text {
        crc ^= u16::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xA001
            } else {
                crc >> 1
            };
        }
    }
    crc
}

/// The CRC as its three printable characters.
pub fn crc_characters(crc: u16) -> [u8; 3] {
    [
        0x40 | (crc >> 12) as u8,
        0x40 | ((crc >> 6) & 0x3F) as u8,
        0x40 | (crc & 0x3F) as u8,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `0+3.14` with `OqZ` is the example of the specification, section 4.4.12.
    #[test]
    fn the_crc_is_that_of_the_specification() {
        assert_eq!(&crc_characters(crc16(b"0+3.14")), b"OqZ");
    }

    #[test]
    fn a_silent_address_gets_no_answer() {
        let sensors = BTreeMap::from([(b'0', Behaviour::Silent), (b'1', Behaviour::Answers(2.5))]);
        assert!(answer(b"0D0", &sensors).is_empty());
        assert!(answer(b"5D0", &sensors).is_empty());
        assert!(answer(b"1D0", &sensors).starts_with(b"1+2.5000"));
    }
}
