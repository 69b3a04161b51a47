use std::vec::Vec;

use amlstm_core::link::{
    ChannelConfig, Fault, Hello, MAX_FRAME, MAX_PAYLOAD, Name, Quantity, Reply, Request,
    ResetCause, Response, Sdi12Value, Sensor, decode_reply, encode_frame,
};
use embassy_futures::block_on;
use embedded_io_async::{ErrorType, Write};

use super::answer::answer;
use super::*;
use crate::board::{LastRun, Machine};
use crate::fake::{Answer, FakeBus, FakeClock, FakeFlash};
use crate::logger::Logger;
use crate::store::Layout;

const FLASH: u32 = 128 * 1024;

/// A machine that counts its restarts.
#[derive(Default)]
struct FakeMachine {
    restarts: u32,
}

impl Machine for FakeMachine {
    fn last_run(&mut self) -> LastRun {
        LastRun {
            cause: ResetCause::Power,
            late_task: None,
            panic: None,
        }
    }

    fn watchdog_ms(&self) -> u32 {
        1000
    }

    fn feed(&mut self) {}

    fn note_late(&mut self, _task: Task) {}

    fn battery_mv(&mut self) -> Option<u16> {
        Some(3600)
    }

    fn restart(&mut self) {
        self.restarts += 1;
    }
}

/// A laptop that is not there.
struct Nobody;

impl ErrorType for Nobody {
    type Error = core::convert::Infallible;
}

impl Read for Nobody {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Self::Error> {
        core::future::pending().await
    }
}

impl Write for Nobody {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// A board of fakes.
struct Fakes;

impl Board for Fakes {
    type Clock = FakeClock;
    type Flash = FakeFlash;
    type Bus = FakeBus;
    type Machine = FakeMachine;
    type FromLaptop = Nobody;
    type ToLaptop = Nobody;
}

type Desk = Shared<Fakes>;

fn desk() -> Desk {
    let clock = FakeClock::default();
    let layout = Layout::with_slots(FLASH, 16 * 1024, 8 * 1024).unwrap();
    let last_run = LastRun {
        cause: ResetCause::Power,
        late_task: None,
        panic: None,
    };
    let logger = block_on(Logger::open(
        FakeFlash::new(FLASH),
        layout,
        &clock,
        &last_run,
    ))
    .unwrap();
    let bus = FakeBus::new(&[
        ("0M!", Answer::Line(b"00001\r\n")),
        ("0D0!", Answer::Line(b"0+12.5\r\n")),
    ]);
    Shared::new(clock, logger, bus, FakeMachine::default(), [0, 1, 0], false)
}

/// The payload of a frame.
fn payload(frame: &[u8]) -> Vec<u8> {
    let mut reader = FrameReader::new();
    for &byte in frame {
        if let Received::Payload(payload) = reader.push(byte) {
            return payload.to_vec();
        }
    }
    panic!("no frame in {frame:?}");
}

fn request(request: &Request<'_>) -> Vec<u8> {
    let mut frame = [0; MAX_FRAME];
    payload(encode_frame(9, request, &mut frame).unwrap())
}

fn ask<T>(desk: &Desk, asked: &Request<'_>, read: impl FnOnce(Reply<'_>) -> T) -> T {
    let mut frame = [0; MAX_FRAME];
    let answer = block_on(answer(desk, &request(asked), &mut frame));
    let payload = payload(answer.frame);
    let (sequence, reply) = decode_reply(&payload).unwrap();
    assert_eq!(sequence, 9);
    read(reply)
}

#[allow(clippy::unnecessary_wraps, reason = "it stands where a reply stands")]
fn hello() -> Reply<'static> {
    Ok(Response::Hello(Hello {
        proto_major: 1,
        proto_minor: 0,
        fw: [0, 1, 0],
        model_format: 2,
        serial: 0,
    }))
}

#[test]
fn a_channel_is_configured_and_read() {
    let desk = desk();
    let sensor = Sensor::Sdi12(Sdi12Value {
        address: b'0',
        value: 0,
        crc: false,
    });
    let channel = ChannelConfig::new(
        Name::try_from("phreatic").unwrap(),
        sensor,
        Quantity::LevelM,
    );
    let item = amlstm_core::link::ConfigItem::Channel {
        index: 0,
        channel: Some(channel),
    };
    ask(&desk, &Request::ConfigSet(item), |reply| {
        assert_eq!(reply, Ok(Response::Done));
    });
    ask(&desk, &Request::Now, |reply| match reply {
        Ok(Response::Now(now)) => assert_eq!(now.channels[0].level_m, Some(12.5)),
        other => panic!("{other:?}"),
    });
    ask(&desk, &Request::Estimate, |reply| {
        assert_eq!(reply, Err(Fault::NotFound));
    });
    ask(&desk, &Request::ModelRead { offset: 0 }, |reply| {
        assert_eq!(reply, Err(Fault::NoModel));
    });
}

/// A million payloads: random bytes, and requests with a byte changed or cut off. Each has an answer that can be read, and the last finds the
/// logger as sound as the first.
#[test]
fn hostile_payloads_get_an_answer_each() {
    let desk = desk();
    let seeds = [
        request(&Request::Hello),
        request(&Request::Samples { number: 3 }),
        request(&Request::ConfigGet(amlstm_core::link::ConfigKey::Station)),
        request(&Request::UploadChunk {
            offset: 0,
            bytes: &[1; 192],
        }),
        request(&Request::ClockSet {
            unix_s: 1_790_000_000,
            confirm_jump: true,
        }),
    ];
    let mut seed = 0x9e37_79b9_u32;
    let mut noise = || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        seed
    };
    for round in 0..1_000_000_usize {
        let mut bytes = seeds[round % seeds.len()].clone();
        match noise() % 3 {
            0 => {
                bytes.resize(noise() as usize % MAX_PAYLOAD, 0);
                for byte in &mut bytes {
                    *byte = noise() as u8;
                }
            }
            1 => {
                let place = noise() as usize % bytes.len();
                bytes[place] = noise() as u8;
            }
            _ => bytes.truncate(noise() as usize % bytes.len()),
        }
        let mut frame = [0; MAX_FRAME];
        let answer = block_on(answer(&desk, &bytes, &mut frame));
        let answered = decode_reply(&payload(answer.frame)).map(|(sequence, _)| sequence);
        assert_eq!(
            answered,
            Ok(bytes.first().copied().unwrap_or(0)),
            "{bytes:?}"
        );
    }
    ask(&desk, &Request::Hello, |reply| match reply {
        Ok(Response::Hello(found)) => {
            assert_eq!(Ok(Response::Hello(Hello { serial: 0, ..found })), hello());
        }
        other => panic!("{other:?}"),
    });
}
