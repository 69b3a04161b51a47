//! A run folder from the command line: it is never mixed with another run, and two processes never write it at once.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use amlstm::{
    config::Config,
    run::{PredictionRow, RunFolder, RunIdentity, hash_of_folders},
};
use tempfile::TempDir;

const MONTHS: usize = 60;

/// A folder with a site of directly measured wells, and a configuration of few epochs.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new(wells: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = Self { folder };
        site.write("site", wells);
        fs::write(
            site.path("few.toml"),
            "[training]\nepochs = 4\npretrain = \"none\"\n",
        )
        .unwrap();
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, wells: &[&str]) {
        let site = self.path(name);
        fs::create_dir_all(&site).unwrap();
        let mut rows = [
            "well,name\n",
            "well,layer,date,level_m\n",
            "well,date,subsidence_mm\n",
        ]
        .map(str::to_owned);
        let [names, levels, subsidence] = &mut rows;
        for well in wells {
            writeln!(names, "{well},made up").unwrap();
            for month in 0..MONTHS {
                let season = (month as f64 * std::f64::consts::TAU / 12.0).sin();
                let date = format!("{}-{:02}-15", 2000 + month / 12, month % 12 + 1);
                writeln!(levels, "{well},upper,{date},{:.4}", 5.0 + season).unwrap();
                let sum_mm = month as f64 - 3.0 * season;
                writeln!(subsidence, "{well},{date},{sum_mm:.4}").unwrap();
            }
        }
        for (file, text) in ["wells.csv", "levels.csv", "subsidence.csv"]
            .iter()
            .zip(rows)
        {
            fs::write(site.join(file), text).unwrap();
        }
    }

    fn amlstm(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_amlstm"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn train(&self, site: &str, further: &[&str]) -> Output {
        let arguments = ["train", site, "--config", "few.toml", "--out", "run"];
        self.amlstm(&[&arguments, further].concat())
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.amlstm(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The one line of a command that must fail.
fn refusal(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

fn trained(output: &Output) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
}

#[test]
fn a_run_does_not_go_on_with_another_site_an_inserted_well_or_changed_data() {
    let site = Site::new(&["A", "B"]);
    site.write("other", &["H"]);
    trained(&site.train("site", &[]));
    let other = refusal(&site.train("other", &["--resume"]));
    assert!(
        other.contains("found \"H\" as well 1, expected \"A\""),
        "{other}"
    );
    site.write("site", &["A", "N", "B"]);
    let inserted = refusal(&site.train("site", &["--resume"]));
    assert!(
        inserted.contains("found \"N\" as well 2, expected \"B\""),
        "{inserted}"
    );
    site.write("site", &["A", "B"]);
    trained(&site.train("site", &["--resume"]));
    let levels = site.path("site/levels.csv");
    let text = fs::read_to_string(&levels).unwrap();
    fs::write(
        &levels,
        text.replace("A,upper,2001-03-15,", "A,upper,2001-03-15,1"),
    )
    .unwrap();
    let changed = refusal(&site.train("site", &["--resume"]));
    assert!(
        changed.contains("data of its wells have changed"),
        "{changed}"
    );
}

#[test]
fn shards_of_other_data_or_another_shard_are_refused() {
    let site = Site::new(&["A", "B"]);
    site.write("other", &["A", "C"]);
    let shard = |site_name: &str, shard: &str, out: &str| {
        site.done(&[
            "train", site_name, "--config", "few.toml", "--shard", shard, "--out", out,
        ]);
    };
    shard("site", "1/2", "one");
    shard("other", "2/2", "two");
    let merged = refusal(&site.amlstm(&["merge", "one", "two", "--out", "merged"]));
    assert!(
        merged.contains("found \"C\" as well 2, expected \"B\""),
        "{merged}"
    );
    assert!(!site.path("merged").exists());
    let arguments = [
        "train", "site", "--config", "few.toml", "--shard", "2/2", "--out", "one",
    ];
    let other = refusal(&site.amlstm(&[&arguments[..], &["--resume"]].concat()));
    assert!(
        other.contains("it is shard 1/2, asked for shard 2/2"),
        "{other}"
    );
}

/// What a run of a site is made from, as the program finds it.
fn beginning(site: &Site, wells: &[&str]) -> (Config, RunIdentity) {
    let config = Config::read(&site.path("few.toml")).unwrap();
    let identity = RunIdentity {
        shard: None,
        data: hash_of_folders(&[site.path("site")]).unwrap(),
        wells: wells.iter().map(|&well| well.to_owned()).collect(),
    };
    (config, identity)
}

#[test]
fn two_processes_do_not_write_one_run() {
    let site = Site::new(&["A"]);
    let (config, identity) = beginning(&site, &["A"]);
    let ours = RunFolder::create(&site.path("run"), &config, identity).unwrap();
    let refused = refusal(&site.train("site", &["--resume"]));
    let holder = format!("in use by process {}", std::process::id());
    assert!(refused.contains(&holder), "{refused}");
    assert!(refusal(&site.train("site", &[])).contains("not empty"));
    drop(ours);
    // The file is still there, but nobody holds it.
    assert!(site.path("run/parts/lock").is_file());
    trained(&site.train("site", &["--resume"]));
}

#[test]
fn a_file_that_cannot_be_written_stops_the_run_which_then_goes_on() {
    let site = Site::new(&["A", "B"]);
    let (config, identity) = beginning(&site, &["A", "B"]);
    drop(RunFolder::create(&site.path("run"), &config, identity).unwrap());
    // A folder where the model of B belongs.
    let obstacle = site.path("run/models/B.f32.amlm");
    fs::create_dir_all(obstacle.join("inner")).unwrap();
    let refused = refusal(&site.train("site", &["--resume"]));
    assert!(refused.contains("B.f32.amlm"), "{refused}");
    assert!(!refused.contains(".tmp"), "{refused}");
    assert!(!site.path("run/failures.csv").exists() && !site.path("run/metrics.csv").exists());
    fs::remove_dir_all(&obstacle).unwrap();
    trained(&site.train("site", &["--resume"]));
    assert!(obstacle.is_file());
}

#[test]
fn the_named_network_is_exported_and_the_other_is_reached() {
    let site = Site::new(&["A"]);
    let text = "[training]\nepochs = 4\npretrain = \"none\"\n[network]\nkind = \"lstm\"\n";
    fs::write(site.path("few.toml"), text).unwrap();
    trained(&site.train("site", &[]));
    let exported = |model: &[&str]| {
        let arguments = [&["export", "run", "-o", "a.amlm"], model].concat();
        site.done(&arguments);
        site.done(&["inspect", "a.amlm", "--json"])
    };
    let has_attention = |json: &str| {
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        value["attention"] != "none"
    };
    let default = exported(&[]);
    assert!(!has_attention(&default), "{default}");
    assert_eq!(exported(&["--model", "lstm"]), default);
    assert!(has_attention(&exported(&["--model", "am-lstm"])));
}

#[test]
fn wells_that_differ_in_case_or_end_as_another_model_have_their_own_files() {
    let wells = ["A", "a", "A.lstm"];
    let site = Site::new(&wells);
    trained(&site.train("site", &[]));
    for well in wells {
        let output = site.done(&["export", "run", "--well", well, "-o", "model.amlm"]);
        assert!(output.contains(&format!("well {well},")), "{output}");
    }
}

#[cfg(unix)]
#[test]
fn written_files_obey_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let site = Site::new(&["A"]);
    let command = format!(
        "umask 027; {} train site --config few.toml --out run",
        env!("CARGO_BIN_EXE_amlstm")
    );
    let status = Command::new("sh")
        .args(["-c", &command])
        .current_dir(site.path(""))
        .output()
        .unwrap();
    trained(&status);
    for name in [
        "metrics.csv",
        "config.toml",
        "models/A.f32.amlm",
        "report.html",
    ] {
        let mode = site
            .path("run")
            .join(name)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640, "{name}");
    }
}

/// The tables and models of a run that hold its numbers.
fn numbers(run: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let names = [
        "metrics.csv",
        "predictions.csv",
        "attention.csv",
        "training.csv",
        "models/A.f32.amlm",
        "models/lstm/F.f32.amlm",
    ];
    names
        .map(|name| (name, fs::read(run.join(name)).unwrap()))
        .into()
}

#[test]
fn the_embedded_wells_give_the_same_numbers_with_the_printed_defaults_and_from_files() {
    let site = Site::new(&["A"]);
    let defaults = site.done(&["train", "--print-config"]);
    fs::write(site.path("defaults.toml"), defaults).unwrap();
    site.done(&["synth", "wells"]);
    site.done(&["train", "--out", "embedded"]);
    site.done(&["train", "--config", "defaults.toml", "--out", "configured"]);
    // What is trained on shows in any training, so in a short one, too.
    site.done(&["train", "--config", "few.toml", "--out", "few"]);
    site.done(&["train", "wells", "--config", "few.toml", "--out", "read"]);
    for (run, other) in [("embedded", "configured"), ("few", "read")] {
        let [run, other] = [run, other].map(|run| numbers(&site.path(run)));
        for (one, other) in run.iter().zip(&other) {
            assert!(one == other, "{} differs", other.0);
        }
    }
}

#[test]
fn the_modelled_curve_is_that_of_the_day_of_each_observation() {
    let site = Site::new(&["A"]);
    site.done(&["train", "--config", "few.toml", "--out", "run"]);
    let mut table = csv::Reader::from_path(site.path("run/predictions.csv")).unwrap();
    let rows: Vec<PredictionRow> = table.deserialize().map(Result::unwrap).collect();
    let mut observed = 0;
    for of_model in rows.chunk_by(|a, b| a.well == b.well && a.model == b.model) {
        let mut since: Option<(usize, f64)> = None;
        for (step, row) in of_model.iter().enumerate() {
            if row.observed_subsidence_mm.is_none() {
                continue;
            }
            let sum_mm = row.predicted_subsidence_mm.unwrap();
            if let (Some((from, from_mm)), Some(days)) = (since, row.days) {
                // As the rate of the interval is scored: the mean of its months, over its days.
                let months = &of_model[from + 1..=step];
                let rates = months.iter().map(|month| month.predicted_increment_mm);
                let increment_mm = rates.sum::<f64>() / months.len() as f64 * days / 30.4375;
                let error_mm = sum_mm - from_mm - increment_mm;
                assert!(error_mm.abs() < 1e-3, "{row:?}: {increment_mm}");
                observed += 1;
            }
            since = Some((step, sum_mm));
        }
    }
    // Six wells, two networks, 43 months with a scene.
    assert_eq!(observed, 6 * 2 * 42);
}

#[test]
fn nothing_depends_on_the_name_of_a_well() {
    // Real wells may be called as the paper's: their batches are those of any other.
    let site = Site::new(&["A"]);
    site.done(&["synth", "wells"]);
    fs::remove_file(site.path("wells/amlstm.toml")).unwrap();
    let renamed = site.path("renamed");
    fs::create_dir(&renamed).unwrap();
    for name in ["wells.csv", "levels.csv", "points.csv"] {
        let text = fs::read_to_string(site.path("wells").join(name)).unwrap();
        let rename = |line: &str| match (name, line.strip_prefix("A,")) {
            ("points.csv", _) | (_, None) => format!("{line}\n"),
            (_, Some(rest)) => format!("W17,{rest}\n"),
        };
        let text: String = text.lines().map(rename).collect();
        fs::write(renamed.join(name), text).unwrap();
    }
    let scores = |folder: &str, well: &str| {
        site.done(&[
            "train",
            folder,
            "--config",
            "few.toml",
            "--out",
            &format!("run-{folder}"),
        ]);
        let text = fs::read_to_string(site.path(&format!("run-{folder}/training.csv"))).unwrap();
        let of_well = text
            .lines()
            .filter_map(|line| line.strip_prefix(&format!("{well},")));
        of_well.map(str::to_owned).collect::<Vec<_>>()
    };
    let (called_a, called_w17) = (scores("wells", "A"), scores("renamed", "W17"));
    assert!(called_a.len() == 8 && called_a == called_w17);
}
