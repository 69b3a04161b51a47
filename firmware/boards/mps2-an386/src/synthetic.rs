//! Sensors on UART1, or computed from a table of monthly levels that the host has put into the last MiB of the flash file.
//!
//! The table, little endian: `AMLSYNTH`, `u32` months, `u32` channels, `u32` UTC of the first month's start in seconds since 1970, then `f32` values
//! `[months][channels]`, a level in metres or a current in mA; NaN is a silent sensor. Channel k answers at SDI-12 address k (0-9, then A-Z) with its
//! value and a daily variation of +-0.05, so that it does not count as stuck. At each new month the image prints the deepest use of the stack; on the
//! second day after the table it ends QEMU with exit code 0.
//!
//! The board has no converter: its 4-20 mA inputs are SIMULATED by a module on the same bus, which reports the current of input 0 in mA at SDI-12
//! address A, that of input 1 at B, and so on.

use core::fmt::Write as _;

use amlstm_core::link::Sdi12Value;
use amlstm_cortex_m::stack::used_below;
use amlstm_firmware::board::{Clock, LoopCurrent, SensorBus};
use amlstm_firmware::calendar::{Moment, month_index_of};
use amlstm_firmware::sense::sdi12::{AnswerLine, crc_characters, measure};
use embassy_futures::select::{Either, select};
use embedded_io_async::Write as _;
use semihosting::process;

use crate::clock::{Mps2Clock, sampled_unix_s};
use crate::flash::table_bytes;
use crate::uart::Uart;

const MAGIC: &[u8] = b"AMLSYNTH";
const HEAD: usize = 20;
const DAY_S: u32 = 86_400;
/// Timeout for the module of the simulated inputs.
const LOOP_INPUT_MS: u64 = 10_000;
/// SDI-12 address of the simulated 4-20 mA input 0.
const FIRST_LOOP_INPUT: u8 = b'A';

unsafe extern "C" {
    /// The top of the stack, given by the linker script.
    static _stack_start: u32;
}

/// A table of monthly levels.
#[derive(Clone, Copy)]
pub struct Table {
    months: u32,
    channels: u32,
    start_unix_s: u32,
    values: &'static [u8],
}

impl Table {
    /// The table in the last MiB, if there is one.
    pub fn find() -> Option<Self> {
        let bytes = table_bytes();
        let number = |place: usize| Some(u32::from_le_bytes(*bytes.get(place..)?.first_chunk()?));
        if !bytes.starts_with(MAGIC) {
            return None;
        }
        let (months, channels, start_unix_s) = (number(8)?, number(12)?, number(16)?);
        let length = months.checked_mul(channels)?.checked_mul(4)? as usize;
        let values = bytes.get(HEAD..)?.get(..length)?;
        Some(Self {
            months,
            channels,
            start_unix_s,
            values,
        })
    }

    pub fn start_unix_s(&self) -> u32 {
        self.start_unix_s
    }

    /// Months since the table's start.
    fn month(&self, unix_s: u32) -> i32 {
        month_index_of(unix_s) - month_index_of(self.start_unix_s)
    }

    /// The entry of a channel for the month of `unix_s`; ends QEMU after the end of the table.
    pub fn number(&self, channel: u32, unix_s: u32) -> Option<f32> {
        let month = self.month(unix_s);
        // The first day after the table closes its last month.
        if month >= self.months as i32
            && (month > self.months as i32 || Moment::from_unix(unix_s).day > 1)
        {
            end();
        }
        let month = (month.max(0) as u32).min(self.months.saturating_sub(1));
        if channel >= self.channels {
            return None;
        }
        let place = ((month * self.channels + channel) * 4) as usize;
        Some(f32::from_le_bytes(
            *self.values.get(place..)?.first_chunk()?,
        ))
    }

    fn value(&self, channel: u32, unix_s: u32) -> Option<f32> {
        let value = self.number(channel, unix_s)?;
        let share = (unix_s % DAY_S) as f32 / DAY_S as f32;
        value.is_finite().then_some(value + 0.1 * (share - 0.5))
    }
}

fn end() -> ! {
    defmt::println!("synthetic levels end");
    process::exit(0)
}

/// The sensor bus.
pub struct Bus {
    table: Option<Table>,
    uart: Uart,
    clock: Mps2Clock,
    /// The month of the last exchange, counted from the table's start.
    month: i32,
}

impl Bus {
    pub fn new(table: Option<Table>, uart: Uart, clock: Mps2Clock) -> Self {
        Self {
            table,
            uart,
            clock,
            month: 0,
        }
    }

    /// The answer of the synthetic sensors. Prints the use of the stack in a new month.
    fn answer(&mut self, table: &Table, command: &[u8], reply: &mut [u8]) -> Option<usize> {
        let unix_s = sampled_unix_s();
        let month = table.month(unix_s);
        if month != self.month {
            self.month = month;
            let stack = used_below((&raw const _stack_start).addr());
            defmt::println!("month {=i32}: {=u32} bytes of stack", month, stack);
        }
        answer(table, unix_s, command, reply)
    }

    async fn exchange_line(
        &mut self,
        command: &[u8],
        reply: &mut [u8],
        timeout_ms: u32,
    ) -> Option<usize> {
        while self.uart.pop().is_some() {}
        let _ = self.uart.write_all(command).await;
        let deadline = self.clock.uptime_ms() + u64::from(timeout_ms);
        let mut line = AnswerLine::new(reply);
        while let Either::First(byte) =
            select(self.uart.byte(), self.clock.wait_until_ms(deadline)).await
            && line.goes_on_with(byte)
        {}
        line.length()
    }
}

impl SensorBus for Bus {
    async fn exchange(
        &mut self,
        command: &[u8],
        reply: &mut [u8],
        timeout_ms: u32,
    ) -> Option<usize> {
        #[cfg(feature = "faults")]
        if let Some(number) = self
            .table
            .and_then(|table| table.number(0, sampled_unix_s()))
        {
            crate::faults::strike(number).await;
        }
        match self.table {
            Some(table) => self.answer(&table, command, reply),
            None => self.exchange_line(command, reply, timeout_ms).await,
        }
    }

    async fn loop_current(&mut self, input: u8) -> Option<LoopCurrent> {
        let sensor = Sdi12Value {
            address: FIRST_LOOP_INPUT.checked_add(input)?,
            value: 0,
            crc: true,
        };
        let clock = self.clock;
        let deadline_ms = clock.uptime_ms() + LOOP_INPUT_MS;
        let values = measure(&clock, self, sensor.into(), deadline_ms)
            .await
            .ok()?;
        // A computed current has no noise.
        let (ma, noise_ma) = (*values.first()?, 0.0);
        Some(LoopCurrent { ma, noise_ma })
    }
}

/// The answer of a sensor with CRC.
fn answer(table: &Table, unix_s: u32, command: &[u8], reply: &mut [u8]) -> Option<usize> {
    let address = *command.first()?;
    let channel = char::from(address).to_digit(36)?;
    let value = table.value(channel, unix_s)?;
    let mut line = heapless::String::<32>::new();
    match command.get(1..)? {
        b"M!" | b"MC!" => write!(line, "{}0001\r\n", char::from(address)).ok()?,
        b"D0!" => {
            write!(line, "{}{value:+.3}", char::from(address)).ok()?;
            let [a, b, c] = crc_characters(line.as_bytes()).map(char::from);
            write!(line, "{a}{b}{c}\r\n").ok()?;
        }
        _ => return None,
    }
    let place = reply.get_mut(..line.len())?.iter_mut();
    place
        .zip(line.as_bytes())
        .for_each(|(to, from)| *to = *from);
    Some(line.len())
}
