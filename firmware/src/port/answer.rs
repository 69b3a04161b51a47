//! Answers to requests of the link.

use core::ops::ControlFlow;

use amlstm_core::artifact;
use amlstm_core::link::{
    Fault, Hello, MAX_CHUNK, MAX_FRAME, MAX_PAYLOAD, Reply, Request, Response, decode_request,
    encode_frame,
};

use crate::board::Board;
use crate::shared::Shared;

/// Room for samples or model bytes in one response: the payload without sequence, discriminants and lengths.
const SCRATCH: usize = MAX_PAYLOAD - 16;

const _: () = assert!(SCRATCH >= MAX_CHUNK);

/// The answer to a frame.
#[derive(Debug)]
pub struct Answer<'o> {
    /// The whole frame to send.
    pub frame: &'o [u8],
    /// Restart once it is sent.
    pub restart: bool,
}

/// Answers the request in a received payload, also if it is malformed.
pub async fn answer<'o, B: Board>(
    shared: &Shared<B>,
    payload: &[u8],
    out: &'o mut [u8; MAX_FRAME],
) -> Answer<'o> {
    let (sequence, request) = decode_request(payload);
    let mut scratch = [0; SCRATCH];
    let restart = request == Ok(Request::Restart);
    let reply = match request {
        Ok(request) => respond(shared, request, &mut scratch).await,
        Err(fault) => Err(fault),
    };
    if encode_frame(sequence, &reply, out).is_err() {
        let too_large: Reply<'_> = Err(Fault::TooLarge);
        let _ = encode_frame(sequence, &too_large, out);
    }
    Answer {
        frame: sent_part(out),
        restart,
    }
}

/// The frame at the start of `out`: it ends with its second zero byte.
fn sent_part(out: &[u8; MAX_FRAME]) -> &[u8] {
    let end = out
        .iter()
        .skip(1)
        .position(|byte| *byte == 0)
        .map_or(MAX_FRAME, |place| place + 2);
    out.get(..end).unwrap_or(out)
}

#[allow(clippy::too_many_lines, reason = "one arm for each request")]
async fn respond<'s, B: Board>(
    shared: &Shared<B>,
    request: Request<'_>,
    scratch: &'s mut [u8; SCRATCH],
) -> Reply<'s> {
    let clock = &shared.clock;
    match request {
        Request::Now => return Ok(Response::Now(shared.now().await)),
        Request::Visit {
            laptop_unix_s,
            tape_m,
        } => {
            return shared
                .visit(laptop_unix_s, &tape_m)
                .await
                .map(Response::Visit);
        }
        Request::Status => return Ok(Response::Status(shared.status().await?)),
        Request::Sdi12 { command } => {
            let line = shared.send_sdi12(command, scratch.as_mut_slice()).await?;
            return Ok(Response::Sdi12(line));
        }
        Request::Firmware
        | Request::FirmwareBegin { .. }
        | Request::FirmwareChunk { .. }
        | Request::FirmwareCommit { .. } => return shared.firmware(&request).await,
        Request::Verify => return Ok(Response::Verification(shared.verify().await?)),
        Request::ConfirmStep { channel } => {
            shared.confirm_step(channel).await?;
            return Ok(Response::Done);
        }
        _ => {}
    }
    let mut logger = shared.logger.lock().await;
    Ok(match request {
        Request::Hello => Response::Hello(Hello::new(
            shared.fw,
            artifact::FORMAT as u8,
            logger.settings.serial,
        )),
        Request::Month { position } => {
            let (record, estimate) = logger.month_at(position).await?.ok_or(Fault::NotFound)?;
            Response::Month { record, estimate }
        }
        Request::Event { number } => {
            let event = logger.store.event_from(number).await?;
            Response::Event(event.ok_or(Fault::NotFound)?)
        }
        Request::Samples { number } => {
            let mut length = 0;
            let packed = logger.store.each_sample(number, |_, bytes| {
                match scratch.get_mut(length..length + bytes.len()) {
                    Some(place) => {
                        place
                            .iter_mut()
                            .zip(bytes)
                            .for_each(|(to, from)| *to = *from);
                        length += bytes.len();
                        ControlFlow::Continue(())
                    }
                    None => ControlFlow::Break(()),
                }
            });
            packed.await?;
            Response::Samples(
                scratch
                    .get(..length)
                    .filter(|bytes| !bytes.is_empty())
                    .ok_or(Fault::NotFound)?,
            )
        }
        Request::Estimate => Response::Estimate(logger.estimate_at(None).await?.0),
        Request::EstimateAt { position } => {
            Response::Estimate(logger.estimate_at(Some(position)).await?.0)
        }
        Request::Layers { position } => Response::Layers(logger.estimate_at(position).await?.1),
        Request::CorrectedEstimate { position } => {
            Response::CorrectedEstimate(logger.corrected_estimate(position).await?)
        }
        Request::ConfigGet(key) => {
            Response::Config(logger.settings.get(key).ok_or(Fault::NotFound)?)
        }
        Request::ConfigSet(item) => {
            logger.configure(clock, item).await?;
            shared.schedule_changed.signal(());
            shared.estimate_wanted.signal(());
            Response::Done
        }
        Request::ClockSet {
            unix_s,
            confirm_jump,
        } => {
            logger.set_clock(clock, unix_s, confirm_jump).await?;
            shared.schedule_changed.signal(());
            Response::Done
        }
        Request::Models => Response::Models(logger.models().await?),
        Request::UploadBegin { length, crc } => {
            Response::Upload(logger.upload_begin(length, crc).await?)
        }
        Request::UploadChunk { bytes, .. } if bytes.is_empty() || bytes.len() > MAX_CHUNK => {
            return Err(Fault::Malformed);
        }
        Request::UploadChunk { offset, bytes } => {
            Response::Upload(logger.upload_chunk(offset, bytes).await?)
        }
        Request::UploadWhere => Response::Upload(logger.upload_where()?),
        Request::UploadSignature { bytes } => Response::Upload(logger.upload_signature(bytes)?),
        Request::UploadCommit { allow_older } => {
            let active = logger.upload_commit(clock, allow_older).await?;
            shared.estimate_wanted.signal(());
            Response::Active(active)
        }
        Request::Rollback { allow_older } => {
            let active = logger.rollback(clock, allow_older).await?;
            shared.estimate_wanted.signal(());
            Response::Active(active)
        }
        Request::ModelRead { offset } => {
            let file = logger.active_model().await?;
            let rest = file.get(offset as usize..).ok_or(Fault::NotFound)?;
            let count = rest.len().min(MAX_CHUNK);
            let bytes = scratch.get_mut(..count).ok_or(Fault::TooLarge)?;
            bytes
                .iter_mut()
                .zip(rest)
                .for_each(|(place, byte)| *place = *byte);
            Response::ModelBytes {
                length: file.len() as u32,
                bytes,
            }
        }
        Request::Restart => Response::Done,
        Request::VoidMonths {
            month_index,
            confirm,
        } => {
            logger.void_months(clock, month_index, confirm).await?;
            shared.estimate_wanted.signal(());
            Response::Done
        }
        // Answered above.
        Request::Now
        | Request::Visit { .. }
        | Request::Status
        | Request::Verify
        | Request::Sdi12 { .. }
        | Request::Firmware
        | Request::FirmwareBegin { .. }
        | Request::FirmwareChunk { .. }
        | Request::FirmwareCommit { .. }
        | Request::ConfirmStep { .. } => return Err(Fault::Unsupported),
    })
}
