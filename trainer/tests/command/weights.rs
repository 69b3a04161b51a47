//! Weights for other programs: a C99 header that a compiler turns into the same bits, and tensors that anybody can compute with.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use amlstm::export::AlignedBytes;
use amlstm_core::{
    arithmetic::ArithmeticKind,
    artifact::{Content, MAX_FILE_BYTES, ModelFile, Physics, Record, Scores, encode},
    estimate::{Estimate, Primary},
    estimator::Estimator,
    input::Input,
    month::Month,
    month_mean::MonthDefinition,
    physics::{PhysicsState, PhysicsWeights},
    scaler::Scaler,
    sizes::{AttentionKind, Sizes},
};
use safetensors::SafeTensors;

use crate::site::{done, failed};

/// Months of a series: forty years.
const MONTHS: usize = 480;

/// Numbers from 0 to 1 of a linear congruential generator (Knuth's MMIX).
fn uniform(seed: &mut u64) -> f32 {
    *seed = seed
        .wrapping_mul(6364136223846793005)
        .wrapping_add(1442695040888963407);
    (*seed >> 40) as f32 / (1 << 24) as f32
}

/// Levels in and out of the trained ranges (10 m below one another, 6 m wide), some missing.
fn levels(inputs: usize, mut seed: u64) -> Vec<Vec<Option<f32>>> {
    let mut level_m = |k: usize| {
        let place = uniform(&mut seed);
        (place > 0.05).then_some(place * 12.0 - 6.0 - 10.0 * (k + 1) as f32)
    };
    (0..MONTHS)
        .map(|_| (0..inputs).map(&mut level_m).collect())
        .collect()
}

const LAYER_WEIGHTS: [[f32; 6]; 8] = [
    [2.0, 0.0, 0.5, 0.0, 5.0, 0.25],
    [0.0, 1.5, 0.0, 3.0, 0.0, 0.0],
    [0.25, 0.0, 0.0, 0.0, 7.0, 1.0],
    [0.0; 6],
    [1.0; 6],
    [0.0; 6],
    [0.1; 6],
    [3.0, 0.0, 0.0, 0.0, 0.0, 0.0],
];

/// Physics of so many layers whose beds have known some years.
fn physics(inputs: usize, primary: Primary) -> Physics<'static> {
    let weights = PhysicsWeights {
        layers: &LAYER_WEIGHTS[..inputs],
        decay: [0.5, 0.25],
    };
    let mut state = PhysicsState::default();
    for level_m in levels(inputs, 4).iter().take(60) {
        state.step(&weights, level_m);
    }
    Physics {
        primary,
        weights,
        state,
        subsidence_mm: 80.0,
        interval_half_width_mm: 0.75,
    }
}

const NAMES: [&str; 8] = ["upper", "lower", "*/\"\\??/", "d", "e", "f", "g", "h"];

/// A model file with random weights, whose last month is 2016-08.
pub fn model(sizes: Sizes, attention: AttentionKind, physics: Option<&Physics>) -> Vec<u8> {
    let mut seed = 7;
    let weights: Vec<f32> = (0..sizes.weights(attention))
        .map(|_| uniform(&mut seed) * 1.2 - 0.6)
        .collect();
    let inputs: Vec<Input> = (1..=sizes.inputs)
        .map(|k| {
            let offset = -10.0 * f32::from(k);
            Input {
                scaler: Scaler { offset, scale: 1.5 },
                lowest_trained_m: offset - 3.0,
                highest_trained_m: offset + 3.0,
            }
        })
        .collect();
    let state: Vec<_> = (0..sizes.hidden)
        .map(|unit| (0.1_f32.to_bits(), (-0.5 + f32::from(unit)).to_bits()))
        .collect();
    let month = |year, month| Month::new(year, month).unwrap();
    let content = Content {
        record: Record {
            well: "W*/ 7",
            aquifer_layers: NAMES.into_iter().take(inputs.len()).collect(),
            sizes,
            attention,
            arithmetic: ArithmeticKind::F32,
            model_version: 1,
            trained_from: month(2012, 6),
            trained_until: month(2016, 8),
            fingerprint: 1,
            seed: 7,
            synthetic: true,
            scores: Scores {
                train_rmse_mm: 0.5,
                validate_rmse_mm: 0.6,
                test_rmse_mm: f32::NAN,
                floor_rmse_mm: f32::NAN,
            },
            interval_half_width_mm: 1.5,
        },
        inputs: &inputs,
        target: Scaler {
            offset: 2.0,
            scale: 0.75,
        },
        start_month: month(2016, 8),
        start_subsidence_mm: 120.5,
        start_state: &state,
        weights: bytemuck::cast_slice(&weights),
        physics,
        months: MonthDefinition::default(),
        fit: None,
    };
    let mut bytes = AlignedBytes::new(&[0; MAX_FILE_BYTES]);
    let length = encode(&content, &mut bytes).unwrap();
    bytes[..length].to_vec()
}

/// Model files of every kind: attention of either kind and none, blocks filled and not, with physics and without.
fn models() -> Vec<(&'static str, Vec<u8>)> {
    let sizes = |inputs, hidden, attention| Sizes {
        inputs,
        hidden,
        attention,
    };
    let trusted = physics(3, Primary::Physics);
    let beside = physics(8, Primary::Network);
    let mut unmeasured = physics(2, Primary::Physics);
    unmeasured.state.layers[1] = None;
    unmeasured.state.months = None;
    let trained = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/examples/A.amlm");
    vec![
        ("trained", fs::read(trained).unwrap()),
        (
            "shared",
            model(sizes(3, 16, 16), AttentionKind::Shared, Some(&trusted)),
        ),
        (
            "per_layer",
            model(sizes(8, 32, 32), AttentionKind::PerLayer, Some(&beside)),
        ),
        (
            "odd",
            model(sizes(2, 11, 5), AttentionKind::PerLayer, Some(&unmeasured)),
        ),
        ("plain", model(sizes(1, 3, 0), AttentionKind::None, None)),
    ]
}

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
    for (name, bytes) in models() {
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
        ("amlstm_output_bias = ", "amlstm_output_bias = 1.5f + "),
        ("{2e0f, 0e0f, 5e-1f", "{2.0000005e0f, 0e0f, 5e-1f"),
    ] {
        let broken = header.replacen(number, changed, 1);
        assert_ne!(broken, header);
        fs::write(folder.join("model.h"), broken).unwrap();
        compile(folder, "-O2");
        assert_eq!(run(folder, &[], false).0, Some(2), "{number}");
    }
}

/// Tensors of a file, by name.
struct Tensors<'a>(SafeTensors<'a>);

impl Tensors<'_> {
    fn shape(&self, name: &str) -> Vec<usize> {
        self.0.tensor(name).unwrap().shape().to_vec()
    }

    fn numbers(&self, name: &str) -> Vec<f64> {
        let tensor = self.0.tensor(name).unwrap();
        let numbers = tensor.data().as_chunks().0.iter();
        numbers
            .map(|bytes| f64::from(f32::from_le_bytes(*bytes)))
            .collect()
    }

    fn rows(&self, name: &str) -> Vec<Vec<f64>> {
        let columns = self.shape(name)[1];
        let numbers = self.numbers(name);
        numbers.chunks(columns).map(<[f64]>::to_vec).collect()
    }
}

fn times(rows: &[Vec<f64>], vector: &[f64]) -> Vec<f64> {
    let product = |row: &Vec<f64>| row.iter().zip(vector).map(|(a, b)| a * b).sum();
    rows.iter().map(product).collect()
}

/// The network in f64, from the tensors, in the order of gates of `torch.nn.LSTM`: i, f, g, o.
fn network_mm(tensors: &Tensors, h: &mut [f64], c: &mut [f64], level_m: &[Option<f32>]) -> f64 {
    let [offset, scale] = ["input.offset_m", "input.scale_m"].map(|name| tensors.numbers(name));
    let x: Vec<Option<f64>> = level_m
        .iter()
        .enumerate()
        .map(|(k, level_m)| level_m.map(|level_m| (f64::from(level_m) - offset[k]) / scale[k]))
        .collect();
    let mut e: Vec<f64> = x.iter().map(|x| x.unwrap_or(0.0)).collect();
    if tensors.0.tensor("attention.W").is_ok() {
        let wh = times(&tensors.rows("attention.W"), &[&*h, &*c].concat());
        let [u, b, v] = ["U", "B", "V"].map(|name| tensors.rows(&format!("attention.{name}")));
        let alpha = |k: usize, x: f64| -> f64 {
            let column = if u[0].len() > 1 { k } else { 0 };
            let unit = |unit: usize| {
                v[unit][column] * (wh[unit] + u[unit][column] * x + b[unit][column]).tanh()
            };
            (0..wh.len()).map(unit).sum()
        };
        let exp: Vec<f64> = x
            .iter()
            .enumerate()
            .map(|(k, x)| x.map_or(0.0, |x| alpha(k, x).exp()))
            .collect();
        let total: f64 = exp.iter().sum();
        for (e, exp) in e.iter_mut().zip(&exp) {
            *e *= if *exp > 0.0 { exp / total } else { 0.0 };
        }
    }
    let of_e = times(&tensors.rows("lstm.weight_ih_l0"), &e);
    let of_h = times(&tensors.rows("lstm.weight_hh_l0"), h);
    let [b_e, b_h] = ["lstm.bias_ih_l0", "lstm.bias_hh_l0"].map(|name| tensors.numbers(name));
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let hidden = h.len();
    for unit in 0..hidden {
        let gate = |gate: usize| {
            let row = gate * hidden + unit;
            of_e[row] + b_e[row] + of_h[row] + b_h[row]
        };
        c[unit] = sigmoid(gate(1)) * c[unit] + sigmoid(gate(0)) * gate(2).tanh();
        h[unit] = sigmoid(gate(3)) * c[unit].tanh();
    }
    let y = times(&tensors.rows("output.weight"), h)[0] + tensors.numbers("output.bias")[0];
    y * tensors.numbers("target.scale_mm")[0] + tensors.numbers("target.offset_mm")[0]
}

/// A delay bed in f64: the heads at the end of the month by elimination, virgin where they fall below the lowest, until that agrees with itself.
fn bed_m(cells: &mut [[f64; 2]], tau_years: f64, top_m: f64) -> f64 {
    let (dz, elastic, conductance) = (0.25, 0.05, 1.0 / (12.0 * tau_years) / 0.25);
    let storage = |is_virgin: bool| if is_virgin { 1.0 } else { elastic };
    let mut virgin: Vec<bool> = cells
        .iter()
        .map(|[level, lowest]| level <= lowest)
        .collect();
    for _ in 0..12 {
        // Water that a cell releases leaves through its faces; the last has one.
        let mut rows = [[0.0; 5]; 4];
        for (i, [level, lowest]) in cells.iter().enumerate() {
            let s = storage(virgin[i]);
            rows[i][i] += dz * s;
            rows[i][4] += dz * (s * lowest + elastic * (level - lowest));
            if i == 0 {
                rows[i][i] += 2.0 * conductance;
                rows[i][4] += 2.0 * conductance * top_m;
            } else {
                rows[i][i] += conductance;
                rows[i][i - 1] -= conductance;
            }
            if i < 3 {
                rows[i][i] += conductance;
                rows[i][i + 1] -= conductance;
            }
        }
        for pivot in 0..4 {
            for row in 0..4 {
                let factor = rows[row][pivot] / rows[pivot][pivot];
                let of_pivot = rows[pivot];
                if row != pivot {
                    for (number, of_pivot) in rows[row].iter_mut().zip(of_pivot) {
                        *number -= factor * of_pivot;
                    }
                }
            }
        }
        let after: Vec<f64> = (0..4).map(|i| rows[i][4] / rows[i][i]).collect();
        let is_virgin: Vec<bool> = after
            .iter()
            .zip(&*cells)
            .map(|(after, cell)| *after < cell[1])
            .collect();
        if is_virgin == virgin {
            let released =
                after
                    .iter()
                    .zip(&mut *cells)
                    .zip(virgin)
                    .map(|((after, cell), virgin)| {
                        let [level, lowest] = *cell;
                        *cell = [*after, after.min(lowest)];
                        dz * (storage(virgin) * (lowest - after) + elastic * (level - lowest))
                    });
            return released.sum();
        }
        virgin = is_virgin;
    }
    panic!("the cells do not settle");
}

/// Physics in f64, from the tensors.
struct Beds {
    levels: Vec<Vec<f64>>,
    cells: Vec<[f64; 2]>,
    months: f64,
}

impl Beds {
    fn increment_mm(&mut self, tensors: &Tensors, level_m: &[Option<f32>]) -> f64 {
        let weights = tensors.rows("physics.layer_weight");
        let decay = tensors.numbers("physics.decay_weight");
        self.months += 1.0;
        let mut sum =
            decay[0] * (-self.months / 36.0).exp() + decay[1] * (-self.months / 120.0).exp();
        for (k, weights) in weights.iter().enumerate() {
            let [reference, before, lowest] = self.levels[k][..] else {
                panic!("three levels per layer")
            };
            let top = level_m[k].map_or(before, |level_m| f64::from(level_m) - reference);
            sum += weights[0] * (before - top) + weights[1] * (lowest - top).max(0.0);
            for (bed, tau_years) in [0.25, 1.0, 4.0, 12.0].into_iter().enumerate() {
                let first = (k * 4 + bed) * 4;
                let cells = &mut self.cells[first..first + 4];
                sum += weights[2 + bed] * bed_m(cells, tau_years, top);
            }
            self.levels[k] = vec![reference, top, lowest.min(top)];
        }
        sum
    }
}

#[test]
fn the_tensors_are_all_that_another_program_needs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, bytes) in models() {
        fs::write(folder.join("model.amlm"), &bytes).unwrap();
        let arguments = [
            "export",
            "model.amlm",
            "--as",
            "safetensors",
            "-o",
            "model.st",
        ];
        done(folder, &arguments);
        let written = fs::read(folder.join("model.st")).unwrap();
        done(folder, &arguments);
        assert_eq!(fs::read(folder.join("model.st")).unwrap(), written);
        let tensors = Tensors(SafeTensors::deserialize(&written).unwrap());
        let bytes = AlignedBytes::new(&bytes);
        let file = ModelFile::parse(&bytes).unwrap();
        let sizes = file.record().sizes;
        let [inputs, hidden] = [sizes.inputs, sizes.hidden].map(usize::from);
        assert_eq!(tensors.shape("lstm.weight_ih_l0"), [4 * hidden, inputs]);
        assert_eq!(tensors.shape("lstm.weight_hh_l0"), [4 * hidden, hidden]);

        // Nothing to compare physics with before every layer was measured.
        let has_physics = file
            .physics()
            .is_some_and(|physics| physics.state.months.is_some());
        let mut beds = has_physics.then(|| Beds {
            levels: tensors.rows("physics.start.levels_m"),
            cells: tensors
                .numbers("physics.start.cells_m")
                .as_chunks()
                .0
                .to_vec(),
            months: tensors.numbers("physics.start.months")[0],
        });
        let (mut h, mut c) = (tensors.numbers("start.h"), tensors.numbers("start.c"));
        let mut estimator = Estimator::at_start(&file);
        let mut month = file.start().month;
        for level_m in levels(inputs, 11) {
            month = month.next();
            let estimate = estimator.step(month, &level_m).unwrap();
            let close = |what: &str, found: f64, expected: f32, within: f64| {
                let expected = f64::from(expected);
                assert!(
                    (found - expected).abs() < within,
                    "{name} {month} {what}: {found} against {expected}"
                );
            };
            let found = network_mm(&tensors, &mut h, &mut c, &level_m);
            // f32 with activations within 1e-6 against f64, a month from the same state; increments are of the order of 1 mm.
            close("network", found, estimate.network.increment_mm, 1e-4);
            let after = h.iter_mut().zip(&mut c).zip(estimator.state_bits());
            for ((h, c), (hidden, cell)) in after {
                let [hidden, cell] = [hidden, cell].map(f32::from_bits);
                close("h", *h, hidden, 1e-4);
                close("C", *c, cell, 1e-4);
                (*h, *c) = (hidden.into(), cell.into());
            }
            if let Some(beds) = &mut beds {
                let found = beds.increment_mm(&tensors, &level_m);
                let expected = estimate.physics.as_ref().unwrap().subsidence;
                // f32 against f64 over all months; increments are of the order of 10 mm.
                close("physics", found, expected.increment_mm, 1e-3);
            }
        }
    }
}

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
