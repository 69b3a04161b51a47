//! The technician's port: frames of [`amlstm_core::link`] for a laptop's program, and a plain-text console for any terminal.
//!
//! Bytes are received while a command runs, so that a block of commands can be pasted.

mod answer;
mod session;
mod state;

use core::cell::Cell;

use amlstm_core::link::{FrameReader, Received, Task};
use embassy_futures::join::join;
use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::pipe::Pipe;
use embedded_io_async::Read;

use crate::board::{Board, Clock};
use crate::shared::Shared;
use session::Session;

/// An incomplete frame is discarded after this silence, so that the console works again.
const FRAME_SILENCE_MS: u64 = 1000;
/// Pause after a read that failed or returned nothing, because of an unplugged cable or an overrun.
const PAUSE_MS: u64 = 100;
/// Bytes buffered while a command runs: enough for a station's whole set-up.
const RECEIVED_BYTES: usize = 2048;

type Bytes = Pipe<NoopRawMutex, RECEIVED_BYTES>;

/// Serves the port forever.
pub async fn serve<B: Board>(shared: &Shared<B>, from: B::FromLaptop, to: B::ToLaptop) {
    let received = Bytes::new();
    let lost = Cell::new(false);
    join(
        receive(shared, from, &received, &lost),
        run(shared, to, &received, &lost),
    )
    .await;
}

/// Receives bytes; notes in `lost` when some were lost.
async fn receive<B: Board>(
    shared: &Shared<B>,
    mut from: B::FromLaptop,
    received: &Bytes,
    lost: &Cell<bool>,
) {
    let mut bytes = [0; 64];
    loop {
        match from.read(&mut bytes).await {
            Ok(length @ 1..) => {
                received
                    .write_all(bytes.get(..length).unwrap_or_default())
                    .await;
            }
            Ok(0) => pause(shared).await,
            Err(_) => {
                // Buffered input is discarded, too: it may belong to the line that was lost.
                received.clear();
                lost.set(true);
                let _ = received.try_write(b" ");
                pause(shared).await;
            }
        }
    }
}

async fn pause<B: Board>(shared: &Shared<B>) {
    let next_ms = shared.clock.uptime_ms() + PAUSE_MS;
    shared.clock.wait_until_ms(next_ms).await;
}

/// Answers frames and runs typed commands.
async fn run<B: Board>(shared: &Shared<B>, to: B::ToLaptop, received: &Bytes, lost: &Cell<bool>) {
    let mut reader = FrameReader::new();
    let mut session = Session::new(shared, to);
    let mut bytes = [0; 64];
    loop {
        shared.deadlines.clear(Task::Port);
        let length = if reader.is_inside() {
            let silence = shared
                .clock
                .wait_until_ms(shared.clock.uptime_ms() + FRAME_SILENCE_MS);
            match select(received.read(&mut bytes), silence).await {
                Either::First(length) => length,
                Either::Second(()) => {
                    reader.reset();
                    continue;
                }
            }
        } else {
            received.read(&mut bytes).await
        };
        for &byte in bytes.get(..length).unwrap_or_default() {
            shared.deadlines.set(Task::Port, shared.clock.uptime_ms());
            if lost.take() {
                reader.reset();
                // If the port fails here, it will fail for what follows, too.
                let _ = session.lost().await;
                break;
            }
            let written = match reader.push(byte) {
                Received::Nothing | Received::Broken(_) => Ok(()),
                Received::Text(text) => session.take_typed(text).await,
                Received::Payload(payload) => session.answer(payload).await,
            };
            if written.is_err() {
                pause(shared).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
