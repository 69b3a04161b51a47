//! The technician's port, which sleeps while nobody asks.
//!
//! The start bit of the first character wakes it. That character is lost; in its place comes [`WAKE`], at which the console forgets what was typed before and
//! shows its prompt.

use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use embassy_futures::select::{Either, select};
use embassy_nrf::buffered_uarte::Error;
use embassy_nrf::peripherals::{TIMER1, UARTE0};
use embassy_time::{Duration, Instant, Timer};
use embedded_io_async::{ErrorType, Read, Write};

use crate::wire::{Parts, Wire};

/// Bits per second; a character takes ten.
pub const BAUD: u32 = 115_200;
/// The port sleeps when nothing came and nothing went for so long: longer than any request takes (`amlstm_firmware::deadlines`).
const AWAKE: Duration = Duration::from_secs(300);
/// The character that woke the port is over after 87 us, and the crystal runs after 0.4 ms.
const WAKING: Duration = Duration::from_millis(2);
/// What a waking looks like to the console: Ctrl-C.
const WAKE: u8 = 3;

/// The port.
pub struct Port {
    wire: RefCell<Wire<UARTE0, TIMER1>>,
    /// When something came or went last.
    used: Cell<Instant>,
}

impl Port {
    /// A port that is awake.
    pub fn new(parts: Parts<UARTE0, TIMER1>) -> Self {
        let mut wire = Wire::new(parts);
        wire.on();
        Self {
            wire: RefCell::new(wire),
            used: Cell::new(Instant::now()),
        }
    }

    /// Both directions.
    pub fn split(&self) -> (FromLaptop<'_>, ToLaptop<'_>) {
        (FromLaptop(self), ToLaptop(self))
    }

    fn note_used(&self) {
        self.used.set(Instant::now());
    }

    /// Does something with the wire; `None`, which does not happen, if it is in use: one thread uses it between two polls alone.
    fn with<T>(&self, action: impl FnOnce(&mut Wire<UARTE0, TIMER1>) -> T) -> Option<T> {
        let mut wire = self.wire.try_borrow_mut().ok()?;
        Some(action(&mut wire))
    }

    /// Returns when nothing came and nothing went for [`AWAKE`].
    async fn silence(&self) {
        loop {
            let used = self.used.get().as_ticks();
            let end = Instant::from_ticks(used.saturating_add(AWAKE.as_ticks()));
            if end <= Instant::now() {
                return;
            }
            Timer::at(end).await;
        }
    }

    /// Switches the port off and returns, with the port on, when somebody has typed.
    async fn sleep(&self) {
        let asleep = self.with(|wire| {
            wire.off();
            wire.rx_pin()
        });
        let Some(mut pin) = asleep else {
            return;
        };
        // A line that is held low, by a converter without power, is nobody who types.
        pin.wait_for_falling_edge().await;
        Timer::after(WAKING).await;
        drop(pin);
        self.with(|wire| {
            wire.on();
        });
        self.note_used();
    }
}

/// From the laptop.
pub struct FromLaptop<'p>(&'p Port);

impl ErrorType for FromLaptop<'_> {
    type Error = Error;
}

impl Read for FromLaptop<'_> {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Error> {
        let Self(port) = self;
        let received = poll_fn(|context| {
            // Nothing is kept in the inner future: it is made anew at each look.
            port.with(|wire| pin!(wire.on().read(bytes)).poll(context))
                .unwrap_or(Poll::Pending)
        });
        if let Either::First(received) = select(received, port.silence()).await {
            port.note_used();
            return received;
        }
        port.sleep().await;
        let Some(first) = bytes.first_mut() else {
            return Ok(0);
        };
        *first = WAKE;
        Ok(1)
    }
}

/// To the laptop. What is written while the port sleeps is lost: nobody has asked for it.
pub struct ToLaptop<'p>(&'p Port);

impl ErrorType for ToLaptop<'_> {
    type Error = Error;
}

impl Write for ToLaptop<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let Self(port) = self;
        let written = poll_fn(|context| {
            port.with(|wire| {
                if !wire.is_on() {
                    return Poll::Ready(Ok(bytes.len()));
                }
                pin!(wire.on().write(bytes)).poll(context)
            })
            .unwrap_or(Poll::Pending)
        });
        let written = written.await;
        port.note_used();
        written
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let Self(port) = self;
        poll_fn(|context| {
            port.with(|wire| {
                if !wire.is_on() {
                    return Poll::Ready(Ok(()));
                }
                pin!(wire.on().flush()).poll(context)
            })
            .unwrap_or(Poll::Pending)
        })
        .await
    }
}
