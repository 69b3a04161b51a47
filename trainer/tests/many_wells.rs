//! Many wells from the command line: the bytes of a run do not depend on threads, shards or interruptions.
//!
//! These tests stand in this package because cargo builds its binary for them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const WELLS: usize = 9;

fn amlstm(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amlstm"));
    command.args(arguments);
    command
}

fn succeed(arguments: &[&str]) -> Output {
    let output = amlstm(arguments).output().expect("amlstm starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    output
}

/// SYNTHETIC wells and a configuration with few epochs.
struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let site = Self { folder };
        succeed(&["synth", &site.path("wells"), "--wells", &WELLS.to_string()]);
        let config = "[training]\nepochs = 40\npretrain = \"none\"\n\n[data]\ndrop_scenes = 2\n";
        fs::write(site.path("config.toml"), config).expect("writes");
        site
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn train(&self, out: &str, further: &[&str]) -> Command {
        let (wells, config, out) = (self.path("wells"), self.path("config.toml"), self.path(out));
        let mut command = amlstm(&["train", &wells, "--config", &config, "--out", &out]);
        command.args(further);
        command
    }

    fn trained(&self, out: &str, further: &[&str]) -> BTreeMap<PathBuf, Vec<u8>> {
        let output = self.train(out, further).output().expect("amlstm starts");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        self.files(out)
    }

    /// Starts a run in an empty folder and kills it when two of its wells are done; whether that was in the middle.
    fn killed_after_two_parts(&self, out: &str) -> bool {
        let run = self.folder.path().join(out);
        let _ = fs::remove_dir_all(&run);
        let mut child = self
            .train(out, &["--threads", "1"])
            .stdout(Stdio::null())
            .spawn()
            .expect("amlstm starts");
        let is_part = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with('0');
        let parts = || {
            let entries = fs::read_dir(run.join("parts")).into_iter().flatten();
            entries.flatten().filter(is_part).count()
        };
        let has_ended = |child: &mut Child| child.try_wait().expect("a child").is_some();
        while parts() < 2 && !has_ended(&mut child) {
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().expect("a child");
        child.wait().expect("it ends");
        parts() >= 2 && !run.join("metrics.csv").exists()
    }

    /// All files of a run with their bytes.
    fn files(&self, run: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let root = self.folder.path().join(run);
        let mut files = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&root).expect("inside").to_owned();
                    files.insert(name, fs::read(&path).expect("readable"));
                }
            }
        }
        files
    }
}

/// Compares names first, so that a difference is readable.
fn assert_same(found: &BTreeMap<PathBuf, Vec<u8>>, expected: &BTreeMap<PathBuf, Vec<u8>>) {
    assert!(
        found.keys().eq(expected.keys()),
        "{:?} {:?}",
        found.keys(),
        expected.keys()
    );
    for (name, bytes) in found {
        assert!(bytes == &expected[name], "{} differs", name.display());
    }
}

#[test]
fn a_run_is_the_same_with_four_threads_in_shards_and_after_being_killed() {
    let site = Site::new();
    let whole = site.trained("whole", &["--threads", "1"]);
    let models = whole
        .keys()
        .filter(|name| name.starts_with("models"))
        .count();
    assert_eq!(models, 2 * WELLS, "an AM-LSTM and an LSTM a well");
    assert_same(&site.trained("threads", &["--threads", "4"]), &whole);

    let shards = ["1/3", "2/3", "3/3"].map(|shard| {
        let out = format!("shard-{}", &shard[..1]);
        site.trained(&out, &["--shard", shard]);
        site.path(&out)
    });
    let [one, two, three] = &shards;
    succeed(&["merge", three, one, two, "--out", &site.path("merged")]);
    assert!(whole.contains_key(Path::new("report.html")));
    assert!(whole.contains_key(Path::new("levelling.csv")));
    assert_same(&site.files("merged"), &whole);

    // On a busy machine a run may be over before it is seen to have begun.
    let killed = (0..20).any(|_| site.killed_after_two_parts("killed"));
    assert!(killed, "no run was killed in the middle");
    assert_same(&site.trained("killed", &["--resume"]), &whole);
    // Once more changes nothing.
    assert_same(&site.trained("killed", &["--resume"]), &whole);
}

#[test]
fn a_run_with_another_configuration_is_not_resumed() {
    let site = Site::new();
    site.trained("run", &[]);
    let output = site
        .train("run", &["--resume", "--seed", "7"])
        .output()
        .expect("amlstm starts");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("another configuration"), "{error}");
}

#[test]
fn a_failed_well_is_reported_and_the_others_are_trained() {
    let site = Site::new();
    // A copy of well A a long way off: it has levels, but no ps point is near.
    let wells = site.folder.path().join("wells/wells.csv");
    let levels = site.folder.path().join("wells/levels.csv");
    let text = fs::read_to_string(&wells).expect("wells");
    let header: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
    let of_a = text
        .lines()
        .find(|line| line.starts_with("A,"))
        .expect("well A");
    let copy = header
        .iter()
        .zip(of_a.split(','))
        .map(|(column, value)| match *column {
            "well" => "Z".to_owned(),
            "longitude" => (value.parse::<f64>().expect("degrees") - 5.0).to_string(),
            "easting" => (value.parse::<f64>().expect("metres") - 1e5).to_string(),
            _ => value.to_owned(),
        });
    let copy = copy.collect::<Vec<_>>().join(",");
    fs::write(&wells, format!("{}\n{copy}\n", text.trim_end())).expect("writes");
    let text = fs::read_to_string(&levels).expect("levels");
    let of_a = text.lines().filter_map(|line| line.strip_prefix("A,"));
    let copy: String = of_a.map(|rest| format!("Z,{rest}\n")).collect();
    fs::write(&levels, format!("{}\n{copy}", text.trim_end())).expect("writes");

    let tried = |further: &[&str]| {
        let output = site.train("run", further).output().expect("amlstm starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let (words, complaints) = (text(output.stdout), text(output.stderr));
        assert_eq!(output.status.code(), Some(3), "{complaints}");
        assert!(
            complaints.contains("well Z: found no ps point"),
            "{complaints}"
        );
        words
    };
    assert!(tried(&[]).contains(&format!("{WELLS} of {} wells trained", WELLS + 1)));
    let files = site.files("run");
    let models = files
        .keys()
        .filter(|name| name.starts_with("models"))
        .count();
    assert_eq!(models, 2 * WELLS, "the others have their models");
    let failures = String::from_utf8_lossy(&files[Path::new("failures.csv")]);
    assert!(
        failures.starts_with("well,stage,message\nZ,series,"),
        "{failures}"
    );
    // The failed well alone is tried again.
    let words = tried(&["--resume"]);
    assert!(
        words.contains(&format!("{WELLS} of them before this start")),
        "{words}"
    );
    let error = amlstm(&["export", &site.path("run"), "--well", "Z"])
        .output()
        .expect("amlstm starts");
    assert_eq!(error.status.code(), Some(1), "no model to export");
}
