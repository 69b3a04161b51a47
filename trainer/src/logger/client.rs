//! What can be asked of a logger.

use amlstm_core::link::{
    ConfigItem, ConfigKey, CorrectedEstimate, EstimateRecord, Event, Fault, Firmware, Hello,
    LayerSubsidence, Models, MonthRecord, Now, PROTO_MAJOR, Request, Response, Sample, Samples,
    SlotInfo, Status, VisitReport,
};

use super::error::LoggerError;
use super::exchange::{Exchange, Repeat};
use super::line::Line;

/// A logger at the other end of a line.
pub struct Client {
    exchange: Exchange,
    /// Who answered.
    pub hello: Hello,
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
            exchange: Exchange::new(line),
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
        self.ask_once(&Request::Now, "Now", |response| match response {
            Response::Now(now) => Some(now.clone()),
            _ => None,
        })
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

    /// What each aquifer layer adds by physics to the last closed month; `None` from a firmware that does not tell.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn layers(&mut self) -> Result<Option<LayerSubsidence>, LoggerError> {
        let layers =
            self.ask(
                &Request::Layers { position: None },
                "Layers",
                |response| match response {
                    Response::Layers(layers) => Some(layers.clone()),
                    _ => None,
                },
            );
        match layers {
            Err(LoggerError::Refused(Fault::Unsupported)) => Ok(None),
            layers => layers.map(Some),
        }
    }

    /// What the active model says of a closed month without the drift of the sensors: of that at `position`, or of the last one.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn corrected_estimate(
        &mut self,
        position: Option<u16>,
    ) -> Result<CorrectedEstimate, LoggerError> {
        // Summing up months again takes long: the answer is waited for.
        self.ask_once(
            &Request::CorrectedEstimate { position },
            "CorrectedEstimate",
            |response| match response {
                Response::CorrectedEstimate(corrected) => Some(corrected.clone()),
                _ => None,
            },
        )
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
        self.ask_once(&request, "Done", done)
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
        self.ask_once(&request, "Done", done)
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
        self.ask_once(&request, "Visit", |response| match response {
            Response::Visit(report) => Some(report.clone()),
            _ => None,
        })
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
        self.ask_once(&request, "Active", active)
    }

    /// Makes the uploaded model active.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub(super) fn commit(&mut self, allow_older: bool) -> Result<SlotInfo, LoggerError> {
        let request = Request::UploadCommit { allow_older };
        self.ask_once(&request, "Active", active)
    }

    /// The program that runs, and how far the upload of another one got.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn firmware(&mut self) -> Result<Firmware, LoggerError> {
        self.ask(&Request::Firmware, "Firmware", |response| match response {
            Response::Firmware(firmware) => Some(firmware.clone()),
            _ => None,
        })
    }

    /// Has the uploaded firmware accepted.
    pub(super) fn commit_firmware(
        &mut self,
        signature: &[u8; 64],
        allow_older: bool,
    ) -> Result<(), LoggerError> {
        let request = Request::FirmwareCommit {
            signature,
            allow_older,
        };
        self.ask_once(&request, "Done", done)
    }

    /// Restarts the logger.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn restart(&mut self) -> Result<(), LoggerError> {
        self.ask_once(&Request::Restart, "Done", done)
    }

    /// Asks until an answer comes.
    pub(super) fn ask<T>(
        &mut self,
        request: &Request,
        expected: &'static str,
        take: impl Fn(&Response) -> Option<T>,
    ) -> Result<T, LoggerError> {
        self.exchange.ask(Repeat::Yes, request, expected, take)
    }

    /// Asks once: a repetition could do something twice.
    pub(super) fn ask_once<T>(
        &mut self,
        request: &Request,
        expected: &'static str,
        take: impl Fn(&Response) -> Option<T>,
    ) -> Result<T, LoggerError> {
        self.exchange.ask(Repeat::Never, request, expected, take)
    }
}

fn done(response: &Response) -> Option<()> {
    matches!(response, Response::Done).then_some(())
}

fn active(response: &Response) -> Option<SlotInfo> {
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
