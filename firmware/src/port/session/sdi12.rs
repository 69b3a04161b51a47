//! The SDI-12 bus on the console: a search for sensors, and commands to them.

use amlstm_core::link::{Fault, Task};
use embedded_io_async::Write;
use heapless::Vec;

use super::Session;
use crate::board::{Board, Clock};
use crate::bounded::collect_bounded;
use crate::sense::sdi12::MAX_ANSWER;

/// Every address a sensor can have.
const ADDRESSES: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl<B: Board, W: Write> Session<'_, B, W> {
    /// Runs the command `sdi12` with its words.
    pub(super) async fn sdi12(&mut self, words: &[&str]) -> Result<(), W::Error> {
        match words {
            ["scan"] => self.scan().await,
            ["identify", address] => match address_of(address) {
                Some(address) => self.send(&[address, b'I', b'!']).await,
                None => self.no_address(address).await,
            },
            ["address", from, to] => match (address_of(from), address_of(to)) {
                (Some(from), Some(to)) => self.change_address(from, to).await,
                (None, _) => self.no_address(from).await,
                (_, None) => self.no_address(to).await,
            },
            ["send", command] => self.send(command.as_bytes()).await,
            _ => {
                self.text("sdi12: expected scan, identify A, address A B, or send COMMAND\r\n")
                    .await
            }
        }
    }

    async fn no_address(&mut self, found: &str) -> Result<(), W::Error> {
        self.line(format_args!(
            "sdi12: found \"{found}\", expected an address, one digit or letter"
        ))
        .await
    }

    /// Calls every address, and requests the identity of the sensors that answer.
    async fn scan(&mut self) -> Result<(), W::Error> {
        let mut found = 0;
        for &address in ADDRESSES {
            let shared = self.shared;
            shared.deadlines.set(Task::Port, shared.clock.uptime_ms());
            let mut reply = [0; MAX_ANSWER];
            if shared
                .send_sdi12(&[address, b'!'], &mut reply)
                .await
                .is_ok()
            {
                found += 1;
                self.send(&[address, b'I', b'!']).await?;
            }
        }
        self.line(format_args!("{found} sensors")).await
    }

    /// Sends a command and prints the answer.
    async fn send(&mut self, command: &[u8]) -> Result<(), W::Error> {
        let mut reply = [0; MAX_ANSWER];
        let shared = self.shared;
        match shared.send_sdi12(command, &mut reply).await {
            Ok(line) => {
                let printable = |byte: &u8| if byte.is_ascii_graphic() { *byte } else { b' ' };
                let line: Vec<u8, MAX_ANSWER> = collect_bounded(line.iter().map(printable));
                let text = core::str::from_utf8(&line).unwrap_or("");
                self.line(format_args!("{text}")).await
            }
            Err(Fault::NotFound) => self.text("no answer\r\n").await,
            Err(Fault::Malformed) => {
                self.text("sdi12: expected a command of at most 24 characters that ends with !\r\n")
                    .await
            }
            Err(fault) => self.fault(fault).await,
        }
    }

    /// Changes a sensor's address to one that must be free.
    async fn change_address(&mut self, from: u8, to: u8) -> Result<(), W::Error> {
        let mut reply = [0; MAX_ANSWER];
        let shared = self.shared;
        let (old, new) = (char::from(from), char::from(to));
        if shared.send_sdi12(&[to, b'!'], &mut reply).await != Err(Fault::NotFound) {
            return self
                .line(format_args!(
                    "sdi12: something answers at {new} already; nothing was changed"
                ))
                .await;
        }
        let changed = shared.send_sdi12(&[from, b'A', to, b'!'], &mut reply).await;
        if changed != Ok(&[to]) {
            return self
                .line(format_args!(
                    "sdi12: the sensor at {old} did not take the address {new}"
                ))
                .await;
        }
        self.line(format_args!(
            "{old} is {new} now; channels that name {old} must name {new}, see set"
        ))
        .await
    }
}

fn address_of(word: &str) -> Option<u8> {
    match word.as_bytes() {
        [address] if address.is_ascii_alphanumeric() => Some(*address),
        _ => None,
    }
}
