//! A year in the field: a trained model goes over the serial line into the logger, a year of samples runs in fast-forward, and what
//! the logger estimates for each month is what the host estimates, bit for bit.

use std::collections::BTreeMap;
use std::time::Duration;

use amlstm::config::Config;
use amlstm::export::AlignedBytes;
use amlstm::logger::{Client, Table, download, pull, push};
use amlstm::run::WellRun;
use amlstm::synth;
use amlstm_core::artifact::ModelFile;
use amlstm_core::link::{ClockState, InputState};
use amlstm_core::month::Month;
use amlstm_firmware::store::Layout;
use amlstm_tests::logger_rig::{
    LevelTable, LoggerRig, STATION_A, configure, equals_the_host, times, unix_s,
};
use amlstm_tests::qemu::Finished;

/// The AM-LSTM of the SYNTHETIC well A, trained here.
fn trained_model() -> Vec<u8> {
    let dataset = synth::dataset(&synth::Options::default()).dataset;
    let run = WellRun::new(&dataset.wells[0], &Config::default()).expect("well A trains");
    run.models[0].file.to_vec()
}

#[test]
fn a_year_on_the_logger_equals_the_host_bit_for_bit() {
    let Some(rig) = LoggerRig::new() else { return };
    let aligned = AlignedBytes::new(&trained_model());
    let file = ModelFile::parse(&aligned).expect("the trainer writes sound files");
    // The model's training ended in 2016; the logger takes no clock before 2020. The months between count as missing.
    let first = Month::new(2020, 1).expect("January is a month");
    set_up(&rig, &aligned, unix_s(first));

    // The levels lie around the middle of what the model knows; in month 5 the first sensor is silent.
    let middle: Vec<f32> = file
        .model()
        .inputs()
        .map(|input| 0.5 * (input.lowest_trained_m + input.highest_trained_m))
        .collect();
    let months = times(12);
    let level_m = (0..months)
        .map(|month| {
            let swing = (month as f32 * 0.5).sin();
            let mut levels: Vec<f32> = middle.iter().map(|level| level + swing).collect();
            if month == 5 {
                levels[0] = f32::NAN;
            }
            levels
        })
        .collect();
    let table = LevelTable {
        start_unix_s: unix_s(first),
        level_m,
    };
    let finished = rig.fast_forward(&table, Duration::from_secs(600 * months as u64 / 12));
    memory_stays_what_it_was_in_the_first_year(&finished, months);
    no_sector_wears_out(&rig);

    let (_powered, mut client) = rig.power_on(BTreeMap::new());
    let status = client.status().expect("status");
    assert_eq!(status.storage_errors, 0);
    let last = client
        .samples(status.next_sample - 1)
        .expect("the last sample arrives")[0]
        .clone();
    println!("{} samples", status.next_sample);
    assert_eq!(
        last.unix_s,
        unix_s(first) + 900 * (last.number + 1),
        "every quarter of an hour one sample, none left out, none late"
    );
    let records = download(&mut client, Table::Months, |_, _| {}).expect("the months arrive");
    assert_eq!(records.months.len(), months);
    equals_the_host(&aligned, &records.months);
    let silent = records.months[5].1.as_ref().expect("estimated");
    assert_eq!(silent.inputs[0], InputState::Missing);
    assert_eq!(silent.attention[0], 0.0);
    assert_eq!(
        pull(&mut client, |_, _| {}).expect("the model comes back"),
        aligned.to_vec()
    );
}

/// Most bytes of stack that chance adds: an interrupt at the deepest point.
const INTERRUPT_STACK: u32 = 256;

/// Most bytes of stack of the whole logger, a little above what was measured: less than a quarter of the RAM of a chip with 256 KiB.
const STACK_LIMIT: u32 = 60 * 1024;

/// There is no heap, so a leak could only be a stack that grows.
fn memory_stays_what_it_was_in_the_first_year(finished: &Finished, months: usize) {
    let stack: Vec<u32> = finished
        .log()
        .iter()
        .filter(|line| line.starts_with("month "))
        .filter_map(|line| line.split_whitespace().nth(2)?.parse().ok())
        .collect();
    assert_eq!(stack.len(), months, "{:?}", finished.log());
    let (first_year, last) = (stack[stack.len().min(12) - 1], stack[stack.len() - 1]);
    println!("{first_year} bytes of stack in the first year, {last} in all {months} months");
    assert!(first_year > 0 && last <= first_year + INTERRUPT_STACK);
    assert!(last <= STACK_LIMIT, "at most {STACK_LIMIT} are allowed");
}

/// What common NOR flash chips promise: erases of a sector.
const WORN_OUT: u32 = 10_000;

fn no_sector_wears_out(rig: &LoggerRig) {
    let erases = rig.erases();
    let layout = Layout::new(erases.len() as u32 * 4096).expect("the data flash is large enough");
    println!("erases of each 4 KiB sector:");
    for (name, region) in [
        ("config", layout.config),
        ("events", layout.events),
        ("months", layout.months),
        ("slot A", layout.slots[0].clone()),
        ("slot B", layout.slots[1].clone()),
        ("samples", layout.samples),
    ] {
        let sectors = &erases[region.start as usize / 4096..region.end as usize / 4096];
        println!("  {name:8} {}", runs(sectors));
    }
    let worst = erases.iter().max().expect("there are sectors");
    assert!(
        *worst > 0,
        "nothing was erased, not even for the first model"
    );
    assert!(*worst < WORN_OUT, "{worst} erases of one sector");
}

/// Equal neighbours as `count x value`.
fn runs(values: &[u32]) -> String {
    let runs = values.chunk_by(|one, next| one == next);
    runs.map(|run| format!("{} x {}", run.len(), run[0]))
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
fn every_sample_of_a_fast_forward_lies_on_the_quarter_of_an_hour() {
    let Some(rig) = LoggerRig::new() else { return };
    let first = Month::new(2020, 1).expect("January is a month");
    let (powered, mut client) = rig.power_on(BTreeMap::new());
    configure(&mut client, STATION_A);
    client
        .set_clock(unix_s(first), true)
        .expect("the clock is set");
    powered.cut();
    let table = LevelTable {
        start_unix_s: unix_s(first),
        level_m: vec![vec![-10.0, -20.0, -30.0]],
    };
    rig.fast_forward(&table, Duration::from_mins(5));

    let (_powered, mut client) = rig.power_on(BTreeMap::new());
    let samples = download(&mut client, Table::Samples, |_, _| {})
        .expect("the samples arrive")
        .samples;
    // A stamp is in whole seconds; waiting ends at most one tick of the clock, 10 ms, after the quarter of an hour.
    let latest_s = samples.iter().map(|sample| sample.unix_s % 900).max();
    assert_eq!(latest_s, Some(0), "seconds after the quarter of an hour");
    for pair in samples.windows(2) {
        assert_eq!(
            pair[1].unix_s / 900,
            pair[0].unix_s / 900 + 1,
            "none twice, none left out"
        );
    }
    // The 31 days of January, and the first of February, which closes it.
    assert!(samples.len() >= 32 * 96 - 1, "{} samples", samples.len());
}

/// Settings, clock and model by way of the technician's port.
fn set_up(rig: &LoggerRig, model: &[u8], unix_s: u32) {
    let (powered, mut client) = rig.power_on(BTreeMap::new());
    assert_eq!(client.status().expect("status").clock, ClockState::Unset);
    configure(&mut client, STATION_A);
    client.set_clock(unix_s, true).expect("the clock is set");
    let pushed = push(&mut client, model, None, false, |_| {}).expect("the model is taken");
    assert_eq!(pushed.active.length as usize, model.len());
    drop(client);
    powered.cut();
}

#[test]
fn a_model_goes_over_a_pseudo_terminal() {
    let Some(rig) = LoggerRig::new() else { return };
    let model = trained_model();
    let powered = rig.power_on_pty(BTreeMap::new());
    let terminal = powered.port.to_str().expect("a name in ASCII");
    let mut client = Client::connect(terminal).expect("a pseudo terminal opens as a serial port");
    configure(&mut client, STATION_A);
    push(&mut client, &model, None, false, |_| {}).expect("the model is taken");
    assert_eq!(
        pull(&mut client, |_, _| {}).expect("the model comes back"),
        model
    );
}
