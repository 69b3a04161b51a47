//! Closing months and estimating them.

use super::*;

#[test]
fn a_month_is_closed_by_the_first_sample_after_it() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    append_from_to(
        &mut logger,
        &clock,
        "2026-01-01 00:00:00",
        "2026-02-01 00:00:00",
        6 * 3600,
    );
    assert_eq!(logger.store.held().months, 0);
    append(&mut logger, &clock, unix("2026-02-01 00:00:00"));
    let months = months(&mut logger);
    assert_eq!(months.len(), 1);
    let level = months[0].0.channels[0];
    assert_eq!(
        (level.days, level.readings, level.rejected, level.complete),
        (31, 124, 0, true)
    );
    let mean = (0..124)
        .map(|sample| f64::from(levels(unix("2026-01-01 00:00:00") + sample * 21_600)[0].unwrap()));
    assert_eq!(level.mean_m, Some((mean.sum::<f64>() / 124.0) as f32));
}

/// 80 % of January's 31 days are 24.8: 25 days are enough, 24 are not.
#[test]
fn a_month_counts_from_25_of_31_days_on() {
    for (days, complete) in [(24, false), (25, true)] {
        let clock = FakeClock::default();
        let mut logger = station("2026-01-01 00:00:00", &clock);
        let start = unix("2026-01-01 06:00:00");
        for day in 0..31 {
            let levels = if day < days { levels(start) } else { [None; 3] };
            block_on(logger.append(&clock, start + day * 86_400, &round(levels))).unwrap();
        }
        append(&mut logger, &clock, unix("2026-02-01 00:00:00"));
        let level = months(&mut logger)[0].0.channels[1];
        assert_eq!(
            (level.complete, level.rejected),
            (complete, 31 - days),
            "{days} days"
        );
        assert_eq!(level.model_level_m().is_some(), complete);
        assert!(level.quality.has(Quality::TIMEOUT));
    }
}

#[test]
fn estimates_equal_the_hosts_bit_for_bit_after_any_restart() {
    let clock = FakeClock::default();
    let mut logger = station("2025-11-01 00:00:00", &clock);
    let file = model(3, Month::new(2025, 12).unwrap());
    push(&mut logger, &clock, &file).unwrap();
    // The 8th month has no sample at all.
    for month in (0..30_u32).filter(|month| *month != 7) {
        let from = Month::new(2025, 11).unwrap().offset(month as i32);
        append_from_to(
            &mut logger,
            &clock,
            &format!("{from}-01 00:00:00"),
            &format!("{from}-28 00:00:00"),
            43_200,
        );
        block_on(logger.estimate_missing(&clock)).unwrap();
        if month % 4 == 1 {
            logger = open(logger.store.into_flash(), &clock);
        }
    }
    let months = months(&mut logger);
    assert_eq!(months.len(), 29);
    let host = host_estimates(&file, &months);
    assert_eq!(
        host.iter().filter(|estimate| estimate.is_none()).count(),
        2,
        "November and December lie in the training"
    );
    for (position, ((record, estimate), host)) in months.iter().zip(&host).enumerate() {
        assert_eq!(bits(estimate.as_ref()), *host, "{record:?}");
        let again = block_on(logger.estimate_at(Some(position as u16))).ok();
        let again = again.map(|(estimate, _)| estimate);
        assert_eq!(bits(again.as_ref()), *host, "computed again: {record:?}");
    }
}

/// The first layer's sensor is dead in February; March is asked for as the last month.
#[test]
fn what_the_layers_add_by_physics_is_the_hosts_and_says_how_each_level_was_found() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let file = model_with_physics(1, Month::new(2025, 12).unwrap());
    push(&mut logger, &clock, &file).unwrap();
    let start = unix("2026-01-01 00:00:00");
    for half_day in 0..2 * 91 {
        let unix_s = start + half_day * 43_200;
        let mut read = levels(unix_s);
        if (62..118).contains(&half_day) {
            read[0] = None;
        }
        block_on(logger.append(&clock, unix_s, &round(read))).unwrap();
    }
    block_on(logger.estimate_missing(&clock)).unwrap();
    let months = months(&mut logger);
    assert_eq!(months.len(), 3);
    let bridged: Vec<u8> = months
        .iter()
        .map(|(_, estimate)| estimate.as_ref().unwrap().bridged)
        .collect();
    assert_eq!(bridged, [0, 1, 0]);
    let mut words = vec![0_u32; file.len().div_ceil(4)];
    bytemuck::cast_slice_mut::<u32, u8>(&mut words)[..file.len()].copy_from_slice(&file);
    let file = ModelFile::parse(&bytemuck::cast_slice(&words)[..file.len()]).unwrap();
    let mut host = Estimator::at_start(&file);
    for (position, (record, _)) in months.iter().enumerate() {
        let month = Month::from_index(record.month_index).unwrap();
        let levels: Vec<_> = (record.channels.iter())
            .map(MonthLevel::model_level_m)
            .collect();
        let expected = host.step(month, &levels).unwrap().physics.unwrap();
        let (_, found) = block_on(logger.estimate_at(Some(position as u16))).unwrap();
        assert_eq!(found.month_index, record.month_index);
        assert_eq!(found.layer_mm, expected.layer_mm);
    }
    let (_, last) = block_on(logger.estimate_at(None)).unwrap();
    assert_eq!(last.month_index, months[2].0.month_index);
    assert!(last.layer_mm.iter().any(|mm| *mm != 0.0));
}

#[test]
fn the_open_month_survives_a_restart() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    append_from_to(
        &mut logger,
        &clock,
        "2026-01-01 00:00:00",
        "2026-02-20 00:00:00",
        6 * 3600,
    );
    let mut restarted = open(logger.store.into_flash(), &clock);
    append_from_to(
        &mut restarted,
        &clock,
        "2026-02-20 00:00:00",
        "2026-03-02 00:00:00",
        6 * 3600,
    );
    let level = months(&mut restarted)[1].0.channels[2];
    assert_eq!((level.days, level.readings), (28, 112));
}

#[test]
fn months_without_samples_are_closed_as_missing_and_said_so() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    append_from_to(
        &mut logger,
        &clock,
        "2026-01-01 00:00:00",
        "2026-01-31 00:00:00",
        6 * 3600,
    );
    append(&mut logger, &clock, unix("2026-05-03 00:00:00"));
    assert_eq!(
        logger.store.held().months,
        0,
        "after a jump one more follows"
    );
    append(&mut logger, &clock, unix("2026-05-03 06:00:00"));
    let indices: Vec<i32> = months(&mut logger)
        .iter()
        .map(|(record, _)| record.month_index)
        .collect();
    let january = Month::new(2026, 1).unwrap().index();
    assert_eq!(indices, [january, january + 1, january + 2, january + 3]);
    assert!(events(&mut logger).contains(&EventKind::MonthsEmpty {
        first_month_index: january + 1,
        count: 3
    }));
}

#[test]
fn a_layer_of_closed_months_keeps_its_channel() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let rename = ConfigItem::Channel {
        index: 1,
        channel: Some(channel("confined9")),
    };
    block_on(logger.configure(&clock, rename.clone())).unwrap();
    append_from_to(
        &mut logger,
        &clock,
        "2026-01-01 00:00:00",
        "2026-02-01 12:00:00",
        6 * 3600,
    );
    let again = ConfigItem::Channel {
        index: 1,
        channel: Some(channel("confined1")),
    };
    let in_use = Err(Fault::Config(ConfigProblem::LayerInUse));
    assert_eq!(block_on(logger.configure(&clock, again)), in_use);
    assert_eq!(
        block_on(logger.configure(
            &clock,
            ConfigItem::Channel {
                index: 2,
                channel: None
            }
        )),
        in_use
    );
    let recalibrated = ChannelConfig {
        offset_m: 0.3,
        ..channel("confined9")
    };
    block_on(logger.configure(
        &clock,
        ConfigItem::Channel {
            index: 1,
            channel: Some(recalibrated.clone()),
        },
    ))
    .unwrap();
    let logger = open(logger.store.into_flash(), &clock);
    let kept = logger.settings.get(ConfigKey::Channel(1));
    assert_eq!(
        kept,
        Some(ConfigItem::Channel {
            index: 1,
            channel: Some(recalibrated)
        })
    );
}

#[test]
fn a_sensor_that_fails_is_noted_once_and_never_enters_a_mean() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let start = unix("2026-01-01 00:00:00");
    for sample in 0..40 {
        let mut levels = levels(start);
        if (10..30).contains(&sample) {
            levels[1] = None;
        }
        block_on(logger.append(&clock, start + sample * 900, &round(levels))).unwrap();
    }
    let notes: Vec<_> = events(&mut logger)
        .into_iter()
        .filter(|event| matches!(event, EventKind::SensorQuality { .. }))
        .collect();
    assert_eq!(
        notes,
        [
            EventKind::SensorQuality {
                channel: 1,
                quality: Quality::TIMEOUT
            },
            EventKind::SensorQuality {
                channel: 1,
                quality: Quality::GOOD
            }
        ]
    );
    append(&mut logger, &clock, unix("2026-02-01 00:00:00"));
    append(&mut logger, &clock, unix("2026-02-01 00:15:00"));
    assert_eq!(months(&mut logger)[0].0.channels[1].readings, 20);
}

#[test]
fn an_increment_beyond_the_limit_raises_an_alarm() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let limit = ConfigItem::RateLimit {
        mm_per_month: Some(0.001),
    };
    block_on(logger.configure(&clock, limit)).unwrap();
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
        "2026-02-01 06:00:00",
        6 * 3600,
    );
    let estimate = block_on(logger.estimate_missing(&clock)).unwrap().unwrap();
    assert!(estimate.increment_mm > 0.001, "the fake model sinks");
    assert!(logger.rate_alarm());
    let alarms = events(&mut logger)
        .into_iter()
        .filter(|event| matches!(event, EventKind::RateAlarm { .. }))
        .count();
    assert_eq!(alarms, 1);
    assert_eq!(
        block_on(logger.estimate_missing(&clock)),
        Ok(None),
        "nothing is estimated twice"
    );
}

/// A log that accepts no more entries once lost every sample of that time, and its month.
#[test]
fn an_error_of_a_side_log_costs_no_sample() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    append_from_to(
        &mut logger,
        &clock,
        "2026-01-01 00:00:00",
        "2026-01-20 00:00:00",
        6 * 3600,
    );
    let layout = layout();
    for broken in [layout.events, layout.repeating_events, layout.months] {
        logger.store.flash_mut().broken = Some(broken);
        let before = logger.store.next_sample();
        let start = unix("2026-01-20 00:00:00") + (before - 76) * 21_600;
        for sample in 0..24 {
            let unix_s = start + sample * 21_600;
            let mut levels = levels(unix_s);
            // A sensor that turns bad and good again is an event each time.
            if sample % 2 == 1 {
                levels[2] = None;
            }
            let _ = block_on(logger.append(&clock, unix_s, &round(levels)));
        }
        assert_eq!(logger.store.next_sample(), before + 24);
    }
    assert!(logger.store.errors() > 0, "the failures are counted");
    logger.store.flash_mut().broken = None;
    append_from_to(
        &mut logger,
        &clock,
        "2026-02-07 00:00:00",
        "2026-03-02 00:00:00",
        6 * 3600,
    );
    assert_eq!(readings(&mut logger), [124, 112]);
}
