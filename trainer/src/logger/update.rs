//! Another firmware over the line: sent, started on trial, and what became of it.

use std::thread;
use std::time::{Duration, Instant};

use amlstm_core::firmware_file::{FirmwareFile, FirmwareFileError};
use amlstm_core::link::{Fault, Firmware, Request};

use super::client::Client;
use super::error::LoggerError;
use super::transfer::{length, send, stored_crc};

/// How long a firmware is given to stay or go: the watchdog's four minutes, and the exchange of two programs before and after.
const TRIAL: Duration = Duration::from_mins(6);
/// Between two questions to a firmware on trial.
const PAUSE: Duration = Duration::from_millis(500);

/// Why a logger's firmware was not updated.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The file is no firmware file.
    #[error(transparent)]
    File(#[from] FirmwareFileError),
    /// It is for another board.
    #[error("found firmware for {found}, expected for {expected}")]
    OtherBoard {
        /// The file's board and address.
        found: String,
        /// The logger's.
        expected: String,
    },
    /// Line and refusals.
    #[error(transparent)]
    Logger(#[from] LoggerError),
    /// It did not pass its test.
    #[error(
        "firmware {tried} did not stay: {runs} runs again, and nothing is lost; see `events`, and send the office what `bundle` writes"
    )]
    DidNotStay {
        /// The version that was tried.
        tried: String,
        /// The version that runs.
        runs: String,
    },
    /// Nobody knows what became of it.
    #[error(
        "no word from the logger within {} minutes; the firmware before comes back by itself: look at `info` and `events` later",
        TRIAL.as_secs() / 60
    )]
    NoWord,
}

/// Sends a firmware file and has it accepted; the logger's next start runs it on trial. Gives the bytes that an earlier, broken-off upload had left there.
///
/// `signature` is the Ed25519 signature of the file; `allow_older` accepts a version below the one that runs. `progress` gets the bytes that arrived.
///
/// # Errors
///
/// File, line, and each of the logger's reasons to refuse a firmware; nothing changes then.
pub fn send_firmware(
    client: &mut Client,
    file: &[u8],
    signature: &[u8; 64],
    allow_older: bool,
    mut progress: impl FnMut(u32),
) -> Result<u32, UpdateError> {
    let firmware = FirmwareFile::parse(file)?;
    let there = client.firmware()?;
    if (firmware.board, firmware.start) != (&*there.board, there.start) {
        return Err(UpdateError::OtherBoard {
            found: format!("{} at {:#x}", firmware.board, firmware.start),
            expected: format!("{} at {:#x}", there.board, there.start),
        });
    }
    if firmware.program_crc == there.program_crc {
        return Err(LoggerError::Refused(Fault::FirmwareRuns).into());
    }
    if firmware.version < there.version && !allow_older {
        let (version, running) = (firmware.version, there.version);
        return Err(LoggerError::Refused(Fault::FirmwareTooOld { version, running }).into());
    }
    let (length, crc) = (length(file), stored_crc(file));
    let begin = Request::FirmwareBegin { length, crc };
    let chunk = |offset, bytes| Request::FirmwareChunk { offset, bytes };
    let resumed_from = send(client, file, there.upload, &begin, chunk, &mut progress)?;
    client.commit_firmware(signature, allow_older)?;
    Ok(resumed_from)
}

/// Restarts a logger that has accepted a firmware, and waits until it has stayed or gone.
///
/// # Errors
///
/// Line; [`UpdateError::DidNotStay`], [`UpdateError::NoWord`].
pub fn try_firmware(client: &mut Client, file: &[u8]) -> Result<Firmware, UpdateError> {
    let tried = FirmwareFile::parse(file)?;
    client.restart()?;
    let start = Instant::now();
    while start.elapsed() < TRIAL {
        thread::sleep(PAUSE);
        // The question itself shows the firmware that its port works.
        match client.firmware() {
            Ok(runs) if runs.on_trial => {}
            Ok(runs) if runs.program_crc == tried.program_crc => return Ok(runs),
            Ok(runs) => {
                return Err(UpdateError::DidNotStay {
                    tried: version_text(tried.version),
                    runs: version_text(runs.version),
                });
            }
            // The bootloader is at work.
            Err(LoggerError::Silent { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(UpdateError::NoWord)
}

/// A firmware's version in words.
pub fn version_text([major, minor, patch]: [u8; 3]) -> String {
    format!("{major}.{minor}.{patch}")
}
