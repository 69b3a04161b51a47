//! The drift of the sensors, taken off by the tape readings of two visits: the logger's own estimate without it is the laptop's, bit for bit.

use std::collections::BTreeMap;
use std::time::Duration;

use amlstm::logger::{Table, corrected_levels, download, events, push};
use amlstm_core::drift::Correction;
use amlstm_core::month::Month;
use amlstm_core::sizes::AttentionKind;
use amlstm_tests::logger_rig::{LevelTable, LoggerRig, configure, equals_the_host, unix_s};
use amlstm_tests::sample::{PAPER, model_file};
use amlstm_tests::sdi12_bus::Behaviour;

const STATION: &str = r#"
station = "SAMPLE"
datum = "m-a-s-l"
[[channel]]
aquifer_layer = "phreatic"
source = { sdi12 = "0" }
quantity = "level_m"
stuck_after = 0
[[channel]]
aquifer_layer = "confined1"
source = { sdi12 = "1" }
quantity = "level_m"
stuck_after = 0
[[channel]]
aquifer_layer = "confined2"
source = { sdi12 = "2" }
quantity = "level_m"
stuck_after = 0
"#;

fn transducers(levels_m: [f64; 3]) -> BTreeMap<u8, Behaviour> {
    let answers = levels_m.map(Behaviour::Answers);
    (b'0'..).zip(answers).collect()
}

#[test]
fn the_loggers_estimate_without_the_drift_is_the_laptops() {
    let Some(rig) = LoggerRig::new() else { return };
    let model = model_file(AttentionKind::Shared, PAPER, 20_260_131);
    let january = unix_s(Month::new(2026, 1).expect("a month of a year"));
    let (powered, mut client) = rig.power_on(transducers([-10.0, -20.0, -30.0]));
    configure(&mut client, STATION);
    client.set_clock(january, true).expect("the clock is set");
    push(&mut client, &model, None, false, |_| {}).expect("the model is taken");
    // The third layer is never measured by tape.
    let visit = client.visit(january, &[Some(10.0), Some(20.0), None]);
    assert_eq!(visit.expect("a visit").depth_to_water_m.len(), 3);
    drop(client);
    powered.cut();
    let level_m = [
        [-10.0, -20.0, -30.0],
        [-10.1, -20.1, -30.1],
        [-10.2, -20.2, -30.2],
    ];
    let table = LevelTable {
        start_unix_s: january,
        level_m: level_m.iter().map(|levels| levels.to_vec()).collect(),
    };
    rig.fast_forward(&table, Duration::from_mins(5));
    let (powered, mut client) = rig.power_on(transducers([-10.2, -20.2, -30.2]));
    client
        .visit(january, &[Some(9.7), Some(20.6), None])
        .expect("a visit");
    let mut record = download(&mut client, Table::Months, |_, _| {}).expect("the months arrive");
    record.samples = download(&mut client, Table::Samples, |_, _| {})
        .expect("the samples arrive")
        .samples;
    let events = events(&mut client, |_, _| {}).expect("the events arrive");
    let on_the_laptop = corrected_levels(&record, &events, 0);
    assert!(record.months.len() >= 2, "{:?}", record.months);
    let mut corrected = Vec::new();
    for (position, (closed, _)) in record.months.iter().enumerate() {
        let asked = client
            .corrected_estimate(Some(position as u16))
            .expect("the logger computes it");
        let mut closed = closed.clone();
        let of_laptop = on_the_laptop
            .iter()
            .filter(|level| level.month_index == closed.month_index);
        for ((level, of_laptop), channel) in
            asked.levels.iter().zip(of_laptop).zip(&mut closed.channels)
        {
            assert_eq!(
                level.mean_m.map(f32::to_bits),
                of_laptop.mean_m.map(f32::to_bits)
            );
            assert_eq!(level.correction, of_laptop.correction);
            channel.mean_m = level.mean_m;
        }
        let [rises, falls, untold] = asked.levels.as_slice() else {
            panic!("{asked:?}");
        };
        assert!(matches!(rises.correction, Correction::Added(added_m) if added_m > 0.0));
        assert!(matches!(falls.correction, Correction::Added(added_m) if added_m < 0.0));
        assert_eq!(untold.correction, Correction::NoTape);
        corrected.push((closed, Some(asked.estimate)));
    }
    equals_the_host(&model, &corrected);
    // What is kept is what was closed.
    let after = download(&mut client, Table::Months, |_, _| {}).expect("the months arrive");
    assert_eq!(after.months, record.months);
    equals_the_host(&model, &after.months);
    powered.cut();
}
