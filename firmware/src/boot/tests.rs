use std::vec::Vec;

use super::*;
use crate::fake::{ACTIVE, CutErase, FakeNor, PAGE, PAGES};

const CUT_ERASES: [CutErase; 3] = [
    CutErase::FromTheStart,
    CutErase::FromTheEnd,
    CutErase::Noise,
];

/// Two programs of which no page is equal.
fn programs() -> [Vec<u8>; 2] {
    [1, 101].map(|first| (0..PAGES * PAGE).map(|at| (first + at / 4) as u8).collect())
}

fn board(cut_erase: CutErase) -> FakeNor {
    let nor = FakeNor::new(cut_erase);
    nor.flash(&programs()[0]);
    nor
}

fn slot(nor: &FakeNor) -> BootSlot<crate::fake::Part, crate::fake::Part> {
    BootSlot::new("fake", ACTIVE, nor.other(), nor.marks())
}

/// What the bootloader does at a start.
fn start(nor: &FakeNor) -> Result<State, BootError> {
    prepare(nor.active(), nor.other(), nor.marks(), &mut [0; 16])
}

fn upload(nor: &FakeNor) -> Result<(), SlotFailed> {
    let mut slot = slot(nor);
    for (chunk, bytes) in programs()[1].chunks(24).enumerate() {
        slot.write(chunk as u32 * 24, bytes)?;
    }
    slot.start_on_trial()
}

/// Which program runs: 0 the old one, 1 the new one.
fn running(nor: &FakeNor) -> usize {
    let running = nor.running();
    let found = programs().iter().position(|program| *program == running);
    found.unwrap_or_else(|| panic!("neither program is whole: {running:?}"))
}

/// An upload, a start, what the new program does of itself, and another start, as far as the power lets them.
fn update(nor: &FakeNor, confirms: bool) {
    let _ = upload(nor).is_ok()
        && start(nor).is_ok()
        && (!confirms || slot(nor).confirm().is_ok())
        && start(nor).is_ok();
}

#[test]
fn a_program_on_trial_stays_once_it_is_confirmed() {
    let nor = board(CutErase::Noise);
    assert_eq!(slot(&nor).on_trial(), Ok(false));
    upload(&nor).unwrap();
    assert_eq!(running(&nor), 0, "until the next start");
    start(&nor).unwrap();
    assert_eq!((running(&nor), slot(&nor).on_trial()), (1, Ok(true)));
    slot(&nor).confirm().unwrap();
    assert_eq!(slot(&nor).on_trial(), Ok(false));
    start(&nor).unwrap();
    assert_eq!(running(&nor), 1);
}

#[test]
fn a_program_on_trial_goes_at_the_next_start() {
    let nor = board(CutErase::Noise);
    upload(&nor).unwrap();
    start(&nor).unwrap();
    start(&nor).unwrap();
    assert_eq!((running(&nor), slot(&nor).on_trial()), (0, Ok(false)));
    start(&nor).unwrap();
    assert_eq!(running(&nor), 0);
}

/// Every byte that is written or erased is the last one once. The power stays away for good, or comes back and goes again at every eleventh
/// byte of what the bootloader then does.
#[test]
fn whenever_the_power_goes_one_of_both_programs_is_whole() {
    for (cut_erase, confirms) in CUT_ERASES
        .into_iter()
        .flat_map(|cut_erase| [(cut_erase, false), (cut_erase, true)])
    {
        let nor = board(cut_erase);
        update(&nor, confirms);
        let bytes = nor.changed();
        assert!(bytes > 1000, "{bytes}");
        for cut in 0..bytes {
            for again in [None].into_iter().chain((0..1000).step_by(11).map(Some)) {
                let nor = board(cut_erase);
                nor.cut_after(Some(cut));
                update(&nor, confirms);
                nor.cut_after(again);
                let went_again = start(&nor).is_err();
                nor.cut_after(None);
                start(&nor).unwrap();
                let first = running(&nor);
                if !confirms {
                    // It was on trial for one start at most, and is not tried again.
                    start(&nor).unwrap();
                    assert_eq!(running(&nor), 0, "{cut_erase:?}, {cut}, {again:?}");
                } else if slot(&nor).on_trial() == Ok(false) {
                    start(&nor).unwrap();
                    assert_eq!(running(&nor), first, "what is not on trial stays");
                }
                if again.is_some() && !went_again {
                    break;
                }
            }
        }
    }
}

/// Once the confirmation is there, no power cut takes the new program away.
#[test]
fn what_was_confirmed_stays() {
    for cut_erase in CUT_ERASES {
        let nor = board(cut_erase);
        upload(&nor).unwrap();
        start(&nor).unwrap();
        let before = nor.changed();
        slot(&nor).confirm().unwrap();
        let bytes = nor.changed() - before;
        for cut in 0..=bytes {
            let nor = board(cut_erase);
            upload(&nor).unwrap();
            start(&nor).unwrap();
            nor.cut_after(Some(cut));
            let confirmed = slot(&nor).confirm().is_ok();
            nor.cut_after(None);
            let on_trial = slot(&nor).on_trial().unwrap();
            start(&nor).unwrap();
            start(&nor).unwrap();
            let running = running(&nor);
            assert!(running == 1 || on_trial, "{cut_erase:?}, {cut}");
            assert!(running == 1 || !confirmed, "{cut_erase:?}, {cut}");
        }
    }
}
