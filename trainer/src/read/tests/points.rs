//! ps points of site folders.

use super::*;

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
