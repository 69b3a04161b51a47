//! `amlstm init` and `amlstm import` as a newcomer uses them: real processes, real files.

use std::{fmt::Write as _, fs, path::Path};

use serde_json::Value;

use crate::site::{amlstm, done};

/// Months of the made-up files, from 2015-01.
const MONTHS: usize = 72;

/// Standard output of a run that must succeed, as JSON.
fn json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&done(folder, arguments)).unwrap()
}

fn date(month: usize, day: usize) -> String {
    format!("{}-{:02}-{day:02}", 2015 + month / 12, month % 12 + 1)
}

/// Field measurements of a USGS site in feet below the land surface, made up.
fn rdb(site: &str, depth_ft: impl Fn(f64) -> f64) -> String {
    let mut text = "# made-up rows in the layout of a download\n#\nagency_cd\tsite_no\tsite_tp_cd\tlev_dt\tlev_tm\tlev_tz_cd\tlev_va\tsl_lev_va\tsl_datum_cd\tlev_age_cd\n5s\t15s\t6s\t10d\t5d\t5s\t12s\t12s\t10s\t1s\n".to_owned();
    for month in 0..MONTHS {
        let depth_ft = depth_ft(month as f64);
        writeln!(
            text,
            "USGS\t{site}\tGW\t{}\t18:30\tUTC\t{depth_ft:.2}\t\t\tA",
            date(month, 15)
        )
        .unwrap();
    }
    text
}

/// An EGMS level 2b table of points around 4.5 E, 52 N, made up: they sink by 20 mm a year.
fn egms() -> String {
    let mut text = "pid,mp_type,latitude,longitude,incidence_angle,track_angle,los_up".to_owned();
    for month in 0..MONTHS {
        write!(text, ",{}", date(month, 10).replace('-', "")).unwrap();
    }
    text.push('\n');
    for point in 0..12 {
        let latitude = 52.0 + 1e-4 * f64::from(point);
        write!(text, "P{point},0,{latitude:.5},4.5,39.0,347.6,0.777").unwrap();
        for month in 0..MONTHS {
            let season = (month as f64 * std::f64::consts::TAU / 12.0).sin();
            let los_mm =
                -0.777 * (20.0 / 12.0 * month as f64 - 2.0 * season + 0.1 * f64::from(point));
            write!(text, ",{los_mm:.1}").unwrap();
        }
        text.push('\n');
    }
    text + "far,0,53.0,4.5,39.0,347.6,0.777" + &",0".repeat(MONTHS) + "\n"
}

#[test]
fn one_egms_file_and_three_usgs_files_become_a_model_in_three_commands() {
    let folder = tempfile::tempdir().unwrap();
    let season = |time: f64| (time * std::f64::consts::TAU / 12.0).sin();
    for (name, text) in [
        ("EGMS_L2b_088_0297_IW2_VV.csv", egms()),
        ("shallow.rdb", rdb("5201", |time| 20.0 - season(time))),
        (
            "middle.rdb",
            rdb("5202", |time| 60.0 + 0.2 * time - 4.0 * season(time)),
        ),
        (
            "deep.rdb",
            rdb("5203", |time| 90.0 + 0.4 * time - 6.0 * season(time)),
        ),
        (
            "few.toml",
            "[training]\nepochs = 2\npretrain = \"none\"\n".to_owned(),
        ),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let told = done(
        folder.path(),
        &[
            "import",
            "EGMS_L2b_088_0297_IW2_VV.csv",
            "shallow.rdb",
            "middle.rdb",
            "deep.rdb",
            "--well",
            "W7",
            "--longitude",
            "4.5",
            "--latitude",
            "52.0",
            "--output",
            "site",
        ],
    );
    for part in [
        "a USGS RDB file",
        "72 levels of layer 5203",
        "depths in ft to levels in m",
        "12 points",
        "left out: 1 points farther than 5 km from every well",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    done(
        folder.path(),
        &["train", "site", "--out", "run", "--config", "few.toml"],
    );
    done(
        folder.path(),
        &["export", "run", "--well", "W7", "-o", "w7.amlm"],
    );
    assert!(folder.path().join("w7.amlm").is_file());
    let check = json(folder.path(), &["check", "site", "--json"]);
    let ground = &check["wells"][0]["ground"];
    assert_eq!(
        ground["kind"],
        "points, line of sight, incidence 39 degrees"
    );
    assert_eq!(
        (&ground["verdict"], &check["trainable"]),
        (&"sinks".into(), &1.into())
    );
    // Written files can be read by whom any other new file can.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &str| {
            let file = fs::metadata(folder.path().join(path)).unwrap();
            file.permissions().mode()
        };
        for file in ["site/levels.csv", "site/wells.csv", "site/points.csv"] {
            assert_eq!(mode(file), mode("few.toml"), "{file}");
        }
    }
    // Importing again adds nothing.
    let again = done(
        folder.path(),
        &["import", "deep.rdb", "--well", "W7", "-o", "site"],
    );
    assert!(again.contains("72 rows were there already"), "{again}");
}

#[test]
fn the_example_site_can_be_checked_at_once() {
    let folder = tempfile::tempdir().unwrap();
    done(folder.path(), &["init", "mysite"]);
    let check = json(folder.path(), &["check", "mysite", "--json"]);
    let well = &check["wells"][0];
    assert_eq!(
        (&well["synthetic"], &check["trainable"]),
        (&true.into(), &1.into())
    );
    assert_eq!(well["hints"], Value::Array(Vec::new()));
    let output = amlstm(folder.path(), &["init", "mysite"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("found a file, expected none"), "{message}");
}
