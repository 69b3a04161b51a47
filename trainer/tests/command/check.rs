//! `amlstm check` and `amlstm train` on sites as people bring them: real processes, real files.

use std::{fmt::Write as _, fs, path::Path};

use serde_json::Value;
use tempfile::TempDir;

use crate::site::{amlstm, done, failed};

/// Months of the made-up site, from 2010-01.
const MONTHS: usize = 60;

fn date(month: usize) -> String {
    format!("{}-{:02}-15", 2010 + month / 12, month % 12 + 1)
}

/// A well of one layer that sinks by 24 mm a year while its level falls by 1.2 m a year; made up here.
fn site() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut levels = "well,layer,date,level_m\n".to_owned();
    let mut subsidence = "well,date,subsidence_mm\n".to_owned();
    for month in 0..MONTHS {
        let season = (month as f64 * std::f64::consts::TAU / 12.0).sin();
        let level_m = 30.0 - 0.1 * month as f64 + season;
        let subsidence_mm = 2.0 * month as f64 - 1.5 * season;
        writeln!(levels, "A,confined,{},{level_m:.3}", date(month)).unwrap();
        writeln!(subsidence, "A,{},{subsidence_mm:.3}", date(month)).unwrap();
    }
    for (name, text) in [
        ("wells.csv", "well,name\nA,made up\n"),
        ("levels.csv", &levels),
        ("subsidence.csv", &subsidence),
        ("few.toml", "[training]\nepochs = 2\npretrain = \"none\"\n"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn replace(folder: &Path, name: &str, from: &str, to: &str) {
    let path = folder.join(name);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn a_sound_site_is_told_in_words_and_in_json() {
    let site = site();
    let text = done(site.path(), &["check", "."]);
    for part in [
        "sinks",
        "measured",
        "2010-01-15",
        "2014-12-15",
        "1 of 1 wells can be trained",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("Look at these"), "{text}");
    let json: Value = serde_json::from_str(&done(site.path(), &["check", ".", "--json"])).unwrap();
    assert_eq!(json["trainable"], 1);
    let well = &json["wells"][0];
    assert_eq!(well["well"], "A");
    assert_eq!(well["ground"]["kind"], "measured directly");
    assert_eq!(well["ground"]["verdict"], "sinks");
    assert_eq!(well["layers"][0]["readings"], MONTHS);
    assert_eq!(well["training"]["intervals"], MONTHS - 1);
}

/// The site is gone before the page is made: the run carries the rows.
#[test]
fn the_report_shows_the_rows_of_check() {
    let site = site();
    // A level that jumps for one reading is worth a hint.
    replace(site.path(), "levels.csv", "2012-03-15,", "2012-03-15,9");
    let json: Value = serde_json::from_str(&done(site.path(), &["check", ".", "--json"])).unwrap();
    let well = &json["wells"][0];
    done(
        site.path(),
        &["train", ".", "--out", "run", "--config", "few.toml"],
    );
    for name in ["levels.csv", "subsidence.csv", "wells.csv"] {
        fs::remove_file(site.path().join(name)).unwrap();
    }
    let page = amlstm::report::read(&site.path().join("run"))
        .unwrap()
        .html();
    let data = page.split_once("id=\"data\"").unwrap().1;
    let data = data.split_once("</section>").unwrap().0;
    let (layer, ground) = (&well["layers"][0], &well["ground"]);
    let highest = format!(
        "{:.2} on {}",
        layer["highest_m"].as_f64().unwrap(),
        layer["highest_on"].as_str().unwrap()
    );
    let per_year = format!("{:+.1}", ground["mm_per_year"].as_f64().unwrap());
    let hint = well["hints"][0]["hint"].as_str().unwrap();
    for said in [
        "confined",
        "2010-01-15 2014-12-15",
        "sinks",
        &highest,
        &per_year,
        hint,
    ] {
        assert!(data.contains(said), "{said}: {data}");
    }
}

#[test]
fn the_columns_stand_in_the_help() {
    let help = done(Path::new("."), &["check", "--help"]);
    for column in [
        "level_m",
        "depth_to_water_m",
        "subsidence_mm",
        "incidence_angle",
        "DOWN positive",
        "no_data",
    ] {
        assert!(help.contains(column), "{column}: {help}");
    }
}

#[test]
fn a_marker_for_no_reading_is_refused_by_check_and_train_until_it_is_named() {
    let site = site();
    replace(
        site.path(),
        "levels.csv",
        ",2012-03-15,",
        ",2012-03-15,-9999\nA,confined,2012-03-16,",
    );
    for arguments in [
        &["check", "."][..],
        &["train", ".", "--out", "run", "--config", "few.toml"],
    ] {
        let message = failed(site.path(), arguments);
        assert!(
            message.contains("levels.csv:28: level_m: found -9999")
                && message.contains("list it in no_data of [data]"),
            "{message}"
        );
    }
    fs::write(
        site.path().join("marked.toml"),
        "[data]\nno_data = [-9999]\n",
    )
    .unwrap();
    let json = done(
        site.path(),
        &["check", ".", "--config", "marked.toml", "--json"],
    );
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["wells"][0]["layers"][0]["left_out"], "1 no_data");
}

#[test]
fn a_contradiction_between_levels_and_ground_is_hinted_at() {
    let site = site();
    let path = site.path().join("subsidence.csv");
    let up: String = fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(|line| match line.rsplit_once(',') {
            Some((before, value)) if value != "subsidence_mm" => {
                let value: f64 = value.parse().unwrap();
                format!("{before},{}\n", -value)
            }
            _ => format!("{line}\n"),
        })
        .collect();
    fs::write(path, up).unwrap();
    let text = done(site.path(), &["check", "."]);
    assert!(
        text.contains("A: the ground rises while the level falls by 1.2"),
        "{text}"
    );
}

#[test]
fn swapped_coordinates_are_told_by_the_nearest_point() {
    let site = site();
    fs::remove_file(site.path().join("subsidence.csv")).unwrap();
    for (name, text) in [
        ("wells.csv", "well,name,longitude,latitude\nA,,40,60\n"),
        (
            "points.csv",
            "pid,longitude,latitude,20100110,20100210,20100310\np1,60.0001,40,0,-1,-2\n",
        ),
    ] {
        fs::write(site.path().join(name), text).unwrap();
    }
    let output = amlstm(site.path(), &["check", "."]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("0.0 km if longitude and latitude in wells.csv are swapped"),
        "{text}"
    );
    assert!(text.contains("0 of 1 wells can be trained"), "{text}");
}

#[test]
fn both_kinds_of_ground_are_told_apart() {
    let site = site();
    fs::write(site.path().join("points.csv"), "not read").unwrap();
    let text = done(site.path(), &["check", "."]);
    assert!(
        text.contains("subsidence.csv has readings of this well, so points.csv is not used for it"),
        "{text}"
    );
}

/// The split leaves the last months to validation and test: a layer that begins there is nothing to learn from.
#[test]
fn what_training_would_refuse_is_refused_by_check_in_the_same_words() {
    let refused = |site: &Path| {
        let message = failed(site, &["check", "."]);
        let arguments = ["train", ".", "--out", "run", "--config", "few.toml"];
        let output = amlstm(site, &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(
            String::from_utf8(output.stderr).unwrap().trim_end(),
            message
        );
        message
    };
    let site = self::site();
    replace(
        site.path(),
        "levels.csv",
        "A,confined,2014-12-15,",
        "A,lower,2014-11-15,3\nA,confined,2014-12-15,",
    );
    assert!(
        refused(site.path()).contains("aquifer layer lower has no level in the training months")
    );
    let site = self::site();
    fs::remove_file(site.path().join("subsidence.csv")).unwrap();
    for (name, text) in [
        ("wells.csv", "well,name,easting,northing\nA,,0,0\n"),
        (
            "points.csv",
            "pid,easting,northing,20100110,20100210,20100310\np1,0,0,0,,1\np2,0,0,,1,\np3,0,0,1,,\n",
        ),
    ] {
        fs::write(site.path().join(name), text).unwrap();
    }
    assert!(refused(site.path()).contains("the training part has no observed increment"));
}
