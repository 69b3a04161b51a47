//! Sites with one trouble each, and what is said of it.

use std::fmt::Write as _;
use std::fs;

use super::*;
use crate::config::Config;
use crate::read::Sites;
use crate::synth;

/// Months of the made-up site, from 2010-01.
const MONTHS: usize = 60;

/// Level of the site's layers in a month: it falls by 1.2 m a year and swings by the season.
fn level_m(month: usize, layer: usize) -> f64 {
    let time = month as f64;
    30.0 - 0.1 * time - 10.0 * layer as f64 + (time * std::f64::consts::TAU / 12.0).sin()
}

/// Subsidence in a month: 24 mm a year.
fn subsidence_mm(month: usize) -> f64 {
    2.0 * month as f64 + 1.5 * (month as f64 * std::f64::consts::TAU / 12.0).cos()
}

fn date(month: usize) -> String {
    format!("{}-{:02}-15", 2010 + month / 12, month % 12 + 1)
}

fn levels(of: impl Fn(usize, usize) -> String) -> String {
    let mut text = "well,layer,date,level_m\n".to_owned();
    for month in 0..MONTHS {
        for layer in 0..2 {
            text += &of(month, layer);
        }
    }
    text
}

fn plain_levels() -> String {
    levels(|month, layer| {
        let name = ["upper", "lower"][layer];
        format!("A,{name},{},{:.3}\n", date(month), level_m(month, layer))
    })
}

fn subsidence(of: impl Fn(usize) -> f64) -> String {
    let mut text = "well,date,subsidence_mm\n".to_owned();
    for month in 0..MONTHS {
        writeln!(text, "A,{},{:.4}", date(month), of(month)).unwrap();
    }
    text
}

fn survey(files: &[(&str, &str)]) -> Survey {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let config = Config::default().data;
    let sites = Sites::open(&[folder.path().to_owned()], &config).unwrap();
    let well = sites.readings(0).unwrap();
    let series = WellSeries::new(&well.clone().monthly(), &config).ok();
    Survey::of(&well, series.as_ref(), &config)
}

fn of(levels: &str, subsidence: &str) -> Survey {
    survey(&[
        ("wells.csv", "well,name\nA,a\n"),
        ("levels.csv", levels),
        ("subsidence.csv", subsidence),
    ])
}

fn hints(survey: &Survey) -> Vec<&str> {
    survey.hints.iter().map(|hint| hint.hint.as_str()).collect()
}

/// That exactly one thing is hinted at, and it says so.
fn only_hint(survey: &Survey, part: &str) {
    let hints = hints(survey);
    assert!(hints.len() == 1 && hints[0].contains(part), "{hints:?}");
}

#[test]
fn a_sound_site_is_described_without_a_hint() {
    let survey = of(&plain_levels(), &subsidence(subsidence_mm));
    assert_eq!(hints(&survey), [""; 0]);
    let layer = &survey.layers[1];
    assert_eq!((layer.layer.as_str(), layer.readings), ("lower", MONTHS));
    assert_eq!((layer.months, layer.missing_months), (MONTHS, 0));
    assert_eq!(layer.first.to_string(), "2010-01-15");
    assert_eq!(layer.last.to_string(), "2014-12-15");
    // The highest is April 2010: 20 - 0.3 + 1; the lowest October 2014: 20 - 5.7 - 1.
    assert_eq!((layer.highest_m, layer.lowest_m), (20.7, 13.3));
    assert_eq!(layer.highest_on.to_string(), "2010-04-15");
    assert_eq!(layer.lowest_on.to_string(), "2014-10-15");
    let ground = survey.ground.unwrap();
    assert_eq!(
        (ground.kind.as_str(), ground.verdict),
        ("measured directly", Verdict::Sinks)
    );
    assert!(
        (ground.mm_per_year - 24.0).abs() < 0.3,
        "{}",
        ground.mm_per_year
    );
    assert_eq!(
        (ground.increments_used, ground.increments_lost),
        (MONTHS - 1, 0)
    );
}

#[test]
fn a_wrong_sign_or_a_depth_is_hinted_at() {
    only_hint(
        &of(&plain_levels(), &subsidence(|month| -subsidence_mm(month))),
        "the ground rises while the level falls by 1.2",
    );
    let depths = levels(|month, layer| {
        let name = ["upper", "lower"][layer];
        format!(
            "A,{name},{},{:.3}\n",
            date(month),
            50.0 - level_m(month, layer)
        )
    });
    only_hint(
        &of(&depths, &subsidence(subsidence_mm)),
        "the ground sinks while the level rises by 1.2",
    );
}

#[test]
fn increments_and_metres_are_hinted_at() {
    let increment = |month: usize| 1.5 + 0.02 * month as f64 + 1.2 * (month as f64 * 0.52).sin();
    only_hint(
        &of(&plain_levels(), &subsidence(increment)),
        "never accumulates",
    );
    only_hint(
        &of(
            &plain_levels(),
            &subsidence(|month| subsidence_mm(month) / 1000.0),
        ),
        "are these metres?",
    );
}

#[test]
fn a_step_of_the_antenna_or_the_datum_is_hinted_at() {
    let antenna = |month: usize| subsidence_mm(month) + if month >= 30 { 45.0 } else { 0.0 };
    let survey = of(&plain_levels(), &subsidence(antenna));
    only_hint(&survey, "up to 2012-07-15, usually by");
    let datum = levels(|month, layer| {
        let name = ["upper", "lower"][layer];
        let shift = if month >= 30 { 7.5 } else { 0.0 };
        format!(
            "A,{name},{},{:.3}\n",
            date(month),
            level_m(month, layer) + shift
        )
    });
    let survey = of(&datum, &subsidence(subsidence_mm));
    assert!(
        hints(&survey).contains(
            &"all layers step on 2012-07-15, by far more than usually: a change of the datum?"
        ),
        "{:?}",
        hints(&survey)
    );
    assert!(survey.layers[0].step_is_shared);
}

#[test]
fn two_datums_a_minute_apart_and_a_respelled_layer_are_hinted_at() {
    let twice = levels(|month, layer| {
        let (name, level) = (["upper", "lower"][layer], level_m(month, layer));
        let day = date(month);
        format!(
            "A,{name},{day} 13:15,{level:.3}\nA,{name},{day} 13:16,{:.3}\n",
            level - 1.13
        )
    });
    let survey = of(&twice, &subsidence(subsidence_mm));
    assert_eq!(hints(&survey).len(), 2);
    assert!(
        hints(&survey)[0].contains("60 times two readings within a day differ by about 1.13 m")
    );
    let respelled = plain_levels().replace("A,lower,2013", "A,Lower ,2013");
    only_hint(
        &of(&respelled, &subsidence(subsidence_mm)),
        "layers \"lower\" and \"Lower\" differ by their spelling alone",
    );
}

#[test]
fn observations_outside_the_levels_are_counted() {
    let half: String = plain_levels()
        .lines()
        .filter(|line| !line.contains(",2010-") && !line.contains(",2011-"))
        .map(|line| format!("{line}\n"))
        .collect();
    only_hint(
        &of(&half, &subsidence(subsidence_mm)),
        "24 of 60 observations of the ground lie outside the months with levels",
    );
}

#[test]
fn an_outlier_and_a_slip_of_the_date_are_hinted_at() {
    let outlier = plain_levels().replace("A,lower,2012-03-15,", "A,lower,2012-03-15,1");
    only_hint(
        &of(&outlier, &subsidence(subsidence_mm)),
        "(line 55) lies far from all other readings",
    );
    let far = plain_levels().replace("A,lower,2014-12-15,", "A,lower,2199-12-15,");
    only_hint(
        &of(&far, &subsidence(subsidence_mm)),
        "years without a reading between 2010-01-15 and 2199-12-15",
    );
}

/// Too many to be outliers, and a number on no list of usual markers.
#[test]
fn a_number_again_and_again_far_from_all_others_is_hinted_at() {
    for value in [0, -1, 500] {
        let often = levels(|month, layer| {
            let name = ["upper", "lower"][layer];
            let level = if layer == 0 && month % 7 == 2 {
                format!("{value}")
            } else {
                format!("{:.3}", level_m(month, layer))
            };
            format!("A,{name},{},{level}\n", date(month))
        });
        let survey = of(&often, &subsidence(subsidence_mm));
        only_hint(
            &survey,
            &format!("layer upper: 9 readings are exactly {value} m (line 6)"),
        );
    }
}

#[test]
fn months_with_too_few_days_are_counted() {
    let mut text = "well,layer,date,level_m\n".to_owned();
    for month in 0..6 {
        let days = if month == 3 { 10 } else { 28 };
        for (day, hour) in (1..=days).flat_map(|day| [(day, 6), (day, 18)]) {
            writeln!(
                text,
                "A,upper,2010-{:02}-{day:02} {hour:02}:00,{:.3}",
                month + 1,
                level_m(month, 0)
            )
            .unwrap();
        }
    }
    let survey = of(&text, &subsidence(subsidence_mm));
    assert!(
        hints(&survey)[0].contains("layer upper: 1 of 6 months do not count"),
        "{:?}",
        hints(&survey)
    );
    assert_eq!(survey.layers[0].months, 5);
}

fn points(rows: &[(&str, [f64; 4])]) -> String {
    let mut text =
        "pid,easting,northing,incidence_angle,20100110,20100210,20100310,20100410\n".to_owned();
    for (pid, los_mm) in rows {
        let los_mm: Vec<String> = los_mm.iter().map(ToString::to_string).collect();
        writeln!(text, "{pid},0,0,60,{}", los_mm.join(",")).unwrap();
    }
    text
}

#[test]
fn points_that_never_move_or_repeat_others_are_hinted_at() {
    let rows = [
        ("p1", [0.0, -1.0, -2.0, -3.5]),
        ("p2", [0.0; 4]),
        ("p3", [0.0, -1.0, -2.0, -3.5]),
        ("p4", [0.0, -11.0, 0.0, -30.0]),
    ];
    let survey = survey(&[
        ("wells.csv", "well,easting,northing\nA,0,0\n"),
        ("levels.csv", &plain_levels()),
        ("points.csv", &points(&rows)),
    ]);
    assert_eq!(
        hints(&survey),
        [
            "1 values of points are exactly 0 between others that are far from it: masked scenes? Name 0 in no_data if 0 is never measured",
            "1 of 4 points never move (p2): masked pixels? Remove them",
            "1 of 4 points have the values of another one in every scene (p3 = p1): are they copies?"
        ]
    );
    let ground = survey.ground.unwrap();
    assert_eq!(ground.kind, "points, line of sight, incidence 60 degrees");
    assert_eq!((ground.points, ground.observations), (4, 16));
    assert_eq!((ground.increments_used, ground.increments_lost), (12, 0));
}

/// The wells of the generator are the same in memory and as files.
#[test]
fn of_made_wells_the_same_is_said_as_of_their_files() {
    let options = synth::Options {
        wells: 2,
        ..synth::Options::default()
    };
    let folder = tempfile::tempdir().unwrap();
    synth::write(folder.path(), &options, |_| {}).unwrap();
    let folders = [folder.path().to_owned()];
    let config = Config::of_sites(&folders, None).unwrap().data;
    let sites = Sites::open(&folders, &config).unwrap();
    for (number, well) in synth::dataset(&options).dataset.wells.iter().enumerate() {
        let mut read = SurveyedWell::read(&sites, number, &config).unwrap().survey;
        let ground = read.ground.as_mut().unwrap();
        // The file holds the points of all wells.
        assert!(ground.left_out.ends_with(" points outside the buffer"));
        ground.left_out.clear();
        assert_eq!(Survey::of_monthly(well, &config), read);
    }
}
