//! The technician's port: frames of [`amlstm_core::link`] for a laptop's program, and a plain-text console for any terminal.

mod console;
mod dispatch;

use amlstm_core::link::{FrameReader, MAX_FRAME, Received, Task};
use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};

use crate::app::Shared;
use crate::board::{Board, Clock, Machine};

pub use dispatch::answer;

/// A frame that stops half way is forgotten after this silence, so that the console hears again.
const FRAME_SILENCE_MS: u64 = 1000;
/// Any request is done within this time, slow sensors included.
pub(crate) const LONGEST_REQUEST_MS: u64 = 180_000;

/// Serves the port for ever; ends only if it breaks.
pub async fn serve<B: Board, R: Read, W: Write>(shared: &Shared<B>, mut from: R, mut to: W) {
    let mut reader = FrameReader::new();
    let mut console = console::Console::new();
    let mut bytes = [0; 64];
    loop {
        shared.beats.rest(Task::Port);
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
            shared
                .beats
                .expect(Task::Port, shared.clock.uptime_ms() + LONGEST_REQUEST_MS);
            let written = match reader.push(byte) {
                Received::Nothing | Received::Broken(_) => Ok(()),
                Received::Text(text) => console.push(shared, text, &mut to).await,
                Received::Payload(payload) => answer_frame(shared, payload, &mut to).await,
            };
            if written.is_err() {
                return core::future::pending().await;
            }
        }
    }
}

async fn answer_frame<B: Board, W: Write>(
    shared: &Shared<B>,
    payload: &[u8],
    to: &mut W,
) -> Result<(), W::Error> {
    let mut frame = [0; MAX_FRAME];
    let answer = answer(shared, payload, &mut frame).await;
    to.write_all(answer.frame).await?;
    to.flush().await?;
    if answer.restart {
        shared.machine.lock().await.restart();
    }
    Ok(())
}

#[cfg(test)]
mod tests;
