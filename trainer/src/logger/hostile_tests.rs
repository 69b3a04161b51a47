//! The client against a device that answers anything at all: every question ends with an answer or an error of one line.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use amlstm_core::link::{
    ClockState, ConfigItem, ConfigKey, Event, EventKind, Fault, FrameReader, Hello, MAX_FRAME,
    Models, MonthRecord, Name, Now, PROTO_MAJOR, Received, Reply, Request, ResetCause, Response,
    SlotInfo, Status, UploadProgress, Verification, VisitReport, decode_request, encode_frame,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Client, Line, LoggerError, Station, Table, download, events, pull, push};

/// Frames that the client receives in all.
const FRAMES: usize = 1_000_000;
/// Hostile frames before the answer to each question.
const BEFORE_ANSWER: usize = 50;

/// How a device answers a question: frames in front, then a reply.
trait Device: Send + 'static {
    fn noise(&mut self, sequence: u8, out: &mut Vec<u8>) -> usize;
    fn reply(&mut self, request: &Request<'_>, out: &mut Vec<u8>, sequence: u8);
}

/// A line whose other end is the device, and the number of frames that it sent.
fn connect(mut device: impl Device) -> (Line, Arc<AtomicUsize>) {
    let (laptop, mut line) = UnixStream::pair().unwrap();
    laptop
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let frames = Arc::new(AtomicUsize::new(0));
    let sent = frames.clone();
    thread::spawn(move || {
        let mut reader = FrameReader::new();
        let mut bytes = [0; 1024];
        while let Ok(count @ 1..) = line.read(&mut bytes) {
            for &byte in &bytes[..count] {
                let Received::Payload(payload) = reader.push(byte) else {
                    continue;
                };
                let (sequence, request) = decode_request(payload);
                let mut out = Vec::new();
                let noise = device.noise(sequence, &mut out);
                sent.fetch_add(noise + 1, Ordering::Relaxed);
                device.reply(&request.unwrap(), &mut out, sequence);
                if line.write_all(&out).is_err() {
                    return;
                }
            }
        }
    });
    (Line::Unix(laptop), frames)
}

/// An empty list of whatever is wanted.
fn none<T, L: FromIterator<T>>() -> L {
    std::iter::empty().collect()
}

fn send(reply: &Reply<'_>, sequence: u8, out: &mut Vec<u8>) {
    let mut buffer = [0; MAX_FRAME];
    out.extend_from_slice(encode_frame(sequence, reply, &mut buffer).unwrap());
}

fn hello() -> Hello {
    Hello::new([0, 1, 0], 1, 7)
}

fn status(random: &mut impl Rng) -> Status {
    Status {
        station: Name::try_from("hostile").unwrap(),
        datum: Name::new(),
        unix_s: random.random(),
        clock: ClockState::Set,
        uptime_s: random.random(),
        boots: random.random(),
        watchdog_resets: 0,
        reset_cause: ResetCause::Other,
        battery_mv: Some(random.random()),
        interval_s: random.random(),
        channels: random.random(),
        barometer: random.random(),
        first_sample: random.random_range(0..3),
        next_sample: random.random_range(0..1000),
        sample_capacity: random.random(),
        months: random.random_range(0..50),
        months_free: 0,
        first_event: random.random(),
        next_event: random.random(),
        model_generation: None,
        rate_alarm: false,
        synthetic: false,
        storage_errors: random.random(),
        counts_from_month: random.random_bool(0.5).then(|| random.random()),
        unreadable_records: random.random(),
        utc_offset_minutes: random.random(),
        low_battery_interval_s: random.random_bool(0.5).then(|| random.random()),
        battery_life: None,
    }
}

/// Noise, frames with changed bytes, sound frames of noise, answers to other questions; then any reply whatever.
struct Hostile(ChaCha8Rng);

impl Hostile {
    fn any_reply<'a>(&mut self, bytes: &'a [u8]) -> Reply<'a> {
        let random = &mut self.0;
        let slot = SlotInfo {
            generation: random.random(),
            version: random.random(),
            length: random.random(),
            crc: random.random(),
            signed: random.random(),
        };
        let now = Now {
            unix_s: random.random(),
            barometer_kpa: Some(f32::from_bits(random.random())),
            channels: none(),
        };
        Ok(match random.random_range(0..16) {
            0 => return Err(Fault::NotFound),
            1 => {
                return Err(Fault::OutOfOrder {
                    expected: random.random_range(0..10_000),
                });
            }
            2 => return Err(Fault::NoUpload),
            3 => Response::Done,
            4 => Response::Status(status(random)),
            5 => Response::Month {
                record: MonthRecord {
                    month_index: random.random(),
                    closed_unix_s: random.random(),
                    next_sample: random.random(),
                    channels: none(),
                },
                estimate: None,
            },
            6 => Response::Event(Event {
                number: random.random(),
                unix_s: random.random(),
                kind: EventKind::Configured(ConfigKey::Channel(random.random())),
            }),
            7 => Response::Samples(bytes),
            8 => Response::Config(ConfigItem::RateLimit {
                mm_per_month: Some(f32::NAN),
            }),
            9 => Response::Visit(VisitReport {
                now,
                depth_to_water_m: none(),
                battery_mv: None,
                clock_error_s: i32::MIN,
                samples: 0,
                sample_capacity: 0,
                months_free: 0,
                serial: 0,
                battery_life: None,
            }),
            10 => Response::Models(Models {
                active: Some(slot),
                standby: None,
                well: Name::new(),
                synthetic_model: random.random(),
                trained_until: Some(random.random()),
                utc_offset_minutes: random.random(),
                month_rules: none(),
            }),
            11 => Response::Upload(UploadProgress {
                length: random.random_range(0..10_000),
                crc: random.random(),
                received: random.random_range(0..10_000),
            }),
            12 => Response::Active(slot),
            13 => Response::Now(now),
            14 => Response::Verification(Verification {
                program_crc: random.random(),
                model: Some(slot),
                replayed: None,
            }),
            _ => Response::ModelBytes {
                length: random.random_range(0..70_000),
                bytes,
            },
        })
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.0.random_range(0..most);
        (0..length).map(|_| self.0.random()).collect()
    }
}

impl Device for Hostile {
    fn noise(&mut self, sequence: u8, out: &mut Vec<u8>) -> usize {
        for _ in 0..BEFORE_ANSWER {
            let bytes = self.bytes(150);
            match self.0.random_range(0..4) {
                0 => {
                    out.push(0);
                    out.extend_from_slice(&bytes);
                    out.push(0);
                }
                1 => {
                    let start = out.len();
                    let reply = self.any_reply(&bytes);
                    send(&reply, sequence, out);
                    for _ in 0..=self.0.random_range(0..4) {
                        let place = self.0.random_range(start..out.len());
                        out[place] ^= 1 << self.0.random_range(0..8);
                    }
                }
                // Stuffing and CRC are right, the content is noise.
                2 => {
                    let mut buffer = [0; MAX_FRAME];
                    let noise: (u8, &[u8]) = (self.0.random(), &bytes);
                    out.extend_from_slice(encode_frame(sequence, &noise, &mut buffer).unwrap());
                }
                _ => {
                    let reply = self.any_reply(&bytes);
                    send(
                        &reply,
                        sequence.wrapping_add(self.0.random_range(1..=255)),
                        out,
                    );
                }
            }
        }
        BEFORE_ANSWER
    }

    fn reply(&mut self, request: &Request<'_>, out: &mut Vec<u8>, sequence: u8) {
        let bytes = self.bytes(150);
        let reply = match request {
            Request::Hello => Ok(Response::Hello(hello())),
            // Often what was asked for, so that the client goes on to the next question.
            Request::Status if self.0.random() => Ok(Response::Status(status(&mut self.0))),
            Request::Samples { .. } if self.0.random() => Ok(Response::Samples(&bytes)),
            Request::ModelRead { .. } if self.0.random() => Ok(Response::ModelBytes {
                length: self.0.random_range(0..70_000),
                bytes: &bytes,
            }),
            Request::UploadWhere | Request::UploadBegin { .. } | Request::UploadChunk { .. }
                if self.0.random_range(0..4) > 0 =>
            {
                Ok(Response::Upload(UploadProgress {
                    length: 1000,
                    crc: 0,
                    received: self.0.random_range(0..1000),
                }))
            }
            _ => self.any_reply(&bytes),
        };
        send(&reply, sequence, out);
    }
}

/// Every question of the client, in turn.
fn ask(client: &mut Client, round: usize) -> Result<(), LoggerError> {
    match round % 19 {
        0 => client.status().map(drop),
        1 => client.now().map(drop),
        2 => client.month(3).map(drop),
        3 => client.event(3).map(drop),
        4 => client.samples(3).map(drop),
        5 => client.estimate().map(drop),
        6 => client.models().map(drop),
        7 => client.rollback(round.is_multiple_of(2)).map(drop),
        8 => client.visit(1, &[Some(1.0), None]).map(drop),
        9 => client.set_clock(1_800_000_000, false),
        10 => Station::receive(client).map(drop),
        11 => pull(client, |_, _| {}).map(drop),
        12 => push(client, &[1; 1000], Some(&[2; 64]), false, |_| {}).map(drop),
        13 => events(client, |_, _| {}).map(drop),
        14 => client.verify().map(drop),
        15 => client.sdi12("0I!").map(drop),
        16 => client.firmware().map(drop),
        17 => client.corrected_estimate(Some(3)).map(drop),
        _ => {
            let table = if round.is_multiple_of(2) {
                Table::Samples
            } else {
                Table::Months
            };
            download(client, table, |_, _| {}).map(drop)
        }
    }
}

#[test]
fn a_million_hostile_frames_end_in_answers_or_in_errors_of_one_line() {
    let (line, frames) = connect(Hostile(ChaCha8Rng::seed_from_u64(1)));
    let mut client = Client::over(line).unwrap();
    let (mut answered, mut refused) = (0, 0);
    while frames.load(Ordering::Relaxed) < FRAMES {
        match ask(&mut client, answered + refused) {
            Ok(()) => answered += 1,
            Err(error) => {
                let line = error.to_string();
                assert!(!line.is_empty() && line.lines().count() == 1, "{line}");
                assert!(!matches!(error, LoggerError::Silent { .. }), "{line}");
                refused += 1;
            }
        }
    }
    assert!(answered > 0 && refused > 0);
    println!("{FRAMES} frames, {answered} rounds of questions answered, {refused} refused");
}

/// A device that stands still: every count is what it says, and nothing gets on.
struct Standstill {
    status: Status,
}

impl Device for Standstill {
    fn noise(&mut self, _sequence: u8, _out: &mut Vec<u8>) -> usize {
        0
    }

    fn reply(&mut self, request: &Request<'_>, out: &mut Vec<u8>, sequence: u8) {
        let reply = Ok(match request {
            Request::Hello => Response::Hello(hello()),
            Request::Status => Response::Status(self.status.clone()),
            Request::Event { .. } => Response::Event(Event {
                number: 0,
                unix_s: 0,
                kind: EventKind::MonthLogFull,
            }),
            // Number 0, second 0, no barometer, no channels.
            Request::Samples { .. } => Response::Samples(&[0, 0, 0, 0]),
            Request::ModelRead { .. } => Response::ModelBytes {
                length: u32::MAX,
                bytes: &[7],
            },
            _ => Response::Upload(UploadProgress {
                length: 1000,
                crc: u32::from_le_bytes([1; 4]),
                received: 0,
            }),
        });
        send(&reply, sequence, out);
    }
}

#[test]
fn a_device_that_never_comes_to_an_end_is_left() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let still = Status {
        channels: 0,
        first_sample: 0,
        next_sample: 10,
        first_event: 0,
        next_event: 10,
        ..status(&mut random)
    };
    let endless = Status {
        next_sample: u32::MAX,
        next_event: u32::MAX,
        ..still.clone()
    };
    for status in [still, endless] {
        let (line, _device) = connect(Standstill { status });
        let mut client = Client::over(line).unwrap();
        assert_eq!(client.hello.proto_major, PROTO_MAJOR);
        let implausible = |result: Result<(), LoggerError>| {
            let error = result.unwrap_err();
            assert!(matches!(error, LoggerError::Implausible { .. }), "{error}");
        };
        implausible(download(&mut client, Table::Samples, |_, _| {}).map(drop));
        implausible(events(&mut client, |_, _| {}).map(drop));
        implausible(pull(&mut client, |_, _| {}).map(drop));
        implausible(push(&mut client, &[1; 1000], None, false, |_| {}).map(drop));
    }
}
