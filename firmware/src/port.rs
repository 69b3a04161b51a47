//! The technician's port: frames of [`amlstm_core::link`] for a laptop's program, and a plain-text console for any terminal.

mod answer;
mod session;
mod state;

use amlstm_core::link::{FrameReader, Received, Task};
use embassy_futures::select::{Either, select};
use embedded_io_async::Read;

use crate::board::{Board, Clock};
use crate::shared::Shared;
use session::Session;

/// A frame that stops half way is forgotten after this silence, so that the console hears again.
const FRAME_SILENCE_MS: u64 = 1000;

/// Serves the port for ever; ends only if it breaks.
pub async fn serve<B: Board>(shared: &Shared<B>, mut from: B::FromLaptop, to: B::ToLaptop) {
    let mut reader = FrameReader::new();
    let mut session = Session::new(shared, to);
    let mut bytes = [0; 64];
    loop {
        shared.deadlines.clear(Task::Port);
        let length = if reader.is_inside() {
            let silence = shared
                .clock
                .wait_until_ms(shared.clock.uptime_ms() + FRAME_SILENCE_MS);
            match select(from.read(&mut bytes), silence).await {
                Either::First(read) => read,
                Either::Second(()) => {
                    reader.reset();
                    continue;
                }
            }
        } else {
            from.read(&mut bytes).await
        };
        // A port that breaks is dead for good: what is left is sampling.
        let Ok(length) = length else {
            return core::future::pending().await;
        };
        for &byte in bytes.get(..length).unwrap_or_default() {
            shared.deadlines.set(Task::Port, shared.clock.uptime_ms());
            let written = match reader.push(byte) {
                Received::Nothing | Received::Broken(_) => Ok(()),
                Received::Text(text) => session.take_typed(text).await,
                Received::Payload(payload) => session.answer(payload).await,
            };
            if written.is_err() {
                return core::future::pending().await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
