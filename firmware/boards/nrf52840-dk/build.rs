//! Links the image: memory layout from `memory.x`, cortex-m-rt's script, and defmt's.

fn main() {
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    // Without it the linker puts the ELF file's own head before the program, into the flash of the bootloader.
    println!("cargo::rustc-link-arg-bins=--nmagic");
    for script in ["link.x", "defmt.x"] {
        println!("cargo::rustc-link-arg-bins=-T{script}");
    }
}
