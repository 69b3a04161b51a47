//! What a logger tells of what it computes.

use amlstm_core::artifact::ModelFile;
use amlstm_core::link::Verification;
use amlstm_core::verification::Digests;

use super::*;
use crate::board::MappedFlash;

fn verified(desk: &Desk) -> Verification {
    ask(desk, &Request::Verify, |reply| match reply {
        Ok(Response::Verification(verification)) => verification,
        other => panic!("{other:?}"),
    })
}

/// What this computer computes with a model file.
fn digests(file: &[u8]) -> Digests {
    let mut words = std::vec![0_u32; file.len().div_ceil(4)];
    bytemuck::cast_slice_mut::<u32, u8>(&mut words)[..file.len()].copy_from_slice(file);
    let file = &bytemuck::cast_slice(&words)[..file.len()];
    Digests::of(&ModelFile::parse(file).unwrap())
}

#[test]
fn a_logger_tells_its_program_and_what_its_active_model_computes() {
    let empty = desk();
    let told = verified(&empty);
    assert_eq!(told.program_crc, 0x1234_5678);
    assert_eq!((told.model, told.replayed), (None, None));
    let desk = desk_in_february();
    let first = model(1, Month::new(2025, 12).unwrap());
    let second = model(2, Month::new(2025, 12).unwrap());
    assert_ne!(digests(&first), digests(&second));
    assert_eq!(verified(&desk).replayed, Some(digests(&first)));
    {
        let mut logger = block_on(desk.logger.lock());
        upload(&mut logger, &second).unwrap();
        block_on(logger.upload_commit(&desk.clock, false)).unwrap();
    }
    let told = verified(&desk);
    assert_eq!(told.replayed, Some(digests(&second)));
    let stored = u32::from_le_bytes(*second.last_chunk().unwrap());
    let active = told.model.unwrap();
    assert_eq!((active.crc, active.version), (stored, 2));
    assert_eq!(active.length as usize, second.len());
}

/// A bit of a model that is no longer as it was written.
#[test]
fn a_damaged_model_computes_nothing() {
    let desk = desk_in_february();
    let before = verified(&desk);
    assert!(before.replayed.is_some());
    let store = desk.logger.into_inner().store;
    let file = model(1, Month::new(2025, 12).unwrap());
    let mut flash = store.into_flash();
    let whole = flash.mapped(0..FLASH).unwrap();
    let found = whole.windows(file.len()).position(|bytes| bytes == file);
    flash.lay(found.unwrap() + 1000, &[file[1000] ^ 1]);
    let told = verified(&desk_on(flash));
    assert_eq!((told.model, told.replayed), (before.model, None));
}

/// By hand: 12 mA are the middle between 5 m at 4 mA and 45 m at 20 mA; a sensor that is wired the other way round counts down.
#[test]
fn a_loop_is_scaled_by_both_its_points() {
    let desk = desk();
    let at = |current_ma, [at_4, at_20]: [&str; 2]| {
        let line = std::format!("set channel 0 phreatic loop 1 {at_4} {at_20} level");
        assert_eq!(typed(&desk, &line), "set\r\n");
        let mut bus = FakeBus::new(&[]);
        bus.currents_ma = [None, Some(current_ma)];
        put_on_the_cable(&desk, bus);
        ask(&desk, &Request::Now, |reply| match reply {
            Ok(Response::Now(now)) => now.channels[0].level_m.unwrap(),
            other => panic!("{other:?}"),
        })
    };
    for (current_ma, points, level_m) in [
        (4.0, ["5", "45"], 5.0),
        (12.0, ["5", "45"], 25.0),
        (20.0, ["5", "45"], 45.0),
        (8.0, ["45", "-5"], 32.5),
        (20.0, ["45", "-5"], -5.0),
    ] {
        assert_eq!(at(current_ma, points), level_m);
    }
}
