//! A logger that computes wrongly, or whose flash cannot be read any more, with sensors on its cable.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

use amlstm::export::AlignedBytes;
use amlstm_core::artifact::ModelFile;
use amlstm_core::estimate::Primary;
use amlstm_core::link::{
    ChannelConfig, ClockState, ConfigItem, ConfigKey, CurrentLoop, EstimateRecord, Event,
    EventKind, Fault, FrameReader, Hello, InputState, MAX_CHUNK, MAX_FRAME, Models, MonthLevel,
    MonthRecord, Name, Quality, Quantity, Reading, Received, Reply, Request, ResetCause, Response,
    Sample, Sensor, SlotInfo, Status, Verification, decode_request, encode_frame,
};
use amlstm_core::verification::Digests;
use tempfile::TempDir;

mod told;

/// What is wrong with the logger.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    /// One bit of what the golden months came to.
    Golden,
    /// One bit of what the test series came to.
    Series,
    /// Another model is active than the file that it gives.
    OtherModel,
    /// It has no model.
    NoModel,
    /// The flash fails at one kind of question.
    Part(&'static str),
    /// It counts more samples and months than it gives.
    Untold,
    /// Its model does not lie in the flash as it was sent.
    Damaged,
    /// Whatever else it keeps cannot be read.
    Flash,
}

/// A folder with the socket `port` of a logger.
fn logger(wrong: Wrong) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("port")).unwrap();
    thread::spawn(move || {
        for line in listener.incoming() {
            serve(line.unwrap(), wrong);
        }
    });
    folder
}

fn serve(mut line: impl Read + Write, wrong: Wrong) {
    let model = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/examples/A.amlm"));
    let model = AlignedBytes::new(&model.unwrap());
    let mut reader = FrameReader::new();
    let mut bytes = [0; 1024];
    while let Ok(count @ 1..) = line.read(&mut bytes) {
        for &byte in &bytes[..count] {
            let Received::Payload(payload) = reader.push(byte) else {
                continue;
            };
            let (sequence, request) = decode_request(payload);
            let mut frame = [0; MAX_FRAME];
            let reply = reply(&request.unwrap(), &model, wrong);
            let frame = encode_frame(sequence, &reply, &mut frame).unwrap();
            if line.write_all(frame).is_err() {
                return;
            }
        }
    }
}

fn reply<'m>(request: &Request<'_>, model: &'m [u8], wrong: Wrong) -> Reply<'m> {
    if wrong == Wrong::Part(word(request)) {
        return Err(Fault::Storage);
    }
    let file = ModelFile::parse(model).unwrap();
    let slot = SlotInfo {
        generation: 1,
        version: 1,
        length: model.len() as u32,
        crc: file.crc(),
        signed: false,
    };
    Ok(match request {
        Request::Hello => Response::Hello(Hello::new([0, 1, 0], 1, 7)),
        Request::Verify => {
            let mut digests = Digests::of(&file);
            let mut slot = slot;
            match wrong {
                Wrong::Golden => digests.golden ^= 1,
                Wrong::Series => digests.series ^= 1,
                Wrong::OtherModel => slot.crc ^= 1,
                _ => {}
            }
            Response::Verification(Verification {
                program_crc: 7,
                model: Some(slot).filter(|_| wrong != Wrong::NoModel),
                replayed: (!matches!(wrong, Wrong::Damaged | Wrong::NoModel)).then_some(digests),
            })
        }
        Request::Models => Response::Models(Models {
            active: Some(slot).filter(|_| wrong != Wrong::NoModel),
            standby: None,
            well: "A".try_into().unwrap(),
            synthetic_model: true,
            trained_until: None,
            utc_offset_minutes: 0,
            month_rules: std::iter::empty().collect(),
        }),
        Request::ModelRead { .. } if wrong == Wrong::NoModel => return Err(Fault::NoModel),
        Request::ModelRead { offset } => Response::ModelBytes {
            length: model.len() as u32,
            bytes: &model[*offset as usize..model.len().min(*offset as usize + MAX_CHUNK)],
        },
        _ if wrong == Wrong::Flash => return Err(Fault::Storage),
        _ => return record(request, wrong),
    })
}

/// The word by which [`Wrong::Part`] names a question.
fn word(request: &Request<'_>) -> &'static str {
    match request {
        Request::Status => "state",
        Request::Models => "models",
        Request::Verify => "verification",
        Request::ConfigGet(_) => "settings",
        Request::Event { .. } => "events",
        Request::Month { .. } => "months",
        Request::Samples { .. } => "samples",
        Request::ModelRead { .. } => "model",
        _ => "",
    }
}

/// A logger of one channel, four samples, a closed month and two events.
fn record(request: &Request<'_>, wrong: Wrong) -> Reply<'static> {
    let given = if wrong == Wrong::Untold { 3 } else { 4 };
    Ok(match request {
        Request::Status => Response::Status(status()),
        Request::ConfigGet(key @ ConfigKey::Channel(0)) => Response::Config(channel(*key)),
        Request::Event {
            number: number @ 0..2,
        } => Response::Event(Event {
            number: *number,
            unix_s: SAMPLED - 3600 + 3600 * number,
            kind: match number {
                // The sensor's level is a quarter of a metre too high.
                0 => EventKind::Tape {
                    channel: 0,
                    tape_m: 12.5,
                    sensor_m: Some(12.25),
                },
                _ => EventKind::StepConfirmed { channel: 0 },
            },
        }),
        Request::Month { position: 0 } => {
            let level = MonthLevel {
                mean_m: Some(-12.5),
                days: 1,
                readings: 2,
                rejected: 0,
                quality: Quality::SWAPPED,
                complete: false,
            };
            Response::Month {
                record: MonthRecord {
                    month_index: 12 * 2026,
                    closed_unix_s: SAMPLED,
                    next_sample: 2,
                    channels: [level].into_iter().collect(),
                },
                estimate: Some(estimate()),
            }
        }
        Request::Samples { number } if *number < given => {
            let packed: Vec<u8> = (*number..given).flat_map(packed_sample).collect();
            Response::Samples(packed.leak())
        }
        Request::Sdi12 { command } => Response::Sdi12(match *command {
            b"?!" | b"0!" => b"0",
            b"0I!" => b"014AMLSTM  SIMTRN001SN7",
            b"3!" | b"3A6!" => b"3",
            b"3I!" => b"314AMLSTM  SIMTRN001",
            b"0A5!" => b"5",
            b"0M1!" => b"00011",
            _ => return Err(Fault::NotFound),
        }),
        _ => return Err(Fault::NotFound),
    })
}

/// 2026-02-01 00:00 UTC, by `date -u -d 2026-02-01 +%s`.
const SAMPLED: u32 = 1_769_904_000;

fn status() -> Status {
    Status {
        station: Name::try_from("A \"7\"").unwrap(),
        datum: Name::try_from("NAVD88").unwrap(),
        unix_s: SAMPLED,
        clock: ClockState::Set,
        uptime_s: 1,
        boots: 1,
        watchdog_resets: 0,
        reset_cause: ResetCause::Requested,
        battery_mv: None,
        interval_s: 900,
        channels: 1,
        barometer: false,
        first_sample: 0,
        next_sample: 4,
        sample_capacity: 1000,
        months: 1,
        months_free: 100,
        first_event: 0,
        next_event: 2,
        model_generation: Some(1),
        rate_alarm: false,
        synthetic: true,
        storage_errors: 0,
        counts_from_month: None,
        unreadable_records: 0,
        utc_offset_minutes: 0,
        low_battery_interval_s: None,
        battery_life: None,
    }
}

/// By physics, which took the level of its one input from the other layers.
fn estimate() -> EstimateRecord {
    EstimateRecord {
        month_index: 12 * 2026,
        generation: 1,
        model_version: 3,
        increment_mm: 1.5,
        subsidence_mm: 80.25,
        half_width_mm: Some(0.5),
        attention: [1.0].into_iter().collect(),
        inputs: [InputState::Missing].into_iter().collect(),
        months_without_levels: 0,
        primary: Primary::Physics,
        other_increment_mm: Some(1.25),
        disagree: false,
        subsidence_half_width_mm: Some(2.5),
        bridged: 1,
    }
}

fn channel(key: ConfigKey) -> ConfigItem {
    let ConfigKey::Channel(index) = key else {
        unreachable!("a channel's key");
    };
    let sensor = Sensor::CurrentLoop(CurrentLoop {
        input: 0,
        at_4_ma: 0.0,
        at_20_ma: 1.0,
    });
    let name = Name::try_from("phreatic").unwrap();
    ConfigItem::Channel {
        index,
        channel: Some(ChannelConfig::new(name, sensor, Quantity::LevelM)),
    }
}

/// A sample as a logger packs it: the payload of a frame without its number.
fn packed_sample(number: u32) -> Vec<u8> {
    // January is closed with the second alone: the first is of December, the last one late.
    let (unix_s, level_m, quality) = [
        (SAMPLED - 32 * 86_400, -99.0, Quality::GOOD),
        (SAMPLED - 1800, -12.5, Quality::GOOD),
        (SAMPLED, -13.0, Quality::STEP),
        (SAMPLED - 900, -50.0, Quality::GOOD),
    ][number as usize];
    let reading = Reading {
        raw: Some(0.375 + number as f32),
        level_m: Some(level_m),
        quality,
    };
    let sample = Sample {
        number,
        unix_s,
        barometer_kpa: None,
        channels: [reading].into_iter().collect(),
    };
    let mut frame = [0; MAX_FRAME];
    let mut reader = FrameReader::new();
    for &byte in encode_frame(0, &sample, &mut frame).unwrap() {
        if let Received::Payload(payload) = reader.push(byte) {
            return payload[1..].to_vec();
        }
    }
    unreachable!("a whole frame");
}
