//! Standard output that is closed, full or quiet: real processes, real pipes.

use std::{
    fs,
    fs::File,
    io::Read as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// A run of one SYNTHETIC well, in the folder `run`.
fn trained() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("few.toml"), "[training]\nepochs = 2\n").unwrap();
    for arguments in [
        &["synth", "wells", "--wells", "1"][..],
        &["train", "wells", "--config", "few.toml", "--out", "run"],
    ] {
        let output = amlstm(folder.path(), arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    folder
}

fn amlstm(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amlstm"));
    command.args(arguments).current_dir(folder);
    command
}

/// Runs a command whose reader goes away after some bytes.
fn with_reader_of(bytes: usize, mut command: Command) -> Output {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut reader = child.stdout.take().unwrap();
    reader.read_exact(&mut vec![0; bytes]).unwrap();
    drop(reader);
    child.wait_with_output().unwrap()
}

/// Commands that print, with the file that each writes first, if any.
const PRINTING: [(&[&str], Option<&str>); 10] = [
    (&["check", "wells"], None),
    (
        &["estimate", "run/models/A.f32.amlm", "wells/levels.csv"],
        None,
    ),
    (
        &[
            "estimate",
            "run/models/A.f32.amlm",
            "wells/levels.csv",
            "--cold",
            "--json",
        ],
        None,
    ),
    (&["inspect", "run/models/A.f32.amlm"], None),
    (
        &["export", "run", "--format", "q15", "-o", "a.amlm"],
        Some("a.amlm"),
    ),
    (
        &["figure", "run", "--kind", "observed", "-o", "observed.svg"],
        Some("observed.svg"),
    ),
    (&["synth", "more", "--wells", "1"], Some("more/points.csv")),
    (
        &["train", "wells", "--config", "few.toml", "--out", "again"],
        Some("again/report.html"),
    ),
    (&["train", "--print-config"], None),
    (&["train", "--help"], None),
];

#[test]
fn a_reader_that_goes_away_costs_no_file_and_is_no_failure() {
    let folder = trained();
    for (arguments, file) in PRINTING {
        for bytes in [0, 10] {
            let output = with_reader_of(bytes, amlstm(folder.path(), arguments));
            let complaint = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{arguments:?}: {complaint}");
            assert_eq!(complaint, "", "{arguments:?}");
            if let Some(file) = file {
                let path = folder.path().join(file);
                assert!(path.is_file(), "{file}");
                let whole = path.parent().filter(|parent| *parent != folder.path());
                match whole {
                    Some(parent) => fs::remove_dir_all(parent).unwrap(),
                    None => fs::remove_file(path).unwrap(),
                }
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_one_line_and_exit_code_one() {
    let folder = trained();
    for (arguments, file) in PRINTING {
        let mut command = amlstm(folder.path(), arguments);
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = command.stdout(full).output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{arguments:?}: {complaint}");
        assert!(
            complaint.starts_with("amlstm: standard output: cannot be written: No space left"),
            "{complaint}"
        );
        assert!(file.is_none_or(|file| folder.path().join(file).is_file()));
    }
    // A complaint that cannot be written either is no panic.
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let mut command = amlstm(folder.path(), &["check", "nowhere"]);
    let status = command.stdout(full()).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn quiet_leaves_results_and_errors() {
    let folder = trained();
    let printed = |arguments: &[&str]| {
        let output = amlstm(folder.path(), arguments)
            .arg("--quiet")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(printed(&["synth", "more", "--wells", "1"]), "");
    let train = ["train", "wells", "--config", "few.toml", "--out", "again"];
    assert_eq!(printed(&train), "");
    assert_eq!(printed(&["export", "run", "-o", "a.amlm"]), "");
    let estimate = ["estimate", "a.amlm", "wells/levels.csv"];
    assert!(printed(&estimate).contains("subsidence mm"));
}
