//! Weights for other programs.

mod c_header;
pub mod models;
mod tensors;

use std::fs;

use amlstm::export::AlignedBytes;
use amlstm_core::artifact::ModelFile;

use self::models::models;
use crate::site::failed;

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
