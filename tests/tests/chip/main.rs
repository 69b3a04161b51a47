//! The logger's own nRF52840 image on a simulated chip: it starts, talks, samples, stores, estimates and comes back from resets.
//!
//! What QEMU's board cannot show: the chip's UARTs with their DMA, its clock of 32,768 Hz, its converter, its watchdog, its flash, whose writes and
//! erases hold the processor, and its register of reset reasons. What no simulator shows stands in the README.

mod converter;
mod update;

use std::thread;
use std::time::{Duration, Instant};

use amlstm::export::AlignedBytes;
use amlstm::logger::{Client, Table, download, events};
use amlstm_core::link::{
    ClockState, EstimateRecord, EventKind, MAX_FRAME, MonthRecord, Request, ResetCause,
    encode_frame,
};
use amlstm_core::month::Month;
use amlstm_core::sizes::AttentionKind;
use amlstm_tests::chip::Chip;
use amlstm_tests::logger_rig::{configure, equals_the_host, unix_s};
use amlstm_tests::sample::{PAPER, model_file};

/// Three layers on the cable, one reading a minute.
const STATION: &str = r#"
station = "SAMPLE"
datum = "m-a-s-l"
sample_interval_s = 60
[[channel]]
aquifer_layer = "phreatic"
source = { sdi12 = "0" }
quantity = "level_m"
[[channel]]
aquifer_layer = "confined1"
source = { sdi12 = "1" }
quantity = "level_m"
[[channel]]
aquifer_layer = "confined2"
source = { sdi12 = "2" }
quantity = "level_m"
"#;

/// What the three transducers say.
const LEVELS_M: [f32; 3] = [-31.5, -38.25, -44.0];

fn connect_transducers(chip: &mut Chip) {
    for (address, level_m) in LEVELS_M.iter().enumerate() {
        chip.command(&format!("transducer {address} {level_m}"));
    }
}

/// A chip with its three transducers, and a client at its port.
fn with_transducers() -> Option<(Chip, Client)> {
    let mut chip = Chip::switch_on()?;
    connect_transducers(&mut chip);
    let client = chip.client();
    Some((chip, client))
}

/// The start of January 2026, before which the logger's firmware was not run.
fn january() -> u32 {
    unix_s(Month::new(2026, 1).expect("January is a month"))
}

fn kinds(client: &mut Client) -> Vec<EventKind> {
    let events = events(client, |_, _| {}).expect("the events arrive");
    events.into_iter().map(|event| event.kind).collect()
}

#[test]
fn it_starts_and_its_console_answers() {
    let Some(mut chip) = Chip::switch_on() else {
        return;
    };
    let log = chip.log();
    assert!(log.contains("nrf52840-dk"), "{log}");
    let mut terminal = chip.terminal();
    let status = terminal.type_in("status");
    assert!(status.contains("NOT SET"), "{status}");
    // VDDH over 5 through a converter of 12 bits over 3.6 V: 4.4 mV a step.
    assert!(status.contains("battery    494"), "{status}");
    let set = terminal.type_in("set station well-1 m-a-s-l 7");
    assert!(!set.contains("try help"), "{set}");
    terminal.type_in("clock 2026-01-31 23:30:00");
    let status = terminal.type_in("status");
    assert!(status.contains("well-1"), "{status}");
    assert!(status.contains("2026-01-31 23:30:0"), "{status}");
    assert_eq!(chip.seen().overruns, 0);
}

#[test]
fn a_month_on_the_chip_equals_the_host_bit_for_bit_and_outlives_the_power() {
    let Some(mut chip) = Chip::switch_on() else {
        return;
    };
    connect_transducers(&mut chip);
    let model = model_file(AttentionKind::Shared, PAPER, 20_260_131);
    chip.write("station.toml", STATION);
    chip.write("model.amlm", &model);
    // As at a technician's first visit.
    chip.amlstm(&["config", "station.toml"]);
    chip.amlstm(&["clock", "--set", "--to", "2026-01-01T06:00:00Z"]);
    chip.amlstm(&["push", "model.amlm"]);
    chip.amlstm(&["pull", "-o", "pulled.amlm"]);
    let pulled = std::fs::read(chip.file("pulled.amlm")).expect("the program wrote it");
    assert_eq!(pulled, model);
    let image = chip.image().path.display().to_string();
    let verified = chip.amlstm(&["verify", "--model", "model.amlm", "--image", &image]);
    assert_eq!(verified.matches(": match\n").count(), 4, "{verified}");

    // A sample at noon of each day; the clock is set forward from one to the next.
    let mut client = chip.client();
    for day in 0..=31 {
        let noon = january() + day * 86_400 + 43_200;
        client
            .set_clock(noon - 20, false)
            .expect("no jump of more than a day");
        chip.run(30.0);
    }
    let status = client.status().expect("status");
    assert_eq!(status.boots, 1);
    assert_eq!(status.months, 1);
    assert_eq!(status.storage_errors, 0);
    let months = months(&mut client);
    for (channel, level_m) in months[0].0.channels.iter().zip(LEVELS_M) {
        assert!(channel.complete, "{channel:?}");
        assert_eq!(channel.mean_m, Some(level_m));
    }
    equals_the_host(&AlignedBytes::new(&model), &months);
    drop(client);
    let settings = chip.amlstm(&["config"]);

    // The supply goes away and comes back: RAM holds anything.
    chip.command("reset power");
    chip.run(2.0);
    let mut client = chip.client();
    let status = client.status().expect("status");
    assert_eq!(status.reset_cause, ResetCause::Power);
    assert_eq!(status.clock, ClockState::Unsure);
    assert_eq!(self::months(&mut client), months);
    drop(client);
    assert_eq!(chip.amlstm(&["config"]), settings);
    // The chip's flash takes two writes of a word between erases (product specification 1.7, NVMC); docs/new-board.md promises one.
    assert_eq!(chip.seen().most_writes, 1);
}

fn months(client: &mut Client) -> Vec<(MonthRecord, Option<EstimateRecord>)> {
    download(client, Table::Months, |_, _| {})
        .expect("the months arrive")
        .months
}

#[test]
fn samples_carry_the_time_they_were_due_by_the_chips_clock() {
    let Some((mut chip, mut client)) = with_transducers() else {
        return;
    };
    configure(&mut client, STATION);
    // The last minutes of a month: a sample a moment too early would be stamped with the month before.
    let february = january() + 31 * 86_400;
    client
        .set_clock(february - 150, false)
        .expect("a first date");
    chip.run(450.0);
    let samples = download(&mut client, Table::Samples, |_, _| {})
        .expect("the samples arrive")
        .samples;
    let expected: Vec<u32> = (0..7).map(|minute| february - 120 + 60 * minute).collect();
    let stamped: Vec<u32> = samples.iter().map(|sample| sample.unix_s).collect();
    assert_eq!(stamped.get(..7), Some(&*expected), "{stamped:?}");
    for (reading, level_m) in samples[0].channels.iter().zip(LEVELS_M) {
        assert_eq!(reading.level_m, Some(level_m));
    }
}

/// Silence after which the port sleeps, with a margin.
const ASLEEP_S: f64 = 320.0;

#[test]
fn nothing_but_the_cable_is_on_between_visits_and_a_key_wakes_the_port() {
    let Some((mut chip, mut client)) = with_transducers() else {
        return;
    };
    configure(&mut client, STATION);
    client.set_clock(january(), false).expect("a first date");
    drop(client);
    chip.run(ASLEEP_S);
    // Ten samples of three transducers.
    let before = chip.power();
    assert!(before.dcdc, "{before:?}");
    chip.run(600.0);
    let after = chip.power();
    let on_s = |name: &str| after.since(&before, name);
    let [processor, crystal, port, cable, converter] =
        ["processor", "crystal", "port", "cable", "converter"].map(on_s);
    println!(
        "on in ten rounds of three sensors, s: processor {processor:.3}, crystal {crystal:.3}, cable {cable:.3}, converter {converter:.6}"
    );
    assert!(port == 0.0, "{port}");
    // A round is three times the command, its answer and the values with their CRC, at 1,200 baud: 0.9 s each at the most.
    assert!((3.0..27.0).contains(&cable), "{cable}");
    assert!((crystal - cable).abs() < 0.1, "{crystal} and {cable}");
    assert!(converter < 0.1, "{converter}");
    assert!(processor < cable / 4.0, "{processor}");

    // A technician's first key is lost and brings the prompt.
    let mut terminal = chip.terminal();
    terminal.send(b"\r");
    terminal.read_to_prompt();
    let status = terminal.type_in("status");
    assert!(status.contains("battery    494"), "{status}");
    drop(terminal);
    // The laptop's program wakes it by itself, also for what it asks once.
    for minute in 0..2 {
        chip.run(ASLEEP_S);
        let before = chip.power();
        chip.run(10.0);
        assert!(chip.power().since(&before, "port") == 0.0);
        let mut client = chip.client();
        assert_eq!(client.status().expect("status").boots, 1);
        chip.run(ASLEEP_S);
        // The client goes by the real clock: it wakes a logger that has not answered for a second.
        thread::sleep(Duration::from_millis(1_100));
        client
            .set_clock(january() + 3600 + 60 * minute, false)
            .expect("it listens");
    }
    // A stream that begins while the port sleeps is lost in part; then it listens.
    chip.run(ASLEEP_S);
    let mut terminal = chip.terminal();
    terminal.send(b"status\rstatus\r");
    chip.run(1.0);
    terminal.send(b"\r");
    terminal.read_to_prompt();
    drop(terminal);
    let status = chip.client().status().expect("status");
    assert_eq!((status.boots, status.storage_errors), (1, 0));
}

#[test]
fn samples_are_rarer_while_the_battery_is_low() {
    let Some((mut chip, mut client)) = with_transducers() else {
        return;
    };
    let battery = r#"
        [battery]
        capacity_mah = 19000
        sensors_ma = 5.0
        fitted = "2026-01-01"
        [low_battery]
        below_mv = 3400
        sample_interval_s = 300
    "#;
    configure(&mut client, &format!("{STATION}{battery}"));
    client.set_clock(january(), false).expect("a first date");
    chip.run(200.0);
    let status = client.status().expect("status");
    assert_eq!(status.low_battery_interval_s, None);
    let life = status.battery_life.expect("battery and board are known");
    // 5 mA all day are 120 mAh; 19,000 mAh of them are 158 days.
    assert!((120_000..121_000).contains(&life.uah_per_day), "{life:?}");
    assert!((156..159).contains(&life.days_left), "{life:?}");
    chip.command("battery 3300");
    chip.run(900.0);
    let status = client.status().expect("status");
    assert_eq!(status.low_battery_interval_s, Some(300));
    chip.command("battery 3600");
    chip.run(400.0);
    let samples = download(&mut client, Table::Samples, |_, _| {})
        .expect("the samples arrive")
        .samples;
    let apart: Vec<u32> = samples
        .windows(2)
        .map(|pair| pair[1].unix_s - pair[0].unix_s)
        .collect();
    let rare = apart.iter().filter(|seconds| **seconds > 60).count();
    assert!((2..=4).contains(&rare), "{apart:?}");
    assert!(
        apart.contains(&300) && apart.last() == Some(&60),
        "{apart:?}"
    );
    let kinds = kinds(&mut client);
    let low = |kind: &EventKind| matches!(kind, EventKind::BatteryLow { battery_mv, .. } if battery_mv.abs_diff(3300) < 10);
    let good = |kind: &EventKind| matches!(kind, EventKind::BatteryGood { battery_mv, .. } if battery_mv.abs_diff(3600) < 10);
    assert!(kinds.iter().any(low) && kinds.iter().any(good), "{kinds:?}");
}

#[test]
fn the_time_outlives_the_reset_pin() {
    let Some((mut chip, mut client)) = with_transducers() else {
        return;
    };
    configure(&mut client, STATION);
    client.set_clock(january(), false).expect("a first date");
    chip.run(605.0);
    let before = client.status().expect("status");
    drop(client);
    chip.command("reset pin");
    chip.run(2.0);
    let status = chip.client().status().expect("status");
    assert_eq!(status.reset_cause, ResetCause::Other);
    assert_eq!(status.clock, ClockState::Set);
    // The time is kept at every sample, so a minute may be missing.
    let behind_s = i64::from(before.unix_s) - i64::from(status.unix_s);
    assert!(behind_s <= 60, "{behind_s} s behind");
    assert_eq!(status.boots, before.boots + 1);
}

#[test]
fn the_port_goes_on_after_an_overrun() {
    let Some(mut chip) = Chip::switch_on() else {
        return;
    };
    // An upload's begin erases the slot's eight pages, for which the processor stands still 85 ms a page; more is typed meanwhile than the
    // receiver keeps.
    let begin = Request::UploadBegin {
        length: 30_000,
        crc: 0,
    };
    let mut frame = [0; MAX_FRAME];
    let frame = encode_frame(1, &begin, &mut frame).expect("it fits");
    let mut terminal = chip.terminal();
    terminal.send(frame);
    for _ in 0..128 {
        terminal.send(&[b'x'; 64]);
    }
    chip.run(3.0);
    let seen = chip.seen();
    assert!(seen.overruns > 0, "{seen:?}");
    drop(terminal);
    // Whatever is left of the line is ended; then the console and frames are answered as before.
    let mut terminal = chip.terminal();
    terminal.send(b"\r");
    let start = Instant::now();
    let status = loop {
        let shown = terminal.read_to_prompt();
        if shown.contains("battery") {
            break shown;
        }
        terminal.send(b"status\r");
        assert!(start.elapsed() < Duration::from_mins(1), "{shown}");
    };
    assert!(status.contains("NOT SET"), "{status}");
    drop(terminal);
    let status = chip.client().status().expect("status");
    assert_eq!(status.boots, 1);
    assert_eq!(status.storage_errors, 0);
}
