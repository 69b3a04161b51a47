//! Weights for other programs.

mod c_header;
pub mod models;
mod tensors;

use std::fs;

use amlstm::export::AlignedBytes;
use amlstm_core::artifact::{HEAD_BYTES, ModelFile, Tag};
use amlstm_core::checksum::CRC32;

use self::models::models;
use crate::site::{done, failed};

#[test]
fn what_cannot_be_written_for_others_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (_, bytes) = models().swap_remove(1);
    fs::write(folder.join("model.amlm"), &bytes).unwrap();
    let export =
        |arguments: &[&str]| failed(folder, &[&["export", "model.amlm"], arguments].concat());
    assert!(export(&["--as", "c", "--format", "q15"]).contains("found --format q15, expected f32"));
    assert!(export(&["--as", "c", "--well", "A"]).contains("--well and --model choose from a run"));
    assert!(export(&[]).contains("expected a run folder"));
    let fixed =
        amlstm::quantise::to_q15(&ModelFile::parse(&AlignedBytes::new(&bytes)).unwrap(), &[]);
    fs::write(folder.join("model.amlm"), &*fixed.unwrap()).unwrap();
    for kind in ["c", "safetensors"] {
        let error = export(&["--as", kind]);
        assert!(
            error.contains("found a model in fixed point, expected f32"),
            "{error}"
        );
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}

/// A model of two equal networks: the file with its own network once more.
fn twice(file: &[u8]) -> Vec<u8> {
    let length_at = |at: usize| u32::from_le_bytes(file[at + 4..at + 8].try_into().unwrap());
    let mut at = HEAD_BYTES;
    while file[at..at + 4] != Tag::NETWORK.0 {
        at += 8 + (length_at(at) as usize).next_multiple_of(4);
    }
    let end = at + 8 + (length_at(at) as usize).next_multiple_of(4);
    let mut twice = [&file[..end], &Tag::MEMBER.0, &file[at + 4..]].concat();
    let length = (twice.len() as u32).to_le_bytes();
    twice[HEAD_BYTES - 4..HEAD_BYTES].copy_from_slice(&length);
    let crc = CRC32.checksum(&twice[..twice.len() - 4]).to_le_bytes();
    let crc_at = twice.len() - 4;
    twice[crc_at..].copy_from_slice(&crc);
    twice
}

#[test]
fn a_model_of_several_networks_is_shown_as_one_and_not_written_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (_, bytes) = models().swap_remove(1);
    fs::write(folder.join("one.amlm"), &bytes).unwrap();
    fs::write(folder.join("two.amlm"), twice(&bytes)).unwrap();
    let shown = done(folder, &["inspect", "two.amlm"]);
    assert!(
        shown.contains("in each of 2 networks, whose mean is the estimate"),
        "{shown}"
    );
    let [one, two] = ["one.amlm", "two.amlm"].map(|file| {
        let shown = done(folder, &["inspect", file, "--json"]);
        serde_json::from_str::<serde_json::Value>(&shown).unwrap()
    });
    assert_eq!(one["further_networks"], serde_json::json!([]));
    assert_eq!(two["further_networks"][0]["weights"], one["weights"]);
    for kind in ["c", "safetensors"] {
        let error = failed(folder, &["export", "two.amlm", "--as", kind]);
        assert!(
            error.contains("found a model of 2 networks, expected one"),
            "{error}"
        );
    }
}
