//! One small sample of each format, written from its published description (named in each reader); they are seeds of the fuzz targets, too.

use super::*;

fn read_with(text: &str, options: &Options) -> Result<Imported, String> {
    read_bytes(text.as_bytes(), Path::new("file"), options).map_err(|error| error.to_string())
}

fn read(text: &str) -> Imported {
    read_with(text, &Options::default()).unwrap()
}

/// Levels of a series as `date level`.
fn levels(imported: &Imported, series: &str) -> Vec<String> {
    let shown = |level: &Level| format!("{} {:.4}", level.stamp, level.level_m);
    imported.levels[series].iter().map(shown).collect()
}

const GWLEVELS: &str = include_str!("../../../tests/fuzz/seeds/import.rdb/field-measurements.rdb");

#[test]
fn field_measurements_of_the_usgs_are_read() {
    let imported = read(GWLEVELS);
    // 100 ft = 30.48 m below the land surface, 101.5 ft = 30.9372 m. 2300 ft above NAVD 88 are none of this series.
    assert_eq!(
        levels(&imported, "3401"),
        ["2012-01-15T18:30:00+00:00 -30.4800", "2012-02-15 -30.9372",]
    );
    let approvals: Vec<&str> = imported.levels["3401"]
        .iter()
        .map(|level| level.approval.as_str())
        .collect();
    assert_eq!(approvals, ["A", "P"]);
    let reason = "another parameter of the same site (62611)";
    assert_eq!(imported.left_out[reason], 1);
    assert_eq!(imported.left_out["with a date of month or year only"], 1);
    assert_eq!(imported.left_out["without a value"], 1);
    let options = Options {
        zero_m: 50.0,
        ..Options::default()
    };
    let raised = read_with(GWLEVELS, &options).unwrap();
    assert!(levels(&raised, "3401")[0].ends_with(" 19.5200"));
}

#[test]
fn daily_values_of_the_usgs_are_read() {
    let text = include_str!("../../../tests/fuzz/seeds/import.rdb/daily.rdb");
    let imported = read(text);
    // The mean (00003), not the maximum: 10 ft.
    assert_eq!(levels(&imported, "3401"), ["2012-01-15 -3.0480"]);
    assert_eq!(imported.left_out["without a value"], 1);
    let broken = text.replace("\t10.00\tA", "\t10.00");
    let message = read_with(&broken, &Options::default()).unwrap_err();
    assert!(
        message.starts_with("file:4: found") && message.contains("7 fields between tabs"),
        "{message}"
    );
}

#[test]
fn json_of_the_usgs_is_read() {
    let text = include_str!("../../../tests/fuzz/seeds/import.nwis-json/values.json");
    let imported = read(text);
    assert_eq!(
        levels(&imported, "3401"),
        ["2012-01-15T06:00:00-08:00 -3.0480"]
    );
    assert_eq!(imported.left_out["without a value"], 1);
    assert_eq!(
        imported.position,
        Some(Position::Geographic {
            longitude: -117.5,
            latitude: 34.5
        })
    );
}

#[test]
fn geojson_and_csv_of_the_usgs_are_read() {
    let text = include_str!("../../../tests/fuzz/seeds/import.ogc-geojson/daily.geojson");
    let imported = read(text);
    assert_eq!(levels(&imported, "3401"), ["2012-01-15 -3.0480"]);
    assert_eq!(imported.left_out["another statistic of the same day"], 1);
    assert_eq!(
        imported.left_out["not a groundwater level (parameter 00010)"],
        1
    );
    let text = include_str!("../../../tests/fuzz/seeds/import.ogc-csv/daily.csv");
    let imported = read(text);
    assert_eq!(levels(&imported, "3401"), ["2012-01-15 -3.0480"]);
    assert_eq!(imported.left_out["without a value"], 1);
}

/// A depth and the levels above two datums that services compute from it are one measurement.
#[test]
fn one_parameter_and_one_sensor_is_taken_of_a_site() {
    let measurement = "USGS\t1\t2012-01-15\t18:30\tUTC";
    let text = format!(
        "#\nagency_cd\tsite_no\tlev_dt\tlev_tm\tlev_tz_cd_rdb\tparameter_cd\tlev_va\tsl_lev_va\tsl_datum_cd\n5s\t15s\t10d\t5d\t5s\t5s\t12s\t12s\t10s\n{measurement}\t62610\t\t2100.00\tNGVD29\n{measurement}\t62611\t\t2102.00\tNAVD88\n{measurement}\t72019\t100.00\t\t\n"
    );
    let imported = read(&text);
    assert_eq!(
        levels(&imported, "1"),
        ["2012-01-15T18:30:00+00:00 -30.4800"]
    );
    for code in ["62610", "62611"] {
        let reason = format!("another parameter of the same site ({code})");
        assert_eq!(imported.left_out[&reason], 1);
    }
    let daily = include_str!("../../../tests/fuzz/seeds/import.rdb/daily.rdb");
    assert_eq!(read(daily).left_out["another statistic of the same day"], 2);
    let json = include_str!("../../../tests/fuzz/seeds/import.nwis-json/values.json");
    let second = "{\"value\":[{\"value\":\"99\",\"dateTime\":\"2012-01-15T08:00:00.000-08:00\"}]},{\"value\":[{\"value\":\"10.00\"";
    let json = json.replacen("{\"value\":[{\"value\":\"10.00\"", second, 1);
    let imported = read(&json);
    assert_eq!(imported.left_out["another sensor of the same site"], 2);
    assert_eq!(
        levels(&imported, "3401"),
        ["2012-01-15T08:00:00-08:00 -30.1752"]
    );
}

/// Converted, 7999 ft would be a level like any other.
#[test]
fn numbers_for_no_reading_stay_as_they_are() {
    let head = "\"TOA5\",\"PZ\",\"CR1000X\",\"1\",\"OS\",\"CPU:p.CR1X\",\"1\",\"Hourly\"\n\"TIMESTAMP\",\"DTW\"\n\"TS\",\"ft\"\n\"\",\"Avg\"\n";
    let rows = [100.0, 101.0, 7999.0, 102.0, 100.0]
        .iter()
        .enumerate()
        .map(|(day, depth)| format!("\"2019-01-{:02}\",{depth}\n", day + 1));
    let imported = read(&(head.to_owned() + &rows.collect::<String>()));
    assert_eq!(levels(&imported, "DTW")[2], "2019-01-03 7999.0000");
    assert_eq!(
        imported.converted[1],
        "1 numbers such as 7999 look like \"no reading\" and stay as they are: name them in no_data of [data]"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.csv");
    std::fs::write(
        &path,
        "pid,lat,lon,20150101,20150113,20150125,20150206\n7,52.0,4.5,1.1,-9999,1.2,1.7\n",
    )
    .unwrap();
    let well = Position::Geographic {
        longitude: 4.5,
        latitude: 52.0,
    };
    let mut written = Vec::new();
    write_points(
        &[path],
        &[well],
        View::Vertical,
        LengthUnit::Cm,
        &mut written,
    )
    .unwrap();
    assert!(
        String::from_utf8(written)
            .unwrap()
            .ends_with("\n7,4.5,52.0,11,-9999,12,17\n")
    );
}

#[test]
fn a_campbell_table_is_read() {
    let text = include_str!("../../../tests/fuzz/seeds/import.toa5/campbell.dat");
    let imported = read(text);
    assert_eq!(levels(&imported, "Level_Avg"), ["2019-01-01 10.5000"]);
    assert_eq!(imported.left_out["without a value"], 1);
    let overflow = text.replace("NAN", "-INF");
    let left_out = &read(&overflow).left_out;
    assert_eq!(left_out["without a value"], 1);
    let two = text.replace("\"Volts\"", "\"m\"");
    let message = read_with(&two, &Options::default()).unwrap_err();
    assert!(
        message.contains("name the column of the level by --column"),
        "{message}"
    );
}

#[test]
fn our_own_loggers_table_is_read() {
    let text = include_str!("../../../tests/fuzz/seeds/import.toa5/months.dat");
    let imported = read(text);
    // Whether a month of nine days counts is for the rule of training, as for levels.csv.
    assert_eq!(
        levels(&imported, "upper"),
        ["2026-01-15 4.2500", "2026-02-15 4.5000"]
    );
    let days = |month: usize| imported.levels["upper"][month].days;
    assert_eq!([days(0), days(1)], [Some(31), Some(9)]);
}

/// Samples as console and laptop write them: their stamps are UTC, whatever the site's time is.
#[test]
fn our_own_loggers_samples_are_instants() {
    let imported = read(include_str!("../../../tests/fixtures/samples.toa5.dat"));
    assert_eq!(
        levels(&imported, "phreatic"),
        ["2026-05-01T22:15:00+00:00 20.6571"]
    );
    assert_eq!(imported.left_out["without a value"], 2);
    let flagged = "flagged \"clock not set since power loss\"";
    assert_eq!(imported.left_out[flagged], 1);
}

#[test]
fn solinst_files_are_read() {
    let xle = include_str!("../../../tests/fuzz/seeds/import.solinst-xle/levelogger.xle");
    let options = Options {
        zero_m: 10.0,
        ..Options::default()
    };
    let imported = read_with(xle, &options).unwrap();
    assert_eq!(
        levels(&imported, "PZ 7"),
        ["2012-01-15T06:00:00 12.5000", "2012-01-15T07:00:00 12.5100"]
    );
    assert!(imported.converted[1].contains("air pressure"));
    let csv = include_str!("../../../tests/fuzz/seeds/import.solinst-csv/levelogger.csv");
    let imported = read_with(csv, &options).unwrap();
    assert_eq!(
        levels(&imported, "PZ 7"),
        ["2012-01-15T06:00:00 12.5000", "2012-01-15T07:00:00 12.5100"]
    );
}

#[test]
fn a_diver_file_is_read() {
    let text = include_str!("../../../tests/fuzz/seeds/import.van-essen/diver.mon");
    let imported = read(text);
    assert_eq!(
        levels(&imported, "PB 3"),
        ["2011-07-27T10:00:00 10.2350", "2011-07-27T11:00:00 10.2450"]
    );
}

#[test]
fn an_in_situ_file_is_read() {
    let text = include_str!("../../../tests/fuzz/seeds/import.in-situ/troll.csv");
    let imported = read(text);
    assert_eq!(
        levels(&imported, "Bore 4"),
        ["2012-01-15 -30.4800", "2012-01-15T13:00:00 -30.7848"]
    );
    let options = Options {
        date_order: Some(DateOrder::DayFirst),
        ..Options::default()
    };
    let message = read_with(text, &options).unwrap_err();
    assert!(
        message.contains("file:9: date: found \"1/15/2012 12:00:00 AM\""),
        "{message}"
    );
}

#[test]
fn a_gnss_station_is_read_with_its_steps() {
    let imported = read(include_str!(
        "../../../tests/fuzz/seeds/import.tenv3/TEST.tenv3"
    ));
    let found: Vec<String> = imported
        .subsidence
        .iter()
        .map(|(stamp, mm)| format!("{stamp} {mm:.1}"))
        .collect();
    assert_eq!(
        found,
        ["2012-01-15 0.0", "2012-01-16 2.5", "2012-01-17 -47.0"]
    );
    assert!(
        imported.converted[1].contains("2012-01-17 +50 mm, another antenna height"),
        "{:?}",
        imported.converted
    );
    assert_eq!(
        imported.position,
        Some(Position::Geographic {
            longitude: 4.5,
            latitude: 52.0
        })
    );
}

#[test]
fn any_other_csv_is_read_by_a_mapping() {
    // The mapping, a line of dashes, the file.
    let sample = include_str!("../../../tests/fuzz/seeds/mapping/dino.txt");
    let (mapping, text) = sample.split_once("---\n").unwrap();
    let options = Options {
        mapping: Some(Mapping::parse(mapping, Path::new("mapping.toml")).unwrap()),
        ..Options::default()
    };
    let imported = read_with(text, &options).unwrap();
    assert_eq!(levels(&imported, "001"), ["2012-01-14 10.0850"]);
    assert_eq!(imported.left_out["no_data"], 1);
    let long = "x".repeat(500);
    for text in [format!("{long} = 1\n"), mapping.replace("Peildatum", &long)] {
        let message = match Mapping::parse(&text, Path::new("mapping.toml")) {
            Err(error) => error.to_string(),
            Ok(long) => {
                let options = Options {
                    mapping: Some(long),
                    ..Options::default()
                };
                read_with("a;b\n", &options).unwrap_err()
            }
        };
        assert!(message.len() <= 400, "{message}");
    }
    let message = read_with("a;b\n", &options).unwrap_err();
    assert!(
        message.contains("found no line with the columns of the mapping"),
        "{message}"
    );
}

#[test]
fn a_file_of_no_known_format_is_refused() {
    let message = read_with("hello\nworld\n", &Options::default()).unwrap_err();
    assert!(
        message.contains("not a file of a known format"),
        "{message}"
    );
    let message = read_with("\u{89}HDF", &Options::default()).unwrap_err();
    assert!(
        message.contains("not a file of a known format"),
        "{message}"
    );
}

#[test]
fn what_was_imported_makes_a_site_and_is_not_written_twice() {
    let site = tempfile::tempdir().unwrap();
    let target = Target {
        site: site.path(),
        well: "W7",
        layer: None,
        unnamed: "file",
    };
    let imported = read(GWLEVELS);
    assert_eq!(
        write(&imported, &target).unwrap().layers,
        [("3401".to_owned(), 2)]
    );
    assert_eq!(write(&imported, &target).unwrap().already_there, 2);
    let levels = std::fs::read_to_string(site.path().join("levels.csv")).unwrap();
    assert_eq!(
        levels,
        "well,layer,date,level_m,days,approval\nW7,3401,2012-01-15T18:30:00+00:00,-30.48,,A\nW7,3401,2012-02-15,-30.9372,,P\n"
    );
    let wells = std::fs::read_to_string(site.path().join("wells.csv")).unwrap();
    assert_eq!(wells, "well,name\nW7,W7\n");
}

#[test]
fn insar_tables_become_one_points_file() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        (
            "EGMS_L2b_088_0297_IW2_VV.csv",
            include_str!("../../../tests/fuzz/seeds/insar/egms.csv"),
        ),
        (
            "qgis.csv",
            include_str!("../../../tests/fuzz/seeds/insar/qgis.csv"),
        ),
    ];
    let paths: Vec<_> = files
        .iter()
        .map(|(name, text)| {
            std::fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name)
        })
        .collect();
    let well = Position::Geographic {
        longitude: 4.5,
        latitude: 52.0,
    };
    let mut written = Vec::new();
    let unclear = write_points(&paths, &[well], View::AsNamed, LengthUnit::Mm, &mut written);
    assert!(
        unclear
            .unwrap_err()
            .to_string()
            .contains("say --incidence DEGREES"),
        "the second file has no angle"
    );
    written.clear();
    let taken = write_points(
        &paths[..1],
        &[well],
        View::AsNamed,
        LengthUnit::Mm,
        &mut written,
    )
    .unwrap();
    assert_eq!((taken[0].taken, taken[0].far), (1, 1));
    assert_eq!(
        String::from_utf8(written.clone()).unwrap(),
        "pid,longitude,latitude,incidence_angle,20150101,20150113\nA1,4.5,52.0,39.0,0.0,-1.5\n"
    );
    written.clear();
    write_points(
        &paths,
        &[well],
        View::Vertical,
        LengthUnit::Cm,
        &mut written,
    )
    .unwrap();
    assert_eq!(
        String::from_utf8(written).unwrap(),
        "pid,longitude,latitude,20150101,20150107,20150113\nA1,4.5,52.0,0,,-15\n7,4.5001,52.0,,20,\n"
    );
}
