use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::link::{Hello, Response};

fn payload(frame: &[u8]) -> Vec<u8> {
    let mut reader = FrameReader::new();
    let (last, before) = frame.split_last().unwrap();
    for &byte in before {
        assert_eq!(reader.push(byte), Received::Nothing);
    }
    match reader.push(*last) {
        Received::Payload(payload) => payload.to_vec(),
        other => panic!("{other:?}"),
    }
}

fn frame<T: Serialize>(sequence: u8, message: &T) -> Vec<u8> {
    let mut out = [0; MAX_FRAME];
    encode_frame(sequence, message, &mut out).unwrap().to_vec()
}

/// The bytes of the first release: payload `07 00` and its CRC-32 in little endian (from Python's zlib), in COBS.
#[test]
fn the_hello_request_is_frozen() {
    let bytes = frame(7, &Request::Hello);
    assert_eq!(bytes, HELLO_REQUEST);
    assert_eq!(decode_request(&payload(&bytes)), (7, Ok(Request::Hello)));
}

/// Payload `07 00 00 | 01 00 00 01 02 03 b9 60`: sequence 7, granted, Hello, protocol 1.0, firmware 0.1.2, model format 3, serial 12345.
#[test]
fn the_hello_reply_is_frozen() {
    let hello = Hello {
        proto_major: 1,
        proto_minor: 0,
        fw: [0, 1, 2],
        model_format: 3,
        serial: 12345,
    };
    let reply: Reply<'_> = Ok(Response::Hello(hello));
    let bytes = frame(7, &reply);
    assert_eq!(bytes, HELLO_REPLY);
    assert_eq!(decode_reply(&payload(&bytes)), Ok((7, reply)));
}

const HELLO_REQUEST: &[u8] = &[0x00, 0x02, 0x07, 0x05, 0x38, 0x84, 0x98, 0x0e, 0x00];
const HELLO_REPLY: &[u8] = &[
    0x00, 0x02, 0x07, 0x01, 0x02, 0x01, 0x01, 0x0a, 0x01, 0x02, 0x03, 0xb9, 0x60, 0x3a, 0x8f, 0x8c,
    0x63, 0x00,
];

#[test]
fn an_unknown_request_is_unsupported_and_keeps_its_sequence() {
    for kind in KNOWN_REQUESTS..=127 {
        assert_eq!(
            decode_request(&[9, kind, 1, 2, 3]),
            (9, Err(Fault::Unsupported))
        );
    }
    // A later release's two-byte discriminant.
    assert_eq!(
        decode_request(&[9, 0x80, 0x01]),
        (9, Err(Fault::Unsupported))
    );
    // Hello with more fields is not the Hello of this release.
    assert_eq!(decode_request(&[9, 0, 1]), (9, Err(Fault::Unsupported)));
    assert_eq!(decode_request(&[9, 3]), (9, Err(Fault::Malformed)));
    assert_eq!(decode_request(&[]), (0, Err(Fault::Malformed)));
}

#[test]
fn the_known_requests_are_counted() {
    assert_eq!(
        postcard::take_from_bytes::<Request<'_>>(&[KNOWN_REQUESTS - 1, 1, 7])
            .unwrap()
            .0,
        Request::CorrectedEstimate { position: Some(7) }
    );
    assert!(postcard::take_from_bytes::<Request<'_>>(&[KNOWN_REQUESTS; 9]).is_err());
}

#[test]
fn a_reply_with_new_fields_at_its_end_is_still_read() {
    assert_eq!(
        decode_reply(&[1, 0, 1, 99, 98]),
        Ok((1, Ok(Response::Done)))
    );
}

#[test]
fn the_largest_chunk_fits_a_frame_of_256_bytes() {
    let bytes = [0xff; super::super::MAX_CHUNK];
    let frame = frame(
        255,
        &Request::UploadChunk {
            offset: u32::MAX,
            bytes: &bytes,
        },
    );
    assert!(frame.len() <= MAX_FRAME, "{}", frame.len());
}

#[test]
fn a_message_that_does_not_fit_is_refused() {
    let bytes = [1; MAX_PAYLOAD];
    let mut out = [0; MAX_FRAME];
    assert_eq!(
        encode_frame(
            0,
            &Request::UploadChunk {
                offset: 0,
                bytes: &bytes
            },
            &mut out
        ),
        Err(FrameError::MessageTooLong)
    );
}

#[test]
fn a_payload_of_the_greatest_length_survives() {
    // Two bytes of sequence and discriminant, one of offset, two of length.
    let bytes = [0xaa; MAX_PAYLOAD - 5];
    let frame = frame(
        1,
        &Request::UploadChunk {
            offset: 0,
            bytes: &bytes,
        },
    );
    assert_eq!(frame.len(), MAX_FRAME);
    assert_eq!(
        decode_request(&payload(&frame)),
        (
            1,
            Ok(Request::UploadChunk {
                offset: 0,
                bytes: &bytes
            })
        )
    );
}

#[test]
fn a_reader_finds_the_second_frame_after_a_lost_one() {
    let good = frame(3, &Request::Status);
    for cut in 1..good.len() {
        let mut stream: Vec<u8> = good[..cut].to_vec();
        stream.extend(&good);
        stream.extend(&good);
        let mut reader = FrameReader::new();
        let found = stream
            .iter()
            .filter(|&&byte| matches!(reader.push(byte), Received::Payload(_)))
            .count();
        assert!(found >= 1, "cut at {cut}");
    }
}

#[test]
fn text_outside_of_frames_is_handed_on() {
    let mut reader = FrameReader::new();
    assert_eq!(reader.push(b's'), Received::Text(b's'));
    for byte in frame(1, &Request::Hello) {
        reader.push(byte);
    }
    assert!(!reader.is_inside());
    assert_eq!(reader.push(b'\r'), Received::Text(b'\r'));
}

#[test]
fn a_flood_without_zeros_ends_as_one_broken_frame() {
    let mut reader = FrameReader::new();
    reader.push(0);
    for _ in 0..100_000 {
        assert_eq!(reader.push(0x55), Received::Nothing);
    }
    assert_eq!(reader.push(0), Received::Broken(FrameError::TooLong));
}

#[test]
fn every_single_bit_error_in_a_frame_is_found() {
    let good = frame(
        3,
        &Request::ClockSet {
            unix_s: 1_790_000_000,
            confirm_jump: true,
        },
    );
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let mut reader = FrameReader::new();
        assert!(
            !bad.iter()
                .any(|&byte| matches!(reader.push(byte), Received::Payload(_))),
            "bit {bit}"
        );
    }
}

/// xorshift32 (Marsaglia 2003): the same million frames on every run.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

#[test]
fn a_million_random_and_mutated_frames_never_stop_the_reader() {
    let requests = [
        frame(1, &Request::Hello),
        frame(
            2,
            &Request::ClockSet {
                unix_s: 1_790_000_000,
                confirm_jump: false,
            },
        ),
        frame(
            3,
            &Request::UploadChunk {
                offset: 192,
                bytes: &[0; 192],
            },
        ),
        frame(4, &Request::Samples { number: 77 }),
    ];
    let mut noise = Noise(0x2545_f491);
    let mut reader = FrameReader::new();
    let (mut sound, mut broken) = (0_u32, 0_u32);
    for round in 0..1_000_000_u32 {
        let mut bytes = requests[(noise.next() % 4) as usize].clone();
        match round % 4 {
            0 => bytes.iter_mut().for_each(|byte| *byte = noise.next() as u8),
            1 => {
                let place = noise.next() as usize % bytes.len();
                bytes[place] = noise.next() as u8;
            }
            2 => bytes.truncate(noise.next() as usize % bytes.len()),
            _ => {}
        }
        for &byte in &bytes {
            match reader.push(byte) {
                Received::Payload(payload) => {
                    sound += 1;
                    let _ = decode_request(payload);
                    let _ = decode_reply(payload);
                }
                Received::Broken(_) => broken += 1,
                Received::Nothing | Received::Text(_) => {}
            }
        }
    }
    assert!(
        sound > 200_000 && broken > 100_000,
        "{sound} sound, {broken} broken"
    );
    // Whatever came before, a Hello with its leading zero is received.
    let hello = frame(5, &Request::Hello);
    let heard = [0].iter().chain(&hello).any(|&byte| {
        matches!(reader.push(byte), Received::Payload(payload) if decode_request(payload) == (5, Ok(Request::Hello)))
    });
    assert!(heard);
}

proptest! {
    #[test]
    fn any_payload_is_decoded_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..260)) {
        let _ = decode_request(&bytes);
        let _ = decode_reply(&bytes);
    }

    #[test]
    fn every_request_survives_the_line(offset: u32, bytes in prop::collection::vec(any::<u8>(), 0..=192), sequence: u8) {
        let request = Request::UploadChunk { offset, bytes: &bytes };
        let frame = frame(sequence, &request);
        prop_assert!(frame[1..frame.len() - 1].iter().all(|&byte| byte != 0));
        let payload = payload(&frame);
        prop_assert_eq!(decode_request(&payload), (sequence, Ok(request)));
    }
}
