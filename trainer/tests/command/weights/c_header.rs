//! A C99 header that a compiler turns into the same bits.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use amlstm::export::AlignedBytes;
use amlstm_core::{artifact::ModelFile, estimate::Estimate, estimator::Estimator};

use super::models::{MONTHS, ensembles, levels, models};
use crate::site::done;

/// Months of a model over levels, from the file's state or a cold one.
fn estimates(file: &ModelFile, levels: &[Vec<Option<f32>>], cold: bool) -> Vec<Estimate> {
    let mut estimator = if cold {
        Estimator::cold(file)
    } else {
        Estimator::at_start(file)
    };
    let mut month = file.start().month;
    let step = |level_m: &Vec<Option<f32>>| {
        month = month.next();
        estimator.step(month, level_m).unwrap()
    };
    levels.iter().map(step).collect()
}

/// Reads the bits of levels, writes the bits of estimates.
const MAIN: &str = r#"#include "model.h"
#include <stdio.h>

static void print(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    printf("%08lx ", (unsigned long)bits);
}

int main(int count, char **arguments)
{
    struct amlstm_state state;
    (void)arguments;
    if (amlstm_check() != 0) {
        return 2;
    }
    if (count > 1) {
        amlstm_cold(&state);
    } else {
        amlstm_start(&state);
    }
    for (;;) {
        struct amlstm_month month;
        float level_m[AMLSTM_INPUTS];
        int k;
        for (k = 0; k < AMLSTM_INPUTS; k++) {
            unsigned long read;
            uint32_t bits;
            if (scanf("%lx", &read) != 1) {
                return 0;
            }
            bits = (uint32_t)read;
            memcpy(&level_m[k], &bits, sizeof bits);
        }
        month = amlstm_step(&state, level_m);
        print(month.increment_mm);
        print(month.total_mm);
        print(month.network_mm);
        print(month.network_total_mm);
        print(month.physics_mm);
        print(month.physics_total_mm);
        for (k = 0; k < AMLSTM_INPUTS; k++) {
            print(month.share[k]);
            print(month.layer_mm[k]);
        }
        printf("%d\n", month.has_physics);
    }
}
"#;

/// What [`MAIN`] must print of a month.
fn line(estimate: &Estimate, inputs: usize) -> String {
    let physics = estimate.physics.as_ref();
    let beds = physics
        .map(|physics| physics.subsidence)
        .unwrap_or_default();
    let mut numbers = vec![
        estimate.increment_mm,
        estimate.subsidence_mm,
        estimate.network.increment_mm,
        estimate.network.cumulative_mm,
        beds.increment_mm,
        beds.cumulative_mm,
    ];
    for k in 0..inputs {
        numbers.push(estimate.attention.get(k).copied().unwrap_or(0.0));
        numbers.push(physics.map_or(0.0, |physics| physics.layer_mm[k]));
    }
    let mut line = String::new();
    for number in numbers {
        write!(line, "{:08x} ", number.to_bits()).unwrap();
    }
    line + if physics.is_some() { "1" } else { "0" }
}

/// Compiles `main.c` in a folder without a warning.
fn compile(folder: &Path, optimisation: &str) {
    let output = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"])
        .args(["-ffp-contract=off", optimisation, "main.c", "-o", "main"])
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{optimisation}: {said}");
}

/// Runs the compiled program over levels: its exit code and what it printed.
fn run(folder: &Path, levels: &[Vec<Option<f32>>], cold: bool) -> (Option<i32>, String) {
    let mut text = String::new();
    for level_m in levels.iter().flatten() {
        writeln!(text, "{:08x}", level_m.unwrap_or(f32::NAN).to_bits()).unwrap();
    }
    let mut program = Command::new(folder.join("main"))
        .args(cold.then_some("cold"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut standard_input = program.stdin.take().unwrap();
    // A program that finds its golden months wrong reads nothing. A thread, so that neither side waits for the other.
    let writer = std::thread::spawn(move || {
        let _ = standard_input.write_all(text.as_bytes());
    });
    let output = program.wait_with_output().unwrap();
    writer.join().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[test]
fn the_c_header_computes_every_bit_of_the_estimator() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("main.c"), MAIN).unwrap();
    for (name, bytes) in models().into_iter().chain(ensembles()) {
        fs::write(folder.join("model.amlm"), &bytes).unwrap();
        let arguments = ["export", "model.amlm", "--as", "c", "-o", "model.h"];
        let said = done(folder, &arguments);
        assert!(said.contains("model.h: well "), "{said}");
        let bytes = AlignedBytes::new(&bytes);
        let file = ModelFile::parse(&bytes).unwrap();
        let inputs = file.model().inputs().len();
        let levels = levels(inputs, 11);
        for optimisation in ["-O0", "-O2"] {
            compile(folder, optimisation);
            for cold in [false, true] {
                let (code, printed) = run(folder, &levels, cold);
                assert_eq!(code, Some(0), "{name} {optimisation}");
                assert_eq!(printed.lines().count(), MONTHS);
                let expected = estimates(&file, &levels, cold);
                for (month, (found, expected)) in printed.lines().zip(&expected).enumerate() {
                    let expected = line(expected, inputs);
                    assert_eq!(found, expected, "{name} {optimisation} month {month}");
                }
            }
        }
    }
}

#[test]
fn a_header_whose_numbers_were_changed_fails_its_check() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("main.c"), MAIN).unwrap();
    let (_, bytes) = models().swap_remove(1);
    fs::write(folder.join("model.amlm"), &bytes).unwrap();
    done(folder, &["export", "model.amlm", "--as", "c"]);
    // The well's name is no file name.
    let header = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "h"))
        .unwrap();
    let header = fs::read_to_string(header).unwrap();
    for (number, changed) in [
        ("/* b_o */ ", "/* b_o */ 1.5f + "),
        ("{2e0f, 0e0f, 5e-1f", "{2.0000005e0f, 0e0f, 5e-1f"),
    ] {
        let broken = header.replacen(number, changed, 1);
        assert_ne!(broken, header);
        fs::write(folder.join("model.h"), broken).unwrap();
        compile(folder, "-O2");
        assert_eq!(run(folder, &[], false).0, Some(2), "{number}");
    }
}
