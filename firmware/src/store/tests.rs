use std::vec::Vec;

use amlstm_core::link::{MonthLevel, Quality, Reading};
use embassy_futures::block_on;

use super::*;
use crate::fake::FakeFlash;

const FLASH: u32 = 512 * 1024;

fn layout() -> Layout {
    Layout::with_slots(FLASH, 16 * 1024, 8 * 1024).unwrap()
}

fn open(flash: FakeFlash) -> Store<FakeFlash> {
    block_on(Store::open(flash, layout())).unwrap()
}

fn sample(unix_s: u32) -> Sample {
    let reading = Reading {
        raw: Some(1.0),
        level_m: Some(unix_s as f32),
        quality: Quality::GOOD,
    };
    Sample {
        number: 0,
        unix_s,
        barometer_kpa: Some(101.3),
        channels: [reading; 3].into_iter().collect(),
    }
}

fn month(month_index: i32) -> MonthRecord {
    let level = MonthLevel {
        mean_m: Some(-12.5),
        days: 30,
        readings: 2976,
        rejected: 0,
        quality: Quality::GOOD,
        complete: true,
    };
    MonthRecord {
        month_index,
        closed_unix_s: 1,
        next_sample: 2,
        channels: [level; 3].into_iter().collect(),
    }
}

#[test]
fn values_survive_a_restart() {
    let mut store = open(FakeFlash::new(FLASH));
    block_on(store.put(Key::Interval as u8, &900_u32)).unwrap();
    let mut store = open(store.into_flash());
    assert_eq!(
        block_on(store.get::<u32>(Key::Interval as u8)).unwrap(),
        Some(900)
    );
    assert_eq!(
        block_on(store.get::<u32>(Key::RateLimit as u8)).unwrap(),
        None
    );
}

#[test]
fn another_layout_is_left_alone() {
    let mut store = open(FakeFlash::new(FLASH));
    block_on(store.put(Key::Format as u8, &9_u8)).unwrap();
    let reopened = block_on(Store::open(store.into_flash(), layout()));
    assert_eq!(reopened.err(), Some(StoreError::Format { found: 9 }));
}

#[test]
fn events_count_on_when_the_oldest_make_room() {
    let mut store = open(FakeFlash::new(FLASH));
    for number in 0..2000 {
        block_on(store.push_event(number, EventKind::SamplesLate { month_index: 1 })).unwrap();
    }
    let held = store.held().clone();
    assert_eq!(held.next_event, 2000);
    assert!(held.first_event > 0);
    let mut store = open(store.into_flash());
    assert_eq!(
        (store.held().first_event, store.held().next_event),
        (held.first_event, 2000)
    );
    assert_eq!(
        block_on(store.event_from(0)).unwrap().unwrap().number,
        held.first_event
    );
    assert_eq!(
        block_on(store.event_from(1999)).unwrap().unwrap().unix_s,
        1999
    );
    assert_eq!(block_on(store.event_from(2000)).unwrap(), None);
}

/// 24 years is what the layout promises for three channels.
#[test]
fn the_month_log_takes_24_years_and_then_refuses() {
    let mut store = open(FakeFlash::new(FLASH));
    let mut months = 0_u16;
    loop {
        let estimate = Estimated {
            month_index: i32::from(months),
            generation: 1,
            model_version: 1,
            increment_mm: 1.0,
            subsidence_mm: 2.0,
            half_width_mm: Some(0.5),
            attention: [0.3; 3].into_iter().collect(),
            inputs: [amlstm_core::link::InputState::Below { by_m: 1.0 }; 3]
                .into_iter()
                .collect(),
        };
        match block_on(store.push_month(month(i32::from(months)))) {
            Ok(()) => months += 1,
            Err(error) => {
                assert_eq!(error, StoreError::Full);
                break;
            }
        }
        if block_on(store.push_estimate(estimate)).is_err() {
            break;
        }
    }
    assert!(months >= 24 * 12, "{months}");
    assert_eq!(open(store.into_flash()).held().months, months);
}

#[test]
fn the_sample_ring_keeps_the_newest_and_reads_from_any_number() {
    let mut store = open(FakeFlash::new(FLASH));
    let capacity = store.sample_capacity();
    let total = capacity * 3;
    for number in 0..total {
        assert_eq!(
            block_on(store.push_sample(sample(number * 900))).unwrap(),
            number
        );
    }
    let mut store = open(store.into_flash());
    assert_eq!(store.next_sample(), total);
    assert!(
        total - store.first_sample() >= capacity,
        "{} kept of {capacity}",
        total - store.first_sample()
    );
    for from in [0, store.first_sample(), total - 700, total - 1] {
        let mut numbers = Vec::new();
        block_on(store.each_sample(from, |sample, _| {
            numbers.push(sample.number);
            ControlFlow::Continue(())
        }))
        .unwrap();
        let expected: Vec<u32> = (from.max(store.first_sample())..total).collect();
        assert_eq!(numbers, expected, "from {from}");
    }
    assert_eq!(store.held().last_sample_unix_s, Some((total - 1) * 900));
}

#[test]
fn a_slot_takes_bytes_and_lies_aligned() {
    let mut store = open(FakeFlash::new(FLASH));
    let bytes: Vec<u8> = (0..1001_u32).map(|byte| byte as u8).collect();
    block_on(store.erase_slot(1, 1001)).unwrap();
    block_on(store.write_slot(1, 0, &bytes[..500])).unwrap();
    block_on(store.write_slot(1, 500, &bytes[500..])).unwrap();
    let stored = store.slot_bytes(1, 1001).unwrap();
    assert_eq!(stored, bytes);
    assert_eq!(stored.as_ptr() as usize % 4, 0);
    assert_eq!(block_on(store.erase_slot(1, 17_000)), Err(StoreError::Full));
    assert_eq!(
        block_on(store.write_slot(0, 16_384, &[1])),
        Err(StoreError::Full)
    );
    assert_eq!(
        block_on(store.write_slot(2, 0, &[1])),
        Err(StoreError::Full)
    );
}
