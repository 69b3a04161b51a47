//! A line that sends anything.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use amlstm_core::link::{ConfigItem, ConfigKey, MAX_FRAME, Request, encode_frame};
use amlstm_tests::logger_rig::{LoggerRig, times};
use amlstm_tests::sample::Random;

use super::{reconnect, steady};

#[test]
fn ten_thousand_hostile_frames_leave_a_logger_that_answers() {
    let Some(rig) = LoggerRig::new() else { return };
    let (powered, client) = rig.power_on(steady());
    drop(client);
    let mut line = UnixStream::connect(&powered.port).expect("QEMU takes the next connection");
    line.set_nonblocking(true)
        .expect("a socket can be non-blocking");
    let mut random = Random::new(10_000);
    let frames = times(10_000);
    for _ in 0..frames {
        write_slowly(&mut line, &hostile(&mut random));
    }
    line.set_nonblocking(false).expect("a socket can block");
    // Ends whatever was begun, then asks anew.
    line.write_all(&[0, 0, b'\r', b'\n'])
        .expect("the line is open");
    drop(line);
    let client = reconnect(&powered.port);
    assert_eq!(client.hello.proto_major, amlstm_core::link::PROTO_MAJOR);
    let log = powered.cut().log();
    let stopped: Vec<_> = log
        .iter()
        .filter(|line| line.contains("panic") || line.contains("fault"))
        .collect();
    assert!(stopped.is_empty(), "{stopped:?}");
    println!("{frames} hostile frames, no panic");
}

/// Writes all bytes and reads away whatever comes back, so that neither side waits for the other.
fn write_slowly(line: &mut UnixStream, mut bytes: &[u8]) {
    let mut answers = [0; 4096];
    while !bytes.is_empty() {
        while matches!(line.read(&mut answers), Ok(1..)) {}
        match line.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_micros(200));
            }
            Err(error) => panic!("the line broke: {error}"),
        }
    }
}

/// A sound request with a few bytes changed, noise, or a frame whose CRC is right and whose content is noise.
fn hostile(random: &mut Random) -> Vec<u8> {
    let mut below = |limit: usize| {
        (((random.next_signed() + 1.0) * 0.5 * limit as f32) as usize).min(limit - 1)
    };
    let noise: Vec<u8> = (0..below(200)).map(|_| below(256) as u8).collect();
    let requests = [
        Request::Hello,
        Request::Status,
        Request::Now,
        Request::Month {
            position: below(300) as u16,
        },
        Request::Samples {
            number: below(1000) as u32,
        },
        Request::ConfigGet(ConfigKey::Channel(below(256) as u8)),
        Request::UploadBegin {
            length: below(100_000) as u32,
            crc: 7,
        },
        Request::UploadChunk {
            offset: below(1000) as u32,
            bytes: &noise[..noise.len().min(150)],
        },
        Request::UploadCommit { allow_older: true },
        Request::ModelRead {
            offset: below(100_000) as u32,
        },
        Request::Rollback { allow_older: true },
        Request::ConfigSet(ConfigItem::SampleInterval {
            seconds: below(3) as u32,
        }),
    ];
    let mut buffer = [0; MAX_FRAME];
    match below(4) {
        0 => noise,
        1 => {
            // The payload is noise, CRC and stuffing are right: the dispatcher itself has to refuse.
            let bytes: heapless::Vec<u8, 200> = noise.iter().copied().take(200).collect();
            encode_frame(below(256) as u8, &Raw(&bytes), &mut buffer)
                .map_or(noise.clone(), <[u8]>::to_vec)
        }
        2 => {
            let request = &requests[below(requests.len())];
            let mut frame = encode_frame(1, request, &mut buffer)
                .expect("it fits")
                .to_vec();
            for _ in 0..=below(4) {
                let place = below(frame.len());
                frame[place] ^= 1 << below(8);
            }
            frame
        }
        _ => encode_frame(2, &requests[below(requests.len())], &mut buffer)
            .expect("it fits")
            .to_vec(),
    }
}

/// Serialises as its bytes, without a length.
struct Raw<'a>(&'a [u8]);

impl serde::Serialize for Raw<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeTuple;
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for byte in self.0 {
            tuple.serialize_element(byte)?;
        }
        tuple.end()
    }
}
