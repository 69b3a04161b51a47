//! Forecasts of models whose physics can be computed by hand.

use std::{fmt::Write as _, fs, path::Path};

use amlstm_core::{
    artifact::Physics,
    cumulative_interval::{CumulativeIntervals, HORIZONS},
    estimate::Primary,
    month::Month,
    physics::{PhysicsState, PhysicsWeights},
    sizes::{AttentionKind, Sizes},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    site::{amlstm, done, failed},
    weights::models::model_with,
};

/// 2 mm per m of the upper layer's skeleton.
const ELASTIC: [[f32; 6]; 2] = [[2.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0; 6]];

/// 3 mm per m by which the upper layer falls below its lowest level.
const WITHOUT_DELAY: [[f32; 6]; 2] = [[0.0, 3.0, 0.0, 0.0, 0.0, 0.0], [0.0; 6]];

/// A bit of everything.
const ALL: [[f32; 6]; 2] = [[0.5; 6], [0.25; 6]];

/// A folder with `model.amlm`: at rest at -10 m (upper, trained from -13 to -7 m) and -20 m (lower, from -23 to -17 m) in 2016-08, with 80 mm and
/// ± 0.75 mm per month.
fn folder(layers: &'static [[f32; 6]; 2]) -> TempDir {
    folder_with(layers, None)
}

/// The same with intervals around cumulative subsidence.
fn folder_with(layers: &'static [[f32; 6]; 2], intervals: Option<&CumulativeIntervals>) -> TempDir {
    let mut state = PhysicsState::default();
    let weights = PhysicsWeights {
        layers,
        decay: [0.0; 2],
    };
    state.step(&weights, &[Some(-10.0), Some(-20.0)]);
    let physics = Physics {
        primary: Primary::Physics,
        weights,
        bridges: None,
        state,
        subsidence_mm: 80.0,
        interval_half_width_mm: 0.75,
    };
    write_with(Some(&physics), intervals)
}

fn write(physics: Option<&Physics>) -> TempDir {
    write_with(physics, None)
}

fn write_with(physics: Option<&Physics>, intervals: Option<&CumulativeIntervals>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sizes = Sizes {
        inputs: 2,
        hidden: 4,
        attention: 4,
    };
    let model = model_with(sizes, AttentionKind::Shared, physics, intervals);
    fs::write(folder.path().join("model.amlm"), model).unwrap();
    folder
}

/// The first forecast of the JSON.
fn forecast(folder: &Path, arguments: &[&str]) -> Value {
    let all = [&["forecast", "model.amlm", "--json"], arguments].concat();
    let mut json: Value = serde_json::from_str(&done(folder, &all)).unwrap();
    json["forecasts"][0].take()
}

#[track_caller]
fn assert_close(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!(
        (found - expected).abs() < 1e-4,
        "{found} against {expected}"
    );
}

#[test]
fn intervals_are_those_of_validation_over_as_many_months() {
    let intervals = CumulativeIntervals {
        observed_until: Month::new(2016, 5).unwrap(),
        network: &[f32::NAN; HORIZONS],
        physics: &[0.5, 1.0, 2.0, 3.6, 6.0],
    };
    let folder = folder_with(&ELASTIC, Some(&intervals));
    let arguments = ["--scenario", "upper=-1.2m/a", "--years", "1"];
    let found = forecast(folder.path(), &arguments);
    // Four months of 2016, the last of them seven after the observation; twelve of 2017, the last of them nineteen after it.
    for (year, mm, total_mm) in [
        (0, 1.0 + 1.0 / 3.0, 2.0 + 1.6 / 6.0),
        (1, 3.6, 3.6 + 2.4 * 7.0 / 12.0),
    ] {
        let year = &found["years"][year];
        assert_close(&year["half_width_mm"], mm);
        assert_close(&year["cumulative_half_width_mm"], total_mm);
    }
    let table = done(
        folder.path(),
        &[&["forecast", "model.amlm"], &arguments[..]].concat(),
    );
    assert!(table.contains("3.6 mm for a year"), "{table}");
}

#[test]
fn years_thresholds_and_intervals_are_those_of_a_steady_fall() {
    let folder = folder(&ELASTIC);
    // 0.1 m and so 0.2 mm per month, four months of 2016 and twelve of 2017.
    let trend = ["--scenario", "upper=-1.2m/a", "--years", "1"];
    let of = |more: &[&str]| forecast(folder.path(), &[&trend, more].concat());
    let found = of(&["--threshold", "82.05"]);
    assert_eq!(found["years"].as_array().unwrap().len(), 2);
    for (year, months, mm, total_mm) in [(0, 4, 0.8, 80.8), (1, 12, 2.4, 83.2)] {
        let year = &found["years"][year];
        assert_eq!(year["months"], months);
        assert_close(&year["subsidence_mm"], mm);
        assert_close(&year["cumulative_mm"], total_mm);
        assert_close(&year["half_width_mm"], 0.75 * f64::from(months).sqrt());
        assert_eq!(year["months_outside_trained_range"], 0);
    }
    // 82 mm are reached with the tenth month, 2017-06.
    assert_eq!(found["threshold"]["passed_in"], "2017-07");
    assert_eq!(
        of(&["--threshold", "79"])["threshold"]["passed_before"],
        true
    );
    assert_eq!(
        of(&["--threshold", "99"])["threshold"]["passed_in"],
        Value::Null
    );
    let table = done(
        folder.path(),
        &[&["forecast", "model.amlm", "--threshold", "99"], &trend[..]].concat(),
    );
    assert!(table.contains("99 mm: not passed by 2017-12"), "{table}");
    assert!(
        table.lines().all(|line| line.chars().count() <= 120),
        "{table}"
    );
}

#[test]
fn the_least_shift_that_keeps_a_rate_is_found() {
    let folder = folder(&WITHOUT_DELAY);
    let trend = ["--scenario", "upper=-1.2m/a", "--years", "1"];
    let rate = |more: &[&str]| forecast(folder.path(), &[&trend, more].concat())["rate"].take();
    // After 16 months the level stands 1.6 m lower. Raised by s it falls 1.6 m - s below its lowest, within the last twelve months: 3 mm/m (1.6 m - s) <= 1 mm.
    let found = rate(&["--rate", "1", "--layer", "upper"]);
    assert_eq!(found["kept"], "by_shift");
    assert_close(&found["shift_m"], 1.27);
    assert_close(&found["highest_mm_per_year"], 0.99);
    // Mean of the last twelve months: 0.5 to 1.6 m below -10 m, and 1.27 m higher.
    assert_eq!(found["levels"].as_array().unwrap().len(), 1);
    assert_close(&found["levels"][0]["mean_level_m"], -10.0 - 1.05 + 1.27);
    assert_close(&rate(&["--rate", "1"])["shift_m"], 1.27);
    assert_eq!(rate(&["--rate", "1", "--layer", "lower"])["kept"], "never");
    assert_eq!(rate(&["--rate", "1000"])["kept"], "always");
    let arguments = ["forecast", "model.amlm", "--rate", "1", "--layer", "upper"];
    let text = done(folder.path(), &[&arguments, &trend[..]].concat());
    let expected = "upper at least 1.27 m higher from the first month on (then 1.0 mm); mean of the last year: upper -9.78 m";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn scenarios_are_compared_and_what_lies_outside_is_said() {
    let folder = folder(&ELASTIC);
    let mut past = String::from("well,layer,date,level_m\n");
    for month in 0..25 {
        let level_m = -10.0 + 0.1 * f64::from(24 - month);
        let date = format!("{}-{:02}-15", 2014 + (month + 7) / 12, (month + 7) % 12 + 1);
        writeln!(past, "W*/ 7,upper,{date},{level_m}\nW*/ 7,lower,{date},-20").unwrap();
    }
    fs::write(folder.path().join("past.csv"), past).unwrap();
    let arguments = [
        "forecast",
        "model.amlm",
        "--years",
        "1",
        "--past",
        "past.csv",
        "--figure",
        "f.svg",
        "--scenario",
        "hold",
        "--scenario",
        "climatology",
        "--scenario",
        "hold, all=-3.5m",
    ];
    let table = done(folder.path(), &arguments);
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("201"))
        .map(|line| line.split_whitespace().collect())
        .collect();
    // The lower layer is 3.5 m - 3 m below its range of 6 m, as the upper one: a twelfth wider than 0.75 mm times the root of four.
    assert_eq!(rows[4][3], "1.6", "{table}");
    // Levels held; a fall of 0.1 m per month as in the past; and 3.5 m at once.
    let subsidence: Vec<&str> = rows.iter().map(|row| row[2]).collect();
    assert_eq!(
        subsidence,
        ["0.0", "0.0", "0.8", "2.4", "7.0", "0.0"],
        "{table}"
    );
    assert!(table.contains("12 months beyond training"), "{table}");
    assert!(table.contains("it does not extrapolate"), "{table}");
    let figure = fs::read_to_string(folder.path().join("f.svg")).unwrap();
    assert!(figure.contains("hold, all=-3.5m") && figure.contains("SYNTHETIC"));
}

#[test]
fn levels_of_a_file_give_what_a_logger_would_estimate() {
    let folder = folder(&ALL);
    let mut future = String::from("layer,date,level_m\nupper,2016-07-15,-3\n");
    for month in 0..20 {
        let date = format!("{}-{:02}-15", 2016 + (month + 8) / 12, (month + 8) % 12 + 1);
        let level_m = -10.0 - 2.0 * (f64::from(month) * 0.7).sin();
        writeln!(future, "upper,{date},{level_m}").unwrap();
        if month != 5 {
            writeln!(future, "lower,{date},{}", level_m * 2.0).unwrap();
        }
    }
    fs::write(folder.path().join("future.csv"), future).unwrap();
    let found = forecast(folder.path(), &["--levels", "future.csv"]);
    let estimate = done(
        folder.path(),
        &["estimate", "model.amlm", "future.csv", "--json"],
    );
    let estimate: Value = serde_json::from_str(&estimate).unwrap();
    let (found, expected) = (&found["months"], &estimate["months"]);
    assert_eq!(found.as_array().unwrap().len(), 20);
    assert_eq!(expected.as_array().unwrap().len(), 20);
    for month in 0..20 {
        for number in ["month", "increment_mm", "subsidence_mm"] {
            assert_eq!(found[month][number], expected[month][number], "{month}");
        }
    }
    let years = forecast(folder.path(), &["--levels", "future.csv"]);
    assert_eq!(years["years"][1]["months_without_level"], 1);
}

#[test]
fn what_cannot_be_forecast_is_refused() {
    let without = write(None);
    let hold = ["forecast", "model.amlm", "--scenario", "hold"];
    let error = failed(without.path(), &hold);
    assert!(
        error.contains("model.amlm: found a model without physics"),
        "{error}"
    );

    let folder = folder(&ELASTIC);
    let error = |arguments: &[&str]| {
        failed(
            folder.path(),
            &[&["forecast", "model.amlm"], arguments].concat(),
        )
    };
    assert!(error(&["--scenario", "climatology"]).contains("--past PAST.csv"));
    assert!(error(&["--scenario", "middle=+1m"]).contains("expected upper, lower or all"));
    assert!(error(&["--scenario", "hold", "--rate", "1", "--layer", "x"]).contains("--layer"));
    assert!(error(&["--scenario", "hold", "--figure", "f.gif"]).contains(".svg or .png"));
    let early = "layer,date,level_m\nupper,2016-08-15,-10\n";
    fs::write(folder.path().join("early.csv"), early).unwrap();
    assert!(
        error(&["--levels", "early.csv"])
            .contains("levels end in 2016-08, expected some after 2016-08")
    );
    let few = "layer,date,level_m\nupper,2016-11-15,-10\n";
    fs::write(folder.path().join("few.csv"), few).unwrap();
    assert!(error(&["--levels", "few.csv", "--rate", "1"]).contains("found 3 months"));
    // Neither levels nor a scenario: wrong usage.
    amlstm(folder.path(), &["forecast", "model.amlm"])
        .assert()
        .code(2);
}
