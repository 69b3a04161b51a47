//! What cannot be done is one line and leaves nothing behind.

use std::fs;

use crate::site::{amlstm, done, failed, files, site, trained};

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
    )
    .output()
    .unwrap();
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
    assert!(
        message.contains("begins with \"well\"") && message.contains("levels swapped?"),
        "{message}"
    );
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
            amlstm(folder.path(), arguments)
                .output()
                .unwrap()
                .status
                .code(),
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
