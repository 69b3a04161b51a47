//! The technician's laptop, with the real `amlstm`.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use amlstm::config::Config;
use amlstm::run::WellRun;
use amlstm::synth;
use amlstm_tests::guide::{guide, shows};
use amlstm_tests::toolchain::programs;
use serde_json::Value;

/// A laptop: a folder with the technician's files, and the port.
pub struct Laptop {
    folder: tempfile::TempDir,
    pub port: PathBuf,
    /// Where other programs than `amlstm` are looked for, as `PATH` says it.
    pub other_programs: String,
}

impl Laptop {
    /// Nothing but the program, and a port that is not there.
    pub fn bare() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            port: PathBuf::from("/dev/no-such-port"),
            other_programs: std::env::var("PATH").unwrap_or_default(),
        }
    }

    /// Two models of the SYNTHETIC well A and one of well B, trained here, and the guide's station file.
    pub fn new() -> Self {
        let laptop = Self::bare();
        let wells = synth::dataset(&synth::Options::default()).dataset.wells;
        let again = Config {
            seed: 2,
            model_version: 2,
            ..Config::default()
        };
        for (name, well, config) in [
            ("A.f32.amlm", &wells[0], &Config::default()),
            ("A-2027.f32.amlm", &wells[0], &again),
            ("B.f32.amlm", &wells[1], &Config::default()),
        ] {
            let run = WellRun::new(well, config).expect("the synthetic wells train");
            fs::write(laptop.path(name), &*run.models[0].file).expect("room for a model");
        }
        let blocks = guide();
        let mut station = blocks.iter().filter(|block| block.kind == "toml");
        laptop.write(
            "station.toml",
            &station.next().expect("the station file").text,
        );
        laptop
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the folder is writable");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the command wrote it")
    }

    /// Runs a line of the guide as a shell would.
    pub fn run(&self, line: &str) -> Output {
        let line = line.replace("--port P ", &format!("--port {} ", self.port.display()));
        let path = format!("{}:{}", programs().display(), self.other_programs);
        Command::new("/bin/sh")
            .args(["-c", &line])
            .env("PATH", path)
            .current_dir(&self.folder)
            .output()
            .expect("sh starts")
    }

    /// What a line prints that must succeed.
    pub fn done(&self, line: &str) -> String {
        let output = self.run(line);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{line}: {stderr}");
        assert!(stderr.is_empty(), "{line}: {stderr}");
        String::from_utf8(output.stdout).expect("the program prints UTF-8")
    }

    pub fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.done(line)).expect("the program prints JSON")
    }

    /// The one line that a command prints which must fail.
    pub fn refused(&self, line: &str) -> String {
        let output = self.run(line);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{line}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{line}: {stderr}");
        println!("{line}\n    {stderr}");
        stderr
    }

    /// Runs a section's commands and compares what they print with what the guide shows below them.
    pub fn follow(&self, section: &str) {
        let mut printed = String::new();
        let mut followed = 0;
        for block in guide().iter().filter(|block| block.section == section) {
            match block.kind.as_str() {
                "sh" => {
                    printed.clear();
                    for line in block.text.lines() {
                        let output = self.done(line);
                        println!("$ {line}\n{output}");
                        printed.push_str(&output);
                        followed += 1;
                    }
                }
                "text" => shows(&printed, &block.text, section),
                _ => {}
            }
        }
        assert!(followed > 0, "the guide has no commands in \"{section}\"");
    }
}
