//! Links the images: memory layout from `memory/<machine>.x`, cortex-m-rt's script, and defmt's where the image logs.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// The features that choose a machine.
const MACHINES: [&str; 4] = ["mps2-an385", "mps2-an386", "mps2-an505", "microbit"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=memory");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
    let Some(machine) = machine() else { return };
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    for (script, name) in [(machine, "memory"), ("device", "device")] {
        let script = Path::new("memory").join(script).with_extension("x");
        fs::copy(&script, out.join(name).with_extension("x"))
            .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    }
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rustc-link-arg-bin=estimate=-Tdefmt.x");
}

/// The machine whose feature is on.
fn machine() -> Option<&'static str> {
    let mut machines = MACHINES.into_iter().filter(|machine| {
        let feature = machine.to_uppercase().replace('-', "_");
        env::var_os(format!("CARGO_FEATURE_{feature}")).is_some()
    });
    let machine = machines.next()?;
    if let Some(second) = machines.next() {
        panic!("features {machine} and {second} are both on; an image is for one machine");
    }
    Some(machine)
}
