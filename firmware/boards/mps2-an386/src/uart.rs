//! The two CMSDK UARTs, driven by interrupts.

use core::cell::RefCell;
use core::convert::Infallible;
use core::future::poll_fn;
use core::task::Poll;

use critical_section::Mutex;
use embedded_io_async::{ErrorType, Read, Write};
use heapless::Deque;

use crate::registers::{read, unmask, write};

pub const TECHNICIAN_RX: i16 = 0;
pub const TECHNICIAN_TX: i16 = 1;
pub const SENSORS_RX: i16 = 2;
pub const SENSORS_TX: i16 = 3;

const DATA: usize = 0x0;
const STATE: usize = 0x4;
const CONTROL: usize = 0x8;
const INTERRUPT: usize = 0xc;
const BAUD_DIVIDER: usize = 0x10;
const TX_FULL: u32 = 1;
const RX_FULL: u32 = 2;
/// Transmitter and receiver on, with their interrupts.
const ALL_ON: u32 = 0b1111;
/// 25 MHz / 217 = 115 207 baud.
const DIVIDER: u32 = 217;

/// Bytes received and not yet read; further ones are lost.
type Ring = Deque<u8, 1024>;

/// One of the UARTs: its registers and what it received.
struct Channel {
    base: usize,
    ring: Mutex<RefCell<Ring>>,
}

impl Channel {
    const fn at(base: usize) -> Self {
        Self {
            base,
            ring: Mutex::new(RefCell::new(Ring::new())),
        }
    }
}

static TECHNICIAN: Channel = Channel::at(0x4000_4000);
static SENSORS: Channel = Channel::at(0x4000_5000);

/// One of the UARTs.
#[derive(Clone, Copy)]
pub struct Uart(&'static Channel);

/// The technician's port, both ways.
pub fn technician() -> (Uart, Uart) {
    let uart = start(&TECHNICIAN, TECHNICIAN_RX, TECHNICIAN_TX);
    (uart, uart)
}

/// The sensor bus.
pub fn sensors() -> Uart {
    start(&SENSORS, SENSORS_RX, SENSORS_TX)
}

fn start(channel: &'static Channel, rx: i16, tx: i16) -> Uart {
    write(channel.base + BAUD_DIVIDER, DIVIDER);
    write(channel.base + CONTROL, ALL_ON);
    unmask(rx);
    unmask(tx);
    Uart(channel)
}

/// Takes received bytes; the end of a transmission only wakes the future.
pub fn interrupt(interrupt: i16) {
    let Channel { base, ring } = match interrupt {
        SENSORS_RX | SENSORS_TX => &SENSORS,
        _ => &TECHNICIAN,
    };
    write(base + INTERRUPT, 0b11);
    critical_section::with(|token| {
        // The ring is borrowed only in critical sections.
        let Ok(mut ring) = ring.borrow(token).try_borrow_mut() else {
            return;
        };
        while read(base + STATE) & RX_FULL != 0 {
            let _ = ring.push_back(read(base + DATA) as u8);
        }
    });
}

impl Uart {
    /// The next byte received, if any.
    pub fn pop(self) -> Option<u8> {
        critical_section::with(|token| self.0.ring.borrow(token).try_borrow_mut().ok()?.pop_front())
    }

    /// Waits for the next byte.
    pub async fn byte(self) -> u8 {
        poll_fn(|_| self.pop().map_or(Poll::Pending, Poll::Ready)).await
    }

    async fn send(self, byte: u8) {
        let base = self.0.base;
        poll_fn(|_| {
            if read(base + STATE) & TX_FULL == 0 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        write(base + DATA, u32::from(byte));
    }
}

impl ErrorType for Uart {
    type Error = Infallible;
}

impl Read for Uart {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first_mut() else {
            return Ok(0);
        };
        *first = self.byte().await;
        let mut length = 1;
        for place in bytes.iter_mut().skip(1) {
            let Some(byte) = self.pop() else { break };
            *place = byte;
            length += 1;
        }
        Ok(length)
    }
}

impl Write for Uart {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        for &byte in bytes {
            self.send(byte).await;
        }
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
