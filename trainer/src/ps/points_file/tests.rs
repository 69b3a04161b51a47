use super::*;
use crate::ps::PsPoint;
use jiff::civil::date;
use proptest::prelude::*;
use std::fmt::Write as _;

const WELL: Position = Position::Geographic {
    longitude: 116.5,
    latitude: 39.9,
};

/// [`read_points`] from any source, row after row by one thread: what the index is compared with. `path` is what messages call it.
fn read_points_from(
    source: impl Read,
    path: &Path,
    centres: &[Position],
    buffer_m: f64,
) -> Result<Vec<WellPoints>, PointsError> {
    let mut lines = Lines::behind(source, 0, 0);
    let header = header_of(&mut lines, path, centres)?;
    let conventions = Conventions::default();
    let buffers = Buffers::new(centres.to_vec(), buffer_m);
    let mut found = vec![Vec::new(); centres.len()];
    for_each_point(
        &mut lines,
        path,
        (&header, &conventions),
        &buffers,
        |row, _, position, around| {
            let (point, _) = row.point(position)?;
            for (centre, distance_m) in around {
                found[*centre].push(PsPoint {
                    distance_m: *distance_m,
                    ..point.clone()
                });
            }
            Ok(())
        },
    )?;
    let of_centre = |points| WellPoints {
        scenes: header.scenes.clone(),
        points,
    };
    Ok(found.into_iter().map(of_centre).collect())
}

fn read(text: &str) -> Result<Vec<WellPoints>, PointsError> {
    read_points_from(text.as_bytes(), Path::new("points.csv"), &[WELL], 300.0)
}

fn message(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

const HEADER: &str = "pid,longitude,latitude,incidence_angle,20150301,20150325\n";

#[test]
fn line_of_sight_becomes_vertical_subsidence() {
    // 60 degrees: the vertical is twice the line of sight.
    let found = read(&format!("{HEADER}p1,116.5,39.9,60,0.0,-2.5\n")).unwrap();
    assert_eq!(found[0].scenes, [date(2015, 3, 1), date(2015, 3, 25)]);
    let point = &found[0].points[0];
    assert_eq!((point.id.as_str(), point.distance_m), ("p1", 0.0));
    assert!((point.subsidence_mm[1].unwrap() - 5.0).abs() < 1e-6);
}

#[test]
fn a_vertical_product_needs_no_incidence_angle() {
    let found = read("pid,latitude,longitude,20150301,20150325\np1,39.9,116.5,1.5,-2.5\n").unwrap();
    assert_eq!(found[0].points[0].subsidence_mm, [Some(-1.5), Some(2.5)]);
}

#[test]
fn points_outside_the_buffer_are_left_out() {
    // 0.003 degrees of latitude are 333 m, 0.0026 are 289 m.
    let found = read(&format!(
        "{HEADER}far,116.5,39.903,30,0,1\nnear,116.5,39.9026,30,0,1\n"
    ))
    .unwrap();
    let ids: Vec<&str> = found[0]
        .points
        .iter()
        .map(|point| point.id.as_str())
        .collect();
    assert_eq!(ids, ["near"]);
    assert!((found[0].points[0].distance_m - 288.7).abs() < 0.2);
}

#[test]
fn planar_wells_use_easting_and_northing_of_the_same_file() {
    let text = "pid,latitude,longitude,easting,northing,20150301\np1,0,0,500100,4000000,1\np2,0,0,500400,4000000,1\n";
    let well = Position::Planar {
        easting: 500_000.0,
        northing: 4_000_000.0,
    };
    let found = read_points_from(text.as_bytes(), Path::new("points.csv"), &[well], 300.0).unwrap();
    assert_eq!(found[0].points.len(), 1);
    assert_eq!(found[0].points[0].distance_m, 100.0);
}

#[test]
fn a_point_in_two_buffers_belongs_to_both_wells() {
    let wells = [WELL, WELL.moved(200.0, 0.0), WELL.moved(2000.0, 0.0)];
    let text = format!("{HEADER}p1,116.5,39.9,30,0,1\n");
    let found = read_points_from(text.as_bytes(), Path::new("points.csv"), &wells, 300.0).unwrap();
    let counts: Vec<usize> = found.iter().map(|well| well.points.len()).collect();
    assert_eq!(counts, [1, 1, 0]);
    assert!((found[1].points[0].distance_m - 200.0).abs() < 0.01);
}

#[test]
fn scenes_are_sorted_and_missing_values_stay_missing() {
    let text = "20150325,pid,longitude,latitude,20150301\n,p1,116.5,39.9,NaN\n-3,p2,116.5,39.9,\n";
    let found = read(text).unwrap();
    assert_eq!(found[0].scenes, [date(2015, 3, 1), date(2015, 3, 25)]);
    assert_eq!(found[0].points[0].subsidence_mm, [None, None]);
    assert_eq!(found[0].points[1].subsidence_mm, [None, Some(3.0)]);
}

#[test]
fn quotes_line_ends_and_a_byte_order_mark_are_understood() {
    let text = "\u{feff}\"pid\",longitude,latitude,20150301\r\n\"a, \"\"b\"\"\",116.5,\"39.9\",-1\r\n\r\np2,116.5,39.9,-2";
    let found = read(text).unwrap();
    assert_eq!(found[0].points[0].id, "a, \"b\"");
    assert_eq!(found[0].points[1].subsidence_mm, [Some(2.0)]);
}

#[test]
fn a_wrong_value_is_named_with_line_and_column() {
    assert_eq!(
        message(&format!(
            "{HEADER}p1,116.5,39.9,30,0,1\np2,116.5,39.9,30,n/a,1\n"
        )),
        "points.csv:3: 20150301: found \"n/a\", expected mm or an empty field"
    );
    assert_eq!(
        message(&format!("{HEADER}p1,116.5,,30,0,1\n")),
        "points.csv:2: latitude: found \"\", expected degrees from -90 to 90"
    );
    assert_eq!(
        message(&format!("{HEADER}p1,116.5,39.9,95,0,1\n")),
        "points.csv:2: incidence_angle: found \"95\", expected degrees from the vertical, 10 to 89; remove the column where values are vertical"
    );
    assert_eq!(
        message(&format!("{HEADER}p1,116.5,39.9,30,inf,1\n")),
        "points.csv:2: 20150301: found \"inf\", expected mm or an empty field"
    );
}

#[test]
fn a_row_of_another_length_is_refused() {
    assert_eq!(
        message(&format!("{HEADER}p1,116.5,39.9,30,0\n")),
        "points.csv:2: found 5 fields, expected 6 as in the first line; quote a field that contains a comma"
    );
    assert_eq!(
        message(&format!("{HEADER}p1\n")),
        "points.csv:2: found 1 fields, expected 6 as in the first line; quote a field that contains a comma"
    );
}

#[test]
fn a_quote_without_partner_is_refused() {
    let expected =
        "points.csv:2: a quote without its partner; close the quoted field or remove the quote";
    assert_eq!(
        message(&format!("{HEADER}\"p1,116.5,39.9,30,0,1\n")),
        expected
    );
    assert_eq!(
        message(&format!("{HEADER}\"p1\"x,116.5,39.9,30,0,1\n")),
        expected
    );
}

#[test]
fn headers_without_a_needed_column_are_refused() {
    for (header, expected) in [
        (
            "",
            "points.csv:1: found no column pid, expected a header line",
        ),
        (
            "id,longitude,latitude,20150301\n",
            "points.csv:1: found no column pid, expected the point's id",
        ),
        (
            "pid,easting,northing,20150301\n",
            "points.csv:1: found no column longitude, expected longitude and latitude in degrees, as in wells.csv",
        ),
        (
            "pid,longitude,latitude\n",
            "points.csv:1: found no column YYYYMMDD, expected one column a scene, named by its date",
        ),
        (
            "pid,longitude,latitude,20150301,20150301\n",
            "points.csv:1: two columns 20150301; remove or rename one",
        ),
        (
            "pid,longitude,latitude,20151301\n",
            "points.csv:1: 20151301: found \"20151301\", expected a date YYYYMMDD",
        ),
    ] {
        assert_eq!(message(header), expected);
    }
}

#[test]
fn a_line_without_end_is_refused_before_it_fills_the_memory() {
    let error = read_points_from(
        std::io::repeat(b'x'),
        Path::new("points.csv"),
        &[WELL],
        300.0,
    )
    .unwrap_err();
    assert!(
        matches!(&error, PointsError::Table(TableError::LongRow { place }) if place.line == 1),
        "{error}"
    );
}

/// A file of several stretches with points in, near and far from the buffer.
fn large(broken: &[usize]) -> String {
    let mut text = HEADER.to_owned();
    for row in 0..150_000 {
        let latitude = 39.9 + 1e-4 * (row % 50) as f64;
        let value = if broken.contains(&row) { "x" } else { "-1.25" };
        writeln!(text, "p{row},116.5,{latitude:.4},30,{value},{}", row % 50).unwrap();
    }
    text
}

#[test]
fn a_large_file_gives_the_same_points_by_all_threads_as_by_one() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = large(&[]);
    std::fs::write(file.path(), &text).unwrap();
    let wells = [WELL, WELL.moved(0.0, 400.0)];
    let found = read_points(file.path(), &wells, 300.0, &Conventions::default()).unwrap();
    let expected = read_points_from(text.as_bytes(), file.path(), &wells, 300.0).unwrap();
    assert!(found == expected, "points differ");
    assert!(found[0].points.len() > 50_000 && found[1].points.len() > 50_000);
}

#[test]
fn the_first_mistake_of_a_large_file_is_named_by_its_line() {
    let file = tempfile::NamedTempFile::new().unwrap();
    // The rows lie at the well, so they are read; the header is line 1.
    std::fs::write(file.path(), large(&[120_000, 149_950])).unwrap();
    let error = read_points(file.path(), &[WELL], 300.0, &Conventions::default())
        .unwrap_err()
        .to_string();
    let expected = format!(
        "{}:120002: 20150301: found \"x\", expected mm or an empty field; another cell is as bad",
        file.path().display()
    );
    assert_eq!(error, expected);
}

/// Gives out a few bytes at a time.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn quoted(field: &str, quote: bool) -> String {
    if quote || field.contains([',', '"']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        points in prop::collection::vec(
            ("[a-z,\" ]{0,6}[a-z]", prop::collection::vec(prop::option::of(-999.0_f32..999.0), 3), any::<bool>()), 0..8,
        ),
        bytes_at_a_time in 1..50_usize,
    ) {
        let mut text = "pid,longitude,latitude,20150301,20150325,20150418\n".to_owned();
        for (id, values, quote) in &points {
            write!(text, "{},116.5,{}", quoted(id, *quote), quoted("39.9", *quote)).unwrap();
            for value in values {
                let field = value.map_or(String::new(), |value| value.to_string());
                write!(text, ",{}", quoted(&field, *quote)).unwrap();
            }
            text.push('\n');
        }
        let source = Trickle(text.as_bytes(), bytes_at_a_time);
        let found = read_points_from(source, Path::new("points.csv"), &[WELL], 300.0).unwrap();
        prop_assert_eq!(found[0].points.len(), points.len());
        for (point, (id, values, _)) in found[0].points.iter().zip(&points) {
            prop_assert_eq!(point.id.as_str(), id.trim());
            let expected: Vec<Option<f32>> = values.iter().map(|value| value.map(|value| -value)).collect();
            prop_assert_eq!(&point.subsidence_mm, &expected);
        }
    }
}

#[test]
fn an_incidence_in_radians_or_of_a_vertical_product_is_refused() {
    for angle in ["0", "0.68", "9.9"] {
        let message = message(&format!("{HEADER}p1,116.5,39.9,{angle},0,1\n"));
        assert!(
            message.contains("expected degrees from the vertical, 10 to 89"),
            "{message}"
        );
    }
}

#[test]
fn the_vertical_part_of_the_line_of_sight_gives_the_incidence() {
    // cos(60 degrees) = 1/2.
    let found = read("pid,longitude,latitude,los_up,20150301,20150325\np1,116.5,39.9,0.5,0,-2.5\n")
        .unwrap();
    let point = &found[0].points[0];
    assert!((point.incidence_degrees.unwrap() - 60.0).abs() < 1e-4);
    assert!((point.subsidence_mm[1].unwrap() - 5.0).abs() < 1e-6);
}

/// Points of a file around the well, and what was left out, with "no reading" written as -9999.
fn indexed(text: &str) -> Result<(WellPoints, crate::level::LeftOut), String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let conventions = Conventions {
        no_data: vec![crate::table::NoData::Number(-9999.0)],
        utc_offset_minutes: 0,
    };
    let shown = format!("{}", file.path().display());
    let index = PointsIndex::new(file.path(), &[WELL], 300.0, &conventions);
    index
        .and_then(|index| index.points(0))
        .map_err(|error| error.to_string().replace(&shown, "points.csv"))
}

#[test]
fn values_for_no_reading_are_left_out_and_counted_or_refused() {
    let (points, left_out) = indexed(&format!(
        "{HEADER}p1,116.5,39.9,60,0,-9999.0\np2,116.5,39.9,60,NA,\n"
    ))
    .unwrap();
    assert_eq!(points.points[0].subsidence_mm, [Some(0.0), None]);
    assert_eq!(
        (left_out.no_data, left_out.not_a_number, left_out.empty),
        (1, 1, 1)
    );
    assert_eq!(
        message(&format!("{HEADER}p1,116.5,39.9,30,0,-999\n")),
        "points.csv:2: 20150325: found -999, which looks like \"no reading\" beside its neighbours; list it in no_data of [data], or correct it"
    );
    assert!(
        message(&format!("{HEADER}p1,116.5,39.9,30,0,1e30\n")).contains("expected mm within 100 m")
    );
}

#[test]
fn further_bad_cells_of_points_near_the_wells_are_counted() {
    let rows = "p1,116.5,39.9,30,0,1\np2,116.5,39.9,30,mask,Ice\nfar,116.5,50,30,mask,mask\np3,116.5,39.9,30,1e30,0\n";
    assert_eq!(
        indexed(&format!("{HEADER}{rows}")).unwrap_err(),
        "points.csv:3: 20150301: found \"mask\", expected mm or an empty field; 2 more cells are as bad"
    );
    let rows = "p1,116.5,39.9,30,0,-999\np2,116.5,39.9,30,-999,2\nfar,116.5,50,30,-999,0\n";
    assert_eq!(
        indexed(&format!("{HEADER}{rows}")).unwrap_err(),
        "points.csv:2: 20150325: found -999 (and 1 more), which looks like \"no reading\" beside its neighbours; list it in no_data of [data], or correct it"
    );
}

#[test]
fn points_outside_the_buffer_are_counted() {
    let rows = "p1,116.5,39.9,30,0,1\nfar,116.5,50,30,0,0\n\np1,116.5,39.9,30,0,1\nfurther,116.5,51,30,0,0\n";
    let (points, left_out) = indexed(&format!("{HEADER}{rows}")).unwrap();
    assert_eq!(points.points.len(), 1);
    assert_eq!((left_out.copies, left_out.outside), (1, 2));
}

#[test]
fn a_point_given_twice_is_kept_once_or_refused() {
    let row = "p1,116.5,39.9,60,0,-2.5\n";
    let (points, left_out) = indexed(&format!(
        "{HEADER}{row}p2,116.5,39.9,60,0,1\np1,116.5,39.9,60.0,0.0,-2.50\n"
    ))
    .unwrap();
    assert_eq!((points.points.len(), left_out.copies), (2, 1));
    assert_eq!(
        indexed(&format!("{HEADER}{row}\np1,116.5,39.9,60,0,-2.6\n")).unwrap_err(),
        "points.csv:4: pid: found \"p1\" a second time with other values (first in line 2); remove or rename one"
    );
}

#[test]
fn files_of_another_encoding_or_with_a_row_of_units_are_named() {
    let sound = format!("{HEADER}p1,116.5,39.9,30,0,1\np2,116.5,39.9,30,0,1\n");
    let refused = |bytes: &[u8]| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let index = PointsIndex::new(file.path(), &[WELL], 300.0, &Conventions::default());
        index.unwrap_err().to_string()
    };
    let utf16: Vec<u8> = "\u{feff}pid,"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (bytes, found) in [
        (utf16.as_slice(), "found UTF-16 text"),
        (
            sound.replace('\n', "\r").as_bytes(),
            "found text whose lines end with carriage returns alone",
        ),
        (b"\x89HDF\r\n\x1a\n", "found a NetCDF or HDF5 file"),
        (
            sound.replace(',', ";").as_bytes(),
            "columns must be separated by commas",
        ),
        (
            sound.replace("p1,", "-,deg,deg,deg,mm,mm\np1,").as_bytes(),
            ":2: found a row of units",
        ),
    ] {
        let message = refused(bytes);
        assert!(message.contains(found), "{message}");
    }
}
