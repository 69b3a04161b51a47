//! Measured wells, where they are at hand.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{site::done, skip::skip, study::study_rows};

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

#[test]
fn measured_wells_are_studied_and_told_what_they_lack() {
    let Some(data) = measured() else { return };
    let folder = tempfile::tempdir().unwrap();
    let holly = data.join("holly").display().to_string();
    let split = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/measured-wells.toml");
    let config =
        fs::read_to_string(split).unwrap() + "[training]\nepochs = 3\npretrain = \"none\"\n";
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
