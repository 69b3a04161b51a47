//! The repair port of a logger whose data flash cannot be opened: it says why, and can erase the flash or restart.

use core::fmt::{self, Write as _};

use amlstm_core::artifact;
use amlstm_core::link::{
    Fault, FrameReader, Hello, MAX_FRAME, Received, Reply, Request, Response, decode_request,
    encode_frame,
};
use embassy_futures::join::join;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embedded_io_async::{Read, Write};
use heapless::String;

use crate::board::{Board, Clock, Machine};
use crate::store::{Layout, Store, StoreError};

/// Longest line that is read or printed.
const MAX_LINE: usize = 160;
/// Pause after a read that failed or returned nothing.
const PAUSE_MS: u64 = 200;

const HELP: &str = "\
status         what is wrong\r\n\
erase confirm  erase the whole data flash: settings, samples, months, models; then restart\r\n\
restart        try again\r\n";

/// A logger whose flash cannot be opened.
pub struct Repair<B: Board> {
    clock: B::Clock,
    machine: Mutex<NoopRawMutex, B::Machine>,
    flash: Mutex<NoopRawMutex, B::Flash>,
    layout: Layout,
    fw: [u8; 3],
    error: StoreError,
}

impl<B: Board> Repair<B> {
    /// `error` says why the flash cannot be opened.
    pub fn new(
        clock: B::Clock,
        machine: B::Machine,
        flash: B::Flash,
        layout: Layout,
        fw: [u8; 3],
        error: StoreError,
    ) -> Self {
        Self {
            clock,
            machine: Mutex::new(machine),
            flash: Mutex::new(flash),
            layout,
            fw,
            error,
        }
    }

    /// Serves the port and feeds the watchdog, forever.
    pub async fn serve(&self, from: B::FromLaptop, to: B::ToLaptop) {
        join(self.serve_port(from, to), self.feed()).await;
    }

    async fn feed(&self) {
        loop {
            let period_ms = {
                let mut machine = self.machine.lock().await;
                machine.feed();
                u64::from(machine.watchdog_ms() / 2).max(1)
            };
            let next_ms = self.clock.uptime_ms() + period_ms;
            self.clock.wait_until_ms(next_ms).await;
        }
    }

    async fn serve_port(&self, mut from: B::FromLaptop, mut to: B::ToLaptop) {
        let mut reader = FrameReader::new();
        let mut line = String::<MAX_LINE>::new();
        let mut bytes = [0; 64];
        loop {
            let length = from.read(&mut bytes).await.unwrap_or(0);
            if length == 0 {
                reader.reset();
                let next_ms = self.clock.uptime_ms() + PAUSE_MS;
                self.clock.wait_until_ms(next_ms).await;
            }
            for &byte in bytes.get(..length).unwrap_or_default() {
                // If the port fails, the answer is lost; the next request is answered.
                let _ = match reader.push(byte) {
                    Received::Nothing | Received::Broken(_) => Ok(()),
                    Received::Payload(payload) => self.answer(payload, &mut to).await,
                    Received::Text(b'\r' | b'\n') => {
                        let typed = core::mem::take(&mut line);
                        self.run(typed.trim(), &mut to).await
                    }
                    // Ctrl-C, and a port that was woken.
                    Received::Text(3) => {
                        line.clear();
                        to.write_all(b"\r\n> ").await
                    }
                    Received::Text(byte) => {
                        let _ = line.push(char::from(byte));
                        to.write_all(&[byte]).await
                    }
                };
            }
        }
    }

    async fn run<W: Write>(&self, line: &str, to: &mut W) -> Result<(), W::Error> {
        to.write_all(b"\r\n").await?;
        match line {
            "" => {}
            "erase confirm" => {
                let erased = Store::erase(&mut *self.flash.lock().await, &self.layout).await;
                match erased {
                    Ok(()) => {
                        to.write_all(b"erased; restarting\r\n").await?;
                        to.flush().await?;
                        self.machine.lock().await.restart();
                    }
                    Err(_) => to.write_all(b"the flash cannot be erased\r\n").await?,
                }
            }
            "restart" => self.machine.lock().await.restart(),
            _ => {
                let [major, minor, patch] = self.fw;
                let mut status = String::<MAX_LINE>::new();
                let _ = write!(
                    status,
                    "REPAIR: nothing is recorded. Firmware {major}.{minor}.{patch}: {}\r\n",
                    Reason(self.error)
                );
                to.write_all(status.as_bytes()).await?;
                to.write_all(HELP.as_bytes()).await?;
            }
        }
        to.write_all(b"> ").await?;
        to.flush().await
    }

    async fn answer<W: Write>(&self, payload: &[u8], to: &mut W) -> Result<(), W::Error> {
        let (sequence, request) = decode_request(payload);
        let restart = request == Ok(Request::Restart);
        let reply: Reply<'_> = match request {
            Ok(Request::Hello) => Ok(Response::Hello(Hello::new(
                self.fw,
                artifact::FORMAT as u8,
                0,
            ))),
            Ok(Request::Restart) => Ok(Response::Done),
            Ok(_) => Err(Fault::Storage),
            Err(fault) => Err(fault),
        };
        let mut frame = [0; MAX_FRAME];
        if let Ok(frame) = encode_frame(sequence, &reply, &mut frame) {
            to.write_all(frame).await?;
        }
        to.flush().await?;
        if restart {
            self.machine.lock().await.restart();
        }
        Ok(())
    }
}

/// Why the flash cannot be opened, in words.
struct Reason(StoreError);

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            StoreError::Format { found } => write!(
                formatter,
                "the data flash has format {found}, which this firmware does not read"
            ),
            StoreError::Flash => formatter.write_str("the data flash cannot be read or written"),
            StoreError::Full | StoreError::TooLarge | StoreError::NotKept => {
                formatter.write_str("the data flash does not keep what is written")
            }
        }
    }
}
