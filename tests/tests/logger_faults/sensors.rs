//! Sensors that are silent, garble, stick, or signal a fault.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use amlstm::logger::{LoggerError, Table, download, push};
use amlstm_core::link::{Fault, InputState, Quality};
use amlstm_tests::logger_rig::{LevelTable, LoggerRig, START_UNIX_S, configure, equals_the_host};
use amlstm_tests::sdi12_bus::Behaviour;

use super::{MONTH_S, model, station};

/// How long a test waits for what a logger does by its own clock: four minutes, eight times what it takes on two cores with six busy loops.
const HALF_SECONDS: u32 = 480;

#[test]
fn faulty_sensors_become_flags_and_no_estimate_that_looks_fine() {
    let Some(rig) = LoggerRig::new() else { return };
    let sensors = BTreeMap::from([
        (b'0', Behaviour::Answers(-40.0)),
        (b'1', Behaviour::Silent),
        (b'2', Behaviour::BadCrc(-40.0)),
    ]);
    let (powered, mut client) = rig.power_on(sensors);
    station(3, 3)
        .send(&mut client)
        .expect("the logger takes the settings");
    client
        .set_clock(START_UNIX_S, true)
        .expect("the clock is set");
    push(&mut client, &model(4), None, false, |_| {}).expect("the model is taken");
    let now = client.now().expect("the sensors are asked");
    assert!(now.channels[1].quality.has(Quality::TIMEOUT), "{now:?}");
    assert!(now.channels[2].quality.has(Quality::CRC), "{now:?}");
    assert!(now.channels[1].level_m.is_none() && now.channels[2].level_m.is_none());
    for answer in [Behaviour::BreaksOff, Behaviour::Floods] {
        powered.bus.set(b'2', answer);
        let now = client.now().expect("the sensors are asked");
        assert!(now.channels[2].quality.has(Quality::GARBLED), "{now:?}");
    }
    // A flood at every question would go on between the others' answers where QEMU reads slower than this bus writes.
    powered.bus.set(b'2', Behaviour::BadCrc(-40.0));

    // Sensor 0 repeats itself: after three samples it counts as stuck.
    // A round takes seconds, because the silent sensor is asked three times.
    let mut next = 0;
    let stuck = (0..HALF_SECONDS).any(|_| {
        thread::sleep(Duration::from_millis(500));
        let samples = client.samples(next).expect("the samples can be read");
        next = samples.last().map_or(next, |sample| sample.number + 1);
        samples
            .iter()
            .any(|sample| sample.channels[0].quality.has(Quality::STUCK))
    });
    assert!(stuck, "the repeating sensor was never called stuck");

    client
        .set_clock(START_UNIX_S + MONTH_S, true)
        .expect("the clock is set");
    let estimate = (0..HALF_SECONDS)
        .find_map(|_| {
            thread::sleep(Duration::from_millis(500));
            match client.estimate() {
                Ok(estimate) => Some(estimate),
                Err(LoggerError::Refused(Fault::NotFound)) => None,
                Err(error) => panic!("{error}"),
            }
        })
        .expect("the month closes");
    assert!(
        estimate
            .inputs
            .iter()
            .all(|input| *input == InputState::Missing),
        "{estimate:?}"
    );
}

/// Three transmitters on inputs 0 to 2. At 12 mA their levels are -80 + 40 = -40 m, 10 - 75 + 25 = -40 m, and 5 - 65 + 200 / 9.80665 = -39.6057 m.
const CURRENT_LOOPS: &str = r#"
    station = "bench"
    datum = "bench"
    [[channel]]
    aquifer_layer = "phreatic"
    source = { loop_input = 0, at_4_ma = -80.0, at_20_ma = 0.0 }
    quantity = "level_m"
    largest_step_m = 5.0
    [[channel]]
    aquifer_layer = "confined1"
    source = { loop_input = 1, at_4_ma = 0.0, at_20_ma = 50.0 }
    quantity = "submergence_m"
    measuring_point_m = 10.0
    cable_m = 75.0
    largest_step_m = 5.0
    [[channel]]
    aquifer_layer = "confined2"
    source = { loop_input = 2, at_4_ma = 0.0, at_20_ma = 400.0 }
    quantity = "gauge_pressure_kpa"
    measuring_point_m = 5.0
    cable_m = 65.0
    largest_step_m = 5.0
"#;
const LEVELS_AT_12_MA: [f32; 3] = [-40.0, -40.0, -39.6057];

/// Currents as the simulated converter tells them, over the sensor cable: the fault bands of NAMUR NE 43 and the calibration.
#[test]
fn a_current_is_a_level_or_a_fault_by_its_band() {
    let Some(rig) = LoggerRig::new() else { return };
    let good = [b'A', b'B', b'C'].map(|address| (address, Behaviour::Answers(12.0)));
    let (powered, mut client) = rig.power_on(good.into());
    configure(&mut client, CURRENT_LOOPS);
    let now = client.now().expect("the sensors are asked");
    for (reading, expected_m) in now.channels.iter().zip(LEVELS_AT_12_MA) {
        assert_eq!(reading.quality, Quality::GOOD, "{now:?}");
        let level_m = reading.level_m.expect("a good reading has a level");
        assert!((level_m - expected_m).abs() < 1e-3, "{level_m} m");
    }
    // Input 1 is 50 m over 16 mA above 75 m of cable from 10 m.
    for (behaviour, quality, level_m) in [
        (Behaviour::Answers(4.0), Quality::DRY, Some(-65.0)),
        (Behaviour::Answers(20.0), Quality::GOOD, Some(-15.0)),
        (Behaviour::Answers(20.5), Quality::GOOD, Some(-13.4375)),
        (Behaviour::Answers(0.0), Quality::LOOP_FAULT, None),
        (Behaviour::Answers(3.5), Quality::LOOP_FAULT, None),
        (Behaviour::Answers(3.7), Quality::RANGE, None),
        (Behaviour::Answers(20.75), Quality::RANGE, None),
        (Behaviour::Answers(21.5), Quality::LOOP_FAULT, None),
        (Behaviour::Silent, Quality::LOOP_FAULT, None),
    ] {
        powered.bus.set(b'B', behaviour);
        let now = client.now().expect("the sensors are asked");
        let reading = now.channels[1];
        assert_eq!(
            (reading.quality, reading.level_m),
            (quality, level_m),
            "{behaviour:?}"
        );
    }
}

/// Months of good and of faulty currents, in fast-forward: mean levels, flags, and the host's estimates.
#[test]
fn months_of_currents_are_estimated_without_the_faulty_ones() {
    let Some(rig) = LoggerRig::new() else { return };
    let (powered, mut client) = rig.power_on(BTreeMap::new());
    configure(&mut client, CURRENT_LOOPS);
    client
        .set_clock(START_UNIX_S, true)
        .expect("the clock is set");
    let model = model(5);
    push(&mut client, &model, None, false, |_| {}).expect("the model is taken");
    powered.cut();
    // Input 1 is sound, open, its transmitter signals a fault by a low and by a high current, and it is sound again.
    let currents_ma = [12.0, 0.0, 3.5, 21.5, 12.0];
    let months = currents_ma.map(|current_ma| {
        let mut row = vec![f32::NAN; 10];
        row.extend([12.0, current_ma, 12.0]);
        row
    });
    let table = LevelTable {
        start_unix_s: START_UNIX_S,
        level_m: months.to_vec(),
    };
    rig.fast_forward(&table, Duration::from_mins(5));

    let (_powered, mut client) = rig.power_on(BTreeMap::new());
    let records = download(&mut client, Table::Months, |_, _| {}).expect("the months arrive");
    assert_eq!(records.months.len(), currents_ma.len());
    for ((record, estimate), current_ma) in records.months.iter().zip(currents_ma) {
        let estimate = estimate.as_ref().expect("each month was estimated");
        for (channel, expected_m) in LEVELS_AT_12_MA.into_iter().enumerate() {
            let level = &record.channels[channel];
            let state = estimate.inputs[channel];
            if channel == 1 && current_ma != 12.0 {
                assert_eq!(level.quality, Quality::LOOP_FAULT, "{current_ma} mA");
                assert_eq!((level.mean_m, level.readings), (None, 0), "{current_ma} mA");
                assert_eq!(state, InputState::Missing, "{current_ma} mA");
                assert_eq!(estimate.attention[channel], 0.0, "{current_ma} mA");
            } else {
                assert!(level.complete && level.quality.is_usable(), "{level:?}");
                let mean_m = level.mean_m.expect("a complete month has a mean");
                assert!((mean_m - expected_m).abs() < 0.005, "{mean_m} m");
                assert_eq!(state, InputState::Trained, "{current_ma} mA");
            }
        }
    }
    equals_the_host(&model, &records.months);
}
