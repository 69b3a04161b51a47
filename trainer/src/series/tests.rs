use super::*;
use crate::{
    config::Config,
    geodesy::Position,
    ps::{PsPoint, WellPoints},
    read::Reading,
};
use amlstm_core::month_mean::MonthRule;

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn well(ground: Ground) -> Well {
    let layer = |name: &str, start, level_m: &[f32]| MonthlyLevels {
        aquifer_layer: name.into(),
        start: month(start),
        level_m: level_m.iter().copied().map(Some).collect(),
        rule: MonthRule::AnyDay,
    };
    let levels = vec![
        layer("upper", "2010-01", &[1.0, 2.0, 3.0, 4.0, 5.0]),
        layer("lower", "2010-02", &[-1.0, -2.0]),
    ];
    Well {
        id: "W".into(),
        name: "SYNTHETIC W".into(),
        position: None,
        levels,
        ground,
    }
}

fn direct(readings: &[(&str, f64)]) -> Ground {
    let reading = |(date, subsidence_mm): &(&str, f64)| Reading {
        date: date.parse().unwrap(),
        subsidence_mm: *subsidence_mm,
    };
    Ground::Direct(readings.iter().map(reading).collect())
}

/// A ps point with this subsidence at each scene, mm.
fn point(subsidence_mm: &[Option<f32>]) -> PsPoint {
    PsPoint {
        id: "p".into(),
        position: Position::Planar {
            easting: 0.0,
            northing: 0.0,
        },
        distance_m: 12.0,
        incidence_degrees: None,
        subsidence_mm: subsidence_mm.to_vec(),
    }
}

#[test]
fn a_directly_measured_month_is_the_mean_of_its_readings() {
    // 2009-12 and 2010-06 are outside the levels, 2010-02 was not measured.
    let ground = direct(&[
        ("2009-12-31", 0.0),
        ("2010-01-01", 1.0),
        ("2010-01-31", 2.0),
        ("2010-03-05", 5.0),
        ("2010-04-05", 4.0),
        ("2010-06-01", 9.0),
    ]);
    let series = WellSeries::new(&well(ground), &Config::default().data).unwrap();
    assert_eq!(
        series.months,
        [
            month("2010-01"),
            month("2010-02"),
            month("2010-03"),
            month("2010-04")
        ]
    );
    assert_eq!(series.level_m[0], [Some(1.0), None]);
    assert_eq!(series.level_m[3], [Some(4.0), None]);
    let days = 2.0 * DAYS_PER_MONTH;
    assert_eq!(
        series.intervals,
        [
            Interval {
                from: 0,
                to: 2,
                days
            },
            Interval {
                from: 2,
                to: 3,
                days: DAYS_PER_MONTH
            }
        ]
    );
    assert_eq!(series.points[0].increment_mm, [Some(3.5), Some(-1.0)]);
    assert!(!series.is_scored(&series.intervals[0]) && series.is_scored(&series.intervals[1]));
    assert!(series.synthetic && series.directly_measured);
}

#[test]
fn the_later_scene_of_a_month_counts_and_a_missing_value_empties_both_its_intervals() {
    let scenes = [
        "2009-12-01",
        "2010-01-02",
        "2010-01-26",
        "2010-02-19",
        "2010-04-08",
    ];
    let points = WellPoints {
        scenes: scenes.iter().map(|date| date.parse().unwrap()).collect(),
        points: vec![
            point(&[Some(9.0), Some(0.0), Some(1.0), Some(3.0), Some(7.0)]),
            point(&[Some(9.0), Some(0.0), Some(1.0), None, Some(7.0)]),
        ],
    };
    let mut config = Config::default().data;
    config.drop_scenes = 1;
    let ground = Ground::Points(points);
    let series = WellSeries::new(&well(ground.clone()), &config).unwrap();
    assert_eq!(series.months.len(), 4);
    assert_eq!(
        series.intervals,
        [
            Interval {
                from: 0,
                to: 1,
                days: 24.0
            },
            Interval {
                from: 1,
                to: 3,
                days: 48.0
            }
        ]
    );
    assert_eq!(series.points[0].increment_mm, [Some(2.0), Some(4.0)]);
    assert_eq!(series.points[1].increment_mm, [None, None]);
    config.steps = Steps::Scenes;
    let series = WellSeries::new(&well(ground), &config).unwrap();
    assert_eq!(
        series.months,
        [month("2010-01"), month("2010-02"), month("2010-04")]
    );
    assert_eq!(
        series.intervals[1],
        Interval {
            from: 1,
            to: 2,
            days: 48.0
        }
    );
}

#[test]
fn a_point_without_the_months_last_scene_uses_its_own_last_one() {
    // Two tracks of one month: the second sees the point 10 days later.
    let scenes = ["2010-01-05", "2010-01-15", "2010-02-04", "2010-02-16"];
    let points = WellPoints {
        scenes: scenes.iter().map(|date| date.parse().unwrap()).collect(),
        points: vec![
            point(&[Some(0.0), None, Some(3.0), None]),
            point(&[None, Some(1.0), None, Some(5.0)]),
        ],
    };
    let series = WellSeries::new(&well(Ground::Points(points)), &Config::default().data).unwrap();
    assert_eq!(series.intervals[0].days, 32.0);
    // 3 mm in 30 days are 3.2 mm in the interval's 32 days.
    assert_eq!(series.points[0].increment_mm, [Some(3.2)]);
    assert_eq!(series.points[1].increment_mm, [Some(4.0)]);
}

#[test]
fn at_most_three_years_of_levels_warm_up() {
    let mut well = well(direct(&[("2010-04-01", 0.0), ("2010-05-01", 1.0)]));
    well.levels[0].start = month("2001-01");
    well.levels[0].level_m = vec![Some(1.0); 12 * 10];
    let series = WellSeries::new(&well, &Config::default().data).unwrap();
    assert_eq!(
        (series.months[0], series.intervals[0].from),
        (month("2007-04"), 36)
    );
}

#[test]
fn a_well_without_levels_or_ground_says_so() {
    let config = Config::default().data;
    let message = |well: &Well| WellSeries::new(well, &config).unwrap_err().to_string();
    let nothing = well(Ground::Points(WellPoints::default()));
    assert!(message(&nothing).contains("no ps point within 300 m"));
    let once = well(direct(&[("2010-01-01", 1.0), ("2010-01-02", 1.0)]));
    assert!(
        message(&once).contains("found 1 months with an observation"),
        "{}",
        message(&once)
    );
    assert!(
        message(&Well {
            levels: Vec::new(),
            ..once
        })
        .contains("found no level")
    );
}
