//! The drift of the sensors, taken off by the tape readings of two visits: the logger's own estimate without it is the laptop's, bit for bit.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use amlstm::logger::{Table, corrected_levels, download, events, push};
use amlstm_core::drift::Correction;
use amlstm_core::month::Month;
use amlstm_core::sizes::AttentionKind;
use amlstm_tests::logger_rig::{LevelTable, LoggerRig, configure, equals_the_host, unix_s};
use amlstm_tests::sample::{PAPER, model_file};
use amlstm_tests::sdi12_bus::Behaviour;
use amlstm_tests::toolchain::programs;
use serde_json::Value;

const STATION: &str = r#"
station = "SAMPLE"
datum = "m-a-s-l"
[[channel]]
aquifer_layer = "phreatic"
source = { sdi12 = "0" }
quantity = "level_m"
stuck_after = 0
[[channel]]
aquifer_layer = "confined1"
source = { sdi12 = "1" }
quantity = "level_m"
stuck_after = 0
[[channel]]
aquifer_layer = "confined2"
source = { sdi12 = "2" }
quantity = "level_m"
stuck_after = 0
"#;

fn transducers(levels_m: [f64; 3]) -> BTreeMap<u8, Behaviour> {
    let answers = levels_m.map(Behaviour::Answers);
    (b'0'..).zip(answers).collect()
}

#[test]
fn the_loggers_estimate_without_the_drift_is_the_laptops() {
    let Some(rig) = LoggerRig::new() else { return };
    let model = model_file(AttentionKind::Shared, PAPER, 20_260_131);
    let january = unix_s(Month::new(2026, 1).expect("a month of a year"));
    let (powered, mut client) = rig.power_on(transducers([-10.0, -20.0, -30.0]));
    configure(&mut client, STATION);
    client.set_clock(january, true).expect("the clock is set");
    push(&mut client, &model, None, false, |_| {}).expect("the model is taken");
    // The third layer is never measured by tape.
    let visit = client.visit(january, &[Some(10.0), Some(20.0), None]);
    assert_eq!(visit.expect("a visit").depth_to_water_m.len(), 3);
    drop(client);
    powered.cut();
    let level_m = [
        [-10.0, -20.0, -30.0],
        [-10.1, -20.1, -30.1],
        [-10.2, -20.2, -30.2],
    ];
    let table = LevelTable {
        start_unix_s: january,
        level_m: level_m.iter().map(|levels| levels.to_vec()).collect(),
    };
    rig.fast_forward(&table, Duration::from_mins(5));
    let (powered, mut client) = rig.power_on(transducers([-10.2, -20.2, -30.2]));
    // The logger has lost its time with its power: the readings have the laptop's.
    let april = unix_s(Month::new(2026, 4).expect("a month of a year"));
    client
        .visit(april, &[Some(9.7), Some(20.6), None])
        .expect("a visit");
    let mut record = download(&mut client, Table::Months, |_, _| {}).expect("the months arrive");
    record.samples = download(&mut client, Table::Samples, |_, _| {})
        .expect("the samples arrive")
        .samples;
    let events = events(&mut client, |_, _| {}).expect("the events arrive");
    let on_the_laptop = corrected_levels(&record, &events, 0);
    assert!(record.months.len() >= 2, "{:?}", record.months);
    let mut corrected = Vec::new();
    for (position, (closed, _)) in record.months.iter().enumerate() {
        let asked = client
            .corrected_estimate(Some(position as u16))
            .expect("the logger computes it");
        let mut closed = closed.clone();
        let of_laptop = on_the_laptop
            .iter()
            .filter(|level| level.month_index == closed.month_index);
        for ((level, of_laptop), channel) in
            asked.levels.iter().zip(of_laptop).zip(&mut closed.channels)
        {
            assert_eq!(
                level.mean_m.map(f32::to_bits),
                of_laptop.mean_m.map(f32::to_bits)
            );
            assert_eq!(level.correction, of_laptop.correction);
            channel.mean_m = level.mean_m;
        }
        let [rises, falls, untold] = asked.levels.as_slice() else {
            panic!("{asked:?}");
        };
        assert!(matches!(rises.correction, Correction::Added(added_m) if added_m > 0.0));
        assert!(matches!(falls.correction, Correction::Added(added_m) if added_m < 0.0));
        assert_eq!(untold.correction, Correction::NoTape);
        corrected.push((closed, Some(asked.estimate)));
    }
    equals_the_host(&model, &corrected);
    // What is kept is what was closed.
    let after = download(&mut client, Table::Months, |_, _| {}).expect("the months arrive");
    assert_eq!(after.months, record.months);
    equals_the_host(&model, &after.months);
    drop(client);
    powered.cut();
    let powered = rig.power_on_pty(transducers([-10.2, -20.2, -30.2]));
    the_program_says_what_the_office_says(powered.port.to_str().expect("ASCII"), &model);
    powered.cut();
}

/// A laptop with `amlstm` and the model.
struct Laptop<'a> {
    folder: tempfile::TempDir,
    port: &'a str,
}

/// `amlstm logger estimate --corrected`, for people and for programs, and `amlstm estimate` on the levels that the laptop has corrected.
fn the_program_says_what_the_office_says(port: &str, model: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("model.amlm"), model).expect("the folder is writable");
    let laptop = Laptop { folder, port };
    laptop.people_read_it_in_columns();
    laptop.programs_read_the_numbers_of_the_office();
    laptop.whoever_reads_may_go_away();
}

const CORRECTED: &[&str] = &["estimate", "--corrected"];
const CORRECTED_JSON: &[&str] = &["estimate", "--corrected", "--json"];

impl Laptop<'_> {
    fn program(&self, words: &[&str]) -> Command {
        let mut command = Command::new(programs().join("amlstm"));
        command.args(words).current_dir(&self.folder);
        command
    }

    fn logger(&self, words: &[&str]) -> Command {
        self.program(&[&["logger", "--port", self.port], words].concat())
    }

    fn people_read_it_in_columns(&self) {
        let text = done(&mut self.logger(CORRECTED));
        let plain = done(&mut self.logger(&["estimate"]));
        println!("{text}");
        let mut lines = text.lines();
        let heading = "CORRECTED by the tape readings; what is kept on the logger stays as it is";
        assert_eq!(lines.next(), Some(heading));
        assert!(!plain.contains("CORRECTED"), "{plain}");
        let levels: Vec<&str> = lines.by_ref().take(3).collect();
        // The tape was first level with the sensors, then 0.5 m above the first and 0.4 m below the second; the third month lies before the second reading.
        for (line, layer, sign) in [
            (levels[0], "  phreatic:  ", " m, +0."),
            (levels[1], "  confined1: ", " m, -0."),
        ] {
            assert!(line.starts_with(layer) && line.contains(sign), "{text}");
            assert!(line.ends_with(" m of it by the tape"), "{text}");
            assert_eq!(line.find(" m, "), levels[0].find(" m, "), "{text}");
        }
        let untold = "  confined2: as it was closed: no tape reading tells of it, or more than 16";
        assert_eq!(levels[2], untold);
        let rest: Vec<&str> = lines.collect();
        let plain: Vec<&str> = plain.lines().collect();
        assert_eq!(
            rest[0],
            "SYNTHETIC: the model was trained on synthetic data"
        );
        assert!(
            rest[1].starts_with("2026-03  well SAMPLE  model version "),
            "{text}"
        );
        // The same columns as without the correction, with other numbers in them.
        for (line, plain) in rest.iter().zip(&plain).take(4) {
            assert_eq!(line.find(" mm"), plain.find(" mm"), "{text}");
            assert_eq!(line.len(), plain.len(), "{text}");
        }
        assert_ne!(rest[2], plain[2], "the drift changes the increment");
    }

    fn programs_read_the_numbers_of_the_office(&self) {
        let said = json(&mut self.logger(CORRECTED_JSON));
        assert_eq!(
            (&said["corrected"], &said["synthetic"]),
            (&Value::Bool(true), &Value::Bool(true))
        );
        done(&mut self.logger(&["levels", "--corrected", "-o", "levels.csv"]));
        let office = json(&mut self.program(&["estimate", "model.amlm", "levels.csv", "--json"]));
        let months = office["months"].as_array().expect("a list");
        let same = months.iter().find(|month| month["month"] == said["month"]);
        let same = same.expect("the office estimates every month");
        let bits = |number: &Value| number.as_f64().map(|number| (number as f32).to_bits());
        for number in ["increment_mm", "subsidence_mm"] {
            assert!(bits(&said[number]).is_some());
            assert_eq!(bits(&said[number]), bits(&same[number]), "{number}");
        }
        let file = fs::read_to_string(self.folder.path().join("levels.csv")).expect("written");
        let levels = said["levels"].as_array().expect("a list");
        let text = done(&mut self.logger(CORRECTED));
        for (level, layer) in levels.iter().zip(["phreatic", "confined1", "confined2"]) {
            assert_eq!(level["aquifer_layer"], layer);
            let row = format!("SAMPLE,{layer},2026-03-15,");
            let row = file.lines().find_map(|line| line.strip_prefix(&row));
            let cells: Vec<&str> = row.expect("a row of March").split(',').collect();
            let mean_m: f32 = cells[0].parse().expect("a level");
            assert_eq!(bits(&level["mean_m"]), Some(mean_m.to_bits()), "{layer}");
            match level["correction"]["Added"].as_f64() {
                Some(added_m) => {
                    assert_eq!(format!("{added_m:.4}"), cells[2]);
                    let shown = format!("{mean_m:>8.3} m, {added_m:+.3} m of it by the tape");
                    assert!(text.contains(&shown), "{shown}: {text}");
                }
                None => assert_eq!((&level["correction"], cells[2]), (&"NoTape".into(), "")),
            }
        }
    }

    /// Before anything is printed.
    fn whoever_reads_may_go_away(&self) {
        for words in [CORRECTED, CORRECTED_JSON] {
            let mut command = self.logger(words);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().expect("the program starts");
            drop(child.stdout.take());
            let output = child.wait_with_output().expect("it ends");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && stderr.is_empty(), "{stderr}");
        }
    }
}

/// What a command prints that must succeed.
fn done(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && stderr.is_empty(),
        "{command:?}: {stderr}"
    );
    String::from_utf8(output.stdout).expect("the program prints UTF-8")
}

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&done(command)).expect("the program prints JSON")
}
