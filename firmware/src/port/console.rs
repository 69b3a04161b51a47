//! The plain-text console: what a technician can do with nothing but a terminal program.

mod events;
mod export;
mod models;
mod months;
mod readings;
mod set;
mod status;

use core::fmt;

use amlstm_core::link::Fault;
use amlstm_core::month::Month;
use embedded_io_async::Write;
use heapless::{String, Vec};

use super::dispatch;
use crate::app::Shared;
use crate::board::Board;
use crate::filled::filled;

/// Longest line a technician types.
const MAX_COMMAND: usize = 120;
/// Longest line printed at once.
const MAX_LINE: usize = 512;
/// Most words of a command.
const MAX_WORDS: usize = 10;

const HELP: &str = "\
help                               this list\r\n\
status                             station, clock, battery, memory, model\r\n\
now                                every channel now\r\n\
months                             closed months and their estimates\r\n\
est                                estimate of the last closed month\r\n\
events                             what happened\r\n\
clock [YYYY-MM-DD HH:MM:SS]        show or set the clock, UTC; confirm behind it allows a long jump\r\n\
set                                show the configuration and how to change it\r\n\
tape CHANNEL DEPTH                 record a tape reading, m below the measuring point\r\n\
model [rollback]                   show the models, or go back to the one before\r\n\
export csv|toa5 [NUMBER]           every sample, from a number on\r\n";

/// A line being typed.
pub struct Console {
    line: String<MAX_COMMAND>,
    overlong: bool,
    /// A line feed that follows belongs to the carriage return before.
    returned: bool,
}

/// Prints to the port.
pub(super) struct Out<'w, W: Write>(&'w mut W);

impl<W: Write> Out<'_, W> {
    pub async fn text(&mut self, text: &str) -> Result<(), W::Error> {
        self.0.write_all(text.as_bytes()).await
    }

    /// One line and its end. What is longer than a line is cut.
    pub async fn line(&mut self, arguments: fmt::Arguments<'_>) -> Result<(), W::Error> {
        let mut line = String::<MAX_LINE>::new();
        let _ = fmt::Write::write_fmt(&mut line, arguments);
        self.text(&line).await?;
        self.text("\r\n").await
    }

    pub async fn fault(&mut self, fault: Fault) -> Result<(), W::Error> {
        self.line(format_args!("refused: {fault}")).await
    }
}

/// A number with three decimals, or a dash.
pub(super) struct OrDash(pub Option<f32>);

impl fmt::Display for OrDash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::<16>::new();
        let written = match self.0 {
            Some(value) => fmt::Write::write_fmt(&mut text, format_args!("{value:.3}")),
            None => fmt::Write::write_str(&mut text, "-"),
        };
        formatter.pad(if written.is_ok() { &text } else { "..." })
    }
}

/// A month in months since 0000-01, as `2026-11`.
struct MonthName(i32);

impl fmt::Display for MonthName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Month::from_index(self.0) {
            Some(month) => write!(formatter, "{month}"),
            None => write!(formatter, "month {}", self.0),
        }
    }
}

impl Console {
    /// An empty line.
    pub const fn new() -> Self {
        Self {
            line: String::new(),
            overlong: false,
            returned: false,
        }
    }

    /// Takes a typed byte; a carriage return or line feed runs the line.
    pub async fn push<B: Board, W: Write>(
        &mut self,
        shared: &Shared<B>,
        byte: u8,
        to: &mut W,
    ) -> Result<(), W::Error> {
        let mut out = Out(to);
        let returned = core::mem::replace(&mut self.returned, byte == b'\r');
        match byte {
            b'\n' if returned => {}
            b'\r' | b'\n' => {
                let line = core::mem::take(&mut self.line);
                if core::mem::take(&mut self.overlong) {
                    out.text("\r\ntoo long; try help\r\n> ").await?;
                } else {
                    out.text("\r\n").await?;
                    if !line.trim().is_empty() {
                        run(shared, line.trim(), &mut out).await?;
                    }
                    out.text("> ").await?;
                }
            }
            // Backspace and delete.
            8 | 127 if self.line.pop().is_some() => {
                out.text("\x08 \x08").await?;
            }
            b' '..=b'~' => {
                self.overlong |= self.line.push(char::from(byte)).is_err();
                out.0.write_all(&[byte]).await?;
            }
            _ => {}
        }
        out.0.flush().await
    }
}

async fn run<B: Board, W: Write>(
    shared: &Shared<B>,
    line: &str,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error> {
    let words: Vec<&str, MAX_WORDS> = filled(line.split_ascii_whitespace());
    match words.as_slice() {
        ["help" | "?"] => out.text(HELP).await,
        ["status"] => status::show(shared, out).await,
        ["now"] => readings::now(shared, out).await,
        ["months"] => months::list(shared, out).await,
        ["est"] => months::estimate(shared, out).await,
        ["events"] => events::list(shared, out).await,
        ["clock"] => status::clock(shared, out).await,
        ["clock", date, time] => status::set_clock(shared, date, time, false, out).await,
        ["clock", date, time, "confirm"] => status::set_clock(shared, date, time, true, out).await,
        ["set", words @ ..] => set::run(shared, words, out).await,
        ["tape", channel, depth] => readings::tape(shared, channel, depth, out).await,
        ["model"] => models::show(shared, out).await,
        ["model", "rollback"] => models::rollback(shared, out).await,
        ["export", format @ ("csv" | "toa5")] => {
            export::run(shared, *format == "toa5", 0, out).await
        }
        ["export", format @ ("csv" | "toa5"), number] => match number.parse() {
            Ok(number) => export::run(shared, *format == "toa5", number, out).await,
            Err(_) => {
                out.line(format_args!(
                    "export: found \"{number}\", expected the number of a sample"
                ))
                .await
            }
        },
        _ => {
            out.line(format_args!("unknown: \"{line}\"; try help"))
                .await
        }
    }
}
