//! A logger that hangs or panics starts itself again, and says why; so does one that is asked to: on the firmware in QEMU, with the board's own watchdog.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use amlstm::logger::{Client, Station, Table, download, events, pull, push};
use amlstm_core::link::{
    ClockState, Event, EventKind, MAX_CHUNK, Models, Quality, ResetCause, Sample, Status, Task,
};
use amlstm_core::sizes::AttentionKind;
use amlstm_tests::image::Recipe;
use amlstm_tests::logger_rig::{
    LevelTable, LoggerRig, START_UNIX_S, STATION_A, configure, equals_the_host,
};
use amlstm_tests::sample::{PAPER, model_file};

const STATION: &str = r#"
    station = "A"
    datum = "SYNTHETIC datum"
    [[channel]]
    aquifer_layer = "phreatic"
    source = { sdi12 = "0" }
    quantity = "level_m"
"#;

/// The numbers by which `faults.rs` of the board knows its faults.
const WAITS: u32 = 0x7fc0_0001;
const SPINS: u32 = 0x7fc0_0002;
const PANICS: u32 = 0x7fc0_0003;
const BREAKS: u32 = 0x7fc0_0004;

/// A microsecond an instruction, so that the busy loop of a task that never yields comes to its end in seconds of ours.
const SHIFT: u8 = 10;

/// Lets the first sample of February fail and the logger run on to the end of March; what it tells afterwards.
fn after(fault: u32) -> Option<(Status, Vec<Event>)> {
    let rig = LoggerRig::with(Recipe {
        features: "faults",
        ..Recipe::LOGGER
    })?;
    let (powered, mut client) = rig.power_on(BTreeMap::new());
    configure(&mut client, STATION);
    client
        .set_clock(START_UNIX_S, true)
        .expect("the clock is set");
    powered.cut();
    let table = LevelTable {
        start_unix_s: START_UNIX_S,
        level_m: vec![vec![-10.0], vec![f32::from_bits(fault)], vec![-11.0]],
    };
    let finished = rig.fast_forward_at(&table, SHIFT, Duration::from_mins(3));
    let starts = finished
        .log()
        .iter()
        .filter(|line| line.starts_with("amlstm"))
        .count();
    assert_eq!(starts, 2, "{:?}", finished.log());

    let (_powered, mut client) = rig.power_on(BTreeMap::new());
    let status = client.status().expect("status");
    let mut events = Vec::new();
    while let Some(event) = client
        .event(events.len() as u32)
        .expect("the events can be read")
    {
        events.push(event);
    }
    // RAM has kept the time: no sample was taken by an unsure clock.
    let months = download(&mut client, Table::Months, |_, _| {}).expect("the months arrive");
    for (record, _) in &months.months {
        let quality = record.channels[0].quality;
        assert!(!quality.has(Quality::CLOCK_UNSURE), "{record:?}");
    }
    Some((status, events))
}

/// The start after the fault, and what was logged right after it.
fn second_start(events: &[Event]) -> (&EventKind, Option<&EventKind>) {
    let place = events
        .iter()
        .position(|event| {
            matches!(event.kind, EventKind::Started { cause, .. } if cause != ResetCause::Power)
        })
        .expect("a start without power loss");
    (
        &events[place].kind,
        events.get(place + 1).map(|event| &event.kind),
    )
}

/// Setting up was the first start, the fast-forward the second.
const BOOTS: u32 = 3;

/// The watchdog's reset names the sampling, and the logger runs on.
fn the_watchdog_bites(fault: u32) {
    let Some((status, events)) = after(fault) else {
        return;
    };
    let expected = EventKind::Started {
        cause: ResetCause::Watchdog,
        boots: BOOTS,
        late_task: Some(Task::Sense),
    };
    assert_eq!(second_start(&events).0, &expected);
    went_on(&status, 1);
}

#[test]
fn a_task_that_waits_for_ever_is_bitten_and_named() {
    the_watchdog_bites(WAITS);
}

#[test]
fn a_task_that_never_yields_is_bitten_and_named() {
    the_watchdog_bites(SPINS);
}

#[test]
fn a_panics_message_and_task_survive_the_reset() {
    if let Some(message) = message_after(PANICS) {
        assert!(
            message.starts_with("faults.rs:") && message.ends_with(": asked to panic"),
            "{message}"
        );
    }
}

#[test]
fn a_hard_faults_place_and_task_survive_the_reset() {
    if let Some(message) = message_after(BREAKS) {
        let place = message.strip_prefix("hard fault at ").unwrap_or_default();
        assert_eq!(place.len(), 8, "{message}");
        assert!(u32::from_str_radix(place, 16).is_ok(), "{message}");
    }
}

/// What the logger says of its end after a fault that ends as a panic does.
fn message_after(fault: u32) -> Option<String> {
    let (status, events) = after(fault)?;
    let expected = EventKind::Started {
        cause: ResetCause::Panic,
        boots: BOOTS,
        late_task: Some(Task::Sense),
    };
    let (started, next) = second_start(&events);
    assert_eq!(started, &expected);
    let Some(EventKind::Panicked { message }) = next else {
        panic!("{next:?}")
    };
    went_on(&status, 0);
    Some(message.to_string())
}

/// January, February and March were closed, and nothing but the one fault happened.
fn went_on(status: &Status, watchdog_resets: u32) {
    assert_eq!(status.months, 3);
    assert_eq!(status.watchdog_resets, watchdog_resets);
    assert_eq!(status.boots, BOOTS + 1);
    assert_eq!(status.storage_errors, 0);
}

/// What must not be lost.
#[derive(Debug, PartialEq)]
struct Kept {
    settings: Station,
    models: Models,
    model: Vec<u8>,
    months: String,
    samples: Vec<Sample>,
    events: Vec<Event>,
}

impl Kept {
    fn on(client: &mut Client) -> Self {
        let mut table = |table| download(client, table, |_, _| {}).expect("the records arrive");
        let months = format!("{:?}", table(Table::Months).months);
        let samples = table(Table::Samples).samples;
        Self {
            settings: Station::receive(client).expect("the settings arrive"),
            models: client.models().expect("the models"),
            model: pull(client, |_, _| {}).expect("the model arrives"),
            months,
            samples,
            events: events(client, |_, _| {}).expect("the events arrive"),
        }
    }
}

/// Somebody asks for it while the laptop sends a model: time, settings, samples, months and the model are there afterwards, and the events say that it was asked for.
#[test]
fn a_restart_that_was_asked_for_amid_an_upload_loses_nothing() {
    let Some(rig) = LoggerRig::new() else { return };
    let [first, second] = [1, 2].map(|seed| model_file(AttentionKind::Shared, PAPER, seed));
    let (powered, mut client) = rig.power_on(BTreeMap::new());
    configure(&mut client, STATION_A);
    client.set_clock(START_UNIX_S, true).expect("a first date");
    push(&mut client, &first, None, false, |_| {}).expect("the model is taken");
    powered.cut();
    let table = LevelTable {
        start_unix_s: START_UNIX_S,
        level_m: vec![vec![-10.0, -20.0, -30.0], vec![-10.5, -20.5, -30.5]],
    };
    rig.fast_forward(&table, Duration::from_mins(5));
    let powered = rig.power_on_pty(BTreeMap::new());
    let port = powered.port.to_str().expect("ASCII").to_owned();
    let connect = || Client::connect(&port).expect("the logger answers");
    let mut client = connect();
    let now = client.status().expect("status").unix_s;
    client.set_clock(now, false).expect("the clock is sure");
    drop(client);
    let broken = catch_unwind(AssertUnwindSafe(|| {
        let mut chunks = 0;
        push(&mut connect(), &second, None, false, |_| {
            chunks += 1;
            if chunks > 5 {
                resume_unwind(Box::new("the laptop's lid is closed"));
            }
        })
    }));
    assert!(broken.is_err(), "the model has more than five chunks");
    let mut client = connect();
    let before = Kept::on(&mut client);
    assert_eq!(before.model, first);
    let status = client.status().expect("status");
    assert_eq!((status.clock, status.months), (ClockState::Set, 2));
    let asked = Instant::now();
    client.restart().expect("the logger acknowledges it");
    drop(client);

    let mut client = connect();
    let mut after = Kept::on(&mut client);
    let started = client.status().expect("status");
    assert_eq!(started.reset_cause, ResetCause::Requested);
    assert_eq!(
        (started.boots, started.watchdog_resets),
        (status.boots + 1, 0)
    );
    assert_eq!(
        (started.clock, started.storage_errors),
        (ClockState::Set, 0)
    );
    // The time is kept in RAM every two minutes at the latest, and at the end.
    let passed_s = asked.elapsed().as_secs() as i64;
    let shown_s = i64::from(started.unix_s) - i64::from(status.unix_s);
    assert!(
        (-2..=passed_s + 2).contains(&shown_s),
        "{shown_s} s of {passed_s} s"
    );
    let start = after.events.pop().map(|event| event.kind);
    let expected = EventKind::Started {
        cause: ResetCause::Requested,
        boots: started.boots,
        late_task: None,
    };
    assert_eq!(start, Some(expected));
    // A sample may have come meanwhile.
    after.samples.truncate(before.samples.len());
    assert_eq!(after, before);

    // What was acknowledged of the upload was in no use yet; it begins anew.
    let pushed = push(&mut client, &second, None, false, |_| {}).expect("the model is taken");
    assert_eq!(pushed.resumed_from % MAX_CHUNK as u32, 0);
    assert_eq!(
        pull(&mut client, |_, _| {}).expect("the model arrives"),
        second
    );
    let months = download(&mut client, Table::Months, |_, _| {}).expect("the months arrive");
    equals_the_host(&first, &months.months);
    powered.cut();
}
