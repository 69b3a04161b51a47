//! Estimates of months without the drift of the sensors.

use amlstm_core::drift::Correction;
use amlstm_core::month_mean::MonthMean;

use super::*;

fn tape(logger: &mut Logger<FakeFlash>, clock: &FakeClock, time: &str, sensor_m: f32) {
    block_on(logger.set_clock(clock, unix(time), true)).unwrap();
    let tape = EventKind::Tape {
        channel: 0,
        tape_m: 10.0,
        sensor_m: Some(sensor_m),
    };
    block_on(logger.note(clock, tape)).unwrap();
}

/// A logger whose model knows the levels until the December before 2026, with a tape reading at `begin`; and its model file.
fn taped(begin: &str, clock: &FakeClock, sensor_m: f32) -> (Logger<FakeFlash>, Vec<u8>) {
    let mut logger = station(begin, clock);
    let file = model(3, Month::new(2025, 12).unwrap());
    push(&mut logger, clock, &file).unwrap();
    tape(&mut logger, clock, begin, sensor_m);
    (logger, file)
}

#[test]
fn a_drift_between_two_visits_is_taken_off_when_asked_and_nothing_is_kept() {
    let clock = FakeClock::default();
    let (begin, end) = ("2026-01-01 00:00:00", "2026-03-02 00:00:00");
    let (mut logger, file) = taped(begin, &clock, 10.0);
    append_from_to(&mut logger, &clock, begin, end, 6 * 3600);
    tape(&mut logger, &clock, end, 10.5);
    block_on(logger.estimate_missing(&clock)).unwrap();
    let closed = months(&mut logger);
    assert_eq!(closed.len(), 2);

    // From nothing to half a metre, sample by sample.
    let mut corrected = closed.clone();
    for (record, _) in &mut corrected {
        let mut mean = MonthMean::default();
        for sample in 0..60 * 4 {
            let unix_s = unix(begin) + sample * 21_600;
            let moment = Moment::from_unix(unix_s);
            if moment.month_index() == record.month_index {
                let share = f64::from(unix_s - unix(begin)) / f64::from(unix(end) - unix(begin));
                mean.add(
                    moment.day,
                    f64::from(levels(unix_s)[0].unwrap()) + share * 0.5,
                );
            }
        }
        record.channels[0].mean_m = mean.mean().map(|mean_m| mean_m as f32);
    }
    let host = host_estimates(&file, &corrected);
    let before = logger.store.held().clone();
    for (position, ((record, _), host)) in corrected.iter().zip(&host).enumerate() {
        let asked = block_on(logger.corrected_estimate(Some(position as u16))).unwrap();
        assert_eq!(bits(Some(&asked.estimate)), *host, "{record:?}");
        let [first, second, third] = asked.levels.as_slice() else {
            panic!("{asked:?}");
        };
        assert_eq!(first.mean_m, record.channels[0].mean_m);
        assert!(matches!(first.correction, Correction::Added(added_m) if added_m > 0.1));
        for (level, channel) in [second, third].into_iter().zip(&record.channels[1..]) {
            assert_eq!(
                (level.mean_m, level.correction),
                (channel.mean_m, Correction::NoTape)
            );
        }
    }
    assert_eq!(*logger.store.held(), before);
    assert_eq!(months(&mut logger), closed);
}

#[test]
fn a_month_whose_samples_are_gone_is_taken_as_it_was_closed() {
    let clock = FakeClock::default();
    let begin = "2026-01-01 00:00:00";
    let (mut logger, _) = taped(begin, &clock, 10.25);
    // The ring keeps fewer samples than four months of one each half hour.
    append_from_to(&mut logger, &clock, begin, "2026-05-02 00:00:00", 1800);
    assert!(logger.store.first_sample() > 31 * 48);
    let closed = months(&mut logger);
    let asked = block_on(logger.corrected_estimate(Some(0))).unwrap();
    assert_eq!(asked.levels[0].correction, Correction::SamplesGone);
    assert_eq!(asked.levels[0].mean_m, closed[0].0.channels[0].mean_m);
    let asked = block_on(logger.corrected_estimate(Some(3))).unwrap();
    assert!(
        matches!(asked.levels[0].correction, Correction::Added(added_m) if (added_m - 0.25).abs() < 1e-6)
    );
}

/// A technician sends the station file at every visit, before the tape or after it.
#[test]
fn a_channel_that_is_sent_again_as_it_is_does_not_begin_its_drift_anew() {
    let clock = FakeClock::default();
    let (begin, end) = ("2026-01-01 00:00:00", "2026-02-02 00:00:00");
    let (mut logger, _) = taped(begin, &clock, 10.0);
    let again = ConfigItem::Channel {
        index: 0,
        channel: Some(channel(LAYERS[0])),
    };
    block_on(logger.configure(&clock, again.clone())).unwrap();
    append_from_to(&mut logger, &clock, begin, end, 6 * 3600);
    block_on(logger.configure(&clock, again)).unwrap();
    tape(&mut logger, &clock, end, 10.5);
    let added = |logger: &mut Logger<FakeFlash>| {
        let asked = block_on(logger.corrected_estimate(Some(0))).unwrap();
        asked.levels[0].correction
    };
    // Half of half a metre in the middle of the 32 days; the month's own middle lies half a day before.
    let told = added(&mut logger);
    assert!(
        matches!(told, Correction::Added(added_m) if (0.23..0.25).contains(&added_m)),
        "{told:?}"
    );
    let mut longer = channel(LAYERS[0]);
    longer.offset_m = 0.5;
    let changed = ConfigItem::Channel {
        index: 0,
        channel: Some(longer),
    };
    block_on(logger.configure(&clock, changed)).unwrap();
    tape(&mut logger, &clock, end, 9.0);
    assert_eq!(
        added(&mut logger),
        told,
        "what comes after the change tells nothing of January"
    );
}

#[test]
fn months_that_cannot_be_estimated_are_refused_with_the_drift_as_without() {
    let clock = FakeClock::default();
    let begin = "2026-01-01 00:00:00";
    let mut logger = station(begin, &clock);
    let refused = |logger: &mut Logger<FakeFlash>, position| {
        let asked = block_on(logger.corrected_estimate(position));
        let plain = block_on(logger.estimate_at(position));
        let fault = asked.expect_err("nothing to estimate");
        assert_eq!(fault, plain.expect_err("nothing to estimate"));
        fault
    };
    assert_eq!(refused(&mut logger, None), Fault::NotFound);
    assert_eq!(refused(&mut logger, Some(0)), Fault::NotFound);
    append_from_to(&mut logger, &clock, begin, "2026-02-02 00:00:00", 6 * 3600);
    assert_eq!(refused(&mut logger, None), Fault::NoModel);
    // January lies within its training.
    push(&mut logger, &clock, &model(3, Month::new(2026, 1).unwrap())).unwrap();
    assert_eq!(refused(&mut logger, None), Fault::NotFound);
    push(
        &mut logger,
        &clock,
        &model(4, Month::new(2025, 12).unwrap()),
    )
    .unwrap();
    assert_eq!(refused(&mut logger, Some(1)), Fault::NotFound);
    // A layer of the model has no channel any more.
    logger.settings.channels.truncate(2);
    assert_eq!(refused(&mut logger, None), Fault::LayerUnknown { input: 2 });
}

/// A silent sensor, months without samples, and what a wrong date closed: what can be taken off is, and the rest is as it was closed.
#[test]
fn gaps_and_void_months_do_not_change_what_is_taken_off() {
    let clock = FakeClock::default();
    let begin = "2026-01-01 00:00:00";
    let (mut logger, file) = taped(begin, &clock, 10.25);
    let silent = |logger: &mut Logger<FakeFlash>, from, to| {
        for unix_s in (unix(from)..unix(to)).step_by(6 * 3600) {
            let [first, _, third] = levels(unix_s);
            block_on(logger.append(&clock, unix_s, &round([first, None, third]))).unwrap();
        }
    };
    silent(&mut logger, begin, "2026-02-10 00:00:00");
    // A wrong date closes February and 36 years behind it; March and April have no samples.
    append_from_to(
        &mut logger,
        &clock,
        "2062-03-01 00:00:00",
        "2062-03-02 00:00:00",
        6 * 3600,
    );
    assert!(logger.store.held().months > 400);
    block_on(logger.set_clock(&clock, unix("2026-02-10 00:00:00"), true)).unwrap();
    let february = Month::new(2026, 2).unwrap().index();
    block_on(logger.void_months(&clock, february, true)).unwrap();
    silent(&mut logger, "2026-02-10 00:00:00", "2026-03-01 00:00:00");
    append_from_to(
        &mut logger,
        &clock,
        "2026-05-01 00:00:00",
        "2026-05-03 00:00:00",
        6 * 3600,
    );
    let mut closed = months(&mut logger);
    assert_eq!(closed.len(), 4);
    for (position, (record, _)) in closed.iter_mut().enumerate() {
        let asked = block_on(logger.corrected_estimate(Some(position as u16))).unwrap();
        let [first, second, third] = asked.levels.as_slice() else {
            panic!("{asked:?}");
        };
        if position < 2 {
            assert!(
                matches!(first.correction, Correction::Added(added_m) if (added_m - 0.25).abs() < 1e-6),
                "{asked:?}"
            );
            assert_eq!(third.correction, Correction::NoTape);
        } else {
            assert_eq!((first.mean_m, first.correction), (None, Correction::None));
        }
        assert_eq!((second.mean_m, second.correction), (None, Correction::None));
        record.channels[0].mean_m = first.mean_m;
    }
    let host = host_estimates(&file, &closed);
    for (position, host) in host.iter().enumerate() {
        let asked = block_on(logger.corrected_estimate(Some(position as u16))).unwrap();
        assert_eq!(bits(Some(&asked.estimate)), *host, "{position}");
    }
}

/// Samples after a month was closed do not count in it, and days and months are the site's.
#[test]
fn a_month_is_summed_up_again_from_the_samples_that_it_was_closed_with() {
    let clock = FakeClock::default();
    // 2026-01-01 00:00 in Beijing.
    let begin = "2025-12-31 16:00:00";
    let mut logger = station(begin, &clock);
    let file = model_of_site(3, Month::new(2025, 12).unwrap(), 480);
    push(&mut logger, &clock, &file).unwrap();
    tape(&mut logger, &clock, begin, 10.25);
    let end = "2026-01-31 22:00:00";
    append_from_to(&mut logger, &clock, begin, end, 6 * 3600);
    assert_eq!(logger.store.held().months, 1);
    let added = |logger: &mut Logger<FakeFlash>| {
        let asked = block_on(logger.corrected_estimate(Some(0))).unwrap();
        match asked.levels[0].correction {
            Correction::Added(added_m) => added_m,
            other => panic!("{other:?}"),
        }
    };
    assert!((added(&mut logger) - 0.25).abs() < 1e-6);
    // The clock goes back into the closed month: late samples, with other levels.
    for hour in 0..4 {
        let unix_s = unix("2026-01-31 04:00:00") + hour * 3600;
        let late = round([Some(-5.0), Some(-5.0), Some(-5.0)]);
        block_on(logger.append(&clock, unix_s, &late)).unwrap();
    }
    assert!((added(&mut logger) - 0.25).abs() < 1e-6);
}
