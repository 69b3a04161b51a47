//! A made-up site, and the program at work on it.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use assert_cmd::{Command, cargo::cargo_bin};
use tempfile::TempDir;

/// Months of the made-up site, from 2000-01.
pub const MONTHS: usize = 120;

/// The program in a folder.
pub fn amlstm(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin!("amlstm"));
    command.args(arguments).current_dir(folder);
    command
}

/// Standard output of a run that must succeed.
pub fn done(folder: &Path, arguments: &[&str]) -> String {
    let assert = amlstm(folder, arguments).assert().success();
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

/// The one line of a run that must fail.
pub fn failed(folder: &Path, arguments: &[&str]) -> String {
    let assert = amlstm(folder, arguments).assert().code(1);
    let complaint = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    let bytes = complaint.len();
    assert!(bytes <= 400, "{bytes} bytes: {complaint}");
    complaint.trim_end().to_owned()
}

/// A site of two wells whose ground follows the levels of two aquifer layers; made up here, with gaps.
pub fn site() -> TempDir {
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
    fs::write(
        folder.path().join("few.toml"),
        "[training]\nepochs = 8\npretrain = \"none\"\n",
    )
    .unwrap();
    folder
}

/// A trained run of the made-up site.
pub fn trained() -> (TempDir, PathBuf) {
    let folder = site();
    let run = folder.path().join("run");
    done(
        folder.path(),
        &["train", ".", "--config", "few.toml", "--out", "run"],
    );
    (folder, run)
}

/// Every file of a folder by its path in it.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
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
