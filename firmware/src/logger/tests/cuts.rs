//! Power cuts after every single byte that a month close or a model swap writes or erases.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// What a run acknowledged is kept.
#[derive(Clone, Default)]
struct Told {
    samples: u32,
    months: u16,
    generation: Option<u32>,
}

fn bytes_changed(logger: &mut Logger<FakeFlash>) -> u64 {
    logger.store.flash_mut().bytes_changed
}

/// Runs `act` with a power cut after each byte that it changes, and `check` on what a restart finds. Returns the number of cuts.
fn cut_everywhere(
    before: &FakeFlash,
    kept: Option<u32>,
    act: impl Fn(&mut Logger<FakeFlash>, &mut Told) -> Result<(), ()> + Sync,
    check: impl Fn(&mut Logger<FakeFlash>, &Told) + Sync,
) -> u64 {
    let clock = FakeClock::default();
    clock.kept.set(kept);
    let mut whole = open(before.clone(), &clock);
    let start = bytes_changed(&mut whole);
    act(&mut whole, &mut Told::default()).unwrap();
    let bytes = bytes_changed(&mut whole) - start;
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let clock = FakeClock::default();
                clock.kept.set(kept);
                loop {
                    let cut = next.fetch_add(1, Ordering::Relaxed);
                    if cut >= bytes {
                        return;
                    }
                    let mut logger = open(before.clone(), &clock);
                    logger.store.flash_mut().bytes_until_cut = Some(cut);
                    let mut told = Told::default();
                    // An event of lesser importance may be lost without an error.
                    let _ = act(&mut logger, &mut told);
                    let left = logger.store.flash_mut().bytes_until_cut;
                    assert_eq!(left, Some(0), "cut {cut} of {bytes}");
                    let flash = cut_the_restart_too(logger.store.into_flash(), cut, &clock);
                    check(&mut open(flash, &clock), &told);
                }
            });
        }
    });
    bytes
}

/// At every 16th cut the power fails again while the restart repairs and writes.
fn cut_the_restart_too(mut flash: FakeFlash, cut: u64, clock: &FakeClock) -> FakeFlash {
    if cut.is_multiple_of(16) {
        flash.bytes_until_cut = Some(cut / 16 % 97);
        let _ = block_on(Logger::open(&mut flash, layout(), clock, &SWITCHED_ON));
    }
    flash.bytes_until_cut = None;
    flash
}

/// A station on the last day of January whose ring erases a segment with the next sample.
fn end_of_january(clock: &FakeClock) -> FakeFlash {
    let mut logger = station("2025-12-01 00:00:00", clock);
    push(&mut logger, clock, &model(1, Month::new(2025, 11).unwrap())).unwrap();
    append_from_to(
        &mut logger,
        clock,
        "2025-12-01 00:00:00",
        "2026-01-01 00:00:00",
        6 * 3600,
    );
    append_from_to(
        &mut logger,
        clock,
        "2026-01-01 00:00:00",
        "2026-01-31 23:00:00",
        1800,
    );
    let erased = |logger: &mut Logger<FakeFlash>| {
        let samples = layout().samples.start as usize / 4096;
        logger.store.flash_mut().erases[samples..]
            .iter()
            .sum::<u32>()
    };
    for unix_s in unix("2026-01-31 23:00:00")..unix("2026-02-01 00:00:00") {
        let (flash, erases) = (logger.store.flash_mut().clone(), erased(&mut logger));
        append(&mut logger, clock, unix_s);
        if erased(&mut logger) > erases + 1 {
            return flash;
        }
    }
    panic!("January has room for a segment");
}

#[test]
fn a_month_close_survives_a_power_cut_at_every_byte() {
    let clock = FakeClock::default();
    let before = end_of_january(&clock);
    let kept = clock.kept.get();
    let samples_before = open(before.clone(), &clock).store.next_sample();
    let february = unix("2026-02-01 00:00:00");
    let act = |logger: &mut Logger<FakeFlash>, told: &mut Told| {
        let clock = FakeClock::default();
        for sample in 0..3 {
            let unix_s = february + sample * 900;
            block_on(logger.append(&clock, unix_s, &round(levels(unix_s)))).map_err(|_| ())?;
            told.samples = sample + 1;
            told.months = logger.store.held().months;
            block_on(logger.estimate_missing(&clock)).map_err(|_| ())?;
        }
        Ok(())
    };
    let mut whole = open(before.clone(), &clock);
    act(&mut whole, &mut Told::default()).unwrap();
    let expected = months(&mut whole);
    assert_eq!(expected.len(), 2);
    assert!(expected.iter().all(|(_, estimate)| estimate.is_some()));
    let cuts = cut_everywhere(&before, kept, act, |logger, told| {
        assert!(
            logger.store.next_sample() >= samples_before + told.samples,
            "an acknowledged sample is lost"
        );
        assert!(
            logger.store.held().months >= told.months,
            "an acknowledged month is lost"
        );
        let clock = FakeClock::default();
        append(logger, &clock, february + 3600);
        block_on(logger.estimate_missing(&clock)).unwrap();
        let found = months(logger);
        assert_eq!(
            found.len(),
            expected.len(),
            "a month closed twice or not at all"
        );
        for ((record, estimate), (expected, expected_estimate)) in found.iter().zip(&expected) {
            assert_eq!(
                (record.month_index, &record.channels),
                (expected.month_index, &expected.channels)
            );
            assert_eq!(bits(estimate.as_ref()), bits(expected_estimate.as_ref()));
        }
    });
    println!("{cuts} cuts in a month close");
    assert!(cuts > 8192, "a segment was erased: {cuts}");
}

#[test]
fn a_model_swap_survives_a_power_cut_at_every_byte() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let old = model(1, Month::new(2025, 12).unwrap());
    let new = model(2, Month::new(2025, 12).unwrap());
    let third = model(3, Month::new(2025, 12).unwrap());
    push(&mut logger, &clock, &new).unwrap();
    push(&mut logger, &clock, &old).unwrap();
    let before = logger.store.into_flash();
    let act = |logger: &mut Logger<FakeFlash>, told: &mut Told| {
        let clock = FakeClock::default();
        let info = push(logger, &clock, &new).map_err(|_| ())?;
        told.generation = Some(info.generation);
        let info = block_on(logger.rollback(&clock, false)).map_err(|_| ())?;
        told.generation = Some(info.generation);
        let info = push(logger, &clock, &new).map_err(|_| ())?;
        told.generation = Some(info.generation);
        Ok(())
    };
    let cuts = cut_everywhere(&before, clock.kept.get(), act, |logger, told| {
        let info = block_on(logger.models()).unwrap().active.unwrap();
        assert!(
            info.generation >= told.generation.unwrap_or(2),
            "an acknowledged swap is lost"
        );
        let expected = if info.version == 2 { &new } else { &old };
        assert_eq!(
            block_on(logger.active_model()).unwrap(),
            expected,
            "the active model is whole"
        );
        assert_eq!(block_on(logger.models()).unwrap().well, "SYNTHETIC well");
        // And the logger accepts another one.
        let clock = FakeClock::default();
        assert_eq!(push(logger, &clock, &third).unwrap().version, 3);
    });
    println!("{cuts} cuts in a model swap, a rollback and a second swap");
    assert!(cuts > 30_000, "{cuts}");
}
