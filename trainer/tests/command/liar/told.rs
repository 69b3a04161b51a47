//! What the program says of a logger that lies.

use super::*;
use crate::site::{amlstm, done, failed};

#[test]
fn a_logger_that_computes_wrongly_is_told_from_one_that_does_not() {
    let verify = ["logger", "--port", "unix:port", "verify"];
    let sound = logger(Wrong::Nothing);
    let said = done(sound.path(), &verify);
    assert_eq!(said.matches(": match\n").count(), 3, "{said}");
    for (wrong, remedy) in [
        (
            Wrong::Golden,
            "the logger computes otherwise than this computer",
        ),
        (
            Wrong::Series,
            "the logger computes otherwise than this computer",
        ),
        (
            Wrong::OtherModel,
            "another model is active than the one expected",
        ),
        (Wrong::Damaged, "the model's file is damaged in the flash"),
    ] {
        let folder = logger(wrong);
        let complaint = failed(folder.path(), &verify);
        assert!(
            complaint.contains("MISMATCH") && complaint.contains(remedy),
            "{complaint}"
        );
        let as_json = [&verify[..], &["--json"]].concat();
        let output = amlstm(folder.path(), &as_json).output().unwrap();
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["match"], false, "{told}");
        assert_eq!(output.status.code(), Some(1));
    }
    let empty = logger(Wrong::NoModel);
    let complaint = failed(empty.path(), &verify);
    assert!(complaint.contains("no model is active"), "{complaint}");
}

/// A file of levels where a model belongs.
#[test]
fn levels_pushed_as_a_model_are_asked_about() {
    let sound = logger(Wrong::Nothing);
    fs::write(sound.path().join("levels.csv"), "well,layer,date,level_m\n").unwrap();
    let pushed = ["logger", "--port", "unix:port", "push", "levels.csv"];
    let complaint = failed(sound.path(), &pushed);
    assert!(
        complaint.contains("levels.csv") && complaint.contains("begins with \"well\""),
        "{complaint}"
    );
    assert!(complaint.contains("were the model and the levels swapped?"));
    fs::write(sound.path().join("odd.amlm"), [0x7f; 400]).unwrap();
    let complaint = failed(sound.path(), &["inspect", "odd.amlm"]);
    assert!(
        complaint.contains("begins with") && !complaint.contains("swapped"),
        "{complaint}"
    );
}

/// The names of a bundle's files, and what `MISSING.txt` says.
fn bundle(wrong: Wrong) -> (Vec<(String, String)>, String) {
    let folder = logger(wrong);
    let said = done(
        folder.path(),
        &["logger", "--port", "unix:port", "bundle", "A.tar"],
    );
    let archive = fs::read(folder.path().join("A.tar")).unwrap();
    let mut archive = tar::Archive::new(&*archive);
    let mut files = Vec::new();
    let mut missing = String::new();
    for file in archive.entries().unwrap() {
        let mut file = file.unwrap();
        let name = file.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if name == "MISSING.txt" {
            missing = text;
        } else {
            files.push((name, text));
        }
    }
    for line in missing.lines() {
        assert!(said.contains(&format!("MISSING {line}\n")), "{said}");
    }
    assert_eq!(said.matches("MISSING").count(), missing.lines().count());
    (files, missing)
}

const WHOLE: [&str; 8] = [
    "README.txt",
    "about.json",
    "station.toml",
    "events.txt",
    "events.json",
    "months.csv",
    "samples.csv",
    "model.amlm",
];

#[test]
fn a_bundle_holds_everything_raw_samples_too() {
    let (files, missing) = bundle(Wrong::Nothing);
    assert_eq!(missing, "");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, WHOLE);
    let text = |wanted: &str| &files.iter().find(|(name, _)| name == wanted).unwrap().1;
    let samples: Vec<&str> = text("samples.csv").lines().collect();
    assert_eq!(
        samples,
        [
            "timestamp [UTC],record [RN],air_pressure [kPa],raw_phreatic [m above datum],level_phreatic [m above NAVD88 (SYNTHETIC)],quality_phreatic",
            "2025-12-31 00:00:00,0,,0.375,-99,",
            "2026-01-31 23:30:00,1,,1.375,-12.5,",
            "2026-02-01 00:00:00,2,,2.375,-13,sudden step",
            "2026-01-31 23:45:00,3,,3.375,-50,",
        ]
    );
    assert!(text("months.csv").ends_with(MONTH));
    assert_eq!(
        text("events.txt").matches("the step was confirmed").count(),
        1
    );
    let about: serde_json::Value = serde_json::from_str(text("about.json")).unwrap();
    assert_eq!(about["verification"]["program_crc"], 7);
    assert_eq!(about["status"]["reset_cause"], "Requested");
    let (files, missing) = bundle(Wrong::NoModel);
    assert_eq!(
        (files.len(), missing.as_str()),
        (7, ""),
        "nothing is missing"
    );
}

/// Each part that cannot be read is named, and every other one is there.
#[test]
fn a_bundle_names_each_part_that_is_missing() {
    let file_of = |part: &str| match part {
        "settings" => &["station.toml"][..],
        "events" => &["events.txt", "events.json"],
        "months" => &["months.csv"],
        "samples" => &["samples.csv"],
        "model" => &["model.amlm"],
        _ => &[],
    };
    for (failing, parts) in [
        // The tables name their columns by the settings, and count by the state.
        (
            "state",
            &["state", "settings", "events", "months", "samples"][..],
        ),
        ("models", &["models"]),
        ("verification", &["verification"]),
        ("settings", &["settings", "months", "samples"]),
        ("events", &["events"]),
        ("months", &["months"]),
        ("samples", &["samples"]),
        ("model", &["model"]),
    ] {
        let (files, missing) = bundle(Wrong::Part(failing));
        let named: Vec<&str> = missing
            .lines()
            .filter_map(|line| Some(line.split_once(": ")?.0))
            .collect();
        assert_eq!(named, parts, "{failing}");
        let lost: Vec<&str> = parts
            .iter()
            .flat_map(|part| file_of(part))
            .copied()
            .collect();
        let left: Vec<&str> = WHOLE
            .into_iter()
            .filter(|name| !lost.contains(name))
            .collect();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, left, "{failing}");
    }
    let (files, missing) = bundle(Wrong::Untold);
    assert_eq!(
        missing,
        "samples: 1 of 4 records, which the logger counts and did not give\n"
    );
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, WHOLE);
    let folder = logger(Wrong::Untold);
    let export = [
        "logger",
        "--port",
        "unix:port",
        "export",
        "csv",
        "-o",
        "s.csv",
    ];
    let said = done(folder.path(), &export);
    assert_eq!(
        said,
        "s.csv: 3 records\nMISSING 1 of 4 records, which the logger counts and did not give\n"
    );
}

#[test]
fn sensors_on_the_cable_are_found_asked_and_renumbered() {
    let folder = logger(Wrong::Nothing);
    let words =
        |words: &[&'static str]| [&["logger", "--port", "unix:port", "sdi12"], words].concat();
    let said = |asked: &[&'static str]| done(folder.path(), &words(asked));
    let refused = |asked: &[&'static str]| failed(folder.path(), &words(asked));
    let (first, second) = ("014AMLSTM  SIMTRN001SN7\n", "314AMLSTM  SIMTRN001\n");
    assert_eq!(said(&["scan"]), format!("{first}{second}2 sensors\n"));
    assert_eq!(said(&["identify", "3"]), second);
    assert_eq!(said(&["identify", "?"]), first);
    assert_eq!(said(&["send", "0M1!"]), "00011\n");
    assert_eq!(
        said(&["address", "0", "5"]),
        "0 is 5 now; the channels that name 0 must name 5: change the station file and send it\n"
    );
    assert!(
        refused(&["address", "0", "3"])
            .contains("something answers at 3 already; nothing was changed")
    );
    assert!(
        refused(&["address", "3", "6"])
            .contains("the sensor at 3 did not take the address 6: found \"3\"")
    );
    assert!(
        refused(&["address", "8", "9"])
            .contains("the sensor at 8 did not take the address 9: no answer")
    );
    assert!(refused(&["identify", "7"]).contains("7I!: no answer; check power, cable and address"));
    assert!(refused(&["send", "7M!"]).contains("7M!: no answer"));
    for wrong in [
        &["identify", "33"][..],
        &["address", "?", "3"],
        &["address", "0", "!"],
    ] {
        let output = amlstm(folder.path(), &words(wrong)).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_bundle_of_a_logger_in_trouble_names_what_is_missing() {
    let (files, missing) = bundle(Wrong::Flash);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["README.txt", "about.json", "model.amlm"]);
    let parts: Vec<&str> = missing
        .lines()
        .filter_map(|line| line.split(':').next())
        .collect();
    assert_eq!(parts, ["state", "settings", "events", "months", "samples"]);
    assert!(missing.contains("the logger's flash failed"), "{missing}");
}

/// The closed month, in every file that shows it.
const MONTH: &str = "2026-02-01 00:00:00,0,2026-01,-12.5,1,incomplete; another sensor than before,1.5,80.25,0.5,2.5,3,1\n";

#[test]
fn months_are_exported_with_everything_that_is_known_of_them() {
    let folder = logger(Wrong::Nothing);
    let written = |words: &[&'static str]| {
        let words = [&["logger", "--port", "unix:port"], words, &["-o", "file"]].concat();
        done(folder.path(), &words);
        fs::read_to_string(folder.path().join("file")).unwrap()
    };
    let csv = written(&["export", "csv", "--table", "months"]);
    assert!(csv.ends_with(MONTH), "{csv}");
    assert!(
        csv.contains("level_phreatic [m above NAVD88 (SYNTHETIC)]"),
        "{csv}"
    );
    let toa5 = written(&["export", "toa5", "--table", "months"]);
    let lines: Vec<&str> = toa5.split("\r\n").collect();
    assert_eq!(
        lines[0],
        r#""TOA5","A ""7""","amlstm","7","amlstm-firmware.0.1.0","SYNTHETIC levels","","months""#
    );
    assert_eq!(
        lines[4..],
        [
            r#""2026-02-01 00:00:00",0,"2026-01",-12.5,1,"incomplete; another sensor than before",1.5,80.25,0.5,2.5,3,"1""#,
            ""
        ]
    );
}

/// By hand: the one sample with which January was closed, and a quarter of a metre less by the tape.
#[test]
fn a_corrected_month_is_marked_and_takes_the_samples_that_it_was_closed_with() {
    let folder = logger(Wrong::Nothing);
    let levels = ["logger", "--port", "unix:port", "levels", "-o", "l.csv"];
    done(folder.path(), &levels);
    let written = || fs::read_to_string(folder.path().join("l.csv")).unwrap();
    assert_eq!(
        written(),
        "well,layer,date,level_m,days\nA,phreatic,2026-01-15,-12.5,1\n"
    );
    let said = done(folder.path(), &[&levels[..], &["--corrected"]].concat());
    assert_eq!(
        written(),
        "well,layer,date,level_m,days,tape_correction_m\nA,phreatic,2026-01-15,-12.75,1,-0.2500\n"
    );
    for part in [
        "phreatic: 2026-01-31 23:00:00  tape 12.500 m, sensor 12.250 m, -0.250 m to its level\n",
        "phreatic: 1 months corrected by -0.250 to -0.250 m; as they were closed: 0 without",
    ] {
        assert!(said.contains(part), "{said}");
    }
}
