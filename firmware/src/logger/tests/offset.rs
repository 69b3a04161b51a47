//! Months follow the site's time, as in the training of the active model.

use super::*;

/// A day's readings, every three hours, each `level_m`; days in the site's time.
fn day(logger: &mut Logger<FakeFlash>, clock: &FakeClock, site_midnight: u32, level_m: f32) {
    for hour in (0..24).step_by(3) {
        let levels = [Some(level_m); 3];
        block_on(logger.append(clock, site_midnight + hour * 3600, &round(levels))).unwrap();
    }
}

/// UTC of a midnight in Beijing.
fn beijing(text: &str) -> u32 {
    unix(text) - 8 * 3600
}

fn last_of_2025() -> Month {
    Month::new(2025, 12).unwrap()
}

#[test]
fn a_month_ends_at_the_sites_midnight() {
    let clock = FakeClock::default();
    let mut logger = station("2025-12-31 12:00:00", &clock);
    let model = model_of_site(1, last_of_2025(), 480);
    push(&mut logger, &clock, &model).unwrap();
    // The site's January: 1 m on its first ten days and 2 m on the 21 others: (10 + 42) / 31.
    for number in 0..31 {
        let level_m = if number < 10 { 1.0 } else { 2.0 };
        day(
            &mut logger,
            &clock,
            beijing("2026-01-01 00:00:00") + number * 86_400,
            level_m,
        );
    }
    assert_eq!(logger.store.held().months, 0, "23:59 at the site");
    let last = beijing("2026-01-31 23:59:00");
    block_on(logger.append(&clock, last, &round([Some(2.0); 3]))).unwrap();
    assert_eq!(logger.store.held().months, 0, "23:59 at the site");
    append(&mut logger, &clock, beijing("2026-02-01 00:00:00"));
    let months = months(&mut logger);
    let level = months[0].0.channels[0];
    assert_eq!(
        months[0].0.month_index,
        Month::new(2026, 1).unwrap().index()
    );
    assert_eq!((level.days, level.readings), (31, 249));
    assert_eq!(level.mean_m, Some((52.0_f64 / 31.0) as f32));
}

/// A restart reads the offset from the model on the flash.
#[test]
fn a_restart_counts_the_open_month_by_the_sites_time() {
    let clock = FakeClock::default();
    let mut logger = station("2025-12-31 12:00:00", &clock);
    let model = model_of_site(1, last_of_2025(), 480);
    push(&mut logger, &clock, &model).unwrap();
    for number in 0..31 {
        day(
            &mut logger,
            &clock,
            beijing("2026-01-01 00:00:00") + number * 86_400,
            number as f32,
        );
    }
    let mut restarted = open(logger.store.into_flash(), &clock);
    append(&mut restarted, &clock, beijing("2026-02-01 00:00:00"));
    let level = months(&mut restarted)[0].0.channels[2];
    assert_eq!((level.days, level.readings), (31, 248));
    // 0 to 30 m, one level per day.
    assert_eq!(level.mean_m, Some(15.0));
}

/// The model is uploaded within a month: earlier readings are summed up by the model's days, not lost and not put into the month before.
#[test]
fn a_model_of_another_offset_sums_up_the_open_month_anew_and_says_so() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let utc = model(1, last_of_2025());
    push(&mut logger, &clock, &utc).unwrap();
    let start = beijing("2026-01-01 00:00:00");
    for number in 0..20 {
        day(&mut logger, &clock, start + number * 86_400, number as f32);
    }
    // The first eight hours of the site's January were December in UTC, and closed it.
    assert_eq!(months(&mut logger).len(), 1);
    let site = model_of_site(2, last_of_2025(), 480);
    push(&mut logger, &clock, &site).unwrap();
    assert_eq!(logger.month_definition().utc_offset_minutes(), 480);
    assert!(events(&mut logger).contains(&EventKind::MonthOffset {
        old_minutes: 0,
        new_minutes: 480
    }));
    for number in 20..31 {
        day(&mut logger, &clock, start + number * 86_400, number as f32);
    }
    append(&mut logger, &clock, beijing("2026-02-01 00:00:00"));
    let level = months(&mut logger)[1].0.channels[0];
    // The three readings of December in UTC stay there; every day is complete except the first, whose mean is 0 m either way.
    assert_eq!((level.days, level.readings), (31, 248 - 3));
    assert_eq!(level.mean_m, Some(15.0));

    block_on(logger.rollback(&clock, false)).unwrap();
    assert_eq!(logger.month_definition().utc_offset_minutes(), 0);
    assert!(events(&mut logger).contains(&EventKind::MonthOffset {
        old_minutes: 480,
        new_minutes: 0
    }));
    let models = block_on(logger.models()).unwrap();
    assert_eq!(
        (models.utc_offset_minutes, models.month_rules.len()),
        (0, 3)
    );
}

/// A site behind UTC: the first hours of a month in UTC belong to the site's month before.
#[test]
fn a_clock_is_judged_by_the_sites_months() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let model = model_of_site(1, last_of_2025(), -300);
    push(&mut logger, &clock, &model).unwrap();
    append_from_to(
        &mut logger,
        &clock,
        "2026-01-01 06:00:00",
        "2026-02-01 12:00:00",
        6 * 3600,
    );
    assert_eq!(months(&mut logger).len(), 1);
    block_on(logger.set_clock(&clock, unix("2026-02-01 04:00:00"), true)).unwrap();
    let february = Month::new(2026, 2).unwrap().index();
    assert_eq!(logger.counts_from_month(&clock), Some(february));
    block_on(logger.set_clock(&clock, unix("2026-02-01 05:00:00"), true)).unwrap();
    assert_eq!(logger.counts_from_month(&clock), None);
}
