//! The sensors on a logger's SDI-12 cable: who is there, and what they answer.

use amlstm_core::link::{Fault, Request, Response};

use super::client::Client;
use super::error::LoggerError;

/// Every address a sensor can have.
const ADDRESSES: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What became of a sensor's new address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renumbered {
    /// It answers there now.
    Done,
    /// Something answers there already; nothing was changed.
    Taken,
    /// The sensor did not take it; what it answered.
    Refused(Option<String>),
}

impl Client {
    /// Sends an SDI-12 command, `!` included, and gives the answer; `None` if nobody answers.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question. A command is sent once: it may change a sensor.
    pub fn sdi12(&mut self, command: &str) -> Result<Option<String>, LoggerError> {
        let request = Request::Sdi12 {
            command: command.as_bytes(),
        };
        let answer = self.ask_once(&request, "Sdi12", |response| match response {
            Response::Sdi12(line) => Some(String::from_utf8_lossy(line).into_owned()),
            _ => None,
        });
        match answer {
            Ok(line) => Ok(Some(line)),
            Err(LoggerError::Refused(Fault::NotFound)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks every address, and each sensor that answers who it is; `progress` gets how many of how many addresses were asked.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn sdi12_scan(
        &mut self,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Vec<String>, LoggerError> {
        let mut found = Vec::new();
        for (asked, address) in (1..).zip(ADDRESSES.chars()) {
            if self.sdi12(&format!("{address}!"))?.is_some() {
                let identity = self.sdi12(&format!("{address}I!"))?;
                found.push(identity.unwrap_or_else(|| address.to_string()));
            }
            progress(asked, ADDRESSES.len() as u64);
        }
        Ok(found)
    }

    /// Gives the sensor at `from` the address `to`, which must be free.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn sdi12_renumber(&mut self, from: char, to: char) -> Result<Renumbered, LoggerError> {
        if self.sdi12(&format!("{to}!"))?.is_some() {
            return Ok(Renumbered::Taken);
        }
        let answer = self.sdi12(&format!("{from}A{to}!"))?;
        Ok(if answer.as_deref() == Some(&*to.to_string()) {
            Renumbered::Done
        } else {
            Renumbered::Refused(answer)
        })
    }
}
