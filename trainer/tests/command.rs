//! The command `amlstm` as its users run it: real processes, real files.

#[path = "../../tests/src/skip.rs"]
mod skip;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use skip::skip;
use tempfile::TempDir;

/// Months of the made-up site, from 2000-01.
const MONTHS: usize = 120;

fn amlstm(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_amlstm"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("amlstm starts")
}

/// Standard output of a run that must succeed.
fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = amlstm(folder, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// The one line of a run that must fail.
fn failed(folder: &Path, arguments: &[&str]) -> String {
    let output = amlstm(folder, arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr.trim_end().to_owned()
}

/// A site of two wells whose ground follows the levels of two aquifer layers; made up here, with gaps.
fn site() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut levels = String::from("well,layer,date,level_m\n");
    let mut subsidence = String::from("well,date,subsidence_mm\n");
    for (number, well) in ["N1", "N2"].into_iter().enumerate() {
        let mut sum_mm = 0.0;
        for month in 0..MONTHS {
            let time = month as f64;
            let season = (time * std::f64::consts::TAU / 12.0 + number as f64).sin();
            let upper_m = 5.0 + season;
            let lower_m = -3.0 - 0.02 * time + 2.0 * season;
            sum_mm += 1.0 - 0.8 * season;
            let date = format!("{}-{:02}-15", 2000 + month / 12, month % 12 + 1);
            if month % 17 != 5 {
                writeln!(levels, "{well},upper,{date},{upper_m:.4}").unwrap();
            }
            writeln!(levels, "{well},lower,{date},{lower_m:.4}").unwrap();
            if month % 23 != 7 {
                writeln!(subsidence, "{well},{date},{sum_mm:.4}").unwrap();
            }
        }
    }
    let files = [
        (
            "wells.csv",
            "well,name\nN1,made up\nN2,made up\n".to_owned(),
        ),
        ("levels.csv", levels),
        ("subsidence.csv", subsidence),
    ];
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    fs::write(folder.path().join("few.toml"), "[training]\nepochs = 8\n").unwrap();
    folder
}

/// A trained run of the made-up site.
fn trained() -> (TempDir, PathBuf) {
    let folder = site();
    let run = folder.path().join("run");
    done(
        folder.path(),
        &["train", ".", "--config", "few.toml", "--out", "run"],
    );
    (folder, run)
}

/// Every file of a folder by its path in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(
                    path.strip_prefix(folder).unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    found
}

#[test]
fn a_run_is_the_same_with_one_thread_and_with_four() {
    let folder = site();
    for threads in ["1", "4"] {
        done(
            folder.path(),
            &[
                "train",
                ".",
                "--config",
                "few.toml",
                "--threads",
                threads,
                "--out",
                threads,
            ],
        );
    }
    let [one, four] = ["1", "4"].map(|threads| files(&folder.path().join(threads)));
    assert!(
        one.contains_key(Path::new("models/N2.f32.amlm"))
            && one.contains_key(Path::new("models/lstm/N1.f32.amlm"))
    );
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        four.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &one {
        assert!(bytes == &four[name], "{} differs", name.display());
    }
}

#[test]
fn a_trained_well_is_checked_exported_and_estimated() {
    let (folder, _) = trained();
    let folder = folder.path();
    assert!(done(folder, &["check", "."]).contains("2 of 2 wells can be trained"));
    assert!(failed(folder, &["export", "run"]).contains("expected one of the run's wells: N1, N2"));
    done(folder, &["export", "run", "--well", "N2", "-o", "n2.amlm"]);
    assert_eq!(
        fs::read(folder.join("n2.amlm")).unwrap(),
        fs::read(folder.join("run/models/N2.f32.amlm")).unwrap()
    );

    let estimate: Value = serde_json::from_str(&done(
        folder,
        &["estimate", "n2.amlm", "levels.csv", "--json"],
    ))
    .unwrap();
    let months = estimate["months"].as_array().unwrap();
    // What the run predicted for the months after training is what the logger's estimate says, digit by digit.
    let mut predictions = csv::Reader::from_path(folder.join("run/predictions.csv")).unwrap();
    let rows: Vec<BTreeMap<String, String>> =
        predictions.deserialize().map(Result::unwrap).collect();
    let first = months[0]["month"].as_str().unwrap();
    let predicted: Vec<_> = rows
        .iter()
        .filter(|row| {
            row["well"] == "N2" && row["model"] == "am-lstm" && row["month"].as_str() >= first
        })
        .collect();
    assert_eq!(predicted.len(), months.len());
    for (row, month) in predicted.iter().zip(months) {
        assert_eq!(row["month"], month["month"].as_str().unwrap());
        for (column, key) in [
            ("predicted_increment_mm", "increment_mm"),
            ("predicted_subsidence_mm", "subsidence_mm"),
        ] {
            let [row, month] = [
                row[column].parse::<f64>().unwrap(),
                month[key].as_f64().unwrap(),
            ];
            assert!(
                (row - month).abs() <= 1e-5 * month.abs().max(1.0),
                "{column}: {row} against {month}"
            );
        }
    }
    let table = done(folder, &["estimate", "n2.amlm", "levels.csv"]);
    assert!(
        table.contains("upper: no level") && table.contains("below all levels trained on"),
        "{table}"
    );
    let cold: Value = serde_json::from_str(&done(
        folder,
        &["estimate", "n2.amlm", "levels.csv", "--cold", "--json"],
    ))
    .unwrap();
    assert_eq!(
        (
            cold["months"].as_array().unwrap().len(),
            &cold["months"][0]["month"]
        ),
        (MONTHS, &"2000-01".into())
    );
}

#[test]
fn rates_are_classed_as_vertical_and_along_the_line_of_sight() {
    let folder = tempfile::tempdir().unwrap();
    done(folder.path(), &["synth", "wells"]);
    let table = done(folder.path(), &["check", "wells"]);
    let row = |rate: &str| {
        let row = |line: &&str| line.starts_with("B ") && line.contains(rate) && line.contains('%');
        table.lines().find(row).unwrap().to_owned()
    };
    // Well B of Cao et al. 2022: 696 mm in 5.7 years are more than 110 mm a year vertically, and 80 to 110 along the line of sight as in Table 3.
    assert!(row("vertical").contains("  ≥ 110  "), "{table}");
    assert!(row("line of sight").contains("  80–110  "), "{table}");

    let other = "[data]\nrate_classes_mm_per_year = [100.0]\n";
    fs::write(folder.path().join("two.toml"), other).unwrap();
    let table = done(folder.path(), &["check", "wells", "--config", "two.toml"]);
    assert!(table.contains("< 100  ≥ 100"), "{table}");
}

#[test]
fn the_model_can_be_computed_from_inspects_json_alone() {
    let (folder, _) = trained();
    for model in ["run/models/N1.f32.amlm", "run/models/lstm/N1.f32.amlm"] {
        let json: Value =
            serde_json::from_str(&done(folder.path(), &["inspect", model, "--json"])).unwrap();
        let estimate = done(
            folder.path(),
            &["estimate", model, "levels.csv", "--cold", "--json"],
        );
        let estimate: Value = serde_json::from_str(&estimate).unwrap();
        let mut state = (vec![0.0; 16], vec![0.0; 16]);
        for month in estimate["months"].as_array().unwrap() {
            let level_m: Vec<Option<f64>> = month["inputs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|input| input["level_m"].as_f64())
                .collect();
            let expected = month["increment_mm"].as_f64().unwrap();
            let found = step(&json, &mut state, &level_m);
            // f32 against f64 over 120 recurrent months; increments are of the order of 1 mm.
            assert!(
                (found - expected).abs() < 1e-4,
                "{model} {}: {found} against {expected}",
                month["month"]
            );
        }
    }
    let text = done(folder.path(), &["inspect", "run/models/N1.f32.amlm"]);
    assert!(text.contains("1793") && text.contains("measured"), "{text}");
}

/// One month of the equations that `inspect --json` prints, in f64, from its numbers alone.
fn step(model: &Value, (hidden, cell): &mut (Vec<f64>, Vec<f64>), level_m: &[Option<f64>]) -> f64 {
    let matrix = |name: &str| -> Vec<Vec<f64>> {
        let rows = model["weights"][name]["rows"].as_array().unwrap();
        rows.iter()
            .map(|row| {
                row.as_array()
                    .unwrap()
                    .iter()
                    .map(|value| value.as_f64().unwrap())
                    .collect()
            })
            .collect()
    };
    let times = |rows: &[Vec<f64>], with: &[f64]| -> Vec<f64> {
        rows.iter()
            .map(|row| row.iter().zip(with).map(|(a, b)| a * b).sum())
            .collect()
    };
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let x: Vec<Option<f64>> = model["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .zip(level_m)
        .map(|(input, level_m)| {
            Some(
                ((*level_m)? - input["offset_m"].as_f64().unwrap())
                    / input["scale_m"].as_f64().unwrap(),
            )
        })
        .collect();
    let mut e: Vec<f64> = x.iter().map(|x| x.unwrap_or(0.0)).collect();
    if model["attention"] != "none" {
        let (u, b, v) = (
            matrix("attention_u"),
            matrix("attention_b"),
            matrix("attention_v"),
        );
        let state: Vec<f64> = hidden.iter().chain(cell.iter()).copied().collect();
        let wh = times(&matrix("attention_w"), &state);
        let column = |k: usize| k.min(u[0].len() - 1);
        let alpha = |k: usize, x: f64| -> f64 {
            (0..wh.len())
                .map(|unit| {
                    v[unit][column(k)]
                        * (wh[unit] + u[unit][column(k)] * x + b[unit][column(k)]).tanh()
                })
                .sum()
        };
        let exponentials: Vec<f64> = x
            .iter()
            .enumerate()
            .map(|(k, x)| x.map_or(0.0, |x| alpha(k, x).exp()))
            .collect();
        let sum: f64 = exponentials.iter().sum();
        for (e, exponential) in e.iter_mut().zip(&exponentials) {
            *e *= if sum > 0.0 { exponential / sum } else { 0.0 };
        }
    }
    let units = hidden.len();
    let inputs: Vec<f64> = hidden.iter().copied().chain(e).collect();
    let gates: Vec<f64> = times(&matrix("gate_weights"), &inputs)
        .iter()
        .zip(matrix("gate_bias"))
        .map(|(sum, bias)| sum + bias[0])
        .collect();
    for unit in 0..units {
        let [f, i, candidate, o] = [0, 1, 2, 3].map(|gate| gates[gate * units + unit]);
        cell[unit] = sigmoid(f) * cell[unit] + sigmoid(i) * candidate.tanh();
        hidden[unit] = sigmoid(o) * cell[unit].tanh();
    }
    let y: f64 = matrix("output_weights")
        .iter()
        .zip(hidden.iter())
        .map(|(weight, h)| weight[0] * h)
        .sum();
    let y = y + matrix("output_bias")[0][0];
    y * model["target"]["scale_mm"].as_f64().unwrap()
        + model["target"]["offset_mm"].as_f64().unwrap()
}

#[test]
fn a_bad_file_is_one_line_and_leaves_nothing_behind() {
    let folder = site();
    let path = folder.path().join("levels.csv");
    let good = fs::read_to_string(&path).unwrap();
    let cases = [
        (
            good.replacen("N1,upper,2000-02-15,", "N1,upper,2000-02-15,n/a", 1),
            "levels.csv:4: level_m: found \"n/a",
        ),
        (
            good.replacen("N1,", "N9,", 1),
            "levels.csv:2: well: found \"N9\", expected a well of wells.csv (N1, N2)",
        ),
        (
            good.replacen("level_m", "level", 1),
            "levels.csv:1: no column level_m, found well, layer, date, level",
        ),
        (
            good.replacen("2000-02-15", "2000-01-15", 1),
            "levels.csv:4: date: found 2000-01-15 a second time for well N1, layer upper with another value (first in line 2)",
        ),
        (
            good.replacen("2000-02-15", "15.2.2000", 1),
            "levels.csv:4: date: found \"15.2.2000\", expected a date such as 2010-11-22",
        ),
        (
            String::new(),
            "levels.csv: the file is empty, expected the columns well, layer, date, level_m",
        ),
    ];
    for (text, expected) in cases {
        fs::write(&path, text).unwrap();
        let message = failed(folder.path(), &["train", ".", "--out", "run"]);
        assert!(message.contains(expected), "{message}");
        assert!(!folder.path().join("run").exists());
    }
    fs::write(&path, format!("\u{feff}{}", good.replace('\n', "\r\n"))).unwrap();
    assert!(done(folder.path(), &["check", "."]).contains("2 of 2 wells can be trained"));
}

#[test]
fn a_failed_well_is_reported_and_the_rest_finished() {
    let folder = site();
    let wells = folder.path().join("wells.csv");
    fs::write(&wells, "well\nN1\nDRY\nN2\n").unwrap();
    let output = amlstm(
        folder.path(),
        &["train", ".", "--config", "few.toml", "--out", "run"],
    );
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        stderr.trim_end(),
        "amlstm: well DRY: found no level, expected rows in levels.csv"
    );
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("2 of 3 wells trained")
    );
    assert!(folder.path().join("run/models/N2.f32.amlm").is_file());
}

#[test]
fn a_folder_in_use_is_refused_and_left_alone() {
    let (folder, run) = trained();
    let before = files(&run);
    assert!(failed(folder.path(), &["train", ".", "--out", "run"]).contains("not empty"));
    assert!(before == files(&run));
    let message = failed(folder.path(), &["estimate", "levels.csv", "levels.csv"]);
    assert!(message.starts_with("amlstm: levels.csv: "), "{message}");
}

#[test]
fn wrong_usage_is_exit_code_two() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["no-such-command"][..],
        &["estimate"],
        &["train", "--threads", "many"],
    ] {
        assert_eq!(
            amlstm(folder.path(), arguments).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
    let help = done(folder.path(), &["--help"]);
    for command in ["check", "train", "export", "estimate", "inspect"] {
        assert!(help.contains(command), "{help}");
        assert!(
            done(folder.path(), &[command, "--help"]).contains("Examples:"),
            "{command}"
        );
    }
    assert!(
        !help.contains('\u{1b}'),
        "no colours where there is no terminal"
    );
}

/// Folder of the measured wells, or nothing where they are not at hand.
fn measured() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("AMLSTM_DATA").map_or(default, PathBuf::from);
    let there = folder.join("holly/levels.csv").is_file();
    if !there {
        let reason = format!("no measured wells in {}; set AMLSTM_DATA", folder.display());
        skip(Some("AMLSTM_DATA_TESTS"), &reason);
    }
    there.then_some(folder)
}

#[test]
fn measured_wells_train_and_the_baselines_are_the_references() {
    let Some(data) = measured() else { return };
    let folder = tempfile::tempdir().unwrap();
    let [holly, d201] =
        ["holly", "central-valley-d201"].map(|site| data.join(site).display().to_string());
    let config = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs/measured-wells.toml")
        .display()
        .to_string();
    done(
        folder.path(),
        &["train", &holly, &d201, "--config", &config, "--out", "run"],
    );
    let mut metrics = csv::Reader::from_path(folder.path().join("run/metrics.csv")).unwrap();
    let rows: Vec<BTreeMap<String, String>> = metrics.deserialize().map(Result::unwrap).collect();
    let rmse = |well: &str, model: &str| -> f64 {
        let row = rows
            .iter()
            .find(|row| row["well"] == well && row["model"] == model && row["part"] == "test")
            .unwrap();
        row["rmse_mm_per_month"].parse().unwrap()
    };
    // Computed apart with a few lines of Python from the monthly means, under the protocol of the measured wells.
    for (well, model, expected) in [
        ("D201", "no-change", 15.083),
        ("D201", "month-climatology", 5.727),
        ("HOLLY", "no-change", 1.158),
        ("HOLLY", "month-climatology", 0.333),
    ] {
        assert!(
            (rmse(well, model) - expected).abs() < 5.1e-4,
            "{well} {model}: {}",
            rmse(well, model)
        );
    }
    // The networks have learned something: at least half of "no change" is explained.
    for (well, limit_mm) in [("D201", 15.083 / 2.0), ("HOLLY", 1.158 / 1.5)] {
        assert!(
            rmse(well, "lstm") < limit_mm,
            "{well}: {}",
            rmse(well, "lstm")
        );
    }
}

/// Rows of a table of the run folder's `study`.
fn study_rows(folder: &Path, table: &str) -> Vec<BTreeMap<String, String>> {
    let mut table = csv::Reader::from_path(folder.join("run/study").join(table)).unwrap();
    table.deserialize().map(Result::unwrap).collect()
}

#[test]
fn a_study_stands_in_the_report_of_its_run() {
    let (folder, run) = trained();
    let page = || fs::read_to_string(run.join("report.html")).unwrap();
    assert!(!page().contains("id=\"study\""));
    let study = ["study", ".", "--config", "few.toml", "--seeds", "2"];
    let said = done(folder.path(), &study);
    // Eight epochs, kept at one of them.
    assert!(
        said.contains("epoch 5") && !said.contains("epoch 10"),
        "{said}"
    );
    assert!(
        page().contains("id=\"study\"") && page().contains("Training curves</h3>"),
        "{said}"
    );
    // Two wells, two networks, two seeds: as configured, three other scalings, and the epoch chosen on the test part.
    assert_eq!(study_rows(folder.path(), "runs.csv").len(), 2 * 2 * 2 * 5);
}

/// Columns of the tables that hold names, counts or shares; all others hold numbers with a unit.
const WITHOUT_UNIT: [&str; 30] = [
    "well",
    "model",
    "part",
    "selected_on",
    "month",
    "layer",
    "method",
    "point",
    "benchmark",
    "setting",
    "days",
    "points",
    "increments",
    "epoch",
    "best_epoch",
    "kept",
    "seed",
    "seeds",
    "seeds_that_agree",
    "first",
    "wins",
    "pairs",
    "diverged",
    "r2",
    "test_r2",
    "attention",
    "share",
    "share_lower_quartile",
    "share_upper_quartile",
    "am_lstm_over_floor",
];

#[test]
fn every_number_of_a_table_has_its_unit_in_the_name_of_its_column() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("few.toml"),
        "[training]\nepochs = 2\n[data]\ndrop_scenes = 2\n",
    )
    .unwrap();
    done(folder.path(), &["synth", "wells", "--wells", "1"]);
    done(
        folder.path(),
        &["train", "wells", "--config", "few.toml", "--out", "run"],
    );
    done(
        folder.path(),
        &["study", "wells", "--config", "few.toml", "--seeds", "2"],
    );
    let mut tables = 0;
    for (path, bytes) in files(&folder.path().join("run")) {
        if path.extension().is_some_and(|ending| ending == "csv") {
            tables += 1;
            let mut table = csv::Reader::from_reader(bytes.as_slice());
            for column in table.headers().unwrap() {
                let has_unit = ["_mm", "_m", "_mm_per_month", "_mm_per_year", "_percent"]
                    .iter()
                    .any(|unit| column.ends_with(unit));
                assert!(
                    has_unit || WITHOUT_UNIT.contains(&column),
                    "{}: {column}",
                    path.display()
                );
            }
            // As many fields in every row as in the header, and rows at all.
            assert!(table.records().map(Result::unwrap).count() > 0, "{path:?}");
        }
    }
    // Four of every run, three of ps points and attribution, five of the study.
    assert_eq!(tables, 4 + 3 + 5);
}

#[test]
fn measured_wells_are_studied_and_told_what_they_lack() {
    let Some(data) = measured() else { return };
    let folder = tempfile::tempdir().unwrap();
    let holly = data.join("holly").display().to_string();
    let split = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/measured-wells.toml");
    let config = fs::read_to_string(split).unwrap() + "[training]\nepochs = 3\n";
    fs::write(folder.path().join("few.toml"), config).unwrap();
    let study = ["study", &holly, "--config", "few.toml", "--seeds", "2"];
    let said = done(folder.path(), &study);
    for without in ["floor:", "paper's gain", "BATCH SIZE", "SYNTHETIC"] {
        assert!(!said.contains(without), "{without}: {said}");
    }
    assert!(said.contains("HOLLY: measured directly"), "{said}");
    // Computed apart with a few lines of Python from the monthly means, under the protocol of the measured wells.
    let rows = study_rows(folder.path(), "baselines.csv");
    let is_climatology = |row: &&BTreeMap<String, String>| row["model"] == "month-climatology";
    let row = rows.iter().find(is_climatology).unwrap();
    let rmse: f64 = row["rmse_mm_per_month"].parse().unwrap();
    assert!((rmse - 0.333).abs() < 5.1e-4, "{rmse}");
}

#[test]
fn every_synthetic_well_converts_to_fixed_point_within_a_thousandth_of_its_spread() {
    let folder = tempfile::tempdir().unwrap();
    done(folder.path(), &["train", "--out", "run"]);
    for well in ["A", "B", "C", "D", "E", "F"] {
        let out = format!("{well}.amlm");
        let arguments = [
            "export", "run", "--well", well, "--format", "q15", "-o", &out,
        ];
        let table = done(folder.path(), &arguments);
        // months, count, max mm, rms mm, rms % of spread
        let train = table.lines().find(|line| line.starts_with("train"));
        let last = train.and_then(|line| line.split_whitespace().last());
        let percent: f64 = last.unwrap().parse().unwrap();
        assert!(percent <= 0.1, "{well}: {table}");
    }
}
