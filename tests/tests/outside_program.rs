//! A stranger's program: a crate outside of the repository that depends on the core alone, on the host and for the smallest core.

use std::fs;
use std::path::Path;
use std::process::Command;

use amlstm_core::sizes::AttentionKind;
use amlstm_tests::board::{Board, CORTEX_M0};
use amlstm_tests::replay::aligned;
use amlstm_tests::sample::{self, PAPER};
use amlstm_tests::toolchain;

/// Twelve lines that load a model and print three months. `out` is the standard output on the host and whatever a device prints with.
const THREE_MONTHS: &str = r#"#![no_std]
use amlstm_core::{Estimator, include_model};
pub fn three_months(out: &mut dyn core::fmt::Write) -> core::fmt::Result {
    let mut estimator: Estimator = Estimator::load(include_model!("A.amlm")).unwrap();
    for level_m in [-34.0, -34.5, -35.25] {
        let month = estimator.month().unwrap().next();
        let estimate = estimator.step(month, &[Some(level_m), None, Some(level_m)]).unwrap();
        writeln!(out, "{month} {} {}", estimate.increment_mm, estimate.subsidence_mm)?;
    }
    Ok(())
}
"#;

const MAIN: &str = r#"fn main() {
    let mut out = String::new();
    outside::three_months(&mut out).unwrap();
    print!("{out}");
}
"#;

/// Writes the crate with a model exported now.
fn write_crate(folder: &Path, model: &[u8]) {
    let core = toolchain::root().join("core");
    let manifest = format!(
        "[package]\nname = \"outside\"\nedition = \"2024\"\n\n[dependencies]\namlstm-core = {{ path = \"{}\" }}\n\n[workspace]\n",
        core.display()
    );
    fs::create_dir(folder.join("src")).expect("the folder is new");
    for (file, content) in [
        ("Cargo.toml", manifest.as_bytes()),
        ("src/lib.rs", THREE_MONTHS.as_bytes()),
        ("src/main.rs", MAIN.as_bytes()),
        ("src/A.amlm", model),
    ] {
        fs::write(folder.join(file), content).expect("the folder is writable");
    }
    // The versions that the repository builds with are at hand without a network.
    fs::copy(
        toolchain::root().join("Cargo.lock"),
        folder.join("Cargo.lock"),
    )
    .expect("the repository has a lock file");
}

/// Runs cargo in the crate; its standard output.
fn run(mut command: Command, folder: &Path) -> String {
    let output = command
        .current_dir(folder)
        .args(["--offline", "--quiet"])
        .env(
            "CARGO_TARGET_DIR",
            toolchain::target_folder().join("outside"),
        )
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

fn model() -> Vec<u8> {
    sample::model_file(AttentionKind::Shared, PAPER, 7)
}

/// What the three months give, by an estimator in this process.
fn expected(model: &[u8]) -> String {
    let words = aligned(model);
    let bytes = &bytemuck::cast_slice(&words)[..model.len()];
    let mut estimator: amlstm_core::Estimator =
        amlstm_core::Estimator::load(bytes).expect("the sample is sound");
    let mut lines = String::new();
    for level_m in [-34.0, -34.5, -35.25] {
        let month = estimator.month().expect("a start").next();
        let level_m = [Some(level_m), None, Some(level_m)];
        let estimate = estimator.step(month, &level_m).expect("the next month");
        lines += &format!(
            "{month} {} {}\n",
            estimate.increment_mm, estimate.subsidence_mm
        );
    }
    lines
}

#[test]
fn twelve_lines_load_a_model_and_print_three_months() {
    assert!(THREE_MONTHS.lines().count() <= 12);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let model = model();
    write_crate(folder.path(), &model);
    let mut command = Command::new(toolchain::cargo());
    command.arg("run");
    let printed = run(command, folder.path());
    assert!(printed.starts_with("2015-01 "), "{printed}");
    assert_eq!(printed, expected(&model));
}

fn builds_for(board: Board) {
    let Some(toolchain) = toolchain::for_board(board) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_crate(folder.path(), &model());
    let mut command = toolchain.build_command(board);
    command.args(["--lib", "--release"]);
    run(command, folder.path());
}

#[test]
fn the_same_lines_build_for_a_cortex_m0() {
    builds_for(CORTEX_M0);
}
