//! Links every device image for its board: memory layout from `memory/<board>.x`, cortex-m-rt's script, and defmt's where the image logs.
//!
//! A new board is one feature in `Cargo.toml` and one file in `memory/`.

use std::path::PathBuf;
use std::{env, fs};

/// Images and whether they log with defmt.
const IMAGES: [(&str, bool); 4] = [
    ("estimate", true),
    ("probe", false),
    ("mps2-an386", true),
    ("nrf52840-dk", true),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=memory");
    // The instructions of the DSP extension. No configuration of stable Rust tells that they are there.
    println!("cargo::rustc-check-cfg=cfg(dsp)");
    if env::var("TARGET").is_ok_and(|target| target.starts_with("thumbv7em")) {
        println!("cargo::rustc-cfg=dsp");
    }
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
    let Some(board) = board() else { return };
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::copy(format!("memory/{board}.x"), out.join("memory.x"))
        .unwrap_or_else(|error| panic!("memory/{board}.x: {error}"));
    if env::var_os("CARGO_FEATURE_QEMU").is_some() {
        // cortex-m-rt asks for the handlers' names; on these boards every interrupt has the default handler.
        fs::write(out.join("device.x"), "").unwrap_or_else(|error| panic!("device.x: {error}"));
    }
    println!("cargo::rustc-link-search={}", out.display());
    for (image, logs) in IMAGES {
        println!("cargo::rustc-link-arg-bin={image}=-Tlink.x");
        if logs {
            println!("cargo::rustc-link-arg-bin={image}=-Tdefmt.x");
        }
    }
}

/// The board whose feature is on: the one that has a file in `memory/`.
fn board() -> Option<String> {
    let mut boards = fs::read_dir("memory")
        .expect("memory/ lies beside build.rs")
        .filter_map(|entry| {
            let path = entry.expect("memory/ is readable").path();
            let board = path.file_stem()?.to_str()?.to_owned();
            let feature = board.to_uppercase().replace('-', "_");
            env::var_os(format!("CARGO_FEATURE_{feature}")).map(|_| board)
        });
    let board = boards.next()?;
    if let Some(second) = boards.next() {
        panic!("features {board} and {second} are both on; an image is for one board");
    }
    Some(board)
}
