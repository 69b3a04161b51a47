//! One small sample of each format, written from its published description (named in each reader), and any bytes at all.

use proptest::prelude::*;

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

const GWLEVELS: &str = "# comment\n#\nagency_cd\tsite_no\tsite_tp_cd\tlev_dt\tlev_tm\tlev_tz_cd\tlev_va\tsl_lev_va\tsl_datum_cd\tlev_age_cd\n5s\t15s\t6s\t10d\t5d\t5s\t12s\t12s\t10s\t1s\nUSGS\t3401\tGW\t2012-01-15\t18:30\tUTC\t100.00\t\t\tA\nUSGS\t3401\tGW\t2012-02-15\t\t\t101.50\t\t\tP\nUSGS\t3401\tGW\t2012-03\t\t\t101.50\t\t\tA\nUSGS\t3401\tGW\t2012-04-15\t\t\t\t2300.00\tNAVD88\tA\nUSGS\t3401\tGW\t2012-05-15\t\t\t\t\t\tA\n";

#[test]
fn field_measurements_of_the_usgs_are_read() {
    let imported = read(GWLEVELS);
    // 100 ft = 30.48 m below the land surface, 101.5 ft = 30.9372 m; 2300 ft above NAVD 88 = 701.04 m.
    assert_eq!(
        levels(&imported, "3401"),
        [
            "2012-01-15T18:30:00+00:00 -30.4800",
            "2012-02-15 -30.9372",
            "2012-04-15 701.0400"
        ]
    );
    let approvals: Vec<&str> = imported.levels["3401"]
        .iter()
        .map(|level| level.approval.as_str())
        .collect();
    assert_eq!(approvals, ["A", "P", "A"]);
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
    let text = "# comment\nagency_cd\tsite_no\tdatetime\t111_72019_00001\t111_72019_00001_cd\t112_72019_00003\t112_72019_00003_cd\n5s\t15s\t20d\t14n\t10s\t14n\t10s\nUSGS\t3401\t2012-01-15\t11.00\tA\t10.00\tA\nUSGS\t3401\t2012-01-16\t11.00\tA\tEqp\tP\n";
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
    let text = r#"{"name":"ns1:timeSeriesResponseType","value":{"timeSeries":[{"sourceInfo":{"siteName":"A","siteCode":[{"value":"3401"}],"geoLocation":{"geogLocation":{"latitude":34.5,"longitude":-117.5}}},"variable":{"variableCode":[{"value":"72019"}],"noDataValue":-999999.0},"values":[{"value":[{"value":"10.00","qualifiers":["A"],"dateTime":"2012-01-15T06:00:00.000-08:00"},{"value":"-999999","qualifiers":["P"],"dateTime":"2012-01-15T07:00:00.000-08:00"}]}]}]}}"#;
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
    let text = r#"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[-117.5,34.5]},"properties":{"monitoring_location_id":"USGS-3401","parameter_code":"72019","statistic_id":"00003","time":"2012-01-15","value":"10.00","unit_of_measure":"ft","approval_status":"Approved"}},{"type":"Feature","geometry":null,"properties":{"monitoring_location_id":"USGS-3401","parameter_code":"72019","statistic_id":"00001","time":"2012-01-15","value":"12.00","approval_status":"Approved"}},{"type":"Feature","geometry":null,"properties":{"monitoring_location_id":"USGS-3401","parameter_code":"00010","statistic_id":"00003","time":"2012-01-15","value":"12.00"}}]}"#;
    let imported = read(text);
    assert_eq!(levels(&imported, "3401"), ["2012-01-15 -3.0480"]);
    assert_eq!(imported.left_out["another statistic of the same day"], 1);
    assert_eq!(
        imported.left_out["not a groundwater level (parameter 00010)"],
        1
    );
    let text = "id,monitoring_location_id,parameter_code,statistic_id,time,value,unit_of_measure,approval_status\nx,USGS-3401,72019,00003,2012-01-15,10.00,ft,Approved\nx,USGS-3401,72019,00003,2012-01-16,,ft,Provisional\n";
    let imported = read(text);
    assert_eq!(levels(&imported, "3401"), ["2012-01-15 -3.0480"]);
    assert_eq!(imported.left_out["without a value"], 1);
}

#[test]
fn a_campbell_table_is_read() {
    let text = "\"TOA5\",\"PZ\",\"CR1000X\",\"1\",\"OS\",\"CPU:p.CR1X\",\"1\",\"Hourly\"\r\n\"TIMESTAMP\",\"RECORD\",\"Level_Avg\",\"Batt_Min\"\r\n\"TS\",\"RN\",\"cm\",\"Volts\"\r\n\"\",\"\",\"Avg\",\"Min\"\r\n\"2019-01-01 00:00:00\",1,1050.0,12.5\r\n\"2019-01-01 01:00:00\",2,\"NAN\",12.5\r\n";
    let imported = read(text);
    assert_eq!(levels(&imported, "Level_Avg"), ["2019-01-01 10.5000"]);
    assert_eq!(imported.left_out["without a value"], 1);
    let two = text.replace("\"Volts\"", "\"m\"");
    let message = read_with(&two, &Options::default()).unwrap_err();
    assert!(
        message.contains("name the column of the level by --column"),
        "{message}"
    );
}

#[test]
fn our_own_loggers_table_is_read() {
    let text = "\"TOA5\",\"N1\",\"amlstm\",\"1\",\"1\",\"\",\"0\",\"Months\"\n\"timestamp\",\"record\",\"month\",\"level_upper\",\"days_upper\",\"quality_upper\"\n\"UTC, end of month\",\"RN\",\"\",\"m, datum NAP\",\"d\",\"\"\n\"\",\"\",\"\",\"Avg\",\"Tot\",\"\"\n\"2026-02-01 00:00:00\",\"0\",\"2026-01\",\"4.25\",\"31\",\"\"\n\"2026-03-01 00:00:00\",\"1\",\"2026-02\",\"4.5\",\"9\",\"incomplete\"\n";
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
    let xle = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\r\n<Body_xle><File_info><Company>x</Company></File_info><Instrument_info_data_header><Location>PZ 7</Location></Instrument_info_data_header><Ch1_data_header><Identification>LEVEL</Identification><Unit>cm</Unit></Ch1_data_header><Data>\n<Log id=\"1\"><Date>2012/01/15</Date><Time>06:00:00</Time><ms>0</ms><ch1>250.0</ch1><ch2>12.1</ch2></Log>\n<Log id=\"2\"><Date>2012/01/15</Date><Time>07:00:00</Time><ms>0</ms><ch1>251.0</ch1></Log></Data></Body_xle>";
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
    let csv = "Serial_number:\n123\nProject ID:\n\nLocation:\nPZ 7\nLEVEL\nUNIT: m\nOffset: 0.000000 m\nTEMPERATURE\nUNIT: °C\nDate,Time,ms,LEVEL,TEMPERATURE\n2012-01-15,06:00:00,0,2.5,12.1\n01/15/2012,7:00:00 AM,0,2.51,12.1\n";
    let imported = read_with(csv, &options).unwrap();
    assert_eq!(
        levels(&imported, "PZ 7"),
        ["2012-01-15T06:00:00 12.5000", "2012-01-15T07:00:00 12.5100"]
    );
}

#[test]
fn a_diver_file_is_read() {
    let text = "Data file for DataLogger.\n==========================================================================\nCOMPANY                   =\nLOCATION                  =\n==========================    BEGINNING OF DATA     ==========================\n[Logger settings]\n  Instrument type         =Micro-Diver=13\n  Location                =PB 3\n[Channel 1]\n  Identification          =PRESSURE\n  Reference level         =     400.00 cm\n  Range                   =    1000.00 cm\n[Channel 2]\n  Identification          =TEMPERATURE\n  Reference level         =     -20.00 \u{b0}C\n[Data]\n2\n2011/07/27 10:00:00.0     1023.500    14.17\n2011/07/27 11:00:00.0     1024.500    14.17\nEND OF DATA FILE OF DATALOGGER FOR WINDOWS\n";
    let imported = read(text);
    assert_eq!(
        levels(&imported, "PB 3"),
        ["2011-07-27T10:00:00 10.2350", "2011-07-27T11:00:00 10.2450"]
    );
}

#[test]
fn an_in_situ_file_is_read() {
    let text = "Report Date:,1/20/2012\nReport User Name:,x\nSite:,Bore 4\n\nLog Data:\nRecord Count,2\n\nDate and Time,Seconds,Pressure (PSI),Level Depth To Water (ft)\n1/15/2012 12:00:00 AM,0.0,14.1,100.0\n1/15/2012 1:00:00 PM,3600.0,14.1,101.0\n";
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
    let head = "site YYMMMDD yyyy.yyyy __MJD week d reflon _e0(m) __east(m) ____n0(m) _north(m) u0(m) ____up(m) _ant(m) sig_e(m) sig_n(m) sig_u(m) __corr_en __corr_eu __corr_nu _latitude(deg) _longitude(deg) __height(m)\n";
    let day = |date: &str, up: &str, antenna: &str| {
        format!(
            "TEST {date} 2012.0383 55941 1671 0 4.5 1 0.1 2 0.2 10 {up} {antenna} 0.001 0.001 0.003 0 0 0 52.0 -355.5 10.0\n"
        )
    };
    let text = head.to_owned()
        + &day("12JAN15", "-0.012", "0.1")
        + &day("12JAN16", "-0.0145", "0.1")
        + &day("12JAN17", "0.035", "0.15");
    let imported = read(&text);
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
    let mapping = "separator = \";\"\ndecimal = \",\"\ndate_format = \"%d-%m-%Y\"\nunit = \"cm\"\nno_data = [\"-9999\"]\n[columns]\ndate = \"Peildatum\"\nvalue = \"Stand (cm t.o.v. NAP)\"\nseries = \"Filternummer\"\n";
    let options = Options {
        mapping: Some(toml::from_str(mapping).unwrap()),
        ..Options::default()
    };
    let text = "Titel:;;;\n\nLocatie;Filternummer;Peildatum;Stand (cm t.o.v. NAP)\nB1;001;14-01-2012;1008,5\nB1;002;14-01-2012;-9999\n;;;\n";
    let imported = read_with(text, &options).unwrap();
    assert_eq!(levels(&imported, "001"), ["2012-01-14 10.0850"]);
    assert_eq!(imported.left_out["no_data"], 1);
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
        [("3401".to_owned(), 3)]
    );
    assert_eq!(write(&imported, &target).unwrap().already_there, 3);
    let levels = std::fs::read_to_string(site.path().join("levels.csv")).unwrap();
    assert_eq!(
        levels,
        "well,layer,date,level_m,days,approval\nW7,3401,2012-01-15T18:30:00+00:00,-30.48,,A\nW7,3401,2012-02-15,-30.9372,,P\nW7,3401,2012-04-15,701.04,,A\n"
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
            "pid,latitude,longitude,incidence_angle,20150101,20150113\nA1,52.0,4.5,39.0,0.0,-1.5\nfar,53.0,4.5,39.0,0,0\n",
        ),
        ("qgis.csv", "id,lat,lon,D20150107\n7,52.0,4.5001,2\n"),
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

/// The beginnings by which formats are found, so that random bytes reach their readers.
const BEGINNINGS: [&str; 10] = [
    "\"TOA5\",\"a\"\n\"TIMESTAMP\",\"x\"\n\"TS\",\"m\"\n\"\",\"\"\n",
    "#\nagency_cd\tsite_no\tlev_dt\tlev_va\n5s\t15s\t10d\t12s\n",
    "{\"name\":\"ns1:timeSeriesResponseType\",",
    "{\"type\":\"FeatureCollection\",\"features\":[",
    "monitoring_location_id,parameter_code,time,value\n",
    "site YYMMMDD yyyy.yyyy u0(m) up(m)\n",
    "<?xml version=\"1.0\"?><Body_xle><Ch1_data_header><Unit>m</Unit></Ch1_data_header><Log>",
    "Serial_number:\n1\nDate,Time,ms,LEVEL\n",
    "Data file for DataLogger.\n[Channel 1]\nRange = 1 cm\n[Data]\n1\n",
    "Report Date:,x\nDate and Time,Depth (ft)\n",
];

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_in_few_words(
        beginning in 0..BEGINNINGS.len(),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        likely in "[0-9,;\t/: .\"\nAPMZ+-]{0,200}",
    ) {
        for rest in [bytes.as_slice(), likely.as_bytes()] {
            let mut file = BEGINNINGS[beginning].as_bytes().to_vec();
            file.extend_from_slice(rest);
            if let Err(error) = read_bytes(&file, Path::new("file"), &Options::default()) {
                let message = error.to_string();
                prop_assert!(message.len() <= 400, "{} bytes: {message}", message.len());
            }
        }
    }
}
