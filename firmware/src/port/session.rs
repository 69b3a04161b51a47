//! A session at the port: it answers frames, and runs typed lines as commands of the plain-text console.

mod clock;
mod corrected_estimate;
mod events;
mod export;
mod milliamp_hours;
mod models;
mod month_name;
mod months;
mod or_dash;
mod quantity_words;
mod readings;
mod sdi12;
mod set;
mod settings;
mod status;

use core::fmt;
use core::pin::pin;

use amlstm_core::link::{Fault, MAX_FRAME};
use embedded_io_async::Write;
use heapless::{String, Vec};

use super::answer::answer;
use crate::board::{Board, Machine};
use crate::bounded::collect_bounded;
use crate::running::apart;
use crate::shared::Shared;

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
est [corrected]                    estimate of the last closed month, also without the drift by the tape readings\r\n\
events                             what happened\r\n\
clock [YYYY-MM-DD HH:MM:SS]        show or set the clock, UTC; confirm behind it allows a jump of more than a day\r\n\
set                                show the configuration and how to change it\r\n\
tape CHANNEL DEPTH [confirm]       record a tape reading, m below the measuring point\r\n\
step CHANNEL                       a level that jumped is right, and so is the sensor that says it\r\n\
sdi12 scan|identify A|send COMMAND who is on the cable, and what it answers\r\n\
sdi12 address A B                  give the sensor at A the address B\r\n\
void YYYY-MM [confirm]             months from this one on were closed by a wrong date: they no longer count\r\n\
model [rollback [older]]           show the models, or go back to the one before, also below the minimum version\r\n\
export csv|toa5 [NUMBER]           every sample, from a number on\r\n";

/// The port's output and the line being typed.
pub struct Session<'s, B: Board, W: Write> {
    shared: &'s Shared<B>,
    to: W,
    typed: String<MAX_COMMAND>,
    /// Why the line being typed will not be run.
    refusal: Option<&'static str>,
    /// The last byte was a carriage return: a line feed that follows belongs to it.
    after_return: bool,
}

impl<'s, B: Board, W: Write> Session<'s, B, W> {
    /// A new session.
    pub fn new(shared: &'s Shared<B>, to: W) -> Self {
        Self {
            shared,
            to,
            typed: String::new(),
            refusal: None,
            after_return: false,
        }
    }

    /// Answers the payload of a frame.
    ///
    /// # Errors
    /// The port fails.
    pub async fn answer(&mut self, payload: &[u8]) -> Result<(), W::Error> {
        let mut frame = [0; MAX_FRAME];
        let answer = apart(pin!(answer(self.shared, payload, &mut frame))).await;
        self.to.write_all(answer.frame).await?;
        self.to.flush().await?;
        self.shared.port_answered.signal(());
        if answer.restart {
            self.shared.machine.lock().await.restart();
        }
        Ok(())
    }

    /// Takes a typed byte; a carriage return or line feed runs the line.
    ///
    /// # Errors
    /// The port fails.
    pub async fn take_typed(&mut self, byte: u8) -> Result<(), W::Error> {
        let after_return = core::mem::replace(&mut self.after_return, byte == b'\r');
        match byte {
            b'\n' if after_return => {}
            b'\r' | b'\n' => {
                let line = core::mem::take(&mut self.typed);
                if let Some(refusal) = self.refusal.take() {
                    self.line(format_args!("\r\n{refusal}; try help")).await?;
                    self.text("> ").await?;
                } else {
                    self.text("\r\n").await?;
                    if !line.trim().is_empty() {
                        self.run(line.trim()).await?;
                        self.shared.port_answered.signal(());
                    }
                    self.text("> ").await?;
                }
            }
            // Ctrl-C, and a port that was woken: a line that was begun before is not to be ended by what follows.
            3 => {
                self.typed.clear();
                self.refusal = None;
                self.text("\r\n> ").await?;
            }
            // Backspace and delete.
            8 | 127 if self.typed.pop().is_some() => {
                self.text("\x08 \x08").await?;
            }
            b' '..=b'~' => {
                if self.typed.push(char::from(byte)).is_err() {
                    self.refusal = Some("too long");
                }
                self.to.write_all(&[byte]).await?;
            }
            // Without such a letter a name would be another name.
            128.. => {
                self.refusal =
                    Some("found a letter that is not ASCII; names are spelled in ASCII here");
            }
            _ => {}
        }
        self.to.flush().await
    }

    /// Reports that bytes were lost, and discards the line they belonged to.
    ///
    /// # Errors
    /// The port fails.
    pub async fn lost(&mut self) -> Result<(), W::Error> {
        self.typed.clear();
        self.refusal = Some("a part of this line was lost");
        self.text("\r\ninput lost: it came faster than it could be taken; look at set, and type the rest again\r\n")
            .await?;
        self.to.flush().await
    }

    async fn run(&mut self, line: &str) -> Result<(), W::Error> {
        let words: Vec<&str, MAX_WORDS> = collect_bounded(line.split_ascii_whitespace());
        match words.as_slice() {
            ["help" | "?"] => self.text(HELP).await,
            ["status"] => self.status().await,
            ["now"] => self.now().await,
            ["months"] => self.months().await,
            ["est"] => self.estimate().await,
            ["est", "corrected"] => self.corrected_estimate().await,
            ["events"] => self.events().await,
            ["clock"] => self.clock().await,
            ["clock", date, time] => self.set_clock(date, time, false).await,
            ["clock", date, time, "confirm"] => self.set_clock(date, time, true).await,
            ["set", words @ ..] => self.set(words).await,
            ["tape", channel, depth] => self.tape(channel, depth, false).await,
            ["tape", channel, depth, "confirm"] => self.tape(channel, depth, true).await,
            ["sdi12", words @ ..] => self.sdi12(words).await,
            ["step", channel] => self.confirm_step(channel).await,
            ["void", month] => self.void_months(month, false).await,
            ["void", month, "confirm"] => self.void_months(month, true).await,
            ["model"] => self.models().await,
            ["model", "rollback"] => self.roll_back(false).await,
            ["model", "rollback", "older"] => self.roll_back(true).await,
            ["export", format @ ("csv" | "toa5")] => self.export(*format == "toa5", 0).await,
            ["export", format @ ("csv" | "toa5"), number] => match number.parse() {
                Ok(number) => self.export(*format == "toa5", number).await,
                Err(_) => {
                    self.line(format_args!(
                        "export: found \"{number}\", expected the number of a sample"
                    ))
                    .await
                }
            },
            _ => {
                self.line(format_args!("unknown: \"{line}\"; try help"))
                    .await
            }
        }
    }

    async fn text(&mut self, text: &str) -> Result<(), W::Error> {
        self.to.write_all(text.as_bytes()).await
    }

    /// Prints one line, cut to [`MAX_LINE`].
    async fn line(&mut self, arguments: fmt::Arguments<'_>) -> Result<(), W::Error> {
        let mut line = String::<MAX_LINE>::new();
        let _ = fmt::Write::write_fmt(&mut line, arguments);
        self.text(&line).await?;
        self.text("\r\n").await
    }

    async fn fault(&mut self, fault: Fault) -> Result<(), W::Error> {
        self.line(format_args!("refused: {fault}")).await
    }
}
