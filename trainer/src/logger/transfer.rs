//! Models over the line: push, resumed where it broke off, and pull.

use super::client::Client;
use super::error::LoggerError;
use amlstm_core::artifact::MAX_FILE_BYTES;
use amlstm_core::link::{Fault, MAX_CHUNK, Request, Response, SlotInfo, UploadProgress};

/// What a push did.
#[derive(Debug, Clone, PartialEq)]
pub struct Pushed {
    /// The model that is active now.
    pub active: SlotInfo,
    /// Bytes that an earlier, broken-off push had left on the logger.
    pub resumed_from: u32,
}

/// Uploads a model file and makes it the active one.
///
/// An upload of the same file that broke off is taken up where it stopped. `signature` is the Ed25519 signature of
/// the file; `allow_older` accepts a version below the logger's minimum. `progress` gets the bytes that arrived.
///
/// # Errors
///
/// Line, and each of the logger's reasons to refuse a model; the model before stays active then.
pub fn push(
    client: &mut Client,
    file: &[u8],
    signature: Option<&[u8; 64]>,
    allow_older: bool,
    mut progress: impl FnMut(u32),
) -> Result<Pushed, LoggerError> {
    let (length, crc) = (length(file), stored_crc(file));
    let there = match client.ask(&Request::UploadWhere, "Upload", upload) {
        Ok(state) => Some(state),
        Err(LoggerError::Refused(Fault::NoUpload)) => None,
        Err(error) => return Err(error),
    };
    let begin = Request::UploadBegin { length, crc };
    let chunk = |offset, bytes| Request::UploadChunk { offset, bytes };
    let resumed_from = send(client, file, there, &begin, chunk, &mut progress)?;
    if let Some(signature) = signature {
        let request = Request::UploadSignature { bytes: signature };
        client.ask(&request, "Upload", upload)?;
    }
    let active = client.commit(allow_older)?;
    Ok(Pushed {
        active,
        resumed_from,
    })
}

/// Sends a file that ends with its own CRC-32, from where an upload of the same file broke off; gives how many bytes were there. `there` is the upload that the logger
/// knows, `begin` starts a new one.
pub(super) fn send<'f>(
    client: &mut Client,
    file: &'f [u8],
    there: Option<UploadProgress>,
    begin: &Request,
    chunk: impl Fn(u32, &'f [u8]) -> Request<'f>,
    progress: &mut impl FnMut(u32),
) -> Result<u32, LoggerError> {
    let (length, crc) = (length(file), stored_crc(file));
    let same = there.filter(|there| (there.length, there.crc) == (length, crc));
    let resumed_from = match same {
        Some(there) => there.received,
        None => client.ask(begin, "Upload", upload)?.received,
    };
    let mut received = resumed_from;
    progress(received);
    // A lost answer costs a question. A logger that needs twice as many as there are chunks, and some, does not get on.
    let mut questions = 2 * length.div_ceil(MAX_CHUNK as u32) + 16;
    while received < length {
        questions = questions
            .checked_sub(1)
            .ok_or_else(|| LoggerError::Implausible {
                what: "an upload that stands at byte",
                found: received,
                expected: format!("{length} long since"),
            })?;
        let start = received as usize;
        let end = file.len().min(start + MAX_CHUNK);
        received = match client.ask(&chunk(received, &file[start..end]), "Upload", upload) {
            Ok(state) => state.received,
            // The answer to the chunk before was lost, or the logger knows better where it stands.
            Err(LoggerError::Refused(Fault::OutOfOrder { expected })) if expected <= length => {
                expected
            }
            Err(error) => return Err(error),
        };
        progress(received);
    }
    Ok(resumed_from)
}

pub(super) fn length(file: &[u8]) -> u32 {
    u32::try_from(file.len()).unwrap_or(u32::MAX)
}

/// The CRC-32 that ends a file.
pub(super) fn stored_crc(file: &[u8]) -> u32 {
    file.last_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Reads the active model file.
///
/// # Errors
///
/// Line, and no model on the logger.
pub fn pull(
    client: &mut Client,
    mut progress: impl FnMut(u32, u32),
) -> Result<Vec<u8>, LoggerError> {
    let mut file = Vec::new();
    loop {
        let offset = u32::try_from(file.len()).unwrap_or(u32::MAX);
        let (length, bytes) = client.ask(
            &Request::ModelRead { offset },
            "ModelBytes",
            |response| match response {
                Response::ModelBytes { length, bytes } => Some((*length, bytes.to_vec())),
                _ => None,
            },
        )?;
        if length as usize > MAX_FILE_BYTES {
            return Err(LoggerError::Implausible {
                what: "a model of so many bytes:",
                found: length,
                expected: format!("at most {MAX_FILE_BYTES}"),
            });
        }
        file.extend_from_slice(&bytes);
        progress(offset + bytes.len() as u32, length);
        if bytes.is_empty() || file.len() >= length as usize {
            return Ok(file);
        }
    }
}

fn upload(response: &Response<'_>) -> Option<UploadProgress> {
    match response {
        Response::Upload(state) => Some(*state),
        _ => None,
    }
}
