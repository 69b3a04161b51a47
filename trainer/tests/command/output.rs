//! Standard output that is closed, full or quiet: real processes, real pipes.

use std::{
    collections::BTreeMap,
    fs,
    fs::File,
    io::Read as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

/// A run of one SYNTHETIC well, in the folder `run`.
fn trained() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("few.toml"),
        "[training]\nepochs = 2\npretrain = \"none\"\nrefit = false\n",
    )
    .unwrap();
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
    let mut command = Command::new(cargo_bin!("amlstm"));
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
    assert!(printed(&estimate).contains("subsidence"));
}

#[test]
fn json_says_what_was_written() {
    let folder = trained();
    let printed = |arguments: &[&str]| -> serde_json::Value {
        let output = amlstm(folder.path(), arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let synth = printed(&["synth", "more", "--wells", "1", "--json"]);
    let files = synth["files"].as_array().unwrap();
    assert!(files.len() == 6 && synth["synthetic"] == true, "{synth}");
    for file in files {
        let path = folder.path().join("more").join(file.as_str().unwrap());
        assert!(path.is_file(), "{file}");
    }

    let train = [
        "train", "wells", "--config", "few.toml", "--out", "again", "--json",
    ];
    let train = printed(&train);
    assert_eq!(
        (&train["complete"], &train["wells"]),
        (&true.into(), &1.into())
    );
    let test = train["test"].as_array().unwrap();
    let row = test.iter().find(|row| row["model"] == "am-lstm").unwrap();
    assert_eq!((&row["well"], &row["part"]), (&"A".into(), &"test".into()));
    let mut metrics = csv::Reader::from_path(folder.path().join("again/metrics.csv")).unwrap();
    let rmse =
        metrics
            .deserialize()
            .map(Result::unwrap)
            .find_map(|written: BTreeMap<String, String>| {
                let same = written["model"] == "am-lstm" && written["part"] == "test";
                same.then(|| written["rmse_mm_per_month"].clone())
            });
    assert_eq!(
        rmse.unwrap().parse::<f64>().unwrap(),
        row["rmse_mm_per_month"].as_f64().unwrap()
    );

    let arguments = ["export", "run", "--format", "q15", "-o", "a.amlm", "--json"];
    let export = printed(&arguments);
    let bytes = fs::metadata(folder.path().join("a.amlm")).unwrap().len();
    assert_eq!(export["bytes"].as_u64(), Some(bytes));
    assert_eq!(export["conversion"][0]["months"], "train");
}

#[test]
fn tables_fit_eighty_columns() {
    let folder = trained();
    let train = amlstm(
        folder.path(),
        &["train", "wells", "--config", "few.toml", "--out", "again"],
    );
    let mut commands = vec![train];
    for arguments in [
        &["check", "wells"][..],
        &["inspect", "run/models/A.f32.amlm"],
        &[
            "estimate",
            "run/models/A.f32.amlm",
            "wells/levels.csv",
            "--cold",
        ],
        &["export", "run", "--format", "q15", "-o", "a.amlm"],
    ] {
        commands.push(amlstm(folder.path(), arguments));
    }
    for mut command in commands {
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        // A sentence may be longer: the terminal breaks it. The cells of a table stand two spaces apart.
        let wide = |line: &&str| line.chars().count() > 80 && line.contains("  ");
        assert_eq!(text.lines().find(wide), None, "{command:?}: {text}");
    }
}

#[test]
fn shells_and_man_know_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let printed = |arguments: &[&str]| {
        let output = amlstm(folder.path(), arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let page = printed(&["man"]);
    let scripts = ["bash", "zsh", "fish", "powershell", "elvish"]
        .map(|shell| printed(&["completions", shell]));
    for command in [
        "check",
        "train",
        "merge",
        "figure",
        "study",
        "swap-test",
        "export",
        "estimate",
        "inspect",
        "logger",
        "synth",
        "import",
    ] {
        assert!(page.contains(&command.replace('-', "\\-")), "{command}");
        for script in &scripts {
            assert!(script.contains(command), "{command}");
        }
    }
    assert!(printed(&["man", "logger", "push"]).contains("signature"));
}
