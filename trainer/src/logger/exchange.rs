//! A question over the line, and its answer.

use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use amlstm_core::link::{
    FrameReader, MAX_FRAME, Received, Request, Response, decode_reply, encode_frame,
};

use super::error::LoggerError;
use super::line::Line;

/// How long the logger may take to answer what it knows at once; erasing flash takes it longest.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it may take to ask nine sensors that all stay silent, or to replay a long log of months.
const WORK_TIMEOUT: Duration = Duration::from_mins(3);
/// A logger that has answered within this time listens. Any other may be asleep: the first character only wakes it.
const LISTENING: Duration = Duration::from_secs(1);
/// How long a logger takes to wake, with the delay of a USB converter.
const WAKING: Duration = Duration::from_millis(30);
/// How often a question that does nothing twice is asked.
const ATTEMPTS: u32 = 3;

/// May a question be asked again when its answer is lost? One that may not is waited for the longer.
#[derive(Clone, Copy)]
pub enum Repeat {
    Yes,
    Never,
}

/// The line with what was read of the frame to come.
pub struct Exchange {
    line: Line,
    reader: FrameReader,
    /// Number of the last question.
    sequence: u8,
    /// When the logger answered last.
    answered: Option<Instant>,
}

impl Exchange {
    /// Over a line on which nothing was asked yet.
    pub fn new(line: Line) -> Self {
        Self {
            line,
            reader: FrameReader::new(),
            sequence: 0,
            answered: None,
        }
    }

    /// Asks until an answer comes, [`ATTEMPTS`] times at the most, or once if the question may not be repeated; `take` finds what was asked for in the answer.
    pub fn ask<T>(
        &mut self,
        repeat: Repeat,
        request: &Request<'_>,
        expected: &'static str,
        take: impl Fn(&Response<'_>) -> Option<T>,
    ) -> Result<T, LoggerError> {
        let (attempts, timeout) = match repeat {
            Repeat::Yes => (ATTEMPTS, ANSWER_TIMEOUT),
            Repeat::Never => (1, WORK_TIMEOUT),
        };
        for _ in 0..attempts {
            if !self.listens() {
                self.wake()?;
            }
            self.sequence = self.sequence.wrapping_add(1);
            let mut frame = [0; MAX_FRAME];
            let frame =
                encode_frame(self.sequence, request, &mut frame).map_err(LoggerError::Question)?;
            self.line.write_all(frame)?;
            self.line.flush()?;
            if let Some(answer) = self.wait_for_answer(timeout, expected, &take)? {
                return Ok(answer);
            }
        }
        Err(LoggerError::Silent {
            seconds: timeout.as_secs() * u64::from(attempts),
            note: match repeat {
                Repeat::Yes => "",
                Repeat::Never => " (look at `status` first: the logger may have done it)",
            },
        })
    }

    fn listens(&self) -> bool {
        let lately = |answered: Instant| answered.elapsed() < LISTENING;
        self.answered.is_some_and(lately)
    }

    /// Wakes a logger that may be asleep by a zero, which means nothing in front of a frame.
    fn wake(&mut self) -> Result<(), LoggerError> {
        self.line.write_all(&[0])?;
        self.line.flush()?;
        thread::sleep(WAKING);
        Ok(())
    }

    /// The answer to the question with the current sequence number; `None` after `timeout`.
    fn wait_for_answer<T>(
        &mut self,
        timeout: Duration,
        expected: &'static str,
        take: &impl Fn(&Response<'_>) -> Option<T>,
    ) -> Result<Option<T>, LoggerError> {
        let deadline = Instant::now() + timeout;
        let mut bytes = [0; MAX_FRAME];
        while Instant::now() < deadline {
            let count = match self.line.read(&mut bytes) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(count) => count,
                Err(error) if is_timeout(&error) => continue,
                Err(error) => return Err(error.into()),
            };
            for &byte in &bytes[..count] {
                // Console text and damaged frames are passed over: the answer is asked for again.
                let Received::Payload(payload) = self.reader.push(byte) else {
                    continue;
                };
                let Ok((sequence, reply)) = decode_reply(payload) else {
                    continue;
                };
                if sequence != self.sequence {
                    continue;
                }
                self.answered = Some(Instant::now());
                return match reply {
                    Err(fault) => Err(LoggerError::Refused(fault)),
                    Ok(response) => match take(&response) {
                        Some(answer) => Ok(Some(answer)),
                        None => Err(LoggerError::Unexpected {
                            found: first_word(&response),
                            expected,
                        }),
                    },
                };
            }
        }
        Ok(None)
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

fn first_word(response: &Response<'_>) -> String {
    let text = format!("{response:?}");
    text.split(|character: char| !character.is_alphanumeric())
        .next()
        .unwrap_or_default()
        .to_owned()
}
