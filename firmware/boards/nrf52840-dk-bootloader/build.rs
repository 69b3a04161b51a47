//! Links the image: memory layout from `memory.x`, cortex-m-rt's script.

fn main() {
    println!("cargo::rerun-if-changed=memory.x");
    // Programs that use the library have a memory layout of their own.
    if std::env::var_os("CARGO_FEATURE_IMAGE").is_none() {
        return;
    }
    println!("cargo::rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    // Only what belongs into the flash, and not the ELF file's own head.
    for argument in ["--nmagic", "-Tlink.x"] {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}
