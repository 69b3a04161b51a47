//! Links the image: memory layout from `memory.x`, cortex-m-rt's script, and defmt's.

fn main() {
    for script in ["memory.x", "device.x"] {
        println!("cargo::rerun-if-changed={script}");
    }
    println!("cargo::rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    for script in ["link.x", "defmt.x"] {
        println!("cargo::rustc-link-arg-bins=-T{script}");
    }
}
