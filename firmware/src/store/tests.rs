use std::vec::Vec;

use amlstm_core::link::{
    EstimateRecord, EventKind, MonthLevel, MonthRecord, Quality, Reading, Sample,
};
use embassy_futures::block_on;

use super::*;
use crate::fake::FakeFlash;

mod header_words;

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
    block_on(store.store(Key::Format as u8, &9_u8)).unwrap();
    let reopened = block_on(Store::open(store.into_flash(), layout()));
    assert_eq!(
        reopened.err().map(|(error, _)| error),
        Some(StoreError::Format { found: 9 })
    );
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

/// The layout is documented to hold 22 years of three channels.
#[test]
fn the_month_log_takes_22_years_and_then_its_oldest_make_room() {
    let mut store = open(FakeFlash::new(FLASH));
    let mut full_after = None;
    for index in 0..40 * 12 {
        let estimate = EstimateRecord {
            month_index: index,
            generation: 1,
            model_version: 1,
            increment_mm: 1.0,
            subsidence_mm: 2.0,
            half_width_mm: Some(0.5),
            attention: [0.3; 3].into_iter().collect(),
            inputs: [amlstm_core::link::InputState::Below { by_m: 1.0 }; 3]
                .into_iter()
                .collect(),
            months_without_levels: 0,
            primary: amlstm_core::estimate::Primary::Physics,
            other_increment_mm: Some(1.0),
            disagree: false,
            subsidence_half_width_mm: Some(1.5),
            bridged: 0,
        };
        block_on(store.push_month(month(index))).unwrap();
        block_on(store.push_estimate(estimate)).unwrap();
        if full_after.is_none() && i32::from(store.held().months) < index + 1 {
            full_after = Some(index);
        }
    }
    assert!(
        full_after.is_some_and(|months| months >= 22 * 12),
        "{full_after:?}"
    );
    let mut store = open(store.into_flash());
    let held = store.held().clone();
    assert!(held.months >= 20 * 12, "{}", held.months);
    assert_eq!(held.last_month.unwrap().month_index, 40 * 12 - 1);
    assert_eq!(held.last_estimate.unwrap().month_index, 40 * 12 - 1);
    assert!(block_on(store.months_free(3)).unwrap() < 60);
}

/// The free months shown do fit, for one channel and for eight.
#[test]
fn the_months_that_are_free_are_those_that_fit() {
    for channels in [1, 3, 8] {
        let mut store = open(FakeFlash::new(FLASH));
        let free = block_on(store.months_free(channels)).unwrap();
        let mut index = 0;
        while i32::from(store.held().months) == index {
            let mut record = month(index);
            record.channels = core::iter::repeat_n(record.channels[0], channels).collect();
            let estimate = EstimateRecord {
                month_index: index,
                generation: 1,
                model_version: 1,
                increment_mm: 1.0,
                subsidence_mm: 2.0,
                half_width_mm: Some(0.5),
                attention: core::iter::repeat_n(0.3, channels).collect(),
                inputs: core::iter::repeat_n(
                    amlstm_core::link::InputState::Below { by_m: 1.0 },
                    channels,
                )
                .collect(),
                months_without_levels: 0,
                primary: amlstm_core::estimate::Primary::Physics,
                other_increment_mm: Some(1.0),
                disagree: false,
                subsidence_half_width_mm: None,
                bridged: 0,
            };
            block_on(store.push_month(record)).unwrap();
            block_on(store.push_estimate(estimate)).unwrap();
            index += 1;
        }
        let ratio = f32::from(free) / index as f32;
        assert!(
            (0.75..=1.1).contains(&ratio),
            "{channels} channels: {free} said to be free, {index} fitted"
        );
    }
}

#[test]
fn what_is_acknowledged_after_two_cuts_within_a_header_is_kept() {
    for (first, second) in (0..=12).flat_map(|first| (0..=12).map(move |second| (first, second))) {
        let mut flash = open(FakeFlash::new(FLASH)).into_flash();
        for cut in [first, second] {
            for act in ACTS {
                let mut store = open(flash);
                store.flash_mut().bytes_until_cut = Some(cut);
                // A small item may be complete before the cut.
                let _ = act(&mut store, 1);
                flash = store.into_flash();
                flash.bytes_until_cut = None;
            }
        }
        let mut store = open(flash);
        let (events, months, samples) = (
            store.held().next_event,
            store.held().months,
            store.next_sample(),
        );
        for act in ACTS {
            act(&mut store, 2).unwrap();
        }
        let mut store = open(store.into_flash());
        let value: Option<u32> = block_on(store.get(Key::Interval as u8)).unwrap();
        assert_eq!(value, Some(2), "cuts at {first} and {second}");
        assert_eq!(store.held().next_event, events + 1, "{first} {second}");
        assert_eq!(store.held().months, months + 1, "{first} {second}");
        assert_eq!(store.next_sample(), samples + 1, "{first} {second}");
    }
}

/// A worn cell, or a supply that is too low: the chip acknowledges and does not keep.
#[test]
fn what_the_flash_does_not_keep_is_written_again() {
    let mut store = open(FakeFlash::new(FLASH));
    for act in ACTS {
        act(&mut store, 1).unwrap();
    }
    for act in ACTS {
        // The first write is an item's header, the second its data.
        store.flash_mut().lost_write = Some(2);
        act(&mut store, 2).unwrap();
        assert_eq!(store.flash_mut().lost_write, None);
    }
    let mut store = open(store.into_flash());
    let value: Option<u32> = block_on(store.get(Key::Interval as u8)).unwrap();
    assert_eq!(value, Some(2));
    assert_eq!(store.held().next_event, 2);
    assert_eq!(store.held().months, 2);
    assert_eq!(store.next_sample(), 2);
}

type Act = fn(&mut Store<FakeFlash>, u32) -> Result<(), StoreError>;
const ACTS: [Act; 4] = [put, push_event, push_month, push_sample];

fn put(store: &mut Store<FakeFlash>, value: u32) -> Result<(), StoreError> {
    block_on(store.put(Key::Interval as u8, &value))
}

fn push_event(store: &mut Store<FakeFlash>, value: u32) -> Result<(), StoreError> {
    let tape = EventKind::Tape {
        channel: 0,
        tape_m: value as f32,
        sensor_m: None,
    };
    block_on(store.push_event(value, tape))
}

fn push_month(store: &mut Store<FakeFlash>, value: u32) -> Result<(), StoreError> {
    block_on(store.push_month(month(value as i32)))
}

fn push_sample(store: &mut Store<FakeFlash>, value: u32) -> Result<(), StoreError> {
    block_on(store.push_sample(sample(value))).map(|_| ())
}

/// Tape readings, models and clock changes are kept however often sensors turn bad and good.
#[test]
fn what_people_did_outlives_what_repeats() {
    let mut store = open(FakeFlash::new(FLASH));
    push_event(&mut store, 7).unwrap();
    for number in 0..3000 {
        let quality = EventKind::SensorQuality {
            channel: 0,
            quality: Quality(number % 2),
        };
        block_on(store.push_event(u32::from(number), quality)).unwrap();
    }
    // A program that stops again and again, at each of its starts.
    for number in 0..1000 {
        let message = "sense.rs:1: it stopped".try_into().unwrap();
        block_on(store.push_event(number, EventKind::Panicked { message })).unwrap();
    }
    let first = block_on(store.event_from(0)).unwrap().unwrap();
    assert!(matches!(first.kind, EventKind::Tape { .. }), "{first:?}");
    assert_eq!(open(store.into_flash()).held().next_event, 4001);
}

/// A value whose version this firmware does not know is counted, and the count is shown.
#[test]
fn what_cannot_be_read_is_counted() {
    let mut store = open(FakeFlash::new(FLASH));
    block_on(store.store(Key::Interval as u8, &(9_u8, 900_u32))).unwrap();
    assert_eq!(
        block_on(store.try_get::<u32>(Key::Interval as u8)).unwrap(),
        Some(Err(Unreadable))
    );
    let region = store.layout().events.clone();
    block_on(store.push(region, &9_u8, true)).unwrap();
    assert_eq!(store.held().unreadable, 1);
    assert_eq!(open(store.into_flash()).held().unreadable, 1);
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
