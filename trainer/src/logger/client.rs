//! Questions and answers.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use amlstm_core::link::{
    ConfigItem, ConfigKey, EstimateRecord, Event, Fault, FrameError, FrameReader, Hello, MAX_FRAME,
    Models, MonthRecord, Now, PROTO_MAJOR, Received, Request, Response, Sample, Samples, SlotInfo,
    Status, VisitReport, decode_reply, encode_frame,
};

use super::line::Line;

/// How long the logger may take to answer what it knows at once; erasing flash takes it longest.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it may take to ask nine sensors that all stay silent, or to replay a long log of months.
const WORK_TIMEOUT: Duration = Duration::from_mins(3);
/// How often a question that does nothing twice is asked.
const ATTEMPTS: u32 = 3;

/// Why the logger did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum LoggerError {
    /// The port cannot be opened.
    #[error(
        "{port}: expected a serial port that no other program uses, tcp:HOST:PORT or unix:PATH; cannot open: {source}"
    )]
    Open {
        /// The port asked for.
        port: String,
        /// What the system says.
        source: io::Error,
    },
    /// The line broke.
    #[error("line to the logger: {0}")]
    Line(#[from] io::Error),
    /// No answer in time.
    #[error(
        "no answer from the logger within {seconds} s; check cable and port, and that no other program uses it, then try again{note}"
    )]
    Silent {
        /// How long it was waited in all.
        seconds: u64,
        /// What a repetition has to mind.
        note: &'static str,
    },
    /// The question does not fit a frame.
    #[error("question to the logger: {0}")]
    Question(FrameError),
    /// The logger refuses.
    #[error("logger: {0}")]
    Refused(Fault),
    /// The answer belongs to another question.
    #[error(
        "logger answered {found}, expected {expected}; is its firmware newer than this program?"
    )]
    Unexpected {
        /// What came.
        found: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// The answer can be read and cannot be true.
    #[error("logger answered {what} {found}, expected {expected}; it is damaged, or no logger")]
    Implausible {
        /// Which number.
        what: &'static str,
        /// What came.
        found: u32,
        /// What can be.
        expected: String,
    },
    /// The logger speaks another protocol.
    #[error(
        "logger speaks protocol {found}, this program speaks {PROTO_MAJOR}; use the program of its firmware"
    )]
    Protocol {
        /// Its major number.
        found: u8,
    },
}

/// A logger at the other end of a line.
pub struct Client {
    line: Line,
    reader: FrameReader,
    sequence: u8,
    /// Who answered.
    pub hello: Hello,
}

/// May a question be asked again when its answer is lost? One that may not is waited for the longer.
#[derive(Clone, Copy, PartialEq)]
enum Repeat {
    Yes,
    Never,
}

impl Client {
    /// Opens `port` (see [`Line::open`]) and exchanges [`Hello`].
    ///
    /// # Errors
    ///
    /// Port, silence, another protocol.
    pub fn connect(port: &str) -> Result<Self, LoggerError> {
        let line = Line::open(port).map_err(|source| LoggerError::Open {
            port: port.to_owned(),
            source,
        })?;
        Self::over(line)
    }

    /// Exchanges [`Hello`] over an open line.
    ///
    /// # Errors
    ///
    /// Silence, another protocol.
    pub fn over(line: Line) -> Result<Self, LoggerError> {
        let unknown = Hello {
            proto_major: 0,
            proto_minor: 0,
            fw: [0; 3],
            model_format: 0,
            serial: 0,
        };
        let mut client = Self {
            line,
            reader: FrameReader::new(),
            sequence: 0,
            hello: unknown,
        };
        client.hello = client.ask(&Request::Hello, "Hello", |response| match response {
            Response::Hello(hello) => Some(*hello),
            _ => None,
        })?;
        if client.hello.proto_major != PROTO_MAJOR {
            return Err(LoggerError::Protocol {
                found: client.hello.proto_major,
            });
        }
        Ok(client)
    }

    /// State of the logger.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn status(&mut self) -> Result<Status, LoggerError> {
        self.ask(&Request::Status, "Status", |response| match response {
            Response::Status(status) => Some(status.clone()),
            _ => None,
        })
    }

    /// Every channel now.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn now(&mut self) -> Result<Now, LoggerError> {
        self.ask_with(
            Repeat::Never,
            &Request::Now,
            "Now",
            |response| match response {
                Response::Now(now) => Some(now.clone()),
                _ => None,
            },
        )
    }

    /// The closed month at `position` and its estimate; `None` beyond the last.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn month(
        &mut self,
        position: u16,
    ) -> Result<Option<(MonthRecord, Option<EstimateRecord>)>, LoggerError> {
        let month = self.ask(
            &Request::Month { position },
            "Month",
            |response| match response {
                Response::Month { record, estimate } => Some((record.clone(), estimate.clone())),
                _ => None,
            },
        );
        none_beyond_the_end(month)
    }

    /// The first kept event whose number is at least `number`.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn event(&mut self, number: u32) -> Result<Option<Event>, LoggerError> {
        let event = self.ask(
            &Request::Event { number },
            "Event",
            |response| match response {
                Response::Event(event) => Some(event.clone()),
                _ => None,
            },
        );
        none_beyond_the_end(event)
    }

    /// The first kept samples whose numbers are at least `number`; empty beyond the last.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn samples(&mut self, number: u32) -> Result<Vec<Sample>, LoggerError> {
        let samples = self.ask(
            &Request::Samples { number },
            "Samples",
            |response| match response {
                Response::Samples(bytes) => Some(Samples(bytes).collect()),
                _ => None,
            },
        );
        none_beyond_the_end(samples).map(Option::unwrap_or_default)
    }

    /// What the active model says of the last closed month.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn estimate(&mut self) -> Result<EstimateRecord, LoggerError> {
        self.ask(&Request::Estimate, "Estimate", |response| match response {
            Response::Estimate(estimate) => Some(estimate.clone()),
            _ => None,
        })
    }

    /// A configuration item; `None` where it was never set.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn config(&mut self, key: ConfigKey) -> Result<Option<ConfigItem>, LoggerError> {
        let item = self.ask(
            &Request::ConfigGet(key),
            "Config",
            |response| match response {
                Response::Config(item) => Some(item.clone()),
                _ => None,
            },
        );
        none_beyond_the_end(item)
    }

    /// Writes a configuration item.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn set_config(&mut self, item: ConfigItem) -> Result<(), LoggerError> {
        self.ask(&Request::ConfigSet(item), "Done", done)
    }

    /// Sets the clock to `unix_s` (UTC, seconds since 1970); a jump of more than a day and an unlikely first date want `confirm_jump`.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn set_clock(&mut self, unix_s: u32, confirm_jump: bool) -> Result<(), LoggerError> {
        let request = Request::ClockSet {
            unix_s,
            confirm_jump,
        };
        self.ask_with(Repeat::Never, &request, "Done", done)
    }

    /// The level of a channel that jumped is right.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn confirm_step(&mut self, channel: u8) -> Result<(), LoggerError> {
        self.ask(&Request::ConfirmStep { channel }, "Done", done)
    }

    /// Makes the closed months from one on void (months since 0000-01); without `confirm` the logger refuses and says how many there are.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn void_months(&mut self, month_index: i32, confirm: bool) -> Result<(), LoggerError> {
        let request = Request::VoidMonths {
            month_index,
            confirm,
        };
        self.ask_with(Repeat::Never, &request, "Done", done)
    }

    /// Records a visit; `tape_m` is the depth to water below the measuring point by tape, in channel order.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn visit(
        &mut self,
        laptop_unix_s: u32,
        tape_m: &[Option<f32>],
    ) -> Result<VisitReport, LoggerError> {
        let request = Request::Visit {
            laptop_unix_s,
            tape_m: tape_m.iter().copied().collect(),
        };
        self.ask_with(
            Repeat::Never,
            &request,
            "Visit",
            |response| match response {
                Response::Visit(report) => Some(report.clone()),
                _ => None,
            },
        )
    }

    /// The models on the logger.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn models(&mut self) -> Result<Models, LoggerError> {
        self.ask(&Request::Models, "Models", |response| match response {
            Response::Models(models) => Some(models.clone()),
            _ => None,
        })
    }

    /// Makes the model before the active one active again.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn rollback(&mut self, allow_older: bool) -> Result<SlotInfo, LoggerError> {
        let request = Request::Rollback { allow_older };
        self.ask_with(Repeat::Never, &request, "Active", active)
    }

    /// Makes the uploaded model active.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub(super) fn commit(&mut self, allow_older: bool) -> Result<SlotInfo, LoggerError> {
        let request = Request::UploadCommit { allow_older };
        self.ask_with(Repeat::Never, &request, "Active", active)
    }

    /// Asks until an answer comes, [`ATTEMPTS`] times at the most.
    pub(super) fn ask<T>(
        &mut self,
        request: &Request<'_>,
        expected: &'static str,
        take: impl Fn(&Response<'_>) -> Option<T>,
    ) -> Result<T, LoggerError> {
        self.ask_with(Repeat::Yes, request, expected, take)
    }

    fn ask_with<T>(
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

fn done(response: &Response<'_>) -> Option<()> {
    matches!(response, Response::Done).then_some(())
}

fn active(response: &Response<'_>) -> Option<SlotInfo> {
    match response {
        Response::Active(slot) => Some(slot.clone()),
        _ => None,
    }
}

fn none_beyond_the_end<T>(answer: Result<T, LoggerError>) -> Result<Option<T>, LoggerError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(LoggerError::Refused(Fault::NotFound)) => Ok(None),
        Err(error) => Err(error),
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
