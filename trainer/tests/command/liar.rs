//! The program against a logger that computes wrongly, and whose flash cannot be read any more.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

use amlstm::export::AlignedBytes;
use amlstm_core::artifact::ModelFile;
use amlstm_core::link::{
    Fault, FrameReader, Hello, MAX_CHUNK, MAX_FRAME, Models, Received, Reply, Request, Response,
    SlotInfo, Verification, decode_request, encode_frame,
};
use amlstm_core::verification::Digests;
use tempfile::TempDir;

use crate::site::{done, failed};

/// What is wrong with the logger.
#[derive(Clone, Copy)]
enum Wrong {
    Nothing,
    /// One bit of what the golden months came to.
    Golden,
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
            if let Wrong::Golden = wrong {
                digests.golden ^= 1;
            }
            Response::Verification(Verification {
                program_crc: 7,
                model: Some(slot),
                replayed: (!matches!(wrong, Wrong::Damaged)).then_some(digests),
            })
        }
        Request::Models => Response::Models(Models {
            active: Some(slot),
            standby: None,
            well: "A".try_into().unwrap(),
            synthetic_model: true,
            trained_until: None,
            utc_offset_minutes: 0,
            month_rules: std::iter::empty().collect(),
        }),
        Request::ModelRead { offset } => Response::ModelBytes {
            length: model.len() as u32,
            bytes: &model[*offset as usize..model.len().min(*offset as usize + MAX_CHUNK)],
        },
        _ => return Err(Fault::Storage),
    })
}

#[test]
fn a_logger_that_computes_wrongly_is_told_from_one_that_does_not() {
    let verify = ["logger", "--port", "unix:port", "verify"];
    let sound = logger(Wrong::Nothing);
    let said = done(sound.path(), &verify);
    assert_eq!(said.matches(": match\n").count(), 3, "{said}");
    for (wrong, remedy) in [
        (
            Wrong::Golden,
            "the logger computes otherwise than this computer",
        ),
        (Wrong::Damaged, "the model's file is damaged in the flash"),
    ] {
        let folder = logger(wrong);
        let complaint = failed(folder.path(), &verify);
        assert!(
            complaint.contains("MISMATCH") && complaint.contains(remedy),
            "{complaint}"
        );
    }
}

#[test]
fn a_bundle_of_a_logger_in_trouble_names_what_is_missing() {
    let folder = logger(Wrong::Flash);
    let bundle = ["logger", "--port", "unix:port", "bundle", "A.tar"];
    let said = done(folder.path(), &bundle);
    assert!(said.contains("MISSING samples: "), "{said}");
    let archive = fs::read(folder.path().join("A.tar")).unwrap();
    let mut archive = tar::Archive::new(&*archive);
    let mut names = Vec::new();
    let mut missing = String::new();
    for file in archive.entries().unwrap() {
        let mut file = file.unwrap();
        let name = file.path().unwrap().display().to_string();
        if name == "MISSING.txt" {
            file.read_to_string(&mut missing).unwrap();
        }
        names.push(name);
    }
    assert_eq!(
        names,
        ["README.txt", "about.json", "model.amlm", "MISSING.txt"]
    );
    let parts: Vec<&str> = missing
        .lines()
        .filter_map(|line| line.split(':').next())
        .collect();
    assert_eq!(parts, ["state", "settings", "events", "months", "samples"]);
    assert!(missing.contains("the logger's flash failed"), "{missing}");
}
