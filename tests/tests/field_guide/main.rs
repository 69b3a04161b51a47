//! `docs/field-guide.md` as a technician follows it: each of its commands is run, by the real `amlstm`, against the real firmware in QEMU
//! over a pseudo terminal, and prints what the guide shows.

mod flashing;
mod incomplete_months;
mod laptop;
mod refusals;
mod terminal;
mod wrong_date;

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use amlstm_core::link::Quality;
use amlstm_core::month::Month;
use amlstm_tests::guide::guide;
use amlstm_tests::logger_rig::{LevelTable, LoggerRig, unix_s};
use amlstm_tests::sdi12_bus::Behaviour;
use amlstm_tests::toolchain::root;
use serde_json::Value;

use laptop::Laptop;
use terminal::Terminal;

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
    the_synthetic_model_is_told(&laptop);
    laptop.follow("6. Swapping a model, and going back");
    assert_eq!(
        fs::read(laptop.path("on-the-logger.amlm")).expect("pulled"),
        fs::read(laptop.path("A.f32.amlm")).expect("pushed first"),
        "after the rollback the first model is active"
    );
    laptop.follow("11. Checking a logger, and asking for help");
    the_bundle_holds_what_the_logger_told(&laptop);
    let months = laptop.json("amlstm logger --port P months --json");
    let mut terminal = Terminal::open(&powered.port);
    let console = terminal.follow("8. With a terminal program only");
    drop(terminal);
    the_console_says_what_the_laptop_says(&console, &months);
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
    let files = fs::read_dir(laptop.path("")).expect("the folder is readable");
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

/// The laptop's program says that the model is SYNTHETIC wherever it shows what comes of it, for people and for programs.
fn the_synthetic_model_is_told(laptop: &Laptop) {
    for action in ["status", "months", "estimate"] {
        let shown = laptop.done(&format!("amlstm logger --port P {action}"));
        assert!(shown.contains("SYNTHETIC"), "{action}: {shown}");
        let told = laptop.json(&format!("amlstm logger --port P {action} --json"));
        let told = match action {
            "months" => &told[0]["estimate"],
            _ => &told,
        };
        assert_eq!(told["synthetic"], true, "{action}: {told}");
    }
}

/// The same months with the same numbers.
fn the_console_says_what_the_laptop_says(console: &str, months: &Value) {
    for month in months.as_array().expect("a list") {
        let name = month["month"].as_str().expect("a month");
        let line = console
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")))
            .unwrap_or_else(|| panic!("{name}: {console}"));
        let levels = month["levels"].as_array().expect("a list");
        let numbers = levels.iter().map(|level| &level["mean_m"]).chain([
            &month["estimate"]["increment_mm"],
            &month["estimate"]["subsidence_mm"],
        ]);
        let shown: Vec<String> = numbers
            .map(|number| format!("{:.3}", number.as_f64().expect("a number") as f32))
            .collect();
        let printed: Vec<&str> = line.split_whitespace().skip(1).collect();
        let printed: Vec<&str> = printed
            .into_iter()
            .map(|word| word.trim_end_matches(['*', '?']))
            .collect();
        assert_eq!(printed, shown, "{line}");
    }
}

/// The one file for those who help holds what the commands wrote before, byte for byte.
fn the_bundle_holds_what_the_logger_told(laptop: &Laptop) {
    let names = laptop.done("tar -tf A.tar");
    let expected = "README.txt about.json station.toml events.txt events.json months.csv samples.csv model.amlm";
    assert_eq!(
        names.split_whitespace().collect::<Vec<_>>().join(" "),
        expected
    );
    laptop.done("mkdir helper && tar -xf A.tar -C helper");
    assert_eq!(
        fs::read(laptop.path("helper/model.amlm")).expect("unpacked"),
        fs::read(laptop.path("A.f32.amlm")).expect("the active one"),
    );
    assert!(
        laptop
            .read("helper/samples.csv")
            .starts_with(&laptop.read("samples.csv")),
        "every sample that was exported before"
    );
    let station = laptop.done("amlstm logger --port P config");
    assert_eq!(
        laptop.read("helper/station.toml").trim_end(),
        station.trim_end()
    );
    let about: Value = serde_json::from_str(&laptop.read("helper/about.json")).expect("JSON");
    let verified = laptop.json("amlstm logger --port P verify --json");
    assert_eq!(verified["match"], true);
    assert_eq!(
        about["verification"]["program_crc"],
        verified["firmware"]["found"]
    );
    assert_eq!(
        about["verification"]["replayed"]["series"],
        verified["series"]["expected"]
    );
    assert!(
        laptop
            .read("helper/events.txt")
            .contains("tape at phreatic")
    );
}

/// Each action has a help with an example, and takes no argument that it does not know.
#[test]
fn every_action_has_an_example_in_its_help() {
    let laptop = Laptop::bare();
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
    // The clock is this computer's by now: a quarter of an hour may have ended meanwhile.
    let (again, before) = (laptop.read("again.csv"), laptop.read("samples.csv"));
    let new = again.strip_prefix(&before).map(|new| new.lines().count());
    assert!(
        new.is_some_and(|new| new <= 1),
        "{new:?} samples more than before"
    );
}

#[test]
fn every_flag_of_a_reading_stands_in_the_guide_and_on_the_card() {
    let document = |name: &str| {
        fs::read_to_string(root().join("docs").join(name)).expect("the document is there")
    };
    let (text, card) = (document("field-guide.md"), document("field-card.html"));
    for bit in 0..16 {
        for flag in Quality(1 << bit).words() {
            assert!(text.contains(&format!("| {flag} |")), "{flag}");
            assert!(card.contains(&format!("<td>{flag}</td>")), "{flag}");
        }
    }
}

/// The guide is followed by a test; so the card's commands are right where they are the guide's.
#[test]
fn every_command_on_the_card_is_one_of_the_guide() {
    let card = fs::read_to_string(root().join("docs/field-card.html")).expect("the card is there");
    let guide: String = guide().into_iter().map(|block| block.text).collect();
    let mut found = 0;
    for command in card.split("<code>").skip(1) {
        let (command, _) = command.split_once("</code>").expect("closed");
        if command.starts_with("amlstm logger") || command.starts_with("tape ") {
            assert!(guide.contains(command), "{command}");
            found += 1;
        }
    }
    assert!(found > 10, "{found}");
}
