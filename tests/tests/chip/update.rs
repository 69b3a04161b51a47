//! Another firmware over the cable, as the field guide has it: it runs on trial and stays, or the one before comes back, with all that was recorded.

use std::fs;

use amlstm::logger::{Table, download, send_firmware};
use amlstm_core::link::{ClockState, EstimateRecord, EventKind, MonthRecord, Sample};
use amlstm_core::sizes::AttentionKind;
use amlstm_nrf52840_dk_bootloader::BOOTLOADER;
use amlstm_tests::chip::Chip;
use amlstm_tests::sample::{PAPER, model_file};

use super::{STATION, connect_transducers, kinds, months};

/// A word of the console's help, and what another program says in its place.
const WORD: &[u8] = b"what happened";
const OTHER_WORD: &[u8] = b"WHAT HAPPENED";

/// A station whose owner signs, after the turn of a month.
fn station(chip: &mut Chip) {
    connect_transducers(chip);
    chip.write(
        "A.f32.amlm",
        model_file(AttentionKind::Shared, PAPER, 20_260_131),
    );
    let key = chip.follow("7. Signed models");
    let station = STATION.replacen('\n', &format!("\nsigning_key = \"{key}\"\n"), 1);
    chip.write("station.toml", station);
    chip.amlstm(&["config", "station.toml"]);
    chip.amlstm(&["clock", "--set", "--to", "2026-01-31T23:50:00Z"]);
    chip.amlstm(&["push", "A.f32.amlm", "--signature", "A.f32.amlm.sig"]);
    chip.run(720.0);
}

/// What outlives an update.
struct Recorded {
    /// Resets so far; the first start has one.
    resets: usize,
    settings: String,
    months: Vec<(MonthRecord, Option<EstimateRecord>)>,
    samples: Vec<Sample>,
}

impl Recorded {
    fn on(chip: &mut Chip) -> Self {
        let settings = chip.amlstm(&["config"]);
        let mut client = chip.client();
        let samples = download(&mut client, Table::Samples, |_, _| {});
        Self {
            resets: chip.seen().resets.len(),
            settings,
            months: months(&mut client),
            samples: samples.expect("the samples arrive").samples,
        }
    }

    /// All of it is still there, after these resets; samples may have come since.
    fn is_still_on(&self, chip: &mut Chip, resets: &[&str]) {
        assert_eq!(chip.seen().resets[self.resets..], *resets);
        let now = Self::on(chip);
        assert_eq!(now.settings, self.settings);
        assert_eq!(now.months, self.months);
        assert_eq!(now.samples.get(..self.samples.len()), Some(&*self.samples));
    }
}

/// Writes the image that runs with other bytes at a place.
fn write_image(chip: &Chip, place: usize, bytes: &[u8]) {
    let mut image = fs::read(&chip.image().path).expect("built");
    image[place..place + bytes.len()].copy_from_slice(bytes);
    chip.write("nrf52840-dk", image);
}

/// Writes an image whose console says one word in another way.
fn write_another_image(chip: &Chip) {
    let image = fs::read(&chip.image().path).expect("built");
    let place = image.windows(WORD.len()).position(|bytes| bytes == WORD);
    write_image(chip, place.expect("the console's help has it"), OTHER_WORD);
}

/// Has the other firmware accepted and starts it on trial, as a laptop that is then taken away.
fn send_and_leave(chip: &Chip) {
    chip.follow("12. A firmware file, in the office");
    let file = fs::read(chip.file("nrf52840-dk.amfw")).expect("written");
    let signature = fs::read(chip.file("nrf52840-dk.amfw.sig")).expect("written");
    let signature = signature.try_into().expect("64 bytes");
    let mut client = chip.client();
    send_firmware(&mut client, &file, &signature, false, |_| {}).expect("accepted");
    client.restart().expect("it says so first");
}

fn runs_the_other(chip: &Chip) -> bool {
    let help = chip.terminal().type_in("help");
    assert!(help.to_lowercase().contains("what happened"), "{help}");
    help.contains("WHAT HAPPENED")
}

fn has(chip: &Chip, wanted: fn(&EventKind) -> bool) {
    let kinds = kinds(&mut chip.client());
    assert!(kinds.iter().any(wanted), "{kinds:?}");
}

fn is_confirmed(kind: &EventKind) -> bool {
    matches!(kind, EventKind::FirmwareConfirmed { .. })
}

fn is_reverted(kind: &EventKind) -> bool {
    matches!(kind, EventKind::FirmwareReverted { .. })
}

#[test]
fn a_firmware_over_the_cable_is_tried_and_stays_with_all_that_was_recorded() {
    let Some(mut chip) = Chip::switch_on() else {
        return;
    };
    station(&mut chip);
    let before = Recorded::on(&mut chip);
    assert_eq!(before.months.len(), 1);
    assert!(before.samples.len() > 3, "{:?}", before.samples);
    write_another_image(&chip);
    chip.follow("12. A firmware file, in the office");
    // Signed by nobody.
    chip.write("nobody.sig", [0; 64]);
    let update = ["update", "nrf52840-dk.amfw", "--signature", "nobody.sig"];
    let refused = chip.refused(&update);
    assert!(refused.contains("signature"), "{refused}");
    assert!(!runs_the_other(&chip));

    chip.follow("13. Another firmware over the cable");
    assert!(runs_the_other(&chip));
    let verified = chip.amlstm(&["verify", "--model", "A.f32.amlm", "--image", "nrf52840-dk"]);
    assert_eq!(verified.matches(": match\n").count(), 4, "{verified}");
    before.is_still_on(&mut chip, &["soft"]);
    let status = chip.client().status().expect("status");
    assert_eq!(status.clock, ClockState::Set, "the time is kept in RAM");
    assert_eq!(status.storage_errors, 0);
    has(&chip, is_confirmed);

    // It stays without power, too.
    chip.command("reset power");
    chip.run(3.0);
    assert!(runs_the_other(&chip));
    before.is_still_on(&mut chip, &["soft", "power"]);
}

#[test]
fn a_firmware_that_hangs_is_taken_back_by_the_bootloader() {
    let Some(mut chip) = Chip::switch_on() else {
        return;
    };
    station(&mut chip);
    let before = Recorded::on(&mut chip);
    // Its first instructions sleep for ever: what hangs awake takes the simulator minutes.
    let first = chip.image().address("Reset") & !1;
    let place = chip.image().file_offset(first);
    write_image(&chip, place, &[0x30, 0xbf, 0xfd, 0xe7]);
    chip.follow("12. A firmware file, in the office");
    let signature = "nrf52840-dk.amfw.sig";
    let refused = chip.refused(&["update", "nrf52840-dk.amfw", "--signature", signature]);
    assert!(refused.contains("did not stay"), "{refused}");
    has(&chip, is_reverted);
    assert!(!chip.client().firmware().expect("firmware").on_trial);
    before.is_still_on(&mut chip, &["soft", "watchdog"]);
}

#[test]
fn a_firmware_whose_port_nobody_asks_goes_by_itself_and_power_cuts_do_no_harm() {
    let Some(mut chip) = Chip::switch_on() else {
        return;
    };
    station(&mut chip);
    let before = Recorded::on(&mut chip);
    write_another_image(&chip);
    send_and_leave(&chip);
    // Both change places, which takes some 20 s; no more of it than this passes here.
    chip.command("pace 0");
    for _ in 0..3 {
        cut_the_exchange(&mut chip);
    }
    // The other one runs its ten minutes, and restarts: nobody else does.
    chip.run(30.0);
    assert!(!BOOTLOADER.contains(&chip.place()));
    chip.run(570.0);
    for _ in 0..60 {
        if chip.seen().resets.len() == before.resets + 5 {
            break;
        }
        chip.run(1.0);
    }
    cut_the_exchange(&mut chip);
    chip.command("pace 8");
    chip.run(30.0);
    has(&chip, is_reverted);
    assert!(!chip.client().firmware().expect("firmware").on_trial);
    assert!(!runs_the_other(&chip));
    let resets = ["soft", "power", "power", "power", "soft", "power"];
    before.is_still_on(&mut chip, &resets);
}

fn cut_the_exchange(chip: &mut Chip) {
    chip.run(3.7);
    let place = chip.place();
    assert!(BOOTLOADER.contains(&place), "{place:#x}");
    chip.command("reset power");
}
