//! An answer while it is received.

/// What stands in an answer for a byte whose parity was wrong: no answer holds it, so that the answer is refused and asked for again.
const DAMAGED: u8 = 0xff;

/// Receives an answer, byte by byte, for [`SensorBus::exchange`].
pub struct AnswerLine<'a> {
    reply: &'a mut [u8],
    length: usize,
}

impl<'a> AnswerLine<'a> {
    /// Nothing yet; `reply` takes what comes.
    pub fn new(reply: &'a mut [u8]) -> Self {
        Self { reply, length: 0 }
    }

    /// Takes the next byte; whether more belong to the line: not after CR LF, nor when `reply` cannot take the byte.
    pub fn goes_on_with(&mut self, byte: u8) -> bool {
        let Some(place) = self.reply.get_mut(self.length) else {
            return false;
        };
        *place = byte;
        self.length += 1;
        let line = self.reply.get(..self.length);
        line.is_some_and(|line| !line.ends_with(b"\r\n"))
    }

    /// The same for a byte of 7 bits with an even parity bit in front: 7E1 as a UART of 8N1 receives it.
    pub fn goes_on_with_parity(&mut self, byte: u8) -> bool {
        if byte.count_ones().is_multiple_of(2) {
            self.goes_on_with(byte & 0x7f)
        } else {
            self.goes_on_with(DAMAGED)
        }
    }

    /// Bytes received; `None` if nothing came.
    pub fn length(&self) -> Option<usize> {
        (self.length > 0).then_some(self.length)
    }
}
