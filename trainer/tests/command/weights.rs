//! Weights for other programs.

mod c_header;
pub mod models;
mod tensors;

use std::{env, fs, path::Path};

use amlstm::export::AlignedBytes;
use amlstm_core::artifact::{ModelFile, Tag};

use self::models::{equal_networks, models, seeds};
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

#[test]
fn a_model_of_several_networks_is_shown_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("one.amlm"), equal_networks(1)).unwrap();
    fs::write(folder.join("two.amlm"), equal_networks(2)).unwrap();
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
}

/// Written, as the snapshots are, with `TRYCMD=overwrite`.
#[test]
fn the_seeds_of_the_model_reader_are_files_of_this_format_with_every_section_between_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/seeds/model");
    let mut all = Vec::new();
    for (name, bytes) in seeds() {
        let path = folder.join(name);
        if env::var("TRYCMD").is_ok_and(|mode| mode == "overwrite") {
            fs::write(&path, &bytes).unwrap();
        }
        assert!(fs::read(&path).unwrap() == bytes, "{}", path.display());
        all.extend(bytes);
    }
    for tag in [Tag::MEMBER, Tag::CHANGES, Tag::PHYSICS, Tag::BRIDGES] {
        assert!(all.windows(4).any(|letters| letters == tag.0), "{tag}");
    }
}
