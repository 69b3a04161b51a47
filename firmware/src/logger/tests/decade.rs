//! Ten years.

use super::*;

/// The data flash of an nRF52840: the ring holds more than a month, so that a restart can sum up the open month again.
const DECADE_FLASH: u32 = 512 * 1024;
/// The specified endurance of common NOR flash chips and of the nRF52840.
const WORN_OUT: u32 = 10_000;

#[test]
fn ten_years_wear_no_sector_out() {
    let clock = FakeClock::default();
    let layout = layout_of(DECADE_FLASH);
    let mut logger = station_on(DECADE_FLASH, "2026-01-01 00:00:00", &clock);
    let file = model(1, Month::new(2025, 12).unwrap());
    push(&mut logger, &clock, &file).unwrap();
    let (start, end) = (unix("2026-01-01 00:00:00"), unix("2036-01-01 00:15:00"));
    for unix_s in (start..end).step_by(900) {
        append(&mut logger, &clock, unix_s);
        if unix_s.is_multiple_of(86_400) {
            block_on(logger.estimate_missing(&clock)).unwrap();
        }
        if (unix_s - start).is_multiple_of(97 * 86_400) {
            logger = open_on(logger.store.into_flash(), &layout, &clock);
        }
    }
    let months = months(&mut logger);
    assert_eq!(months.len(), 120);
    for ((record, estimate), host) in months.iter().zip(host_estimates(&file, &months)) {
        assert!(
            record
                .channels
                .iter()
                .all(|level| level.complete && level.rejected == 0)
        );
        assert_eq!(bits(estimate.as_ref()), host);
    }
    let flash = logger.store.into_flash();
    println!(
        "erases of each 4 KiB sector in ten years of 15-minute samples on {} KiB:",
        DECADE_FLASH / 1024
    );
    for (name, region) in [
        ("config", layout.config.clone()),
        ("events", layout.events.clone()),
        ("months", layout.months.clone()),
        ("repeating", layout.repeating_events.clone()),
        ("slot A", layout.slots[0].clone()),
        ("slot B", layout.slots[1].clone()),
        ("samples", layout.samples.clone()),
    ] {
        let sectors = &flash.erases[region.start as usize / 4096..region.end as usize / 4096];
        println!("  {name:9} {sectors:?}");
    }
    let worst = flash.erases.iter().max().unwrap();
    assert!(*worst < WORN_OUT, "{worst}");
}
