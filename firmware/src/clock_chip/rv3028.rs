//! Micro Crystal's RV-3028-C7.
//!
//! The registers used are those of its application manual ("RV-3028-C7 Application Manual", register overview), as Linux's `rtc-rv3028` names them.
//! The published crate (rv3028c7-rtc 0.5) uses embedded-hal 0.2, and enables the battery in a register that the chip reloads from its EEPROM every
//! day.

use amlstm_core::link::ClockChipFault;
use embedded_hal::i2c::I2c;

use super::ClockChip;

/// The chip's address on the bus.
const ADDRESS: u8 = 0x52;
/// Status; bit 0, PORF: the supply was too low for the oscillator, battery included.
const STATUS: u8 = 0x0e;
const PORF: u8 = 1 << 0;
/// Control 1; bit 3, EERD: registers 0x30 to 0x37 are not reloaded from the EEPROM every day.
const CONTROL_1: u8 = 0x0f;
const EERD: u8 = 1 << 3;
/// Seconds of UNIX time, 32 bits, little endian.
const UNIX_TIME: u8 = 0x1b;
/// Backup; bits 3 and 2, BSM: 0b01 switches to the battery when the supply falls below it. By factory default the battery is not used.
const BACKUP: u8 = 0x37;
const BSM: u8 = 0b11 << 2;
const BSM_DIRECT: u8 = 0b01 << 2;
/// Most reads of the time until two agree, because it may advance between two bytes.
const READS: usize = 4;

/// An RV-3028 on a bus.
pub struct Rv3028<I>(I);

impl<I: I2c> Rv3028<I> {
    /// The chip on a bus.
    pub fn new(i2c: I) -> Self {
        Self(i2c)
    }

    fn read<const N: usize>(&mut self, register: u8) -> Result<[u8; N], ClockChipFault> {
        let mut bytes = [0; N];
        self.0
            .write_read(ADDRESS, &[register], &mut bytes)
            .map_err(|_| ClockChipFault::Silent)?;
        Ok(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ClockChipFault> {
        self.0
            .write(ADDRESS, bytes)
            .map_err(|_| ClockChipFault::Silent)
    }

    /// Replaces the bits of `mask` in a register.
    fn change(&mut self, register: u8, mask: u8, bits: u8) -> Result<(), ClockChipFault> {
        let [old] = self.read(register)?;
        self.write(&[register, old & !mask | bits])
    }
}

impl<I: I2c> ClockChip for Rv3028<I> {
    fn unix_s(&mut self) -> Result<u32, ClockChipFault> {
        let [status] = self.read(STATUS)?;
        if status & PORF != 0 {
            return Err(ClockChipFault::Stopped);
        }
        let mut before = self.read(UNIX_TIME)?;
        for _ in 1..READS {
            let now = self.read(UNIX_TIME)?;
            if now == before {
                return Ok(u32::from_le_bytes(now));
            }
            before = now;
        }
        Err(ClockChipFault::Silent)
    }

    fn set(&mut self, unix_s: u32) -> Result<(), ClockChipFault> {
        // The battery keeps these bits as it keeps the time; if it fails, PORF is set, and the chip must be set again.
        self.change(CONTROL_1, EERD, EERD)?;
        self.change(BACKUP, BSM, BSM_DIRECT)?;
        let [a, b, c, d] = unix_s.to_le_bytes();
        self.write(&[UNIX_TIME, a, b, c, d])?;
        self.change(STATUS, PORF, 0)
    }
}
