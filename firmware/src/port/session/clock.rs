//! The clock on the console.

use core::fmt;

use amlstm_core::link::ClockState;
use embedded_io_async::Write;
use heapless::String;

use super::Session;
use super::month_name::MonthName;
use crate::board::Board;
use crate::calendar::Moment;

impl<B: Board, W: Write> Session<'_, B, W> {
    pub(super) async fn clock(&mut self) -> Result<(), W::Error> {
        let shared = self.shared;
        let (unix_s, state, counts_from) = {
            let logger = shared.logger.lock().await;
            let clock = &shared.clock;
            (
                logger.unix_s(clock),
                logger.clock_state(),
                logger.counts_from_month(clock),
            )
        };
        if let Some(month) = counts_from {
            self.line(format_args!(
                "NOT COUNTING until {}: earlier months are closed; void undoes what a wrong date closed",
                MonthName(month)
            ))
            .await?;
        }
        match (unix_s, state) {
            (Some(unix_s), ClockState::Set) => {
                self.line(format_args!("clock      {} UTC", Moment::from_unix(unix_s)))
                    .await
            }
            (Some(unix_s), _) => {
                let moment = Moment::from_unix(unix_s);
                self.line(format_args!(
                    "clock      {moment} UTC, UNSURE since a power loss: set it"
                ))
                .await
            }
            (None, _) => {
                self.text(
                    "clock      NOT SET: nothing is recorded; clock YYYY-MM-DD HH:MM:SS sets it\r\n",
                )
                .await
            }
        }
    }

    pub(super) async fn set_clock(
        &mut self,
        date: &str,
        time: &str,
        confirm_jump: bool,
    ) -> Result<(), W::Error> {
        let shared = self.shared;
        let mut text = String::<32>::new();
        let written = fmt::Write::write_fmt(&mut text, format_args!("{date} {time}"));
        let Some(unix_s) = written.ok().and_then(|()| Moment::parse(&text)?.to_unix()) else {
            return self
                .line(format_args!(
                    "clock: found \"{date} {time}\", expected YYYY-MM-DD HH:MM:SS"
                ))
                .await;
        };
        let set = shared
            .logger
            .lock()
            .await
            .set_clock(&shared.clock, unix_s, confirm_jump)
            .await;
        match set {
            Ok(()) => {
                shared.schedule_changed.signal(());
                self.clock().await
            }
            Err(fault) => self.fault(fault).await,
        }
    }
}
