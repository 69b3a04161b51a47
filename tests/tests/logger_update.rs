//! A firmware update finds its old data: today's firmware on a flash that an earlier one wrote.
//!
//! `fixtures/flash-format-2.bin` is that flash ([`flash_image`]), `fixtures/flash-format-2.txt` what its firmware told of it. Both were made
//! once, by `cargo test -p amlstm-tests --test logger_update -- --ignored`, and stay as they are as long as loggers with format 2 stand in the field.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use amlstm::logger::{Client, pull, push};
use amlstm_core::link::{ConfigKey, Models};
use amlstm_core::sizes::AttentionKind;
use amlstm_firmware::store::FLASH_FORMAT;
use amlstm_tests::flash_image;
use amlstm_tests::logger_rig::{LevelTable, LoggerRig, START_UNIX_S, configure};
use amlstm_tests::sample::{PAPER, model_file};

const STATION: &str = r#"
    station = "Old well"
    datum = "SYNTHETIC datum"
    serial = 4711
    sample_interval_s = 43200
    rate_limit_mm_per_month = 0.001
    barometer = { source = { sdi12 = "8", crc = false }, units_per_kpa = 10.0 }
    [[channel]]
    aquifer_layer = "phreatic"
    source = { sdi12 = "0" }
    quantity = "level_m"
    offset_m = 0.25
    largest_step_m = 5.0
    [[channel]]
    aquifer_layer = "confined1"
    source = { sdi12 = "1" }
    quantity = "depth_to_water_m"
    measuring_point_m = 12.5
    largest_step_m = 5.0
    [[channel]]
    aquifer_layer = "confined2"
    source = { sdi12 = "2" }
    quantity = "submergence_m"
    cable_m = 80.0
    measuring_point_m = 10.0
    largest_step_m = 5.0
    [[channel]]
    aquifer_layer = "confined3"
    source = { loop_input = 1, at_4_ma = 0.0, at_20_ma = 35.0 }
    quantity = "gauge_pressure_kpa"
"#;

fn fixture(extension: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(format!("flash-format-{FLASH_FORMAT}.{extension}"))
}

/// Everything a logger tells of its flash, a line each; of the events the first `events`.
fn tell(client: &mut Client, events: u32) -> String {
    let mut told = String::new();
    let keys = [
        ConfigKey::Station,
        ConfigKey::SampleInterval,
        ConfigKey::Barometer,
        ConfigKey::RateLimit,
        ConfigKey::Security,
    ];
    for key in keys.into_iter().chain((0..5).map(ConfigKey::Channel)) {
        let item = client.config(key).expect("the configuration can be read");
        writeln!(told, "config {item:?}").expect("a string takes all");
    }
    // What is computed from the model file is not told: it is not on the flash, and later firmware computes more.
    let Models {
        active,
        standby,
        well,
        synthetic_model,
        trained_until,
        ..
    } = client.models().expect("the models can be read");
    writeln!(
        told,
        "Models {{ active: {active:?}, standby: {standby:?}, well: {well:?}, synthetic_model: {synthetic_model}, trained_until: {trained_until:?} }}"
    )
    .expect("a string takes all");
    let status = client.status().expect("status");
    for position in 0..status.months {
        let month = client.month(position).expect("a month can be read");
        writeln!(told, "month {month:?}").expect("a string takes all");
    }
    for number in 0..events {
        let event = client.event(number).expect("an event can be read");
        writeln!(told, "{event:?}").expect("a string takes all");
    }
    let mut number = status.first_sample;
    while number < status.next_sample {
        for sample in client.samples(number).expect("samples can be read") {
            writeln!(told, "{sample:?}").expect("a string takes all");
            number = sample.number + 1;
        }
    }
    told
}

/// Events that [`tell`] told.
fn events_told(told: &str) -> u32 {
    told.lines()
        .filter(|line| line.starts_with("Some(Event"))
        .count() as u32
}

#[test]
fn todays_firmware_finds_every_record_of_an_old_flash() {
    let Some(rig) = LoggerRig::new() else { return };
    let packed = fs::read(fixture("bin")).expect("the fixture is in the repository");
    let expected = fs::read_to_string(fixture("txt")).expect("the fixture is in the repository");
    let mut flash = fs::read(rig.flash()).expect("the rig has a flash");
    flash_image::unpack(&packed, &mut flash);
    fs::write(rig.flash(), flash).expect("the flash is writable");

    let (_powered, mut client) = rig.power_on(BTreeMap::new());
    let told = tell(&mut client, events_told(&expected));
    for (told, expected) in told.lines().zip(expected.lines()) {
        assert_eq!(told, expected);
    }
    assert_eq!(told.lines().count(), expected.lines().count());
    assert_eq!(client.status().expect("status").storage_errors, 0);
    let model = pull(&mut client, |_, _| {}).expect("the model can be read");
    let active = client.models().expect("the models can be read").active;
    assert_eq!(
        model.last_chunk(),
        active.map(|active| active.crc.to_le_bytes()).as_ref(),
        "a model file of then is read whole"
    );
    // The new firmware writes where the old one stopped.
    push(&mut client, &old_model(3), None, false, |_| {}).expect("the next model is taken");
}

fn old_model(seed: u64) -> Vec<u8> {
    model_file(AttentionKind::Shared, PAPER, seed)
}

/// Makes the fixture of today's format; refuses to replace one.
#[test]
#[ignore = "writes the fixture, once for each flash format"]
fn make_the_fixture() {
    assert!(
        !fixture("bin").exists(),
        "{} is there already; it must stay as its firmware wrote it",
        fixture("bin").display()
    );
    let rig = LoggerRig::new().expect("a device can be run here");
    let (powered, mut client) = rig.power_on(BTreeMap::new());
    configure(&mut client, STATION);
    client
        .set_clock(START_UNIX_S, true)
        .expect("the clock is set");
    for seed in [1, 2] {
        push(&mut client, &old_model(seed), None, false, |_| {}).expect("the model is taken");
    }
    client.rollback(false).expect("the first model comes back");
    client
        .visit(START_UNIX_S + 7, &[Some(1.5), None, Some(40.25)])
        .expect("the visit is recorded");
    powered.cut();
    let table = LevelTable {
        start_unix_s: START_UNIX_S,
        level_m: vec![
            vec![-40.0, 50.0, 30.0],
            vec![-41.0, f32::NAN, 29.5],
            vec![-42.5, 52.0, 29.0],
        ],
    };
    rig.fast_forward(&table, Duration::from_mins(5));
    let flash = fs::read(rig.flash()).expect("the rig has a flash");
    // Without the emulated chip's own part.
    let data = rig.erases().len() * 4096;
    let (_powered, mut client) = rig.power_on(BTreeMap::new());
    // The start just made is not in the flash that was read.
    let events = client.status().expect("status").next_event - 1;
    fs::create_dir_all(fixture("bin").parent().expect("a folder")).expect("a folder");
    fs::write(fixture("bin"), flash_image::pack(&flash[..data])).expect("writable");
    fs::write(fixture("txt"), tell(&mut client, events)).expect("writable");
}
