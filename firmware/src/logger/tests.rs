use std::vec::Vec;

use amlstm_core::artifact::ModelFile;
use amlstm_core::estimator::Estimator;
use amlstm_core::link::{
    ChannelConfig, ConfigKey, ConfigProblem, CurrentLoop, EstimateRecord, MonthLevel, MonthRecord,
    Name, Quantity, Reading, Security, Sensor,
};
use amlstm_core::month::Month;
use embassy_futures::block_on;

use super::*;
use crate::calendar::Moment;
use crate::fake::{
    FakeClock, FakeFlash, LAYERS, SWITCHED_ON, model, model_of_site, model_with_physics, upload,
};

mod clock;
mod cuts;
mod decade;
mod drift;
mod models;
mod months;
mod offset;
mod old_flash;

const FLASH: u32 = 224 * 1024;

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
    block_on(Logger::open(flash, layout.clone(), clock, &SWITCHED_ON)).unwrap()
}

fn channel(layer: &str) -> ChannelConfig {
    let sensor = Sensor::CurrentLoop(CurrentLoop {
        input: 0,
        at_4_ma: 0.0,
        at_20_ma: 1.0,
    });
    ChannelConfig::new(Name::try_from(layer).unwrap(), sensor, Quantity::LevelM)
}

/// A logger with three channels whose clock is set to `time`.
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
    block_on(logger.set_clock(clock, unix(time), true)).unwrap();
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
    upload(logger, file)?;
    block_on(logger.upload_commit(clock, false))
}

type SlotInfoOf = amlstm_core::link::SlotInfo;

fn months(logger: &mut Logger<FakeFlash>) -> Vec<(MonthRecord, Option<EstimateRecord>)> {
    let count = logger.store.held().months;
    (0..count)
        .map(|position| block_on(logger.month_at(position)).unwrap().unwrap())
        .collect()
}

/// How many readings of the first channel each closed month counts.
fn readings(logger: &mut Logger<FakeFlash>) -> Vec<u32> {
    months(logger)
        .iter()
        .map(|(record, _)| record.channels[0].readings)
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
    months: &[(MonthRecord, Option<EstimateRecord>)],
) -> Vec<Option<(u32, u32)>> {
    let mut words = vec![0_u32; file.len().div_ceil(4)];
    bytemuck::cast_slice_mut::<u32, u8>(&mut words)[..file.len()].copy_from_slice(file);
    let file = ModelFile::parse(&bytemuck::cast_slice(&words)[..file.len()]).unwrap();
    let mut estimator = Estimator::at_start(&file);
    months
        .iter()
        .map(|(record, _)| {
            let month = Month::from_index(record.month_index).unwrap();
            if Some(month) <= estimator.month() {
                return None;
            }
            while estimator.month().unwrap().next() < month {
                let gap = estimator.month().unwrap().next();
                estimator.step(gap, &[]).unwrap();
            }
            let levels: Vec<_> = record
                .channels
                .iter()
                .map(MonthLevel::model_level_m)
                .collect();
            let estimate = estimator.step(month, &levels).unwrap();
            Some((
                estimate.increment_mm.to_bits(),
                estimate.subsidence_mm.to_bits(),
            ))
        })
        .collect()
}

fn bits(estimate: Option<&EstimateRecord>) -> Option<(u32, u32)> {
    estimate.map(|estimate| {
        (
            estimate.increment_mm.to_bits(),
            estimate.subsidence_mm.to_bits(),
        )
    })
}
