//! The power goes at any time.

use std::thread;
use std::time::Duration;

use amlstm::logger::{Client, LoggerError, push};
use amlstm_core::link::{Fault, MonthRecord, SlotInfo};
use amlstm_tests::logger_rig::{LoggerRig, START_UNIX_S, times};
use amlstm_tests::sample::Random;

use super::{MONTH_S, crc32, model, station, steady};

/// What the logger has acknowledged so far.
#[derive(Default)]
struct Acknowledged {
    active: Option<SlotInfo>,
    /// A swap that was asked for and not answered: it may or may not have happened.
    asked_for_crc: Option<u32>,
    months: Vec<MonthRecord>,
    unix_s: u32,
}

#[test]
fn fifty_power_cuts_lose_nothing_that_was_acknowledged() {
    // A fresh logger for each fifty: its clock ends in 2100, and each try takes a month.
    for seed in 0..times(1) {
        let Some(rig) = LoggerRig::new() else { return };
        cut_the_power_fifty_times(&rig, &mut Random::new(50 + seed as u64));
    }
}

fn cut_the_power_fifty_times(rig: &LoggerRig, random: &mut Random) {
    const CUTS: usize = 50;
    let models = [model(1), model(2)];
    let mut acknowledged = Acknowledged {
        unix_s: START_UNIX_S,
        ..Acknowledged::default()
    };
    let (powered, mut client) = rig.power_on(steady());
    station(3, 0)
        .send(&mut client)
        .expect("the logger takes the settings");
    drop(client);
    powered.cut();
    for cut in 0..CUTS {
        let (powered, mut client) = rig.power_on(steady());
        check(&mut client, &acknowledged, &models, cut % 10 == 9);
        let worker = thread::spawn({
            let models = models.clone();
            move || work(client, acknowledged, &models, cut)
        });
        // Samples come every second and close months, so a round sees none to three of them.
        let millis = 20 + (1900.0 * (random.next_signed() + 1.0)) as u64;
        thread::sleep(Duration::from_millis(millis));
        powered.cut();
        acknowledged = worker.join().expect("the worker only reports");
    }
    let (_powered, mut client) = rig.power_on(steady());
    check(&mut client, &acknowledged, &models, true);
    assert!(
        !acknowledged.months.is_empty(),
        "no month was closed in {CUTS} rounds"
    );
    assert!(
        acknowledged.active.is_some(),
        "no model was taken in {CUTS} rounds"
    );
    println!(
        "{CUTS} power cuts, {} months closed, model generation {}",
        acknowledged.months.len(),
        acknowledged.active.map_or(0, |active| active.generation)
    );
}

/// Swaps models and closes months until the power goes.
fn work(
    mut client: Client,
    mut acknowledged: Acknowledged,
    models: &[Vec<u8>; 2],
    cut: usize,
) -> Acknowledged {
    for round in cut.. {
        let file = &models[round % 2];
        let crc = crc32(file);
        acknowledged.asked_for_crc = Some(crc);
        match push(&mut client, file, None, false, |_| {}) {
            Ok(pushed) => acknowledged.active = Some(pushed.active),
            // The last push before the cut was done.
            Err(LoggerError::Refused(Fault::AlreadyActive)) => match client.models() {
                Ok(models) => acknowledged.active = models.active,
                Err(_) => break,
            },
            Err(LoggerError::Refused(fault)) => panic!("refused: {fault}"),
            Err(_) => break,
        }
        acknowledged.asked_for_crc = None;
        acknowledged.unix_s += MONTH_S;
        if client.set_clock(acknowledged.unix_s, true).is_err() {
            break;
        }
        let closed = acknowledged.months.len() as u16;
        let month = loop {
            match client.month(closed) {
                // The next sample closes it.
                Ok(None) => thread::sleep(Duration::from_millis(50)),
                answer => break answer,
            }
        };
        match month {
            Ok(Some((record, _))) => acknowledged.months.push(record),
            _ => break,
        }
    }
    acknowledged
}

/// Nothing acknowledged is lost, no month is closed twice, and the active model is whole.
fn check(client: &mut Client, acknowledged: &Acknowledged, models: &[Vec<u8>; 2], wholly: bool) {
    for (position, record) in acknowledged.months.iter().enumerate() {
        let found = client
            .month(position as u16)
            .expect("the log of months can be read");
        assert_eq!(
            found.map(|(record, _)| record).as_ref(),
            Some(record),
            "month {position}"
        );
    }
    let months = client.status().expect("status").months;
    let mut last = i32::MIN;
    for position in 0..months {
        let (record, _) = client.month(position).expect("readable").expect("counted");
        assert!(
            record.month_index > last,
            "month {} closed twice",
            record.month_index
        );
        last = record.month_index;
    }
    let active = client.models().expect("models").active;
    if let Some(expected) = &acknowledged.active {
        let active = active.as_ref().expect("a model was acknowledged");
        assert!(active.generation >= expected.generation);
        let swapped = acknowledged.asked_for_crc == Some(active.crc);
        assert!(
            active.crc == expected.crc || swapped,
            "{active:?}, acknowledged {expected:?}"
        );
    }
    if let (Some(active), true) = (active, wholly) {
        let file = amlstm::logger::pull(client, |_, _| {}).expect("the model can be read");
        assert_eq!(crc32(&file), active.crc);
        assert!(models.contains(&file));
    }
}
