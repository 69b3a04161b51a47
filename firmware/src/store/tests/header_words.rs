//! Power cuts exactly behind the first word of an item's header, before an item whose CRC looks like the length of an item: `packed` says what happens then.

use sequential_storage::cache::Cache;
use sequential_storage::map::{MapConfig, MapStorage};
use sequential_storage::queue::{QueueConfig, QueueStorage};
use serde::Serialize;

use super::*;
use crate::store::packed::length_in_crc;
use crate::store::queue;
use crate::store::versioned::Versioned;

/// Bytes of the first word.
const FIRST_WORD: Option<u64> = Some(4);

/// A number whose record has such a CRC, with a length that fits a page, and the bytes of that record.
fn dangerous<T: Serialize>(before: &[u8], record_of: impl Fn(u32) -> T) -> (u32, Vec<u8>) {
    let mut buffer = [0; 128];
    for number in 0..1 << 24 {
        let record = postcard::to_slice(&Versioned::V1(record_of(number)), &mut buffer).unwrap();
        if length_in_crc(before, record).is_some_and(|length| length < 3000) {
            return (number, record.to_vec());
        }
    }
    panic!("one of 1.4 million has one");
}

/// The library alone, which this store works around. If it is mended, `packed` can go.
#[test]
fn the_library_alone_loses_an_item_whose_crc_looks_like_a_length() {
    let (value, record) = dangerous(&[], |number| number);
    assert!(value > 0);
    let region = layout().events;
    let mut flash = FakeFlash::new(FLASH);
    let mut push = |item: &[u8], cut: Option<u64>| {
        flash.bytes_until_cut = cut;
        let config = QueueConfig::try_new(region.clone()).unwrap();
        let mut storage = QueueStorage::new(&mut flash, config, Cache::new_uncached());
        block_on(storage.push(item, false)).is_ok()
    };
    assert!(push(&[1; 8], None));
    assert!(!push(&[2; 8], FIRST_WORD));
    assert!(push(&record, None), "it is acknowledged");
    let mut found = false;
    let read = block_on(queue::each_item(&mut flash, layout().events, &mut |item| {
        found |= item == record;
        ControlFlow::Continue(())
    }));
    assert!(!found || read.is_err());
}

#[test]
fn an_event_whose_crc_looks_like_a_length_is_kept() {
    let kind = EventKind::StepConfirmed { channel: 0 };
    let event = |unix_s| amlstm_core::link::Event {
        number: 1,
        unix_s,
        kind: kind.clone(),
    };
    let (unix_s, _) = dangerous(&[], event);
    let mut store = open(FakeFlash::new(FLASH));
    block_on(store.push_event(0, kind.clone())).unwrap();
    for _ in 0..2 {
        store.flash_mut().bytes_until_cut = FIRST_WORD;
        assert!(block_on(store.push_event(0, kind.clone())).is_err());
        store.flash_mut().bytes_until_cut = None;
        store = open(store.into_flash());
    }
    block_on(store.push_event(unix_s, kind.clone())).unwrap();
    let mut store = open(store.into_flash());
    assert_eq!(block_on(store.event_from(1)).unwrap(), Some(event(unix_s)));
}

#[test]
fn a_value_of_the_map_whose_crc_looks_like_a_length_is_kept() {
    let key = Key::Interval as u8;
    let (value, record) = dangerous(&[key], |number| number);
    let mut store = open(FakeFlash::new(FLASH));
    block_on(store.put(key, &1_u32)).unwrap();
    for _ in 0..2 {
        store.flash_mut().bytes_until_cut = FIRST_WORD;
        assert!(block_on(store.put(key, &2_u32)).is_err());
        store.flash_mut().bytes_until_cut = None;
        store = open(store.into_flash());
    }
    let flash = store.into_flash();
    let mut alone = flash.clone();
    let config = MapConfig::try_new(layout().config).unwrap();
    let mut storage = MapStorage::<u8, _, _>::new(&mut alone, config, Cache::new_uncached());
    block_on(storage.store_item(&mut [0; 64], &key, &record.as_slice())).unwrap();
    let mut buffer = [0; 64];
    let fetched: Result<Option<&[u8]>, _> = block_on(storage.fetch_item(&mut buffer, &key));
    assert_ne!(
        fetched.ok().flatten(),
        Some(record.as_slice()),
        "the library alone loses it"
    );
    let mut store = open(flash);
    block_on(store.put(key, &value)).unwrap();
    assert_eq!(
        block_on(open(store.into_flash()).get(key)).unwrap(),
        Some(value)
    );
}

/// What is sent to the laptop is the sample alone.
#[test]
fn a_sample_whose_crc_looks_like_a_length_is_kept_and_sent_without_its_zero() {
    let (unix_s, _) = dangerous(&[], sample);
    let mut store = open(FakeFlash::new(FLASH));
    block_on(store.push_sample(sample(unix_s))).unwrap();
    let mut seen = 0;
    block_on(store.each_sample(0, |found, bytes| {
        seen += 1;
        let mut buffer = [0; 128];
        assert_eq!(postcard::to_slice(&found, &mut buffer).unwrap(), bytes);
        ControlFlow::Continue(())
    }))
    .unwrap();
    assert_eq!(seen, 1);
}
