use amlstm_core::link::{
    CurrentLoop, Event, EventKind, MonthRecord, Name, Quality, Quantity, Reading, Sensor,
};
use amlstm_core::month::Month;
use amlstm_core::month_mean::{MonthDefinition, MonthMean, MonthRule};

use super::super::table_file::tests::station;
use super::*;
use crate::read::read_levels_of;

/// 2026-01-01 00:00 in Beijing.
const START: u32 = 1_767_225_600 - 8 * 3600;
const DAY: u32 = 86_400;

fn january() -> i32 {
    Month::new(2026, 1).unwrap().index()
}

fn download(samples: Vec<Sample>, months: Vec<MonthRecord>) -> Download {
    let sensor = Sensor::CurrentLoop(CurrentLoop {
        input: 0,
        at_4_ma: 0.0,
        at_20_ma: 1.0,
    });
    let name = Name::try_from("phreatic").unwrap();
    Download {
        status: station(),
        firmware: [0, 1, 0],
        serial: 1,
        channels: vec![ChannelConfig::new(name, sensor, Quantity::LevelM)],
        samples,
        months: months.into_iter().map(|month| (month, None)).collect(),
    }
}

fn record(month: i32, next_sample: u32, mean_m: Option<f32>, days: u8) -> MonthRecord {
    let level = MonthLevel {
        mean_m,
        days,
        readings: 4 * u32::from(days),
        rejected: 0,
        quality: Quality::GOOD,
        complete: days >= 25,
    };
    MonthRecord {
        month_index: january() + month,
        closed_unix_s: 0,
        next_sample,
        channels: [level].into_iter().collect(),
    }
}

/// The months of a logger whose first month is empty and whose second has nine days go through `amlstm estimate` as its own model takes them.
#[test]
fn incomplete_months_are_read_as_the_logger_takes_them() {
    let months = vec![
        record(0, 0, None, 0),
        record(1, 40, Some(4.251_234_5), 9),
        record(2, 160, Some(-0.1), 31),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("levels.csv");
    let mut text = Vec::new();
    write_levels(
        "A",
        &levels(&download(Vec::new(), months.clone())),
        &mut text,
    )
    .unwrap();
    std::fs::write(&path, text).unwrap();
    for rule in [MonthRule::AnyDay, MonthRule::MostDays] {
        let definition = MonthDefinition::new(480, [rule].into_iter()).unwrap();
        let read = read_levels_of(&path, "A", &["phreatic".to_owned()], definition, &[]).unwrap();
        assert_eq!(read.first.index(), january());
        for record in &months {
            let month = Month::from_index(record.month_index).unwrap();
            let level = &record.channels[0];
            // As the logger's walk through its months decides it.
            let taken = level.mean_m.filter(|_| rule.accepts(level.days, month));
            let found = read.layers.first().and_then(|layer| layer.at(month));
            assert_eq!(
                found.map(f32::to_bits),
                taken.map(f32::to_bits),
                "{month} {rule:?}"
            );
        }
    }
}

/// Four readings per day from January to the end of February at the site; the sensor's levels fall by 1 m in the 59 days, the water does not.
fn drifting() -> Vec<Sample> {
    (0..4 * 59)
        .map(|number| {
            let level_m = 10.0 - number as f32 / (4.0 * 59.0);
            Sample {
                number,
                unix_s: START + number * DAY / 4,
                barometer_kpa: None,
                channels: [Reading {
                    raw: Some(level_m),
                    level_m: Some(level_m),
                    quality: Quality::GOOD,
                }]
                .into_iter()
                .collect(),
            }
        })
        .collect()
}

fn mean_of(samples: &[Sample]) -> f32 {
    let mut mean = MonthMean::default();
    for sample in samples {
        let (_, day) = site_day(sample.unix_s, 480).unwrap();
        mean.add(day, f64::from(sample.channels[0].level_m.unwrap()));
    }
    mean.mean().unwrap() as f32
}

fn tape(unix_s: u32, tape_m: f32, sensor_m: f32) -> Event {
    Event {
        number: 0,
        unix_s,
        kind: EventKind::Tape {
            channel: 0,
            tape_m,
            sensor_m: Some(sensor_m),
        },
    }
}

/// The water stands at 10 m all the time: that is what the corrected months say, to a tenth of a millimetre.
#[test]
fn a_drift_between_two_visits_is_taken_off() {
    let samples = drifting();
    let (of_january, of_february) = samples.split_at(4 * 31);
    let months = vec![
        record(0, 4 * 31, Some(mean_of(of_january)), 31),
        record(1, 4 * 59, Some(mean_of(of_february)), 28),
    ];
    let events = [
        tape(START, 21.42, 21.42),
        tape(START + 59 * DAY, 21.42, 22.42),
    ];
    let download = download(samples.clone(), months);
    let corrected = corrected_levels(&download, &events, 480);
    for (level, raw) in corrected.iter().zip(levels(&download)) {
        let mean_m = level.mean_m.unwrap();
        assert!((mean_m - 10.0).abs() < 1e-4, "{level:?}");
        let Correction::Added(added_m) = level.correction else {
            panic!("{level:?}");
        };
        let by_hand = mean_m - raw.mean_m.unwrap();
        assert!((added_m - by_hand).abs() < 1e-5, "{level:?}");
    }
    let mut text = Vec::new();
    write_levels("A", &corrected, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.starts_with("well,layer,date,level_m,days,tape_correction_m\n"),
        "{text}"
    );

    // In UTC the first eight hours belong to December: the logger's mean does not come out.
    let elsewhere = corrected_levels(&download, &events, 0);
    assert_eq!(elsewhere[0].correction, Correction::SamplesGone);
    let untold = corrected_levels(&download, &[], 480);
    assert_eq!(untold[0].correction, Correction::NoTape);
    assert_eq!(untold[0].mean_m, download.months[0].0.channels[0].mean_m);
}

#[test]
fn a_month_whose_samples_are_gone_stays_as_it_was_closed() {
    let samples = drifting();
    let (of_january, of_february) = samples.split_at(4 * 31);
    let months = vec![
        record(0, 4 * 31, Some(mean_of(of_january)), 31),
        record(1, 4 * 59, Some(mean_of(of_february)), 28),
    ];
    let kept = samples[40..].to_vec();
    let events = [tape(START, 20.0, 20.5)];
    let corrected = corrected_levels(&download(kept, months), &events, 480);
    assert_eq!(corrected[0].correction, Correction::SamplesGone);
    assert_eq!(corrected[0].mean_m, Some(mean_of(of_january)));
    let Correction::Added(added_m) = corrected[1].correction else {
        panic!("{:?}", corrected[1]);
    };
    assert!((added_m - 0.5).abs() < 1e-6);
}
