//! A logger's record whose months are not whole, as `amlstm logger levels` writes it, goes through `amlstm estimate` with the logger's numbers.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use amlstm::config::Config;
use amlstm::logger::push;
use amlstm::run::WellRun;
use amlstm::synth;
use amlstm_core::month::Month;
use amlstm_core::month_mean::MonthRule;
use amlstm_tests::logger_rig::{LevelTable, LoggerRig, STATION_A, configure, unix_s};
use serde_json::Value;

use crate::laptop::Laptop;

const DAY_S: u32 = 86_400;

/// The model of the SYNTHETIC well A, as if its first two layers had been read more than daily and its third on some days: by which of a logger's months count.
fn model() -> Vec<u8> {
    let mut dataset = synth::dataset(&synth::Options::default()).dataset;
    let well = &mut dataset.wells[0];
    for layer in &mut well.levels[..2] {
        layer.rule = MonthRule::MostDays;
    }
    let run = WellRun::new(well, &Config::default()).expect("well A trains");
    run.models[0].file.to_vec()
}

#[test]
fn months_that_are_not_complete_give_the_loggers_numbers_in_the_office() {
    let Some(rig) = LoggerRig::new() else { return };
    let mut laptop = Laptop::bare();
    let model = model();
    fs::write(laptop.path("A.amlm"), &model).expect("room for a model");
    let month = |number| Month::new(2020, number).expect("a month of a year");
    // Set up on the 13th of January: 19 of 31 days.
    let set_up = unix_s(month(1)) + 12 * DAY_S;
    let (powered, mut client) = rig.power_on(BTreeMap::new());
    configure(&mut client, STATION_A);
    client.set_clock(set_up, true).expect("the clock is set");
    push(&mut client, &model, None, false, |_| {}).expect("the model is taken");
    drop(client);
    powered.cut();
    let silent = f32::NAN;
    let levels = |level_m: &[[f32; 3]], start_unix_s: u32| LevelTable {
        start_unix_s,
        level_m: level_m.iter().map(|levels| levels.to_vec()).collect(),
    };
    // confined1 is silent in January, phreatic in February; March is whole. The first day of April closes it.
    let first = [[20.6, silent, -0.5], [silent, 6.6, -0.8], [20.4, 6.5, -1.0]];
    rig.fast_forward(&levels(&first, set_up), Duration::from_mins(5));
    // Without power until the 22nd of April; May is whole.
    let again = unix_s(month(4)) + 21 * DAY_S;
    let second = [[20.2, 6.4, -1.2], [20.1, 6.3, -1.3]];
    rig.fast_forward(&levels(&second, again), Duration::from_mins(5));

    let powered = rig.power_on_pty(BTreeMap::new());
    laptop.port.clone_from(&powered.port);
    laptop.done("amlstm logger --port P levels -o levels.csv");
    let logger = laptop.json("amlstm logger --port P months --json");
    let logger = logger.as_array().expect("a list");
    let complete: Vec<(&str, Vec<bool>)> = logger.iter().map(complete_layers).collect();
    let whole = vec![true; 3];
    assert_eq!(
        complete,
        [
            ("2020-01", vec![false; 3]),
            ("2020-02", vec![false, true, true]),
            ("2020-03", whole.clone()),
            ("2020-04", vec![false; 3]),
            ("2020-05", whole),
        ]
    );
    let record = laptop.read("levels.csv");
    assert!(
        record.contains("A,confined1,2020-01-15,,0\n"),
        "an empty level of an incomplete first month: {record}"
    );
    let office = laptop.run("amlstm estimate A.amlm levels.csv --json");
    assert_eq!(office.status.code(), Some(0), "{office:?}");
    let said = String::from_utf8_lossy(&office.stderr);
    assert!(
        said.starts_with(
            "amlstm: levels.csv: layer phreatic: 2 months have readings on fewer than"
        ),
        "{said}"
    );
    let office: Value = serde_json::from_slice(&office.stdout).expect("JSON");
    let office = office["months"].as_array().expect("a list");
    for of_logger in logger {
        let of_office = office
            .iter()
            .find(|step| step["month"] == of_logger["month"]);
        let of_office = of_office.expect("the office estimates every month");
        for number in ["increment_mm", "subsidence_mm", "half_width_mm"] {
            assert_eq!(
                bits(&of_logger["estimate"][number]),
                bits(&of_office[number]),
                "{number} of {}",
                of_logger["month"]
            );
        }
        let shares = |month: &Value| {
            let inputs = month["inputs"].as_array().expect("a list").iter();
            inputs
                .map(|input| bits(&input["attention"]))
                .collect::<Vec<_>>()
        };
        assert_eq!(shares(&of_logger["estimate"]), shares(of_office));
        let inputs = of_office["inputs"].as_array().expect("a list").iter();
        let found: Vec<bool> = inputs.map(|input| input["flag"] == "missing").collect();
        let missing = match of_logger["month"].as_str() {
            // confined2 counts on any day.
            Some("2020-01" | "2020-04") => [true, true, false],
            Some("2020-02") => [true, false, false],
            _ => [false; 3],
        };
        assert_eq!(found, missing, "{of_office}");
    }
    powered.cut();
}

/// A month of the logger with, for each layer, whether most of its days were read.
fn complete_layers(month: &Value) -> (&str, Vec<bool>) {
    let levels = month["levels"].as_array().expect("a list");
    let complete = levels.iter().map(|level| level["complete"] == true);
    (
        month["month"].as_str().expect("a month"),
        complete.collect(),
    )
}

fn bits(number: &Value) -> Option<u32> {
    number.as_f64().map(|number| (number as f32).to_bits())
}
