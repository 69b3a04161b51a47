//! A flash that the firmware of format 2 wrote. `tests/tests/logger_update.rs` says what it holds and how it was made.

use std::string::String;

use super::*;

const PACKED: &[u8] = include_bytes!("../../../../tests/fixtures/flash-format-2.bin");
/// One line each for configuration, models, months, events and samples, in the debug format of the link's types.
const TOLD: &str = include_str!("../../../../tests/fixtures/flash-format-2.txt");
/// The data flash of the board it comes from.
const OLD_FLASH: u32 = 15 * 1024 * 1024;

fn old_flash() -> FakeFlash {
    let mut flash = FakeFlash::new(OLD_FLASH);
    let mut rest = PACKED;
    while !rest.is_empty() {
        let number = |place: usize| u32::from_le_bytes(*rest[place..].first_chunk().unwrap());
        let (offset, length) = (number(0), number(4) as usize);
        flash.lay(offset as usize, &rest[8..8 + length]);
        rest = &rest[8 + length..];
    }
    flash
}

fn told(begin: &str) -> Vec<String> {
    let lines = TOLD.lines().filter(|line| line.starts_with(begin));
    lines.map(str::to_owned).collect()
}

#[test]
fn todays_store_finds_every_record_of_an_old_flash() {
    let layout = Layout::new(OLD_FLASH).unwrap();
    let mut logger = open_on(old_flash(), &layout, &FakeClock::default());
    let keys = [
        ConfigKey::Station,
        ConfigKey::SampleInterval,
        ConfigKey::Barometer,
        ConfigKey::RateLimit,
        ConfigKey::Security,
    ];
    let config: Vec<String> = keys
        .into_iter()
        .chain((0..5).map(ConfigKey::Channel))
        .map(|key| format!("config {:?}", logger.settings.get(key)))
        .collect();
    assert_eq!(config, told("config "));
    // How monthly means are formed is not stored: it is read from the model file.
    let models = format!("{:?}", block_on(logger.models()).unwrap());
    let (of_the_flash, _) = models.split_once(", utc_offset_minutes").unwrap();
    assert_eq!(vec![format!("{of_the_flash} }}")], told("Models "));
    let months = months(&mut logger);
    let shown: Vec<String> = months
        .iter()
        .map(|month| format!("month Some({month:?})"))
        .collect();
    assert_eq!(shown, told("month "));
    for (number, expected) in told("Some(Event").into_iter().enumerate() {
        let event = block_on(logger.store.event_from(number as u32)).unwrap();
        assert_eq!(format!("{event:?}"), expected);
    }
    let mut samples = Vec::new();
    block_on(logger.store.each_sample(0, |sample, _| {
        samples.push(format!("{sample:?}"));
        core::ops::ControlFlow::Continue(())
    }))
    .unwrap();
    assert_eq!(samples, told("Sample "));
    // The old model still estimates what it estimated.
    let file = block_on(logger.active_model()).unwrap().to_vec();
    for ((_, estimate), host) in months.iter().zip(host_estimates(&file, &months)) {
        assert_eq!(bits(estimate.as_ref()), host);
    }
    assert!(months.len() > 2 && samples.len() > 100);
}
