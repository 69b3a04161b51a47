//! An answer line while it is received.

/// Replaces a byte with wrong parity. No valid answer contains it, so the answer is rejected and requested again.
const DAMAGED: u8 = 0xff;

/// Receives an answer, byte by byte, for [`SensorBus::exchange`](crate::board::SensorBus::exchange).
pub struct AnswerLine<'a> {
    reply: &'a mut [u8],
    length: usize,
}

impl<'a> AnswerLine<'a> {
    /// An empty line, received into `reply`.
    pub fn new(reply: &'a mut [u8]) -> Self {
        Self { reply, length: 0 }
    }

    /// Adds the next byte. True if the line continues: it does not after CR LF, nor when `reply` is full.
    pub fn goes_on_with(&mut self, byte: u8) -> bool {
        let Some(place) = self.reply.get_mut(self.length) else {
            return false;
        };
        *place = byte;
        self.length += 1;
        let line = self.reply.get(..self.length);
        line.is_some_and(|line| !line.ends_with(b"\r\n"))
    }

    /// As [`Self::goes_on_with`], for a 7E1 byte as an 8N1 UART receives it: 7 data bits, and the even parity as the highest bit.
    pub fn goes_on_with_parity(&mut self, byte: u8) -> bool {
        if byte.count_ones().is_multiple_of(2) {
            self.goes_on_with(byte & 0x7f)
        } else {
            self.goes_on_with(DAMAGED)
        }
    }

    /// Bytes received; `None` without any.
    pub fn length(&self) -> Option<usize> {
        (self.length > 0).then_some(self.length)
    }
}
