//! A clock that is set, jumps or was lost.

use super::*;

#[test]
fn setting_the_clock_back_never_closes_a_month_twice() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    append_from_to(
        &mut logger,
        &clock,
        "2026-01-01 00:00:00",
        "2026-02-03 00:00:00",
        6 * 3600,
    );
    block_on(logger.set_clock(&clock, unix("2026-01-20 00:00:00"), false)).unwrap();
    append_from_to(
        &mut logger,
        &clock,
        "2026-01-20 00:00:00",
        "2026-03-01 06:00:00",
        6 * 3600,
    );
    let january = Month::new(2026, 1).unwrap().index();
    let indices: Vec<i32> = months(&mut logger)
        .iter()
        .map(|(record, _)| record.month_index)
        .collect();
    assert_eq!(indices, [january, january + 1]);
    // February was sampled twice for two days: 28 x 4 + 2 x 4.
    assert_eq!(months(&mut logger)[1].0.channels[0].readings, 120);
    let events = events(&mut logger);
    assert!(events.contains(&EventKind::SamplesLate {
        month_index: january
    }));
    assert_eq!(
        events
            .iter()
            .filter(|event| matches!(event, EventKind::ClockSet { .. }))
            .count(),
        2
    );
}

#[test]
fn a_clock_that_jumps_far_ahead_needs_confirmation() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    append(&mut logger, &clock, unix("2026-01-01 00:00:00"));
    let far = unix("2062-01-01 00:00:00");
    assert_eq!(
        block_on(logger.set_clock(&clock, far, false)),
        Err(Fault::ClockJump)
    );
    assert_eq!(
        block_on(logger.set_clock(&clock, 5, true)),
        Err(Fault::ClockRange)
    );
    assert_eq!(
        block_on(logger.set_clock(&clock, u32::MAX, true)),
        Err(Fault::ClockRange)
    );
    assert_eq!(logger.unix_s(&clock), Some(unix("2026-01-01 00:00:00")));
    block_on(logger.set_clock(&clock, unix("2027-01-01 00:00:00"), false)).unwrap();
    assert_eq!(logger.unix_s(&clock), Some(unix("2027-01-01 00:00:00")));
}

#[test]
fn after_a_power_loss_the_clock_goes_on_unsure_and_samples_say_so() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    append(&mut logger, &clock, unix("2026-01-05 00:00:00"));
    let dead = FakeClock::default();
    let mut logger = open(logger.store.into_flash(), &dead);
    assert_eq!(logger.clock_state(), ClockState::Unsure);
    assert_eq!(logger.unix_s(&dead), Some(unix("2026-01-05 00:00:00")));
    append(&mut logger, &dead, unix("2026-01-05 00:15:00"));
    let mut quality = Vec::new();
    block_on(logger.store.each_sample(0, |sample, _| {
        quality.push(sample.channels[0].quality);
        core::ops::ControlFlow::Continue(())
    }))
    .unwrap();
    assert_eq!(quality, [Quality::GOOD, Quality::CLOCK_UNSURE]);
    // A clock that was kept is trusted, unless it lies before the last sample.
    let kept = FakeClock::default();
    kept.kept.set(Some(unix("2026-01-06 00:00:00")));
    let logger = open(logger.store.into_flash(), &kept);
    assert_eq!(
        (logger.clock_state(), logger.unix_s(&kept)),
        (ClockState::Set, kept.kept.get())
    );
    let wrong = FakeClock::default();
    wrong.kept.set(Some(unix("2026-01-04 00:00:00")));
    assert_eq!(
        open(logger.store.into_flash(), &wrong).clock_state(),
        ClockState::Unsure
    );
}
