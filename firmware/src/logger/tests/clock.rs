//! A clock that is set, jumps or was lost.

use std::cell::RefCell;

use amlstm_core::link::{ClockChipFault, ClockDoubt};

use super::*;
use crate::clock_chip::Ds3231;
use crate::fake::FakeChip;

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
    block_on(logger.set_clock(&clock, unix("2026-01-20 00:00:00"), true)).unwrap();
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
    // February was sampled twice for two days: 28 x 4 + 4, because readings of 1 February, a day that had passed already, are not counted.
    let february = &months(&mut logger)[1].0.channels[0];
    assert_eq!((february.readings, february.days), (116, 28));
    assert_eq!(february.rejected, 4);
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
fn a_clock_that_jumps_more_than_a_day_needs_confirmation() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    append(&mut logger, &clock, unix("2026-01-01 00:00:00"));
    append(&mut logger, &clock, unix("2026-01-01 00:15:00"));
    let mut set = |time: &str, confirm: bool| {
        let set = block_on(logger.set_clock(&clock, unix(time), confirm));
        (set, logger.unix_s(&clock).unwrap())
    };
    let start = unix("2026-01-01 00:00:00");
    let ahead = ClockDoubt::Ahead {
        days: 365,
        missing_months: 11,
    };
    assert_eq!(
        set("2027-01-01 00:00:00", false),
        (Err(Fault::ClockJump(ahead)), start)
    );
    let back = ClockDoubt::Back {
        days: 365,
        counts_from_month: None,
    };
    assert_eq!(
        set("2025-01-01 00:00:00", false),
        (Err(Fault::ClockJump(back)), start)
    );
    assert_eq!(
        set("2026-01-01 23:00:00", false),
        (Ok(()), unix("2026-01-01 23:00:00"))
    );
    assert_eq!(
        set("2027-01-01 00:00:00", true),
        (Ok(()), unix("2027-01-01 00:00:00"))
    );
    for time in [5, u32::MAX] {
        assert_eq!(
            block_on(logger.set_clock(&clock, time, true)),
            Err(Fault::ClockRange)
        );
    }
}

#[test]
fn an_unlikely_first_date_needs_confirmation() {
    let clock = FakeClock::default();
    let mut logger = open(FakeFlash::new(FLASH), &clock);
    let mut set = |time: &str| block_on(logger.set_clock(&clock, unix(time), false));
    assert_eq!(
        set("2025-12-31 00:00:00"),
        Err(Fault::ClockJump(ClockDoubt::BeforeFirmware))
    );
    let long_after = ClockDoubt::LongAfter {
        month_index: Month::new(2026, 1).unwrap().index(),
    };
    assert_eq!(
        set("2062-03-01 00:00:00"),
        Err(Fault::ClockJump(long_after))
    );
    assert_eq!(set("2026-03-01 00:00:00"), Ok(()));
}

/// A logger of which nothing but its model tells when it was made.
#[test]
fn a_first_date_long_after_the_training_of_the_model_needs_confirmation() {
    let clock = FakeClock::default();
    let mut logger = open(FakeFlash::new(FLASH), &clock);
    for (index, layer) in LAYERS.into_iter().enumerate() {
        let item = ConfigItem::Channel {
            index: index as u8,
            channel: Some(channel(layer)),
        };
        block_on(logger.configure(&clock, item)).unwrap();
    }
    let trained_until = Month::new(2031, 6).unwrap();
    push(&mut logger, &clock, &model(1, trained_until)).unwrap();
    let mut set = |time: &str| block_on(logger.set_clock(&clock, unix(time), false));
    let long_after = ClockDoubt::LongAfter {
        month_index: trained_until.index(),
    };
    assert_eq!(
        set("2041-07-01 00:00:00"),
        Err(Fault::ClockJump(long_after))
    );
    assert_eq!(set("2041-06-30 00:00:00"), Ok(()));
}

/// Somebody typed 2062 for 2026 on a new logger, two samples were taken, and then the clock was corrected.
#[test]
fn a_wrong_first_date_costs_nothing_once_it_is_corrected() {
    let clock = FakeClock::default();
    let mut logger = station("2062-03-01 00:00:00", &clock);
    append(&mut logger, &clock, unix("2062-03-01 00:00:00"));
    append(&mut logger, &clock, unix("2062-03-01 00:15:00"));
    block_on(logger.set_clock(&clock, unix("2026-03-01 00:00:00"), true)).unwrap();
    assert_eq!(logger.counts_from_month(&clock), None);
    append_from_to(
        &mut logger,
        &clock,
        "2026-03-01 00:00:00",
        "2026-04-10 00:00:00",
        6 * 3600,
    );
    let dead = FakeClock::default();
    let mut logger = open(logger.store.into_flash(), &dead);
    assert_eq!(logger.unix_s(&dead), Some(unix("2026-04-09 18:00:00")));
    append_from_to(
        &mut logger,
        &dead,
        "2026-04-10 00:00:00",
        "2026-05-02 00:00:00",
        6 * 3600,
    );
    let march = Month::new(2026, 3).unwrap().index();
    let closed: Vec<(i32, u32)> = months(&mut logger)
        .iter()
        .map(|(record, _)| (record.month_index, record.channels[0].readings))
        .collect();
    assert_eq!(closed, [(march, 124), (march + 1, 120)]);
}

#[test]
fn one_sample_of_a_wrong_date_closes_nothing() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    append_from_to(
        &mut logger,
        &clock,
        "2026-01-01 00:00:00",
        "2026-01-20 00:00:00",
        6 * 3600,
    );
    block_on(logger.set_clock(&clock, unix("2062-03-01 00:00:00"), true)).unwrap();
    append(&mut logger, &clock, unix("2062-03-01 00:00:00"));
    block_on(logger.set_clock(&clock, unix("2026-01-20 00:00:00"), true)).unwrap();
    append_from_to(
        &mut logger,
        &clock,
        "2026-01-20 00:00:00",
        "2026-02-02 00:00:00",
        6 * 3600,
    );
    let months = months(&mut logger);
    assert_eq!(months.len(), 1);
    assert_eq!(months[0].0.channels[0].readings, 124);
}

#[test]
fn months_that_a_wrong_date_closed_are_made_void_and_counted_again() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    push(
        &mut logger,
        &clock,
        &model(1, Month::new(2025, 12).unwrap()),
    )
    .unwrap();
    append_from_to(
        &mut logger,
        &clock,
        "2026-01-01 00:00:00",
        "2026-03-10 00:00:00",
        6 * 3600,
    );
    block_on(logger.set_clock(&clock, unix("2062-03-01 00:00:00"), true)).unwrap();
    append(&mut logger, &clock, unix("2062-03-01 00:00:00"));
    append(&mut logger, &clock, unix("2062-03-01 00:15:00"));
    block_on(logger.estimate_missing(&clock)).unwrap();
    let (january, march) = (
        Month::new(2026, 1).unwrap().index(),
        Month::new(2026, 3).unwrap().index(),
    );
    let wrong = Month::new(2062, 3).unwrap().index();
    assert_eq!(i32::from(logger.store.held().months), wrong - january);
    let free = block_on(logger.store.months_free(3)).unwrap();
    assert!(free > 200, "a run of empty months takes one entry: {free}");

    let back = block_on(logger.set_clock(&clock, unix("2026-03-10 00:00:00"), false));
    assert!(
        matches!(
            back,
            Err(Fault::ClockJump(ClockDoubt::Back {
                counts_from_month: Some(month),
                ..
            })) if month == wrong
        ),
        "{back:?}"
    );
    block_on(logger.set_clock(&clock, unix("2026-03-10 00:00:00"), true)).unwrap();
    assert_eq!(logger.counts_from_month(&clock), Some(wrong));
    let count = (wrong - march) as u16;
    assert_eq!(
        block_on(logger.void_months(&clock, march, false)),
        Err(Fault::VoidMonths { count })
    );
    assert_eq!(
        block_on(logger.void_months(&clock, wrong, true)),
        Err(Fault::NotFound)
    );
    assert_eq!(block_on(logger.void_months(&clock, march, true)), Ok(count));
    assert_eq!(logger.counts_from_month(&clock), None);
    let mut logger = open(logger.store.into_flash(), &clock);
    append_from_to(
        &mut logger,
        &clock,
        "2026-03-10 00:00:00",
        "2026-05-02 00:00:00",
        6 * 3600,
    );
    block_on(logger.estimate_missing(&clock)).unwrap();
    let months = months(&mut logger);
    let closed: Vec<(i32, u32)> = months
        .iter()
        .map(|(record, _)| (record.month_index - january, record.channels[0].readings))
        .collect();
    assert_eq!(closed, [(0, 124), (1, 112), (2, 124), (3, 120)]);
    let file = model(1, Month::new(2025, 12).unwrap());
    for ((_, estimate), host) in months.iter().zip(host_estimates(&file, &months)) {
        assert_eq!(bits(estimate.as_ref()), host);
    }
}

/// Entries that make months void once could be made sixteen times, and then no wrong date could be undone any more.
#[test]
fn the_same_slip_is_undone_as_often_as_it_happens() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    append_from_to(
        &mut logger,
        &clock,
        "2026-01-01 00:00:00",
        "2026-02-10 00:00:00",
        6 * 3600,
    );
    let february = Month::new(2026, 2).unwrap().index();
    for slip in 0..40 {
        block_on(logger.set_clock(&clock, unix("2062-03-01 00:00:00"), true)).unwrap();
        append(&mut logger, &clock, unix("2062-03-01 00:00:00"));
        append(&mut logger, &clock, unix("2062-03-01 00:15:00"));
        block_on(logger.set_clock(&clock, unix("2026-02-10 00:00:00"), true)).unwrap();
        let void = block_on(logger.void_months(&clock, february, true));
        assert!(void.is_ok(), "slip {slip}: {void:?}");
    }
    let mut logger = open(logger.store.into_flash(), &clock);
    append_from_to(
        &mut logger,
        &clock,
        "2026-02-10 00:00:00",
        "2026-03-02 00:00:00",
        6 * 3600,
    );
    assert_eq!(readings(&mut logger), [124, 112]);
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
    block_on(logger.set_clock(&dead, unix("2026-01-05 00:15:10"), true)).unwrap();
    // A kept time is used unless it lies before the last sample.
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

/// A clock of a board with a DS3231 and its registers (status 0x0f as after first power-up: OSF is set).
fn with_chip() -> (FakeClock, FakeChip) {
    let chip = FakeChip::new(0x68, &[(0x0f, 0x88)]);
    (clock_beside(&chip), chip)
}

/// The board's clock after a loss of power: only the chip has kept running.
fn clock_beside(chip: &FakeChip) -> FakeClock {
    let mut clock = FakeClock::default();
    clock.chip = Some(RefCell::new(Ds3231::new(chip.clone())));
    clock
}

#[test]
fn a_clock_chip_carries_the_time_over_a_loss_of_power() {
    let (clock, chip) = with_chip();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    append(&mut logger, &clock, unix("2026-01-05 00:00:00"));
    // Ten days later: its registers, two digits per byte.
    chip.registers.borrow_mut()[4] = 0x11;
    let dead = clock_beside(&chip);
    let mut logger = open(logger.store.into_flash(), &dead);
    assert_eq!(logger.clock_state(), ClockState::Set);
    assert_eq!(logger.unix_s(&dead), Some(unix("2026-01-11 00:00:00")));
    append(&mut logger, &dead, unix("2026-01-11 00:15:00"));
    let mut quality = Vec::new();
    block_on(logger.store.each_sample(1, |sample, _| {
        quality.push(sample.channels[0].quality);
        core::ops::ControlFlow::Continue(())
    }))
    .unwrap();
    assert_eq!(quality, [Quality::GOOD]);
}

#[test]
fn a_clock_chip_whose_oscillator_stopped_leaves_the_clock_unsure_and_is_named() {
    let (clock, chip) = with_chip();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    append(&mut logger, &clock, unix("2026-01-05 00:00:00"));
    chip.registers.borrow_mut()[4] = 0x11;
    chip.registers.borrow_mut()[0x0f] |= 0x80;
    let dead = clock_beside(&chip);
    let mut logger = open(logger.store.into_flash(), &dead);
    assert_eq!(logger.clock_state(), ClockState::Unsure);
    assert_eq!(logger.unix_s(&dead), Some(unix("2026-01-05 00:00:00")));
    let stopped = EventKind::ClockChip(ClockChipFault::Stopped);
    assert_eq!(events(&mut logger).last(), Some(&stopped));
    // Setting the clock sets the chip: the next loss of power does not lose the time.
    block_on(logger.set_clock(&dead, unix("2026-01-11 00:00:00"), true)).unwrap();
    let dead = clock_beside(&chip);
    let logger = open(logger.store.into_flash(), &dead);
    assert_eq!(logger.clock_state(), ClockState::Set);
}

#[test]
fn a_clock_chip_behind_the_last_sample_is_not_believed() {
    let (clock, chip) = with_chip();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    append(&mut logger, &clock, unix("2026-01-05 00:00:00"));
    let dead = clock_beside(&chip);
    let logger = open(logger.store.into_flash(), &dead);
    assert_eq!(logger.clock_state(), ClockState::Unsure);
    assert_eq!(logger.unix_s(&dead), Some(unix("2026-01-05 00:00:00")));
}

#[test]
fn a_clock_chip_that_is_pulled_out_is_named_when_the_clock_is_set() {
    let (clock, _) = with_chip();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let gone = clock_beside(&FakeChip::new(0x11, &[]));
    block_on(logger.set_clock(&gone, unix("2026-01-01 00:00:05"), false)).unwrap();
    let silent = EventKind::ClockChip(ClockChipFault::Silent);
    assert_eq!(events(&mut logger).last(), Some(&silent));
}

/// A power cut on 5 January at noon loses the time; the logger continues, unsure, from its last sample, ten days late.
fn unsure(clock: &FakeClock) -> Logger<FakeFlash> {
    let powered = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &powered);
    append_from_to(
        &mut logger,
        &powered,
        "2026-01-01 00:00:00",
        "2026-01-05 12:00:00",
        6 * 3600,
    );
    open(logger.store.into_flash(), clock)
}

/// Takes samples every six hours by the logger's own clock.
fn append_by_the_clock(logger: &mut Logger<FakeFlash>, clock: &FakeClock, count: u32) {
    for _ in 0..count {
        clock.advance_to_ms(clock.uptime_ms() + 6 * 3_600_000);
        let unix_s = logger.unix_s(clock).unwrap();
        append(logger, clock, unix_s);
    }
}

/// Time and quality of every sample.
fn stamps(logger: &mut Logger<FakeFlash>) -> Vec<(u32, Quality)> {
    let mut stamps = Vec::new();
    block_on(logger.store.each_sample(0, |sample, bytes| {
        assert_eq!(postcard::from_bytes(bytes), Ok(sample.clone()));
        stamps.push((sample.unix_s, sample.channels[0].quality));
        core::ops::ControlFlow::Continue(())
    }))
    .unwrap();
    stamps
}

#[test]
fn samples_of_an_unsure_clock_are_dated_when_it_is_set() {
    let clock = FakeClock::default();
    let mut logger = unsure(&clock);
    let before = stamps(&mut logger).len();
    append_by_the_clock(&mut logger, &clock, 3);
    assert_eq!(stamps(&mut logger)[before].1, Quality::CLOCK_UNSURE);
    // The last of the three was taken now.
    let now = unix("2026-01-16 06:00:00");
    block_on(logger.set_clock(&clock, now, true)).unwrap();
    let placed: Vec<(u32, Quality)> = (0..3)
        .map(|back| (now - (2 - back) * 6 * 3600, Quality::PLACED))
        .collect();
    assert_eq!(stamps(&mut logger)[before..], placed);
    assert_eq!(logger.clock_state(), ClockState::Set);
    // From 5 January 06:00, the last sample, the three took 18 hours: 6 January 00:00 by the unsure clock.
    let event = EventKind::SamplesPlaced {
        first_sample: before as u32,
        count: 3,
        shift_s: 10 * 86_400 + 6 * 3600,
    };
    assert_eq!(events(&mut logger).last(), Some(&event));
    // They count, and their times stay corrected after the next loss of power.
    let readings = |logger: &mut Logger<FakeFlash>| {
        let open = logger.tally.open().unwrap().record(3, 0, 0);
        open.channels[0].readings
    };
    assert_eq!(readings(&mut logger) as usize, before + 3);
    let dead = FakeClock::default();
    let mut logger = open(logger.store.into_flash(), &dead);
    assert_eq!(stamps(&mut logger)[before..], placed);
}

#[test]
fn a_slip_when_the_clock_is_set_is_mended_with_the_samples() {
    let clock = FakeClock::default();
    let mut logger = unsure(&clock);
    let before = stamps(&mut logger).len();
    append_by_the_clock(&mut logger, &clock, 2);
    block_on(logger.set_clock(&clock, unix("2062-01-16 06:00:00"), true)).unwrap();
    block_on(logger.set_clock(&clock, unix("2026-01-16 06:00:00"), true)).unwrap();
    assert_eq!(
        stamps(&mut logger)[before + 1].0,
        unix("2026-01-16 06:00:00")
    );
    // Months later a clock that drifted by some seconds does not change them.
    clock.advance_to_ms(clock.uptime_ms() + 2 * 3_600_000);
    block_on(logger.set_clock(&clock, unix("2026-01-16 08:00:30"), true)).unwrap();
    assert_eq!(
        stamps(&mut logger)[before + 1].0,
        unix("2026-01-16 06:00:00")
    );
}

#[test]
fn a_month_closed_by_an_unsure_clock_is_closed_again() {
    let clock = FakeClock::default();
    let mut logger = unsure(&clock);
    // By its clock the logger reaches February; in fact it is March.
    append_by_the_clock(&mut logger, &clock, 4 * 40);
    let january = Month::new(2026, 1).unwrap().index();
    assert_eq!(
        logger.store.held().last_month.as_ref().unwrap().month_index,
        january
    );
    let now = logger.unix_s(&clock).unwrap() + 60 * 86_400;
    block_on(logger.set_clock(&clock, now, true)).unwrap();
    append_by_the_clock(&mut logger, &clock, 4 * 30);
    let closed = months(&mut logger);
    // The samples from before the power loss, 1 to 5 January.
    assert_eq!(closed[0].0.month_index, january);
    assert_eq!(closed[0].0.channels[0].readings, 18);
    assert!(
        closed[1].0.channels[0].mean_m.is_none(),
        "nothing of February"
    );
    assert!(closed[2].0.channels[0].readings > 80, "{:?}", closed[2].0);
}

#[test]
fn a_reset_does_not_make_an_unsure_clock_sure() {
    let clock = FakeClock::default();
    let mut logger = unsure(&clock);
    append_by_the_clock(&mut logger, &clock, 1);
    let kept = FakeClock::default();
    kept.kept.set(logger.unix_s(&clock));
    let mut logger = open(logger.store.into_flash(), &kept);
    assert_eq!(logger.clock_state(), ClockState::Unsure);
    append_by_the_clock(&mut logger, &kept, 1);
    let before = stamps(&mut logger).len() - 2;
    let now = logger.unix_s(&kept).unwrap() + 86_000;
    block_on(logger.set_clock(&kept, now, false)).unwrap();
    let placed = stamps(&mut logger);
    assert!(
        placed[before..]
            .iter()
            .all(|(_, quality)| *quality == Quality::PLACED)
    );
}
