//! Clock chips with a battery on the simulated nRF52840's I2C bus: the logger's image with the driver of each, and the chip as its data sheet describes it.
//!
//! What a driver does with the registers is tried in the firmware's own tests; here the image, its I2C controller with DMA and the wires lie between.

use amlstm::logger::{Client, Table, download, events};
use amlstm_core::link::{ClockChipFault, ClockState, EventKind, Quality, ResetCause};
use amlstm_firmware::calendar::Moment;
use amlstm_tests::chip::{Chip, ClockChip};
use amlstm_tests::logger_rig::configure;

/// One layer, one reading a minute.
const STATION: &str = r#"
station = "SAMPLE"
datum = "m-a-s-l"
sample_interval_s = 60
[[channel]]
aquifer_layer = "phreatic"
source = { sdi12 = "0" }
quantity = "level_m"
"#;

/// A moment that the digits of no register hold by chance.
const DATE: &str = "2026-11-27 16:45:09";

/// Simulated seconds that pass at the most between two commands of a test, of which the laptop's work is the longest.
const BETWEEN_S: u32 = 120;

fn date() -> u32 {
    let moment = Moment::parse(DATE).expect("a date");
    moment.to_unix().expect("after 1970")
}

/// A chip with a transducer and a clock chip that was never set.
fn with_clock_chip(clock_chip: ClockChip) -> Option<Chip> {
    let mut chip = Chip::switch_on_with(Some(clock_chip))?;
    chip.command("transducer 0 -31.5");
    Some(chip)
}

/// The same, set to [`DATE`].
fn with_set_clock_chip(clock_chip: ClockChip) -> Option<Chip> {
    let chip = with_clock_chip(clock_chip)?;
    let mut client = chip.client();
    configure(&mut client, STATION);
    client.set_clock(date(), false).expect("a first date");
    Some(chip)
}

/// What the logger noted of its clock chip.
fn faults(client: &mut Client) -> Vec<ClockChipFault> {
    let events = events(client, |_, _| {}).expect("the events arrive");
    let of_chip = |kind: EventKind| match kind {
        EventKind::ClockChip(fault) => Some(fault),
        _ => None,
    };
    events
        .into_iter()
        .filter_map(|event| of_chip(event.kind))
        .collect()
}

/// The time of the DS3231's registers (data sheet, table 1), two digits each.
fn digits(registers: &[u8]) -> u32 {
    let digits = |place: usize| u32::from(10 * (registers[place] >> 4) + (registers[place] & 0xF));
    // By 24 hours, and without the century.
    assert_eq!((registers[2] & 0x40, registers[5] & 0x80), (0, 0));
    let moment = Moment {
        year: 2000 + digits(6) as u16,
        month: digits(5) as u8,
        day: digits(4) as u8,
        second_of_day: 3600 * digits(2) + 60 * digits(1) + digits(0),
    };
    moment.to_unix().expect("a date")
}

/// The time of the RV-3028's registers, seconds since 1970.
fn seconds(registers: &[u8]) -> u32 {
    u32::from_le_bytes(registers[0x1B..0x1F].try_into().expect("four bytes"))
}

fn follows(before: u32, after: u32, by_s: u32) {
    let passed = i64::from(after) - i64::from(before);
    let expected = i64::from(by_s)..=i64::from(by_s + BETWEEN_S);
    assert!(expected.contains(&passed), "{passed} s instead of {by_s}");
}

#[test]
fn a_time_set_at_the_console_is_in_the_ds3231() {
    let Some(mut chip) = with_clock_chip(ClockChip::Ds3231) else {
        return;
    };
    let mut client = chip.client();
    assert_eq!(client.status().expect("status").clock, ClockState::Unset);
    assert_eq!(faults(&mut client), [ClockChipFault::Stopped]);
    drop(client);
    let mut terminal = chip.terminal();
    let set = terminal.type_in(&format!("clock {DATE}"));
    assert!(!set.contains("refused"), "{set}");
    drop(terminal);
    let registers = chip.clock_chip_registers();
    follows(date(), digits(&registers), 0);
    // EOSC: the oscillator runs on battery, too. OSF: it has not stopped since the time was set.
    assert_eq!((registers[0x0E] & 0x80, registers[0x0F] & 0x80), (0, 0));
    // Nobody has noted anything else, and the bus is on for no longer than it is used.
    assert_eq!(faults(&mut chip.client()), [ClockChipFault::Stopped]);
    let before = chip.power();
    chip.run(60.0);
    assert!(chip.power().since(&before, "i2c") == 0.0);
}

#[test]
fn the_time_outlives_the_power_by_either_chip() {
    // Over the end of a month, and of a day, at which an RV-3028 loads its configuration anew where it is not told otherwise.
    const AWAY_S: u32 = 4 * 86_400;
    for clock_chip in [ClockChip::Ds3231, ClockChip::Rv3028] {
        let Some(mut chip) = with_set_clock_chip(clock_chip) else {
            return;
        };
        let registers = chip.clock_chip_registers();
        let time = match clock_chip {
            ClockChip::Ds3231 => digits(&registers),
            ClockChip::Rv3028 => seconds(&registers),
        };
        follows(date(), time, 0);
        chip.run(130.0);
        let before = chip.client().status().expect("status");
        chip.command(&format!("reset power {AWAY_S}"));
        chip.run(2.0);
        let mut client = chip.client();
        let status = client.status().expect("status");
        assert_eq!(status.reset_cause, ResetCause::Power);
        assert_eq!(status.clock, ClockState::Set, "{clock_chip:?}");
        follows(before.unix_s, status.unix_s, AWAY_S);
        chip.run(130.0);
        let samples = download(&mut client, Table::Samples, |_, _| {})
            .expect("the samples arrive")
            .samples;
        let last = samples.last().expect("a sample every minute");
        assert!(last.unix_s >= date() + AWAY_S, "{last:?}");
        assert_eq!(last.channels[0].quality, Quality::GOOD);
        // It had stopped when it was new, and never since.
        assert_eq!(faults(&mut client), [ClockChipFault::Stopped]);
    }
}

#[test]
fn a_clock_chip_that_has_stood_still_is_not_believed_and_named() {
    for clock_chip in [ClockChip::Ds3231, ClockChip::Rv3028] {
        let Some(mut chip) = with_set_clock_chip(clock_chip) else {
            return;
        };
        chip.run(70.0);
        chip.command("clock-chip battery-empty");
        chip.command("reset power 3600");
        chip.run(2.0);
        let mut client = chip.client();
        let status = client.status().expect("status");
        assert_eq!(status.clock, ClockState::Unsure, "{clock_chip:?}");
        let stopped_twice = [ClockChipFault::Stopped; 2];
        assert_eq!(faults(&mut client), stopped_twice);
        drop(client);
        let events = chip.amlstm(&["events"]);
        assert!(events.contains("has stood still since"), "{events}");
        // A new battery, and somebody sets the clock.
        chip.command("clock-chip well");
        let mut client = chip.client();
        client.set_clock(date(), true).expect("a date");
        drop(client);
        chip.command("reset power 3600");
        chip.run(2.0);
        let mut client = chip.client();
        let status = client.status().expect("status");
        assert_eq!(status.clock, ClockState::Set, "{clock_chip:?}");
        follows(date(), status.unix_s, 3600);
        assert_eq!(faults(&mut client), stopped_twice);
    }
}

#[test]
fn a_clock_chip_that_is_silent_or_holds_the_line_low_costs_the_time_alone() {
    for trouble in ["silent", "holds-line"] {
        let Some(mut chip) = with_set_clock_chip(ClockChip::Ds3231) else {
            return;
        };
        chip.run(70.0);
        chip.command(&format!("clock-chip {trouble}"));
        chip.command("reset power 60");
        chip.run(2.0);
        let mut client = chip.client();
        let status = client.status().expect("status");
        assert_eq!(status.clock, ClockState::Unsure, "{trouble}");
        client.set_clock(date() + 3600, false).expect("a date");
        let mut noted = vec![ClockChipFault::Stopped];
        noted.extend([ClockChipFault::Silent; 2]);
        assert_eq!(faults(&mut client), noted, "{trouble}");
        // As soon as the wires are mended it is set and read as before.
        chip.command("clock-chip well");
        client.set_clock(date() + 7200, false).expect("a date");
        drop(client);
        follows(date() + 7200, digits(&chip.clock_chip_registers()), 0);
        chip.command("reset power 60");
        chip.run(2.0);
        let mut client = chip.client();
        let status = client.status().expect("status");
        assert_eq!(status.clock, ClockState::Set, "{trouble}");
        follows(date() + 7200, status.unix_s, 60);
        assert_eq!(faults(&mut client), noted, "{trouble}");
    }
}
