//! Whole site folders, read and refused.

mod model;
mod points;

use std::fs;

use super::*;
use crate::config::Config;
use crate::level::LeftOut;
use crate::ps::WellPoints;

const WELLS: &str = "well,name\nA,\"Well A, north\"\nB,\n";
const LEVELS: &str = "well,layer,date,level_m\nA,lower,2010-01-05,1\nA,upper,2010-01-05,5\nB,upper,2010-02-01,7\nA,lower,2010-01-07,2\n";
const SUBSIDENCE: &str = "well,date,subsidence_mm\nA,2010-02-01,3\nA,2010-01-01,1\nB,2010-01-01,\n";

fn read(files: &[(&str, &str)]) -> Result<Dataset, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().to_owned();
    let shown = format!("{}/", path.display());
    read_folders(&[path], &Config::default().data)
        .map_err(|error| error.to_string().replace(&shown, ""))
}

fn site() -> [(&'static str, &'static str); 3] {
    [
        ("wells.csv", WELLS),
        ("levels.csv", LEVELS),
        ("subsidence.csv", SUBSIDENCE),
    ]
}

fn with(name: &'static str, text: &'static str) -> Result<Dataset, String> {
    let mut files: Vec<_> = site().into_iter().filter(|file| file.0 != name).collect();
    files.push((name, text));
    read(&files)
}

#[test]
fn a_site_folder_becomes_wells_in_their_order() {
    let dataset = read(&site()).unwrap();
    let [a, b] = &dataset.wells[..] else {
        panic!("two wells")
    };
    assert_eq!((a.name.as_str(), b.name.as_str()), ("Well A, north", "B"));
    assert_eq!(
        a.levels
            .iter()
            .map(|l| l.aquifer_layer.as_str())
            .collect::<Vec<_>>(),
        ["lower", "upper"]
    );
    assert_eq!(a.levels[0].level_m, [Some(1.5)]);
    assert_eq!(b.levels[0].aquifer_layer, "upper");
    let Ground::Direct(readings) = &a.ground else {
        panic!("directly measured")
    };
    assert_eq!(
        readings.iter().map(|r| r.subsidence_mm).collect::<Vec<_>>(),
        [1.0, 3.0]
    );
    assert_eq!(b.ground, Ground::Points(WellPoints::default()));
    assert!(!dataset.synthetic);
}

#[test]
fn layers_csv_orders_the_aquifer_layers() {
    let dataset = with("layers.csv", "layer\nupper\nlower\n").unwrap();
    assert_eq!(dataset.wells[0].levels[0].aquifer_layer, "upper");
    let message = with("layers.csv", "layer\nupper\n").unwrap_err();
    assert_eq!(
        message,
        "levels.csv:2: layer: found \"lower\", expected a layer of layers.csv (upper)"
    );
}

#[test]
fn an_unknown_well_is_named_beside_the_known_ones() {
    let message = with(
        "levels.csv",
        "well,layer,date,level_m\nA,u,2010-01-01,1\nHOLY,u,2010-01-01,1\n",
    )
    .unwrap_err();
    assert_eq!(
        message,
        "levels.csv:3: well: found \"HOLY\", expected a well of wells.csv (A, B); add it there or correct the row"
    );
    let message = with(
        "subsidence.csv",
        "well,date,subsidence_mm\na,2010-01-01,1\n",
    )
    .unwrap_err();
    assert!(
        message.starts_with("subsidence.csv:2: well: found \"a\""),
        "{message}"
    );
}

#[test]
fn a_duplicate_date_is_refused_with_both_lines() {
    let levels = "well,layer,date,level_m\nA,u,2010-01-01,1\nA,l,2010-01-01,1\nB,u,2010-01-01,1\nA,u,2010-01-01,2\n";
    assert_eq!(
        with("levels.csv", levels).unwrap_err(),
        "levels.csv:5: date: found 2010-01-01 a second time for well A, layer u with another value (first in line 2); remove one"
    );
    let subsidence = "well,date,subsidence_mm\nA,2010-01-02,1\nA,2010-01-01,1\nA,2010-01-02,2\n";
    assert_eq!(
        with("subsidence.csv", subsidence).unwrap_err(),
        "subsidence.csv:4: date: found 2010-01-02 a second time for well A with another value (first in line 2); remove one"
    );
}

/// Levels of two wells by turns in blocks, enough for several sections; `note` goes into a last column.
fn large_levels(note: &str) -> String {
    let mut text = "well,layer,date,level_m,note\n".to_owned();
    let first = jiff::civil::date(1850, 1, 1);
    for day in 0..60_000 {
        let date = first + jiff::Span::new().days(day);
        let well = if day % 20_000 < 10_000 { "A" } else { "B" };
        text += &format!(
            "{well},u,{date},{}.5,{note}\n{well},l,{date},,{note}\n",
            day % 90
        );
    }
    text
}

fn with_levels(levels: &str) -> Result<Dataset, String> {
    let mut files = site();
    files[1].1 = levels;
    read(&files)
}

#[test]
fn a_quoted_line_end_may_lie_anywhere_in_a_large_file() {
    let plain = with_levels(&large_levels("a note of some length")).unwrap();
    for note in ["\"two\nlines\"", "\"a \"\"note\"\"\n\nof some length\n\""] {
        let noted = with_levels(&large_levels(note)).unwrap();
        assert!(plain == noted, "{note}");
    }
    // A's last day is the 50,000th, 1986-11-23.
    assert_eq!(plain.wells[0].levels[0].level_m.len(), 136 * 12 + 11);
}

#[test]
fn the_first_mistake_of_a_large_file_is_named_by_its_line() {
    let text = large_levels("\"two\nlines\"");
    // Each row takes two lines, and each day two rows: day 50,000 begins in line 200,002.
    let broken = text.replace(",1986-11-24,50.5", ",1986-11-24,5O.5");
    let broken = broken.replace(",2014-04-10,", ",2014-04-100,");
    assert_eq!(
        with_levels(&broken).unwrap_err(),
        "levels.csv:200002: level_m: found \"5O.5\", expected metres or an empty field"
    );
    let twice = text.replace("A,u,1973-03-17,", "A,u,1850-01-01,1");
    let message = with_levels(&twice).unwrap_err();
    assert!(
        message.ends_with("date: found 1850-01-01 a second time for well A, layer u with another value (first in line 2); remove one"),
        "{message}"
    );
}

#[test]
fn what_is_missing_is_said() {
    assert!(
        read(&site()[..2])
            .unwrap_err()
            .contains("found neither subsidence.csv nor points.csv")
    );
    assert!(
        read(&site()[1..])
            .unwrap_err()
            .starts_with("failed to open file `wells.csv`")
    );
    assert!(
        with("wells.csv", "well,name\n")
            .unwrap_err()
            .contains("found no well")
    );
    assert!(
        with("wells.csv", "well,name\nA,a\nA,b\n")
            .unwrap_err()
            .starts_with("wells.csv:3: well: found \"A\" a second time")
    );
    assert!(
        with("wells.csv", "well,longitude\nA,1\n")
            .unwrap_err()
            .contains("no column latitude")
    );
    assert!(
        with("wells.csv", "well,longitude,latitude\nA,1,91\n")
            .unwrap_err()
            .contains("latitude 91")
    );
    assert!(
        with("points.csv", "pid,longitude,latitude,20100101\n")
            .unwrap_err()
            .contains("where the wells are")
    );
    let nowhere = read_folders(&["no/such/folder".into()], &Config::default().data).unwrap_err();
    assert!(
        nowhere
            .to_string()
            .starts_with("no/such/folder: not a folder")
    );
}

#[test]
fn what_spreadsheets_write_reads_like_the_plain_file() {
    let windows: Vec<(&str, String)> = site()
        .iter()
        .map(|(name, text)| (*name, format!("\u{feff}{}", text.replace('\n', "\r\n"))))
        .collect();
    let windows: Vec<(&str, &str)> = windows
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    assert_eq!(read(&windows).unwrap(), read(&site()).unwrap());
}

fn message(name: &'static str, text: &'static str) -> String {
    with(name, text).unwrap_err()
}

#[test]
fn markers_for_no_reading_are_refused_with_line_and_value() {
    let levels = "well,layer,date,level_m\nA,u,2010-01-01,29.3\nA,u,2010-02-01,-9999\nA,u,2010-03-01,28.9\nA,u,2010-04-01,-9999\n";
    assert_eq!(
        message("levels.csv", levels),
        "levels.csv:3: level_m: found -9999 (and 1 more for well A, layer u), which looks like \"no reading\" beside its neighbours; list it in no_data of [data], or correct it"
    );
    for value in ["1e30", "1e39", "-32768", "99999"] {
        let levels =
            format!("well,layer,date,level_m\nA,u,2010-01-01,29.3\nA,u,2010-02-01,{value}\n");
        let message = with_levels(&levels).unwrap_err();
        let expected = format!(
            "levels.csv:3: level_m: found \"{value}\", expected metres within 10 km of the datum; list a value for \"no reading\" in no_data of [data]"
        );
        assert_eq!(message, expected);
    }
    // A depth becomes a level that looks like any other: it is told by what the file says.
    let depths = "well,layer,date,depth_to_water_m,measuring_point_m\nA,u,2010-01-01,12,40\nA,u,2010-02-01,-9999,40\nA,u,2010-03-01,13,40\n";
    assert_eq!(
        message("levels.csv", depths),
        "levels.csv:3: depth_to_water_m: found -9999, which looks like \"no reading\" beside its neighbours; list it in no_data of [data], or correct it"
    );
    let subsidence = "well,date,subsidence_mm\nA,2010-01-01,1\nA,2010-02-01,-999\nA,2010-03-01,3\n";
    assert!(
        message("subsidence.csv", subsidence)
            .starts_with("subsidence.csv:3: subsidence_mm: found -999,")
    );
    let subsidence = "well,date,subsidence_mm\nA,2010-01-01,1\nA,2010-02-01,1e30\n";
    assert!(message("subsidence.csv", subsidence).contains("expected mm within 100 m"));
}

#[test]
fn named_values_for_no_reading_are_left_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let levels = "well,layer,date,level_m,approval\nA,u,2010-01-01,29.3,A\nA,u,2010-02-01,-9999,A\nA,u,2010-03-01,Ice,A\nA,u,2010-04-01,NaN,A\nA,u,2010-05-01,28,Provisional\nA,u,2010-06-01,,A\n";
    for (name, text) in [site()[0], ("levels.csv", levels), site()[2]] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let text = "[data]\nno_data = [-9999, \"Ice\"]\napproved_only = true\n";
    let config = Config::parse(text, Path::new("c.toml")).unwrap().data;
    let sites = Sites::open(&[folder.path().to_owned()], &config).unwrap();
    let layer = &sites.readings(0).unwrap().layers[0];
    assert_eq!(layer.readings.len(), 1);
    let left_out = LeftOut {
        empty: 1,
        not_a_number: 1,
        no_data: 2,
        not_approved: 1,
        copies: 0,
        outside: 0,
    };
    assert_eq!(layer.left_out, left_out);
}

#[test]
fn the_first_bad_cell_is_named_with_the_number_of_the_others() {
    let levels = "well,layer,date,level_m\nA,u,2010-01-01,Eqp\nA,u,2010-02-01,1\nA,u,2010-03-01,Ice\nA,u,2010-04-01,NaN\nA,u,2010-05-01,Eqp\n";
    assert_eq!(
        message("levels.csv", levels),
        "levels.csv:2: level_m: found \"Eqp\", expected metres or an empty field; 2 more cells are as bad"
    );
}

#[test]
fn a_name_that_no_model_file_holds_is_refused_at_its_line() {
    let long = "\u{4e95}".repeat(17);
    let wells = format!("well,name\nA,a\n{long},b\n");
    let mut files = site();
    files[0].1 = &wells;
    let message = read(&files).unwrap_err();
    assert!(
        message.starts_with("wells.csv:3: well: found")
            && message.ends_with("51 bytes long, expected at most 48; shorten it"),
        "{message}"
    );
    let levels = format!("well,layer,date,level_m\nA,{long},2010-01-01,1\n");
    assert!(
        with_levels(&levels)
            .unwrap_err()
            .starts_with("levels.csv:2: layer: found")
    );
}

#[test]
fn names_in_other_unicode_forms_are_the_same_well() {
    let dataset = read(&[
        ("wells.csv", "well,name\nH\u{f6}fn,\n"),
        (
            "levels.csv",
            "well,layer,date,level_m\nHo\u{308}fn,u,2010-01-01,1\n\u{a0}H\u{f6}fn\u{a0},u,2010-02-01,1\n",
        ),
        (
            "subsidence.csv",
            "well,date,subsidence_mm\nH\u{f6}fn,2010-01-01,1\n",
        ),
    ]);
    assert_eq!(dataset.unwrap().wells[0].levels[0].level_m.len(), 2);
}

#[test]
fn depth_to_water_becomes_a_level_by_its_measuring_point() {
    let levels = "well,layer,date,depth_to_water_m,measuring_point_m\nA,u,2010-01-01,12.5,40.25\nA,u,2010-02-01,,\n";
    assert_eq!(
        with_levels(levels).unwrap().wells[0].levels[0].level_m,
        [Some(27.75)]
    );
    let message =
        with_levels("well,layer,date,depth_to_water_m\nA,u,2010-01-01,12.5\n").unwrap_err();
    assert!(message.contains("no column measuring_point_m"), "{message}");
    let message =
        with_levels("well,layer,date,level_m,depth_to_water_m,measuring_point_m\n").unwrap_err();
    assert!(
        message.contains("found both level_m and depth_to_water_m"),
        "{message}"
    );
}

#[test]
fn times_with_an_offset_belong_to_the_sites_month() {
    let levels =
        "well,layer,date,level_m\nA,u,2010-01-31T23:00:00Z,1\nA,u,2010-02-01 01:00:00+08:00,5\n";
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [site()[0], ("levels.csv", levels), site()[2]] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let levels = |utc_offset| {
        let mut config = Config::default().data;
        config.utc_offset = utc_offset;
        let dataset = read_folders(&[folder.path().to_owned()], &config).unwrap();
        dataset.wells[0].levels[0].clone()
    };
    // 23:00 of 31 January in UTC is 7:00 of 1 February in China; 1:00 of 1 February there is 17:00 of 31 January in UTC.
    assert_eq!(levels(0.0).level_m, [Some(3.0)]);
    assert_eq!(levels(0.0).start.to_string(), "2010-01");
    assert_eq!(levels(8.0).start.to_string(), "2010-02");
}

#[test]
fn a_copied_row_is_counted_not_refused() {
    let levels = "well,layer,date,level_m\nA,u,2010-01-01,1\nA,u,2010-01-01,1.0\n";
    assert_eq!(
        with_levels(levels).unwrap().wells[0].levels[0].level_m,
        [Some(1.0)]
    );
    let levels = "well,layer,date,level_m\nA,u,2010-01-01,1\nA,u,2010-01-01,2\nA,u,2010-01-02,1\nA,u,2010-01-02,2\n";
    assert_eq!(
        message("levels.csv", levels),
        "levels.csv:3: date: found 2010-01-01 a second time for well A, layer u with another value (first in line 2); remove one; there is another such pair"
    );
}

const LEVEL_3: &str = "pid,easting,northing,mean_velocity,mean_velocity_std,acceleration,seasonality,20100101,20100201\n";
