use super::*;
use crate::calendar::Moment;
use crate::fake::FakeChip;

/// 2026-11-27 16:45:09 and its digits, two per byte, by the DS3231's register map (data sheet, table 1): seconds, minutes, hours, day of the week,
/// day, month, year.
const TIME: &str = "2026-11-27 16:45:09";
const DIGITS: [u8; 7] = [0x09, 0x45, 0x16, 6, 0x27, 0x11, 0x26];
/// Status after first power-up: the oscillator had stopped, the 32 kHz output is on.
const DS3231_STATUS: (u8, u8) = (0x0f, 0x88);
/// RV-3028-C7 with factory defaults: PORF is set, the battery is not used (BSM 0b00, FEDE 1).
const RV3028_STATUS: (u8, u8) = (0x0e, 0x01);
const RV3028_BACKUP: (u8, u8) = (0x37, 0x10);

fn unix_s() -> u32 {
    Moment::parse(TIME).unwrap().to_unix().unwrap()
}

#[test]
fn a_ds3231_tells_the_time_it_was_set_to() {
    let i2c = FakeChip::new(0x68, &[DS3231_STATUS]);
    let registers = i2c.registers.clone();
    let mut chip = Ds3231::new(i2c);
    assert_eq!(chip.unix_s(), Err(ClockChipFault::Stopped));
    assert_eq!(chip.set(unix_s()), Ok(()));
    assert_eq!(registers.borrow()[..7], DIGITS);
    // EOSC: the oscillator runs on battery, too.
    assert_eq!(registers.borrow()[0x0e] & 0x80, 0);
    assert_eq!(chip.unix_s(), Ok(unix_s()));
    registers.borrow_mut()[0] = 0x59;
    assert_eq!(chip.unix_s(), Ok(unix_s() + 50));
}

#[test]
fn a_ds3231_whose_oscillator_has_stopped_is_not_believed() {
    let i2c = FakeChip::new(0x68, &[DS3231_STATUS]);
    let registers = i2c.registers.clone();
    let mut chip = Ds3231::new(i2c);
    chip.set(unix_s()).unwrap();
    registers.borrow_mut()[0x0f] |= 0x80;
    assert_eq!(chip.unix_s(), Err(ClockChipFault::Stopped));
    chip.set(unix_s()).unwrap();
    // Digits that are no date.
    registers.borrow_mut()[5] = 0x13;
    assert_eq!(chip.unix_s(), Err(ClockChipFault::Silent));
}

#[test]
fn an_rv3028_counts_on_by_its_battery() {
    let i2c = FakeChip::new(0x52, &[RV3028_STATUS, RV3028_BACKUP]);
    let registers = i2c.registers.clone();
    let mut chip = Rv3028::new(i2c);
    assert_eq!(chip.unix_s(), Err(ClockChipFault::Stopped));
    assert_eq!(chip.set(unix_s()), Ok(()));
    assert_eq!(
        registers.borrow()[0x37],
        0x14,
        "switched over directly, FEDE stays"
    );
    assert_eq!(registers.borrow()[0x0f], 0x08, "and not loaded anew");
    assert_eq!(chip.unix_s(), Ok(unix_s()));
    registers.borrow_mut()[0x1c] += 1;
    assert_eq!(chip.unix_s(), Ok(unix_s() + 256));
    registers.borrow_mut()[0x0e] |= 1;
    assert_eq!(chip.unix_s(), Err(ClockChipFault::Stopped));
}

#[test]
fn a_chip_that_is_not_there_is_silent() {
    let mut ds3231 = Ds3231::new(FakeChip::new(0x11, &[]));
    let mut rv3028 = Rv3028::new(FakeChip::new(0x11, &[]));
    for chip in [&mut ds3231 as &mut dyn ClockChip, &mut rv3028] {
        assert_eq!(chip.unix_s(), Err(ClockChipFault::Silent));
        assert_eq!(chip.set(unix_s()), Err(ClockChipFault::Silent));
    }
}
