//! `docs/field-guide.md` as a technician follows it: each of its commands is run, by the real `amlstm`, against the real firmware in QEMU
//! over a pseudo terminal, and prints what the guide shows.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use amlstm::config::Config;
use amlstm::logger::Line;
use amlstm::run::WellRun;
use amlstm::synth;
use amlstm_core::link::Quality;
use amlstm_core::month::Month;
use amlstm_tests::logger_rig::{LevelTable, LoggerRig, unix_s};
use amlstm_tests::sdi12_bus::Behaviour;
use amlstm_tests::toolchain::root;
use serde_json::Value;

/// Months that pass between the first visit and the next.
const MONTHS: usize = 2;

/// What the transducers of the guide's station file say at the middle of the levels that well A was trained on (20.6, 6.6 and -0.5 m above
/// the datum), by SDI-12 address: kPa absolute below 14.2 m of water, m above the sensor, m below the measuring point, and hPa.
const RAW: [(u8, f32); 4] = [(b'0', 240.9), (b'1', 35.2), (b'2', 31.9), (b'9', 1013.2)];

fn transducers() -> BTreeMap<u8, Behaviour> {
    RAW.into_iter()
        .map(|(address, raw)| (address, Behaviour::Answers(raw.into())))
        .collect()
}

/// A fenced block of the guide.
struct Block {
    /// Heading of its section, as `4. First visit`.
    section: String,
    /// `sh`, `text`, `toml` or `console`.
    kind: String,
    text: String,
}

fn guide() -> Vec<Block> {
    let path = root().join("docs/field-guide.md");
    let text = fs::read_to_string(path).expect("the guide is there");
    let mut blocks: Vec<Block> = Vec::new();
    let (mut section, mut inside) = (String::new(), false);
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut section);
        } else if let Some(kind) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                blocks.push(Block {
                    section: section.clone(),
                    kind: kind.to_owned(),
                    text: String::new(),
                });
            }
        } else if let (true, Some(block)) = (inside, blocks.last_mut()) {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    blocks
}

/// The words of a text, line by line, with every number, date and checksum as `#`: those differ from visit to visit.
fn words(text: &str) -> Vec<String> {
    let number = |letter: char| letter.is_ascii_digit() || "+-.:".contains(letter);
    let word = |before: &str, word: &str| {
        if before == "CRC" {
            return "#".to_owned();
        }
        let mut out = String::new();
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let run: usize = rest
                .chars()
                .take_while(|letter| number(*letter) == number(first))
                .map(char::len_utf8)
                .sum();
            let (head, tail) = rest.split_at(run);
            out.push_str(if head.contains(|letter: char| letter.is_ascii_digit()) {
                "#"
            } else {
                head
            });
            rest = tail;
        }
        out
    };
    text.lines()
        .map(|line| {
            let mut before = "";
            let mut out = Vec::new();
            for found in line.split_whitespace() {
                out.push(word(before, found));
                before = found;
            }
            out.join(" ")
        })
        .filter(|line| !line.is_empty())
        .collect()
}

/// Every line that the guide shows stands in what was printed, in the guide's order.
fn shows(printed: &str, shown: &str, place: &str) {
    let printed_words = words(printed);
    let mut rest = printed_words.iter();
    for line in words(shown) {
        assert!(
            rest.any(|printed| *printed == line),
            "{place}: the guide shows\n{shown}\nbut what was printed is\n{printed}\nand lacks \"{line}\""
        );
    }
}

/// A laptop: a folder with the technician's files, and the port.
struct Laptop {
    folder: tempfile::TempDir,
    port: PathBuf,
}

impl Laptop {
    /// Two models of the SYNTHETIC well A and one of well B, trained here, and the guide's station file.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
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
            fs::write(folder.path().join(name), &*run.models[0].file).expect("room for a model");
        }
        let laptop = Self {
            folder,
            port: PathBuf::new(),
        };
        let blocks = guide();
        let mut station = blocks.iter().filter(|block| block.kind == "toml");
        laptop.write(
            "station.toml",
            &station.next().expect("the station file").text,
        );
        laptop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the folder is writable");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the command wrote it")
    }

    /// Runs a line of the guide as a shell would.
    fn run(&self, line: &str) -> Output {
        let line = line.replace("--port P ", &format!("--port {} ", self.port.display()));
        let path = std::env::var("PATH").unwrap_or_default();
        Command::new("sh")
            .args(["-c", &line])
            .env("PATH", format!("{}:{path}", programs().display()))
            .current_dir(&self.folder)
            .output()
            .expect("sh starts")
    }

    /// What a line prints that must succeed.
    fn done(&self, line: &str) -> String {
        let output = self.run(line);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{line}: {stderr}");
        assert!(stderr.is_empty(), "{line}: {stderr}");
        String::from_utf8(output.stdout).expect("the program prints UTF-8")
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.done(line)).expect("the program prints JSON")
    }

    /// The one line that a command prints which must fail.
    fn refused(&self, line: &str) -> String {
        let output = self.run(line);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{line}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{line}: {stderr}");
        println!("{line}\n    {stderr}");
        stderr
    }

    /// Runs a section's commands and compares what they print with what the guide shows below them.
    fn follow(&self, section: &str) {
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

/// The logger's console in a terminal program.
struct Terminal(Line);

impl Terminal {
    /// Opens the port and presses Enter.
    fn open(port: &Path) -> Self {
        let port = port.to_str().expect("a name in ASCII");
        let mut terminal = Self(Line::open(port).expect("the port opens"));
        assert_eq!(terminal.type_in(""), "\r\n");
        terminal
    }

    /// Types a line and gives what comes up to the next prompt, the echo of the line taken off.
    fn type_in(&mut self, line: &str) -> String {
        self.0
            .write_all(format!("{line}\r").as_bytes())
            .expect("the port takes it");
        let start = Instant::now();
        let (mut shown, mut bytes) = (Vec::new(), [0; 4096]);
        while !shown.ends_with(b"\n> ") {
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "{line}: no prompt after {:?}",
                String::from_utf8_lossy(&shown)
            );
            if let Ok(count) = self.0.read(&mut bytes) {
                shown.extend_from_slice(&bytes[..count]);
            }
        }
        let shown = String::from_utf8(shown).expect("the console speaks ASCII");
        let shown = shown.strip_prefix(line).expect("the line is echoed");
        shown.strip_suffix("> ").expect("seen above").to_owned()
    }

    /// Types the lines of a section's dialogues and compares what the logger prints with what the guide shows.
    fn follow(&mut self, section: &str) -> String {
        let mut all = String::new();
        for block in guide() {
            if block.section != section || block.kind != "console" {
                continue;
            }
            for dialogue in format!("\n{}", block.text).split("\n> ").skip(1) {
                let (line, shown) = dialogue.split_once('\n').unwrap_or((dialogue, ""));
                let printed = self.type_in(line);
                println!("> {line}{printed}");
                shows(&printed, shown, line);
                all.push_str(&printed);
            }
        }
        assert!(
            !all.is_empty(),
            "the guide has no dialogue in \"{section}\""
        );
        all
    }
}

/// Where cargo puts the program `amlstm`.
fn programs() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows itself");
    let folder = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    assert!(
        folder.join("amlstm").is_file(),
        "{}: no amlstm; `cargo test --workspace` builds it",
        folder.display()
    );
    folder.to_owned()
}

/// The months between the visits pass: the first of the next month to the end of the last.
fn months_pass(rig: &LoggerRig) {
    let now = this_month();
    let first = now.next();
    let channels: usize = 10;
    let mut row = vec![f32::NAN; channels];
    for (address, raw) in RAW {
        row[usize::from(address - b'0')] = raw;
    }
    let table = LevelTable {
        start_unix_s: unix_s(first),
        level_m: vec![row; MONTHS],
    };
    rig.fast_forward(&table, Duration::from_mins(10));
}

/// This month.
fn this_month() -> Month {
    let seconds = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let mut month = Month::new(2026, 1).expect("January is a month");
    while u64::from(unix_s(month.next())) <= seconds {
        month = month.next();
    }
    month
}

#[test]
fn the_guide_is_followed_from_the_first_visit_to_the_rollback() {
    let Some(rig) = LoggerRig::new() else { return };
    let mut laptop = Laptop::new();
    let powered = rig.power_on_pty(transducers());
    laptop.port.clone_from(&powered.port);
    laptop.follow("4. First visit");
    let visit = the_visit_file(&laptop);
    assert_eq!(
        visit["channels"][1]["sensor_minus_tape_m"]
            .as_f64()
            .map(|m| m.abs() < 0.01),
        Some(true),
        "{visit}"
    );
    powered.cut();
    months_pass(&rig);

    let powered = rig.power_on_pty(transducers());
    laptop.port.clone_from(&powered.port);
    laptop.follow("5. Every later visit");
    exports_name_units_and_datum(&laptop);
    transfers_show_their_progress(&laptop);
    the_logger_says_what_the_office_says(&laptop);
    laptop.follow("6. Swapping a model, and going back");
    assert_eq!(
        fs::read(laptop.path("on-the-logger.amlm")).expect("pulled"),
        fs::read(laptop.path("A.f32.amlm")).expect("pushed first"),
        "after the rollback the first model is active"
    );
    let mut terminal = Terminal::open(&powered.port);
    terminal.follow("8. With a terminal program only");
    drop(terminal);
    let status = laptop.json("amlstm logger --port P status --json");
    assert_eq!(status["active"]["generation"], 4, "rolled back once more");
    assert_eq!(status["interval_s"], 900);
}

#[test]
fn a_station_is_set_up_with_a_terminal_alone() {
    let Some(rig) = LoggerRig::new() else { return };
    let mut transducers = transducers();
    // An open loop at 4-20 mA input 0.
    transducers.insert(b'A', Behaviour::Answers(0.0));
    let powered = rig.power_on_pty(transducers);
    Terminal::open(&powered.port).follow("9. Setting up a station with a terminal program only");
}

/// The one visit file; it is taken away.
fn the_visit_file(laptop: &Laptop) -> Value {
    let files = fs::read_dir(&laptop.folder).expect("the folder is readable");
    let mut visits = files
        .map(|entry| entry.expect("readable").path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("visit-A-") && path.extension().is_some_and(|end| end == "json")
        });
    let path = visits.next().expect("a visit file was written");
    let visit = fs::read_to_string(&path).expect("readable");
    fs::remove_file(path).expect("ours");
    serde_json::from_str(&visit).expect("the visit file is JSON")
}

/// `samples.csv` and `months.dat` say unit and datum, and read back to what `months --json` says.
fn exports_name_units_and_datum(laptop: &Laptop) {
    let samples = laptop.read("samples.csv");
    let header = samples.lines().next().expect("a header");
    for column in [
        "timestamp [UTC]",
        "air_pressure [kPa]",
        "raw_phreatic [kPa absolute]",
        "level_phreatic [m above NAVD88]",
        "raw_confined1 [m above sensor]",
        "raw_confined2 [m below measuring point]",
    ] {
        assert!(
            header.split(',').any(|found| found == column),
            "{column}: {header}"
        );
    }
    // A sample every 15 minutes of two months, and of the day that closed the second.
    assert!(samples.lines().count() > MONTHS * 28 * 96);

    let toa5: Vec<Vec<String>> = laptop.read("months.dat").lines().map(toa5_cells).collect();
    assert_eq!(toa5[0][..4], ["TOA5", "A", "amlstm", "107"]);
    assert!(toa5.iter().skip(1).all(|row| row.len() == toa5[1].len()));
    let column = |name: &str| {
        let found = toa5[1].iter().position(|cell| cell == name);
        found.unwrap_or_else(|| panic!("{name}: {:?}", toa5[1]))
    };
    assert_eq!(toa5[2][column("level_confined2")], "m above NAVD88");
    assert_eq!(toa5[3][column("level_confined2")], "Avg");
    assert_eq!(toa5[2][column("subsidence")], "mm, down +");
    let months = laptop.json("amlstm logger --port P months --json");
    let months = months.as_array().expect("a list");
    assert_eq!(toa5.len() - 4, months.len());
    for (row, month) in toa5[4..].iter().zip(months) {
        assert_eq!(
            row[column("month")],
            month["month"].as_str().expect("a month")
        );
        let number = |name: &str| row[column(name)].parse::<f32>().ok();
        let said = |value: &Value| value.as_f64().map(|value| value as f32);
        assert_eq!(
            number("increment"),
            said(&month["estimate"]["increment_mm"])
        );
        assert_eq!(
            number("level_phreatic"),
            said(&month["levels"][0]["mean_m"])
        );
    }
}

/// Cells of a TOA5 line: text in quotes, numbers bare.
fn toa5_cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => cells.last_mut().expect("one at least").push(letter),
        }
    }
    assert!(!quoted, "{line}");
    cells
}

/// The logger's estimates are those of `amlstm estimate` on its own levels, bit for bit.
fn the_logger_says_what_the_office_says(laptop: &Laptop) {
    let office = laptop.json("amlstm estimate A.f32.amlm levels.csv --json");
    let office = office["months"].as_array().expect("a list");
    let logger = laptop.json("amlstm logger --port P months --json");
    let logger = logger.as_array().expect("a list");
    let complete = logger
        .iter()
        .filter(|month| month["levels"][0]["complete"] == true);
    assert_eq!(complete.count(), MONTHS, "{logger:?}");
    for month in logger {
        let same = office.iter().find(|step| step["month"] == month["month"]);
        let same = same.expect("the office estimates every month from the end of training on");
        for number in ["increment_mm", "subsidence_mm"] {
            let bits = |value: &Value| value.as_f64().map(|value| (value as f32).to_bits());
            assert_eq!(bits(&month["estimate"][number]), bits(&same[number]));
        }
    }
    let last = laptop.json("amlstm logger --port P estimate --json");
    assert_eq!(last["month"], logger.last().expect("closed")["month"]);
    assert_eq!(last["inputs"][0]["aquifer_layer"], "phreatic");
    assert_eq!(last["inputs"][0]["state"], "Trained");
}

#[test]
fn what_must_not_go_onto_a_logger_is_refused_in_one_line() {
    let Some(rig) = LoggerRig::new() else { return };
    let mut laptop = Laptop::new();
    laptop.port = PathBuf::from("/dev/no-such-port");
    let line = laptop.refused("amlstm logger --port P info");
    assert!(
        line.contains("/dev/no-such-port: expected a serial port"),
        "{line}"
    );
    let output = laptop.run("amlstm logger info");
    assert_eq!(output.status.code(), Some(2), "wrong usage");

    let powered = rig.power_on_pty(transducers());
    laptop.port.clone_from(&powered.port);
    let line = laptop.refused("amlstm logger --port P estimate");
    assert!(line.contains("no month to estimate yet"), "{line}");
    laptop.done("amlstm logger --port P config station.toml");
    let line = laptop.refused("amlstm logger --port P rollback");
    assert!(line.contains("no earlier model to go back to"), "{line}");
    models_are_refused(&laptop);
    settings_are_refused(&laptop);
    laptop.done("amlstm logger --port P push A.f32.amlm");
    only_signed_models(&laptop);
    {
        let _first = Line::open(powered.port.to_str().expect("ASCII")).expect("the port opens");
        let line = laptop.refused("amlstm logger --port P info");
        assert!(line.contains("no other program"), "{line}");
    }
    laptop.done("amlstm logger --port P info");
    powered.cut();
    let line = laptop.refused("amlstm logger --port P info");
    assert!(line.contains(&*laptop.port.to_string_lossy()), "{line}");
}

/// Each action has a help with an example, and takes no argument that it does not know.
#[test]
fn every_action_has_an_example_in_its_help() {
    let laptop = Laptop {
        folder: tempfile::tempdir().expect("a temporary folder"),
        port: PathBuf::from("/dev/no-such-port"),
    };
    let help = laptop.done("amlstm logger --help");
    let actions = help.split_once("Commands:").expect("a list of actions").1;
    let actions = actions.split_once("Options:").expect("and its end").0;
    let mut found = 0;
    for action in actions
        .lines()
        .filter_map(|line| line.split_whitespace().next())
    {
        if action == "help" {
            continue;
        }
        let help = laptop.done(&format!("amlstm logger {action} --help"));
        let example = help
            .split_once("Example")
            .map_or("", |(_, example)| example);
        assert!(example.contains(&format!(" {action}")), "{help}");
        let output = laptop.run(&format!("amlstm logger --port P {action} --unknown"));
        assert_eq!(output.status.code(), Some(2), "{action}");
        found += 1;
    }
    assert!(found > 10, "{help}");
}

/// On a terminal a transfer shows how far it got; elsewhere nothing but the result, and no colours.
fn transfers_show_their_progress(laptop: &Laptop) {
    let export = "amlstm logger --port P export csv -o again.csv";
    let plain = laptop.done(export);
    assert_eq!(plain.lines().count(), 1, "{plain}");
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let shown = laptop.done(&format!("script -qec '{export}' /dev/null"));
    assert!(
        shown.contains("records") && shown.contains(" left"),
        "{shown:?}"
    );
    assert_eq!(laptop.read("again.csv"), laptop.read("samples.csv"));
}

fn models_are_refused(laptop: &Laptop) {
    let line = laptop.refused("amlstm logger --port P push B.f32.amlm");
    assert!(line.contains("found a model of well \"B\""), "{line}");
    let station = laptop.read("station.toml");
    laptop.write(
        "renamed.toml",
        &station.replace("\"confined2\"", "\"confined 2\""),
    );
    laptop.done("amlstm logger --port P config renamed.toml");
    let line = laptop.refused("amlstm logger --port P push A.f32.amlm");
    assert!(line.contains("needs aquifer layer \"confined2\""), "{line}");
    laptop.done("amlstm logger --port P config station.toml");

    let mut broken = fs::read(laptop.path("A.f32.amlm")).expect("trained");
    broken[2000] ^= 1;
    fs::write(laptop.path("broken.amlm"), broken).expect("the folder is writable");
    let line = laptop.refused("amlstm logger --port P push broken.amlm");
    assert!(
        line.contains("broken.amlm") && line.contains("CRC"),
        "{line}"
    );
    let line = laptop.refused("amlstm logger --port P push no-such.amlm");
    assert!(line.contains("no-such.amlm"), "{line}");

    laptop.write(
        "minimum.toml",
        &station.replace("serial = 107", "serial = 107\nmin_model_version = 2"),
    );
    laptop.done("amlstm logger --port P config minimum.toml");
    let line = laptop.refused("amlstm logger --port P push A.f32.amlm");
    assert!(line.contains("version 1") && line.contains('2'), "{line}");
    laptop.done("amlstm logger --port P push A.f32.amlm --allow-older");
    let events = laptop.done("amlstm logger --port P events");
    assert!(
        events.contains("older than the minimum and allowed by hand"),
        "{events}"
    );
    let pushed = laptop.done("amlstm logger --port P push A-2027.f32.amlm");
    assert!(pushed.contains("model version 2"), "{pushed}");
    laptop.done("amlstm logger --port P config station.toml");
}

fn settings_are_refused(laptop: &Laptop) {
    let station = laptop.read("station.toml");
    laptop.write(
        "wrong.toml",
        &station.replace("sample_interval_s = 900", "sample_interval_s = 0"),
    );
    let line = laptop.refused("amlstm logger --port P config wrong.toml");
    assert!(line.contains("wrong.toml: sample_interval_s"), "{line}");
    let line = laptop.refused("amlstm logger --port P visit --tape phreatik=12.0");
    assert!(line.contains("phreatic, confined1, confined2"), "{line}");
    let output = laptop.run("amlstm logger --port P visit --tape phreatic=deep");
    assert_eq!(output.status.code(), Some(2), "wrong usage");
}

/// Signs with OpenSSL as the guide says; once signatures are required, they stay required.
fn only_signed_models(laptop: &Laptop) {
    laptop.follow("7. Signed models");
    let key = laptop.done("openssl pkey -in station.key -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n'");
    let station = laptop.read("station.toml");
    let signed = format!("serial = 107\nsigning_key = \"{key}\"\nrequire_signed = true");
    laptop.write("signed.toml", &station.replace("serial = 107", &signed));
    laptop.done("amlstm logger --port P config signed.toml");
    let line = laptop.refused("amlstm logger --port P push A-2027.f32.amlm");
    assert!(line.contains("signed"), "{line}");
    let line =
        laptop.refused("amlstm logger --port P push A-2027.f32.amlm --signature A.f32.amlm.sig");
    assert!(line.contains("signature"), "{line}");
    let pushed = laptop.done("amlstm logger --port P push A.f32.amlm --signature A.f32.amlm.sig");
    assert!(pushed.contains(", signed"), "{pushed}");
    let line = laptop.refused("amlstm logger --port P config station.toml");
    assert!(line.contains("once required stay required"), "{line}");
}

#[test]
fn every_flag_of_a_reading_stands_in_the_guide() {
    let text = fs::read_to_string(root().join("docs/field-guide.md")).expect("the guide is there");
    for bit in 0..16 {
        for flag in Quality(1 << bit).words() {
            assert!(text.contains(&format!("| {flag} |")), "{flag}");
        }
    }
}
