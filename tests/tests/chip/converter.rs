//! The converter (SAADC) of the 4-20 mA inputs.

use amlstm::logger::{Client, Table, download};
use amlstm_core::link::{ClockState, EventKind, Quality, ResetCause, Task};
use amlstm_tests::chip::Chip;
use amlstm_tests::logger_rig::configure;

use super::{january, kinds};

/// A chip with a transmitter of 0 to 50 m at loop input 1, one reading a minute and the clock set, and a client at its port.
fn with_a_transmitter() -> Option<(Chip, Client)> {
    let chip = Chip::switch_on()?;
    let mut client = chip.client();
    configure(
        &mut client,
        r#"
        station = "well-1"
        datum = "m-a-s-l"
        sample_interval_s = 60
        [[channel]]
        aquifer_layer = "confined1"
        source = { loop_input = 1, at_4_ma = 0.0, at_20_ma = 50.0 }
        quantity = "level_m"
        stuck_after = 3
        "#,
    );
    client.set_clock(january(), false).expect("a first date");
    Some((chip, client))
}

#[test]
fn a_loop_current_comes_through_the_converter() {
    let Some((mut chip, mut client)) = with_a_transmitter() else {
        return;
    };
    // Input 1 is AIN2: 12 mA, the middle, through 100 ohm.
    chip.command("input 2 1200");
    let now = client.now().expect("now");
    let level_m = now.channels[0].level_m.expect("a level");
    // A step of 12 bits over 3.6 V is 8.8 uA, 27 mm of 50 m. One conversion is off by up to eight of them, by the cable's noise, and all by one before
    // the calibration; the mean of 64 by a 32nd of a step.
    assert!((level_m - 25.0).abs() < 0.002, "{level_m}");
    // A broken wire.
    chip.command("input 2 0");
    let now = client.now().expect("now");
    assert_eq!(now.channels[0].level_m, None);
}

/// The mean of 64 conversions is known to 0.6 steps with that noise, 17 mm of 50 m.
#[test]
fn a_current_is_stuck_while_it_moves_by_no_more_than_the_converters_noise() {
    let Some((mut chip, mut client)) = with_a_transmitter() else {
        return;
    };
    chip.command("input 2 1200");
    chip.run(260.0);
    // 19 cm more, eleven standard errors.
    chip.command("input 2 1206");
    chip.run(130.0);
    let samples = download(&mut client, Table::Samples, |_, _| {})
        .expect("the samples arrive")
        .samples;
    let (low, high): (Vec<_>, Vec<_>) = samples
        .iter()
        .map(|sample| sample.channels[0])
        .partition(|reading| reading.level_m.expect("a level") < 25.1);
    for readings in [&low, &high] {
        let stuck: Vec<bool> = readings
            .iter()
            .map(|reading| reading.quality.has(Quality::STUCK))
            .collect();
        assert!(stuck.len() >= 2, "{samples:?}");
        assert!(stuck.iter().skip(2).all(|stuck| *stuck), "{samples:?}");
        assert!(!stuck[0] && !stuck[1], "{samples:?}");
    }
    assert!(low.len() >= 4, "{samples:?}");
}

#[test]
fn a_converter_that_hangs_wakes_the_watchdog_and_the_task_is_named() {
    let Some((mut chip, client)) = with_a_transmitter() else {
        return;
    };
    drop(client);
    let before = chip.seen().resets.len();
    chip.command("converter hangs");
    // A round of sensors may take 120 s, and the watchdog, which is fed every 120 s, waits 240 s.
    chip.run(660.0);
    chip.command("converter runs");
    let resets = chip.seen().resets.split_off(before);
    assert_eq!(
        resets.first().map(String::as_str),
        Some("watchdog"),
        "{resets:?}"
    );
    chip.run(5.0);
    let mut client = chip.client();
    let status = client.status().expect("status");
    assert_eq!(status.reset_cause, ResetCause::Watchdog);
    assert_eq!(status.clock, ClockState::Set, "the time is kept in RAM");
    let bitten = |kind: &EventKind| {
        matches!(
            kind,
            EventKind::Started {
                cause: ResetCause::Watchdog,
                late_task: Some(Task::Sense),
                ..
            }
        )
    };
    let kinds = kinds(&mut client);
    assert!(kinds.iter().any(bitten), "{kinds:?}");
}
