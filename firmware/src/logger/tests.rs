use std::vec::Vec;

use amlstm_core::artifact::ModelFile;
use amlstm_core::estimator::Estimator;
use amlstm_core::link::{
    ChannelConfig, ConfigKey, ConfigProblem, CurrentLoop, MonthLevel, MonthRecord, Name, Quantity,
    Reading, Security, Sensor,
};
use amlstm_core::month::Month;
use embassy_futures::block_on;

use super::*;
use crate::calendar::Moment;
use crate::fake::{FakeClock, FakeFlash, LAYERS, model};

mod cuts;
mod decade;
mod old_flash;

const FLASH: u32 = 192 * 1024;
const CLOCK_LOST: Start = Start {
    cause: ResetCause::Power,
    late_task: None,
    panic: None,
};

fn layout() -> Layout {
    layout_of(FLASH)
}

fn layout_of(flash: u32) -> Layout {
    Layout::with_slots(flash, 16 * 1024, 8 * 1024).unwrap()
}

fn unix(text: &str) -> u32 {
    Moment::parse(text).unwrap().to_unix().unwrap()
}

fn open(flash: FakeFlash, clock: &FakeClock) -> Logger<FakeFlash> {
    open_on(flash, &layout(), clock)
}

fn open_on(flash: FakeFlash, layout: &Layout, clock: &FakeClock) -> Logger<FakeFlash> {
    block_on(Logger::open(flash, layout.clone(), clock, &CLOCK_LOST)).unwrap()
}

fn channel(layer: &str) -> ChannelConfig {
    let sensor = Sensor::CurrentLoop(CurrentLoop {
        input: 0,
        at_4_ma: 0.0,
        at_20_ma: 1.0,
    });
    ChannelConfig::new(Name::try_from(layer).unwrap(), sensor, Quantity::LevelM)
}

/// A logger with three channels whose clock stands at `time`.
fn station(time: &str, clock: &FakeClock) -> Logger<FakeFlash> {
    station_on(FLASH, time, clock)
}

fn station_on(flash: u32, time: &str, clock: &FakeClock) -> Logger<FakeFlash> {
    let mut logger = open_on(FakeFlash::new(flash), &layout_of(flash), clock);
    for (index, layer) in LAYERS.into_iter().enumerate() {
        let item = ConfigItem::Channel {
            index: index as u8,
            channel: Some(channel(layer)),
        };
        block_on(logger.configure(clock, item)).unwrap();
    }
    block_on(logger.set_clock(clock, unix(time), false)).unwrap();
    logger
}

fn round(levels: [Option<f32>; 3]) -> Round {
    let reading = |level_m: Option<f32>| Reading {
        raw: level_m,
        level_m,
        quality: if level_m.is_some() {
            Quality::GOOD
        } else {
            Quality::TIMEOUT
        },
    };
    Round {
        barometer_kpa: None,
        barometer_quality: Quality::GOOD,
        channels: levels.map(reading).into_iter().collect(),
    }
}

/// Levels that change a little from sample to sample.
fn levels(unix_s: u32) -> [Option<f32>; 3] {
    let wave = (unix_s / 3600 % 1000) as f32 / 500.0 - 1.0;
    [
        Some(-10.0 + wave),
        Some(-20.0 - 2.0 * wave),
        Some(-30.0 + 2.5 * wave),
    ]
}

fn append(logger: &mut Logger<FakeFlash>, clock: &FakeClock, unix_s: u32) {
    block_on(logger.append(clock, unix_s, &round(levels(unix_s)))).unwrap();
}

fn append_from_to(
    logger: &mut Logger<FakeFlash>,
    clock: &FakeClock,
    from: &str,
    to: &str,
    step_s: u32,
) {
    for unix_s in (unix(from)..unix(to)).step_by(step_s as usize) {
        append(logger, clock, unix_s);
    }
}

fn push(
    logger: &mut Logger<FakeFlash>,
    clock: &FakeClock,
    file: &[u8],
) -> Result<SlotInfoOf, Fault> {
    let crc = u32::from_le_bytes(*file.last_chunk().unwrap());
    block_on(logger.upload_begin(file.len() as u32, crc))?;
    for (index, chunk) in file.chunks(192).enumerate() {
        block_on(logger.upload_chunk(index as u32 * 192, chunk))?;
    }
    block_on(logger.upload_commit(clock, false))
}

type SlotInfoOf = amlstm_core::link::SlotInfo;

fn months(logger: &mut Logger<FakeFlash>) -> Vec<(MonthRecord, Option<Estimated>)> {
    let count = logger.store.held().months;
    (0..count)
        .map(|position| block_on(logger.month_at(position)).unwrap().unwrap())
        .collect()
}

fn events(logger: &mut Logger<FakeFlash>) -> Vec<EventKind> {
    let mut kinds = Vec::new();
    while let Some(event) = block_on(logger.store.event_from(kinds.len() as u32)).unwrap() {
        kinds.push(event.kind);
    }
    kinds
}

/// What the host computes for the months of a logger.
fn host_estimates(
    file: &[u8],
    months: &[(MonthRecord, Option<Estimated>)],
) -> Vec<Option<(u32, u32)>> {
    let mut words = vec![0_u32; file.len().div_ceil(4)];
    bytemuck::cast_slice_mut::<u32, u8>(&mut words)[..file.len()].copy_from_slice(file);
    let file = ModelFile::parse(&bytemuck::cast_slice(&words)[..file.len()]).unwrap();
    let mut estimator = Estimator::at_training_end(&file);
    months
        .iter()
        .map(|(record, _)| {
            let month = Month::from_index(record.month_index).unwrap();
            if Some(month) <= estimator.month() {
                return None;
            }
            while estimator.month().unwrap().next() < month {
                let gap = estimator.month().unwrap().next();
                estimator.step(gap, &[]);
            }
            let levels: Vec<_> = record
                .channels
                .iter()
                .map(MonthLevel::model_level_m)
                .collect();
            let estimate = estimator.step(month, &levels);
            Some((
                estimate.increment_mm.to_bits(),
                estimate.subsidence_mm.to_bits(),
            ))
        })
        .collect()
}

fn bits(estimate: Option<&Estimated>) -> Option<(u32, u32)> {
    estimate.map(|estimate| {
        (
            estimate.increment_mm.to_bits(),
            estimate.subsidence_mm.to_bits(),
        )
    })
}

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
        assert_eq!(bits(again.as_ref()), *host, "computed again: {record:?}");
    }
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

#[test]
fn a_model_is_swapped_and_rolled_back() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let (first, second) = (
        model(1, Month::new(2025, 12).unwrap()),
        model(2, Month::new(2025, 12).unwrap()),
    );
    assert_eq!(block_on(logger.rollback(&clock)), Err(Fault::NothingBefore));
    assert_eq!(push(&mut logger, &clock, &first).unwrap().generation, 1);
    assert_eq!(push(&mut logger, &clock, &second).unwrap().generation, 2);
    assert_eq!(block_on(logger.active_model()).unwrap(), second);
    let back = block_on(logger.rollback(&clock)).unwrap();
    assert_eq!((back.generation, back.version), (3, 1));
    assert_eq!(block_on(logger.active_model()).unwrap(), first);
    let mut logger = open(logger.store.into_flash(), &clock);
    assert_eq!(block_on(logger.active_model()).unwrap(), first);
    assert_eq!(block_on(logger.models()).unwrap().well, "SYNTHETIC well");
    // An upload that has begun gives up the way back, and says so.
    block_on(logger.upload_begin(100, 0)).unwrap();
    assert_eq!(block_on(logger.rollback(&clock)), Err(Fault::NothingBefore));
    assert_eq!(block_on(logger.active_model()).unwrap(), first);
}

#[test]
fn an_upload_broken_off_at_every_chunk_resumes() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let file = model(1, Month::new(2025, 12).unwrap());
    let crc = u32::from_le_bytes(*file.last_chunk().unwrap());
    block_on(logger.upload_begin(file.len() as u32, crc)).unwrap();
    for (index, chunk) in file.chunks(192).enumerate() {
        let offset = index as u32 * 192;
        assert!(block_on(logger.upload_chunk(offset + 192, chunk)).is_err());
        block_on(logger.upload_chunk(offset, chunk)).unwrap();
        // The acknowledgement was lost: the laptop asks, or sends again.
        let received = logger.upload_where().unwrap().received;
        assert_eq!(received, (offset + 192).min(file.len() as u32));
        assert_eq!(
            block_on(logger.upload_chunk(offset, chunk))
                .unwrap()
                .received,
            received
        );
    }
    block_on(logger.upload_commit(&clock, false)).unwrap();
    assert_eq!(block_on(logger.active_model()).unwrap(), file);
}

#[test]
fn a_model_that_must_not_become_active_does_not() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let good = model(5, Month::new(2025, 12).unwrap());
    push(&mut logger, &clock, &good).unwrap();
    let crc = u32::from_le_bytes(*good.last_chunk().unwrap());
    let length = good.len() as u32;

    assert_eq!(
        block_on(logger.upload_commit(&clock, false)),
        Err(Fault::NoUpload)
    );
    assert_eq!(
        block_on(logger.upload_chunk(0, &good[..4])),
        Err(Fault::NoUpload)
    );
    assert_eq!(
        block_on(logger.upload_begin(17_000, 0)),
        Err(Fault::ModelTooLong { limit: 16_384 })
    );
    block_on(logger.upload_begin(length, crc)).unwrap();
    assert_eq!(
        block_on(logger.upload_commit(&clock, false)),
        Err(Fault::Incomplete {
            received: 0,
            length
        })
    );
    assert_eq!(
        block_on(logger.upload_chunk(0, &good[..3])),
        Err(Fault::Malformed)
    );
    assert_eq!(
        block_on(logger.upload_chunk(length, &good[..4])),
        Err(Fault::Malformed)
    );
    assert_eq!(
        block_on(logger.upload_chunk(u32::MAX, &good[..4])),
        Err(Fault::Malformed)
    );

    let mut damaged = good.clone();
    damaged[900] ^= 1;
    assert_eq!(
        push(&mut logger, &clock, &damaged),
        Err(Fault::ModelInvalid)
    );
    let mut other_crc = good.clone();
    *other_crc.last_mut().unwrap() ^= 1;
    assert_eq!(
        push(&mut logger, &clock, &other_crc),
        Err(Fault::ModelInvalid)
    );
    block_on(logger.upload_begin(length, !crc)).unwrap();
    for (index, chunk) in good.chunks(192).enumerate() {
        block_on(logger.upload_chunk(index as u32 * 192, chunk)).unwrap();
    }
    let refused = block_on(logger.upload_commit(&clock, false));
    assert_eq!(
        refused,
        Err(Fault::ModelCrc {
            announced: !crc,
            stored: crc
        })
    );

    let security = Security {
        min_model_version: 4,
        ..Security::default()
    };
    block_on(logger.configure(&clock, ConfigItem::Security(security))).unwrap();
    let old = model(3, Month::new(2025, 12).unwrap());
    assert_eq!(
        push(&mut logger, &clock, &old),
        Err(Fault::ModelTooOld {
            version: 3,
            minimum: 4
        })
    );
    assert_eq!(block_on(logger.active_model()).unwrap(), good);
    assert_eq!(
        block_on(logger.upload_commit(&clock, true))
            .unwrap()
            .version,
        3
    );
    assert!(events(&mut logger).iter().any(|event| matches!(
        event,
        EventKind::ModelActivated {
            version: 3,
            older_allowed: true,
            ..
        }
    )));
}

#[test]
fn a_model_of_an_unconfigured_layer_is_refused() {
    let clock = FakeClock::default();
    let mut logger = open(FakeFlash::new(FLASH), &clock);
    let item = ConfigItem::Channel {
        index: 0,
        channel: Some(channel("phreatic")),
    };
    block_on(logger.configure(&clock, item)).unwrap();
    let refused = push(
        &mut logger,
        &clock,
        &model(1, Month::new(2025, 12).unwrap()),
    );
    assert_eq!(refused, Err(Fault::LayerUnknown { input: 1 }));
}

#[test]
fn once_signatures_are_required_only_the_owners_models_enter() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let keypair = salty::Keypair::from(&[7; 32]);
    let security = Security {
        min_model_version: 0,
        signing_key: Some(*keypair.public.as_bytes()),
        require_signed: true,
    };
    block_on(logger.configure(&clock, ConfigItem::Security(security))).unwrap();
    let loosened = ConfigItem::Security(Security::default());
    assert_eq!(
        block_on(logger.configure(&clock, loosened)),
        Err(Fault::Config(ConfigProblem::Signing))
    );

    let file = model(1, Month::new(2025, 12).unwrap());
    assert_eq!(
        push(&mut logger, &clock, &file),
        Err(Fault::SignatureMissing)
    );
    let mut signature = keypair.sign(&file).to_bytes();
    signature[3] ^= 1;
    logger.upload_signature(&signature).unwrap();
    assert_eq!(
        block_on(logger.upload_commit(&clock, false)),
        Err(Fault::SignatureWrong)
    );
    signature[3] ^= 1;
    logger.upload_signature(&signature).unwrap();
    assert!(
        block_on(logger.upload_commit(&clock, false))
            .unwrap()
            .signed
    );
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
    append(&mut logger, &clock, unix("2026-01-01 00:00:00"));
    append(&mut logger, &clock, unix("2026-02-01 00:00:00"));
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
