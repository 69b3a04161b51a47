//! A run from site folders to models, estimates and tables.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::site::{MONTHS, done, failed, files, site};

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
    let folder = site();
    let folder = folder.path();
    let train = [
        "train",
        ".",
        "--config",
        "few.toml",
        "--no-refit",
        "--out",
        "run",
    ];
    done(folder, &train);
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
    // What the run predicted for the months after training is what the logger's network says, digit by digit.
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
            ("predicted_subsidence_mm", "cumulative_mm"),
        ] {
            let [row, month] = [
                row[column].parse::<f64>().unwrap(),
                month["network"][key].as_f64().unwrap(),
            ];
            assert!(
                (row - month).abs() <= 1e-5 * month.abs().max(1.0),
                "{column}: {row} against {month}"
            );
        }
    }
    let table = done(folder, &["estimate", "n2.amlm", "levels.csv"]);
    assert!(
        table.contains("upper: no level") && table.contains("below all"),
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
    assert!(row("line of").contains("  80–110  "), "{table}");

    let other = "[data]\nrate_classes_mm_per_year = [100.0]\n";
    fs::write(folder.path().join("two.toml"), other).unwrap();
    let table = done(folder.path(), &["check", "wells", "--config", "two.toml"]);
    assert!(table.contains("< 100  ≥ 100"), "{table}");
}

#[test]
fn every_synthetic_well_converts_to_fixed_point_within_a_few_thousandths_of_its_spread() {
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
        assert!(percent <= 0.3, "{well}: {table}");
    }
}
