//! What a reader owes to whoever hands it a file: whatever bytes these are, it reads them or refuses them in one short line, and soon.
//!
//! Each function takes the bytes of one file, says whether they were read, and panics where a reader breaks its promise. The fuzz targets of the same names
//! look for such bytes (`tests/soak`, or one by
//! `cargo fuzz run --fuzz-dir tests/fuzz --dev --sanitizer none --features libfuzzer levels`); the tests below try a few thousand.
//! Readers are safe code, so panics, overflows and hangs are looked for and no sanitizer is needed, nor a nightly compiler.
#![allow(clippy::missing_panics_doc)]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::slice::from_ref;

use amlstm::config::{Config, DataConfig, SITE_CONFIG};
use amlstm::export::AlignedBytes;
use amlstm::geodesy::Position;
use amlstm::import::{LengthUnit, Mapping, Options, View, read_bytes, write_points};
use amlstm::read::Sites;
use amlstm::survey::SurveyedWell;
use amlstm_core::Estimator;
use amlstm_core::artifact::{HEAD_BYTES, MAX_FILE_BYTES, ModelFile};
use amlstm_core::checksum::CRC32;
use amlstm_core::link::{FrameReader, Received, Response, Samples, decode_reply, decode_request};
use tempfile::TempDir;

/// Longest message, bytes.
const MAX_MESSAGE_BYTES: usize = 400;

/// What was read, or nothing after a short refusal.
fn read_or_refused<T, E: Error>(result: Result<T, E>) -> Option<T> {
    let error = match result {
        Ok(read) => return Some(read),
        Err(error) => error,
    };
    // As the program prints it: with its causes.
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    let (bytes, lines) = (message.len(), message.lines().count());
    assert!(
        bytes <= MAX_MESSAGE_BYTES && lines == 1,
        "{bytes} bytes in {lines} lines: {message}"
    );
    None
}

/// Another program's file of levels or of a GNSS station, its format by its first bytes.
pub fn import(bytes: &[u8]) -> bool {
    let read = read_bytes(bytes, Path::new("file"), &Options::default());
    read_or_refused(read).is_some()
}

/// A mapping, a line of three dashes, and the CSV that is to be read by it.
pub fn mapping(bytes: &[u8]) -> bool {
    const LINE: &[u8] = b"---\n";
    let line = bytes.windows(LINE.len()).position(|part| part == LINE);
    let (mapping, file) = bytes.split_at(line.unwrap_or(bytes.len()));
    let file = file.strip_prefix(LINE).unwrap_or_default();
    let mapping = String::from_utf8_lossy(mapping);
    let Some(mapping) = read_or_refused(Mapping::parse(&mapping, Path::new("mapping.toml"))) else {
        return false;
    };
    let options = Options {
        mapping: Some(mapping),
        ..Options::default()
    };
    read_or_refused(read_bytes(file, Path::new("file"), &options)).is_some()
}

/// A table of InSAR points: as its columns say, and under one angle.
pub fn insar(bytes: &[u8]) -> bool {
    let folder = folder();
    let file = written(&folder, "p.csv", bytes);
    let read = |view, unit| {
        let mut points = Vec::new();
        let taken = write_points(from_ref(&file), &[WELL], view, unit, &mut points);
        read_or_refused(taken).is_some()
    };
    read(View::AsNamed, LengthUnit::Mm) | read(View::Incidence(39.0), LengthUnit::Cm)
}

/// Where the wells of [`insar`] and of the sites are.
const WELL: Position = Position::Geographic {
    longitude: 4.5,
    latitude: 52.0,
};

/// `wells.csv`.
pub fn wells(bytes: &[u8]) -> bool {
    site("wells.csv", bytes)
}

/// `layers.csv`.
pub fn layers(bytes: &[u8]) -> bool {
    site("layers.csv", bytes)
}

/// `levels.csv`.
pub fn levels(bytes: &[u8]) -> bool {
    site("levels.csv", bytes)
}

/// `subsidence.csv`.
pub fn subsidence(bytes: &[u8]) -> bool {
    site("subsidence.csv", bytes)
}

/// `points.csv`.
pub fn points(bytes: &[u8]) -> bool {
    site("points.csv", bytes)
}

/// Files of a sound site.
const SOUND: [(&str, &[u8]); 3] = [
    ("wells.csv", include_bytes!("../seeds/wells/wells.csv")),
    ("levels.csv", include_bytes!("../seeds/levels/levels.csv")),
    ("points.csv", include_bytes!("../seeds/points/points.csv")),
];

/// A sound site but for one file: it is refused, or what is said of each well and what it is trained on can be had.
fn site(name: &str, bytes: &[u8]) -> bool {
    let folder = folder();
    for (sound, content) in SOUND.iter().filter(|(sound, _)| *sound != name) {
        written(&folder, sound, content);
    }
    written(&folder, name, bytes);
    let config = DataConfig::default();
    let Some(sites) = read_or_refused(Sites::open(&[folder.path().to_owned()], &config)) else {
        return false;
    };
    for number in 0..sites.ids().len() {
        let well = SurveyedWell::read(&sites, number, &config);
        let well = well.expect("every row was checked when the site was opened");
        read_or_refused(well.series);
    }
    true
}

/// A folder in memory, where there is one.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    tempfile::tempdir_in(parent).expect("a temporary folder can be made")
}

fn written(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("a temporary file can be written");
    path
}

/// A configuration of a site.
pub fn config(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let read = Config::over(&[(PathBuf::from(SITE_CONFIG), text)], None);
    read_or_refused(read).is_some()
}

/// Months that a model is run for.
const MONTHS: usize = 24;

/// A model file, after its length and its CRC were made right: without that nothing else would be tried. What is taken runs for two years.
pub fn model(bytes: &[u8]) -> bool {
    const CRC_BYTES: usize = 4;
    let mut bytes = bytes[..bytes.len().min(MAX_FILE_BYTES)].to_vec();
    if bytes.len() >= HEAD_BYTES + CRC_BYTES {
        let length = (bytes.len() as u32).to_le_bytes();
        bytes[HEAD_BYTES - length.len()..HEAD_BYTES].copy_from_slice(&length);
        let end = bytes.len() - CRC_BYTES;
        let crc = CRC32.checksum(&bytes[..end]);
        bytes[end..].copy_from_slice(&crc.to_le_bytes());
    }
    let bytes = AlignedBytes::new(&bytes);
    let Some(file) = read_or_refused(ModelFile::parse(&bytes)) else {
        return false;
    };
    let mut estimator: Estimator = Estimator::at_start(&file);
    let mut month = file.start().month;
    for number in 0..MONTHS {
        month = month.next();
        let levels = file.golden().level_m.iter().enumerate();
        let level_m = levels.map(|(input, level_m)| (number % 5 != input).then_some(*level_m));
        let level_m: Vec<Option<f32>> = level_m.collect();
        read_or_refused(estimator.step(month, &level_m));
    }
    true
}

/// What comes over the cable between logger and laptop: a stream of frames, and the payload of one.
pub fn frame(bytes: &[u8]) -> bool {
    let mut reader = FrameReader::new();
    let mut read = message(bytes);
    for byte in bytes {
        match reader.push(*byte) {
            Received::Payload(payload) => read |= message(payload),
            Received::Broken(error) => {
                read_or_refused::<(), _>(Err(error));
            }
            Received::Nothing | Received::Text(_) => {}
        }
    }
    read
}

/// A payload, read as the logger does and as the laptop does.
fn message(payload: &[u8]) -> bool {
    let request = read_or_refused(decode_request(payload).1).is_some();
    match read_or_refused(decode_reply(payload)) {
        None => request,
        Some((_, reply)) => {
            if let Some(Response::Samples(samples)) = read_or_refused(reply) {
                Samples(samples).for_each(drop);
            }
            true
        }
    }
}

#[cfg(test)]
mod tests;
