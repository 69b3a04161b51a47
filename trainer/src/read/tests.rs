//! Whole site folders, read and refused.

use std::fs;

use super::*;
use crate::config::Config;
use amlstm_core::month_mean::{MonthDefinition, MonthRule};

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
fn levels_of_one_well_come_in_the_models_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("levels.csv");
    let read = |text: &str, well: &str| {
        fs::write(&path, text).unwrap();
        let layers = ["upper".into(), "lower".into()];
        read_levels_of(&path, well, &layers, MonthDefinition::default(), &[])
            .map(|levels| levels.layers)
    };
    let levels = read(LEVELS, "A").unwrap();
    assert_eq!(
        (levels[0].aquifer_layer.as_str(), levels[0].level_m[0]),
        ("upper", Some(5.0))
    );
    assert_eq!(
        read("layer,date,level_m\nlower,2010-01-01,3\n", "A")
            .unwrap()
            .len(),
        1
    );
    assert!(
        read(LEVELS, "C")
            .unwrap_err()
            .to_string()
            .contains("found no level of well C")
    );
    let message = read("layer,date,level_m\nuper,2010-01-01,3\n", "A")
        .unwrap_err()
        .to_string();
    assert!(
        message
            .ends_with(":2: layer: found \"uper\", expected a layer of the model (upper, lower)"),
        "{message}"
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

#[test]
fn files_of_the_european_service_keep_their_names() {
    let points = format!("{LEVEL_3}p1,100,100,0,0,0,0,0,-2\n");
    let ground = |name: &'static str| {
        let dataset = read(&[
            ("wells.csv", "well,easting,northing\nA,100,150\n"),
            ("levels.csv", "well,layer,date,level_m\nA,u,2010-01-01,1\n"),
            (name, &points),
        ])?;
        Ok::<_, String>(dataset.wells[0].ground.clone())
    };
    let Ok(Ground::Points(found)) = ground("EGMS_L3_E32N34_100km_U.csv") else {
        panic!("points")
    };
    assert_eq!(found.points[0].subsidence_mm, [Some(0.0), Some(2.0)]);
    let east = ground("EGMS_L3_E32N34_100km_E.csv").unwrap_err();
    assert!(east.contains("an east-west component"), "{east}");
    let renamed = ground("points.csv").unwrap_err();
    assert!(renamed.contains("give it its own name"), "{renamed}");
}

/// Wells in degrees beside a level 3 file, whose grid is in metres: 3962799.45, 2999718.85 is 5 degrees east, 50 degrees north (IOGP 373-7-2, method 9820).
#[test]
fn wells_in_degrees_find_the_points_of_level_3() {
    let points =
        format!("{LEVEL_3}p1,3962850,2999750,0,0,0,0,0,-2\np2,3964850,2999750,0,0,0,0,0,-9\n");
    let dataset = read(&[
        ("wells.csv", "well,longitude,latitude\nA,5,50\n"),
        ("levels.csv", "well,layer,date,level_m\nA,u,2010-01-01,1\n"),
        ("EGMS_L3_E39N29_100km_U.csv", &points),
    ])
    .unwrap();
    let Ground::Points(found) = &dataset.wells[0].ground else {
        panic!("points")
    };
    let [point] = &found.points[..] else {
        panic!("{:?}", found.points)
    };
    // 50.6 m east and 31.2 m north on the grid, whose scale is within a tenth of one here.
    assert!(
        (point.distance_m - 59.4).abs() < 1.0,
        "{}",
        point.distance_m
    );
    assert_eq!(point.subsidence_mm, [Some(0.0), Some(2.0)]);
}

#[test]
fn points_of_several_tracks_come_together() {
    let track = |pid: &str, scenes: &str| {
        format!("pid,easting,northing,incidence_angle,{scenes}\n{pid},100,100,60,0,-2\n")
    };
    let [one, other] = [
        track("T1", "20100103,20100203"),
        track("T2", "20100107,20100207"),
    ];
    let dataset = read(&[
        ("wells.csv", "well,easting,northing\nA,100,150\n"),
        (
            "levels.csv",
            "well,layer,date,level_m\nA,u,2010-01-01,1\nA,u,2010-02-01,1\n",
        ),
        ("EGMS_L2b_088_0297_IW2_VV.csv", &one),
        ("EGMS_L2b_015_0297_IW1_VV.csv", &other),
    ])
    .unwrap();
    let Ground::Points(points) = &dataset.wells[0].ground else {
        panic!("points")
    };
    assert_eq!(points.scenes.len(), 4);
    let ids: Vec<_> = points
        .points
        .iter()
        .map(|point| point.id.as_str())
        .collect();
    assert_eq!(ids, ["T2", "T1"]);
    let series =
        crate::series::WellSeries::new(&dataset.wells[0], &Config::default().data).unwrap();
    // Both see 4 mm (cos 60 degrees = 1/2) in 31 days: no increment is lost.
    assert_eq!(series.intervals.len(), 1);
    for point in &series.points {
        assert_eq!(point.increment_mm, [Some(4.0)]);
    }
}

#[test]
fn a_slip_of_the_date_is_refused_for_a_model() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "layer,date,level_m\nu,2020-05-10,1\nu,2199-06-01,1\nu,2020-06-10,1\n";
    fs::write(file.path(), text).unwrap();
    let error = read_levels_of(
        file.path(),
        "A",
        &["u".into()],
        MonthDefinition::default(),
        &[],
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.ends_with(":3: date: found 2199-06-01, 179 years after 2020-06-10, the row before it; correct the date"),
        "{error}"
    );
}

#[test]
fn months_without_a_level_still_count_for_a_model() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "layer,date,level_m,days\nu,2020-05-15,,12\nu,2020-06-15,4.5,30\nu,2020-07-15,4,9\n";
    fs::write(file.path(), text).unwrap();
    let layers = ["u".into()];
    let most_days = MonthDefinition::new(0, [MonthRule::MostDays].into_iter()).unwrap();
    let levels = read_levels_of(file.path(), "A", &layers, most_days, &[]).unwrap();
    assert_eq!(
        (levels.first.to_string(), levels.last.to_string()),
        ("2020-05".into(), "2020-07".into())
    );
    // 30 of 30 days count, 9 of 31 do not.
    assert_eq!(
        (
            levels.layers[0].start.to_string(),
            &levels.layers[0].level_m[..]
        ),
        ("2020-06".into(), &[Some(4.5)][..])
    );
}
