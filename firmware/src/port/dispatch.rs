//! Requests of the link.

use core::ops::ControlFlow;

use amlstm_core::artifact;
use amlstm_core::link::{
    EventKind, Fault, Hello, MAX_CHANNELS, MAX_CHUNK, MAX_FRAME, MAX_PAYLOAD, Now, Reply, Request,
    Response, Status, VisitReport, decode_request, encode_frame,
};
use heapless::Vec;

use crate::app::{Shared, read_sensors};
use crate::board::{Board, Clock, Machine};
use crate::filled::filled;
use crate::sense::{Round, depth_to_water_m};

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

/// Answers the request in a received payload, whatever its bytes are.
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

/// The frame at the start of `out`: it ends with its second zero.
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
        Request::Now => return Ok(Response::Now(now(shared).await)),
        Request::Visit {
            laptop_unix_s,
            tape_m,
        } => return visit(shared, laptop_unix_s, &tape_m).await,
        Request::Status => return Ok(Response::Status(status(shared).await?)),
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
            let event = logger
                .store
                .event_from(number)
                .await
                .map_err(|_| Fault::Storage)?;
            Response::Event(event.ok_or(Fault::NotFound)?)
        }
        Request::Samples { number } => {
            let mut length = 0;
            let packed = logger.store.each_sample(number, |_, bytes| {
                match scratch.get_mut(length..length + bytes.len()) {
                    Some(place) => {
                        place.copy_from_slice(bytes);
                        length += bytes.len();
                        ControlFlow::Continue(())
                    }
                    None => ControlFlow::Break(()),
                }
            });
            packed.await.map_err(|_| Fault::Storage)?;
            Response::Samples(
                scratch
                    .get(..length)
                    .filter(|bytes| !bytes.is_empty())
                    .ok_or(Fault::NotFound)?,
            )
        }
        Request::Estimate => Response::Estimate(logger.estimate_at(None).await?),
        Request::EstimateAt { position } => {
            Response::Estimate(logger.estimate_at(Some(position)).await?)
        }
        Request::ConfigGet(key) => {
            Response::Config(logger.settings.get(key).ok_or(Fault::NotFound)?)
        }
        Request::ConfigSet(item) => {
            logger.configure(clock, item).await?;
            shared.retimed.signal(());
            shared.closed.signal(());
            Response::Done
        }
        Request::ClockSet {
            unix_s,
            confirm_jump,
        } => {
            logger.set_clock(clock, unix_s, confirm_jump).await?;
            shared.retimed.signal(());
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
            shared.closed.signal(());
            Response::Active(active)
        }
        Request::Rollback => {
            let active = logger.rollback(clock).await?;
            shared.closed.signal(());
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
        // Answered above.
        Request::Now | Request::Visit { .. } | Request::Status => return Err(Fault::Unsupported),
    })
}

/// Every channel now.
pub async fn now<B: Board>(shared: &Shared<B>) -> Now {
    let Round {
        barometer_kpa,
        channels,
        ..
    } = read_sensors(shared, false).await;
    let unix_s = shared
        .logger
        .lock()
        .await
        .unix_s(&shared.clock)
        .unwrap_or(0);
    Now {
        unix_s,
        barometer_kpa,
        channels,
    }
}

/// State of the logger.
///
/// # Errors
/// [`Fault::Storage`].
pub async fn status<B: Board>(shared: &Shared<B>) -> Result<Status, Fault> {
    let battery_mv = shared.machine.lock().await.battery_mv();
    let mut logger = shared.logger.lock().await;
    let models = logger.models().await?;
    let months_free = logger
        .store
        .months_free()
        .await
        .map_err(|_| Fault::Storage)?;
    let held = logger.store.held();
    Ok(Status {
        station: logger.settings.station.clone(),
        datum: logger.settings.datum.clone(),
        unix_s: logger.unix_s(&shared.clock).unwrap_or(0),
        clock: logger.clock_state(),
        uptime_s: (shared.clock.uptime_ms() / 1000) as u32,
        boots: logger.counters.boots,
        watchdog_resets: logger.counters.watchdog_resets,
        reset_cause: logger.reset_cause,
        battery_mv,
        interval_s: logger.settings.interval_s,
        channels: logger.settings.channels.len() as u8,
        barometer: logger.settings.barometer.is_some(),
        first_sample: logger.store.first_sample(),
        next_sample: logger.store.next_sample(),
        sample_capacity: logger.store.sample_capacity(),
        months: held.months,
        months_free,
        first_event: held.first_event,
        next_event: held.next_event,
        model_generation: models.active.map(|active| active.generation),
        rate_alarm: logger.rate_alarm(),
        synthetic: shared.synthetic,
        storage_errors: logger.store.errors(),
    })
}

async fn visit<'s, B: Board>(
    shared: &Shared<B>,
    laptop_unix_s: u32,
    tape_m: &[Option<f32>],
) -> Reply<'s> {
    let now = now(shared).await;
    let battery_mv = shared.machine.lock().await.battery_mv();
    let mut logger = shared.logger.lock().await;
    let channels = logger.settings.channels.iter().zip(&now.channels);
    let depth_to_water: Vec<Option<f32>, MAX_CHANNELS> =
        filled(channels.map(|(config, reading)| depth_to_water_m(config, reading)));
    for (channel, (sensor_m, tape_m)) in depth_to_water.iter().zip(tape_m).enumerate() {
        if let Some(tape_m) = *tape_m {
            let tape = EventKind::Tape {
                channel: channel as u8,
                tape_m,
                sensor_m: *sensor_m,
            };
            logger
                .note(&shared.clock, tape)
                .await
                .map_err(|_| Fault::Storage)?;
        }
    }
    let months_free = logger
        .store
        .months_free()
        .await
        .map_err(|_| Fault::Storage)?;
    Ok(Response::Visit(VisitReport {
        clock_error_s: now.unix_s.wrapping_sub(laptop_unix_s) as i32,
        now,
        depth_to_water_m: depth_to_water,
        battery_mv,
        samples: logger.store.next_sample() - logger.store.first_sample(),
        sample_capacity: logger.store.sample_capacity(),
        months_free,
        serial: logger.settings.serial,
    }))
}
