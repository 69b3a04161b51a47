//! Frames: byte stuffing, CRC-32, and finding them in a stream of bytes.

use serde::{Deserialize, Serialize};

use super::{Fault, MAX_FRAME, MAX_PAYLOAD, Reply, Request};
use crate::checksum::CRC32;

const CRC_BYTES: usize = 4;
/// A request whose enum discriminant is at or above this number is newer than this code.
const KNOWN_REQUESTS: u8 = 31;

/// Why bytes are not a frame, or a message does not fit one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// More than [`MAX_FRAME`] bytes without a zero.
    #[error("frame longer than {MAX_FRAME} bytes")]
    TooLong,
    /// Shorter than a sequence number and a CRC.
    #[error("frame too short to hold a message and its CRC")]
    TooShort,
    /// The byte stuffing is not COBS.
    #[error("frame with broken byte stuffing")]
    Stuffing,
    /// The CRC-32 of the payload differs from the one sent.
    #[error("frame damaged on the line: CRC {sent:08x} sent, {computed:08x} computed")]
    Crc {
        /// In the frame.
        sent: u32,
        /// Of the payload.
        computed: u32,
    },
    /// The message does not fit [`MAX_PAYLOAD`] bytes.
    #[error("message does not fit a frame of {MAX_FRAME} bytes")]
    MessageTooLong,
    /// The payload is not a message of this protocol.
    #[error("frame holds no message this program knows")]
    Message,
}

/// Writes one frame with `sequence` and `message` (a [`Request`] or [`Reply`]) to the start of `out` and returns it.
///
/// # Errors
/// [`FrameError::MessageTooLong`] if the message does not fit.
pub fn encode_frame<'o, T: Serialize>(
    sequence: u8,
    message: &T,
    out: &'o mut [u8; MAX_FRAME],
) -> Result<&'o [u8], FrameError> {
    let mut payload = [0; MAX_PAYLOAD + CRC_BYTES];
    let body = payload
        .get_mut(..MAX_PAYLOAD)
        .ok_or(FrameError::MessageTooLong)?;
    let length = postcard::to_slice(&(sequence, message), body)
        .map_err(|_| FrameError::MessageTooLong)?
        .len();
    let body = payload.get(..length).ok_or(FrameError::MessageTooLong)?;
    let crc = CRC32.checksum(body);
    let end = length + CRC_BYTES;
    payload
        .get_mut(length..end)
        .ok_or(FrameError::MessageTooLong)?
        .copy_from_slice(&crc.to_le_bytes());
    let payload = payload.get(..end).ok_or(FrameError::MessageTooLong)?;
    let written = cobs::try_encode_including_sentinels(payload, out)
        .map_err(|_| FrameError::MessageTooLong)?;
    out.get(..written).ok_or(FrameError::MessageTooLong)
}

/// Reads a request from a received payload. Returns its sequence number in either case.
///
/// # Errors
/// [`Fault::Unsupported`] for an unknown request, [`Fault::Malformed`] for one that cannot be read.
pub fn decode_request(payload: &[u8]) -> (u8, Result<Request<'_>, Fault>) {
    let Some((&sequence, message)) = payload.split_first() else {
        return (0, Err(Fault::Malformed));
    };
    let request = match postcard::take_from_bytes::<Request<'_>>(message) {
        Ok((request, [])) => Ok(request),
        // A request with additional fields may mean something else.
        Ok(_) => Err(Fault::Unsupported),
        Err(_) if message.first().is_some_and(|&kind| kind >= KNOWN_REQUESTS) => {
            Err(Fault::Unsupported)
        }
        Err(_) => Err(Fault::Malformed),
    };
    (sequence, request)
}

/// Reads a reply from a received payload. Bytes after the known fields are ignored.
///
/// # Errors
/// [`FrameError::Message`] if it is not a reply.
pub fn decode_reply(payload: &[u8]) -> Result<(u8, Reply<'_>), FrameError> {
    take::<(u8, Reply<'_>)>(payload)
}

fn take<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, FrameError> {
    postcard::take_from_bytes(payload)
        .map(|(message, _)| message)
        .map_err(|_| FrameError::Message)
}

/// The meaning of a byte to a [`FrameReader`].
#[derive(Debug, PartialEq, Eq)]
pub enum Received<'a> {
    /// Nothing yet.
    Nothing,
    /// The byte stands outside of any frame: console text.
    Text(u8),
    /// A whole frame; its payload, CRC checked, without the CRC.
    Payload(&'a [u8]),
    /// An invalid frame has ended. The next one is read from its beginning.
    Broken(FrameError),
}

/// Finds frames in a stream of bytes. It accepts any bytes, and recovers from every error.
#[derive(Debug)]
pub struct FrameReader {
    buffer: [u8; MAX_FRAME],
    length: usize,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Inside,
    /// Inside a frame that is too long already.
    Overflow,
}

impl Default for FrameReader {
    fn default() -> Self {
        Self::new()
    }
}

impl FrameReader {
    /// A reader outside of any frame.
    pub const fn new() -> Self {
        Self {
            buffer: [0; MAX_FRAME],
            length: 0,
            place: Place::Outside,
        }
    }

    /// True while a frame has begun and not ended.
    pub fn is_inside(&self) -> bool {
        self.place != Place::Outside
    }

    /// Takes the next byte of the stream.
    pub fn push(&mut self, byte: u8) -> Received<'_> {
        match (self.place, byte) {
            (Place::Outside, 0) => self.start(),
            (Place::Outside, text) => Received::Text(text),
            // Two zeros: the first ended a lost frame, the second starts one.
            (Place::Inside, 0) if self.length == 0 => Received::Nothing,
            (Place::Inside, 0) => self.finish(),
            (Place::Inside, _) => self.append(byte),
            (Place::Overflow, 0) => self.broken(FrameError::TooLong),
            (Place::Overflow, _) => Received::Nothing,
        }
    }

    fn start(&mut self) -> Received<'_> {
        self.place = Place::Inside;
        self.length = 0;
        Received::Nothing
    }

    fn append(&mut self, byte: u8) -> Received<'_> {
        // The longest frame includes its two zeros.
        match self
            .buffer
            .get_mut(..MAX_FRAME - 2)
            .and_then(|buffer| buffer.get_mut(self.length))
        {
            Some(place) => {
                *place = byte;
                self.length += 1;
            }
            None => self.place = Place::Overflow,
        }
        Received::Nothing
    }

    fn finish(&mut self) -> Received<'_> {
        let Some(frame) = self.buffer.get_mut(..self.length) else {
            return self.broken(FrameError::TooLong);
        };
        match unpack(frame) {
            Ok(length) => {
                self.place = Place::Outside;
                debug_assert!(length <= MAX_FRAME, "a payload is shorter than its frame");
                Received::Payload(self.buffer.get(..length).unwrap_or_default())
            }
            Err(error) => self.broken(error),
        }
    }

    /// The zero that ended a broken frame may start the next one.
    fn broken(&mut self, error: FrameError) -> Received<'_> {
        self.start();
        Received::Broken(error)
    }

    /// Discards an incomplete frame, after silence on the line.
    pub fn reset(&mut self) {
        self.place = Place::Outside;
    }
}

/// Undoes the byte stuffing in place, checks the CRC, and returns the payload's length.
fn unpack(frame: &mut [u8]) -> Result<usize, FrameError> {
    let length = cobs::decode_in_place(frame).map_err(|_| FrameError::Stuffing)?;
    let decoded = frame.get(..length).ok_or(FrameError::Stuffing)?;
    let (payload, crc) = decoded
        .split_last_chunk::<CRC_BYTES>()
        .ok_or(FrameError::TooShort)?;
    let (sent, computed) = (u32::from_le_bytes(*crc), CRC32.checksum(payload));
    if sent != computed {
        return Err(FrameError::Crc { sent, computed });
    }
    if payload.is_empty() {
        Err(FrameError::TooShort)
    } else {
        Ok(payload.len())
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
