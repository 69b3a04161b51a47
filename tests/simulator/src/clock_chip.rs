//! A clock chip with a battery on the nRF52840's I2C bus, as its data sheet describes it: a DS3231 (Maxim, 19-5170) or an RV-3028-C7 (Micro Crystal,
//! application manual). Registers that keep something are kept; alarms, interrupts and outputs do nothing.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard};

use labwired_core::peripherals::i2c::I2cDevice;
use labwired_core::peripherals::nrf52::bench;

const DAY_S: u32 = 86_400;

/// A kind that the firmware has a driver for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Counts digits, two a register.
    Ds3231,
    /// Counts seconds, beside digits, which are left out here.
    Rv3028,
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// Its battery is empty: without a supply it forgets everything.
    BatteryEmpty,
    /// It does not answer.
    Silent,
    /// It holds the clock line low.
    HoldsLine,
}

/// The clock chip. It is on the bus and with the bench at once.
#[derive(Clone)]
pub struct ClockChip(Arc<Mutex<State>>);

struct State {
    kind: Kind,
    trouble: Trouble,
    registers: [u8; 0x40],
    /// The register that is read or written next.
    place: u8,
    /// The next byte written is that register's number.
    is_placed_next: bool,
    now_s: f64,
    /// When the counters count next.
    next_second_s: f64,
}

impl ClockChip {
    /// A chip that gets its supply for the first time.
    pub fn new(kind: Kind) -> Self {
        let mut state = State {
            kind,
            trouble: Trouble::None,
            registers: [0; 0x40],
            place: 0,
            is_placed_next: false,
            now_s: 0.0,
            next_second_s: 1.0,
        };
        state.forget();
        Self(Arc::new(Mutex::new(state)))
    }

    /// Sets what is wrong with it.
    pub fn set_trouble(&self, trouble: Trouble) {
        bench::I2C_HELD.store(trouble == Trouble::HoldsLine, Relaxed);
        self.state().trouble = trouble;
    }

    /// The time goes on to `now_s`, seconds since the first start, with a supply.
    pub fn run_until(&self, now_s: f64) {
        self.state().run_until(now_s);
    }

    /// The same without a supply.
    pub fn live_until(&self, now_s: f64) {
        let mut state = self.state();
        if state.has_battery() {
            state.run_until(now_s);
        } else {
            state.now_s = now_s;
            state.forget();
        }
    }

    /// Its registers.
    pub fn registers(&self) -> [u8; 0x40] {
        self.state().registers
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("one thread")
    }
}

impl I2cDevice for ClockChip {
    fn address(&self) -> u8 {
        match self.state().kind {
            Kind::Ds3231 => 0x68,
            Kind::Rv3028 => 0x52,
        }
    }

    fn claims_address(&self, address: u8) -> bool {
        let answers = self.state().trouble != Trouble::Silent;
        answers && self.address() == address
    }

    fn start(&mut self) {
        self.state().is_placed_next = true;
    }

    fn write(&mut self, byte: u8) {
        let mut state = self.state();
        if std::mem::take(&mut state.is_placed_next) {
            state.place = byte % state.count();
        } else {
            state.store(byte);
            state.place = (state.place + 1) % state.count();
        }
    }

    fn read(&mut self) -> u8 {
        let mut state = self.state();
        let byte = state.registers[usize::from(state.place)];
        state.place = (state.place + 1) % state.count();
        byte
    }
}

/// Registers of the DS3231 (data sheet, table 1).
mod ds3231 {
    pub const SECONDS: usize = 0x00;
    pub const DAY_OF_WEEK: usize = 0x03;
    pub const DATE: usize = 0x04;
    pub const MONTH: usize = 0x05;
    pub const YEAR: usize = 0x06;
    pub const CONTROL: usize = 0x0E;
    pub const STATUS: usize = 0x0F;
    /// Of STATUS; the program can clear it and not set it.
    pub const OSF: u8 = 1 << 7;
    /// Of CONTROL: no oscillator on battery.
    pub const EOSC: u8 = 1 << 7;
}

/// Registers of the RV-3028-C7 (application manual, register overview).
mod rv3028 {
    pub const STATUS: usize = 0x0E;
    pub const CONTROL_1: usize = 0x0F;
    pub const UNIX_TIME: usize = 0x1B;
    pub const BACKUP: usize = 0x37;
    /// Of STATUS; the program can clear it and not set it.
    pub const PORF: u8 = 1 << 0;
    /// Of CONTROL_1: the configuration is not loaded from the EEPROM every day.
    pub const EERD: u8 = 1 << 3;
    /// Of BACKUP: 01 and 11 switch to the battery.
    pub const BSM: u8 = 1 << 2;
    /// BACKUP in the EEPROM: no battery is used.
    pub const BACKUP_BY_FACTORY: u8 = 0x10;
}

impl State {
    /// Registers as they are after the supply came for the first time.
    fn forget(&mut self) {
        self.registers = [0; 0x40];
        match self.kind {
            Kind::Ds3231 => {
                self.registers[ds3231::DAY_OF_WEEK] = 1;
                self.registers[ds3231::DATE] = 1;
                self.registers[ds3231::MONTH] = 1;
                self.registers[ds3231::CONTROL] = 0x1C;
                self.registers[ds3231::STATUS] = 0x88;
            }
            Kind::Rv3028 => {
                self.registers[rv3028::STATUS] = rv3028::PORF;
                self.registers[rv3028::BACKUP] = rv3028::BACKUP_BY_FACTORY;
            }
        }
        self.next_second_s = self.now_s + 1.0;
    }

    fn has_battery(&self) -> bool {
        let uses_it = match self.kind {
            Kind::Ds3231 => self.registers[ds3231::CONTROL] & ds3231::EOSC == 0,
            Kind::Rv3028 => self.registers[rv3028::BACKUP] & rv3028::BSM != 0,
        };
        uses_it && self.trouble != Trouble::BatteryEmpty
    }

    /// Registers, behind which the first follows.
    fn count(&self) -> u8 {
        match self.kind {
            Kind::Ds3231 => 0x13,
            Kind::Rv3028 => 0x40,
        }
    }

    fn store(&mut self, byte: u8) {
        let place = usize::from(self.place);
        let before = self.registers[place];
        self.registers[place] = match (self.kind, place) {
            (Kind::Ds3231, ds3231::SECONDS) => {
                // The counters below a second begin anew.
                self.next_second_s = self.now_s + 1.0;
                byte & 0x7F
            }
            (Kind::Ds3231, ds3231::STATUS) => byte & !ds3231::OSF | byte & before & ds3231::OSF,
            // The temperature.
            (Kind::Ds3231, 0x11 | 0x12) => before,
            (Kind::Rv3028, rv3028::STATUS) => byte & before,
            _ => byte,
        };
    }

    fn run_until(&mut self, now_s: f64) {
        while self.next_second_s <= now_s {
            self.next_second_s += 1.0;
            match self.kind {
                Kind::Ds3231 => self.count_digits(),
                Kind::Rv3028 => self.count_seconds(),
            }
        }
        self.now_s = now_s;
    }

    fn count_digits(&mut self) {
        let carried = self.count_to(ds3231::SECONDS, 0x59, 0)
            && self.count_to(ds3231::SECONDS + 1, 0x59, 0)
            // By 24 hours; the firmware sets no other.
            && self.count_to(ds3231::SECONDS + 2, 0x23, 0);
        if !carried {
            return;
        }
        self.count_to(ds3231::DAY_OF_WEEK, 7, 1);
        let leap = two_digits(self.registers[ds3231::YEAR]).is_multiple_of(4);
        // The century bit is another digit's.
        let days = match self.registers[ds3231::MONTH] & 0x1F {
            0x02 if leap => 0x29,
            0x02 => 0x28,
            0x04 | 0x06 | 0x09 | 0x11 => 0x30,
            _ => 0x31,
        };
        let carried = self.count_to(ds3231::DATE, days, 1)
            && self.count_to(ds3231::MONTH, 0x12, 1)
            && self.count_to(ds3231::YEAR, 0x99, 0);
        if carried {
            self.registers[ds3231::MONTH] ^= 0x80;
        }
    }

    /// Counts two digits on; true if they were the last and begin anew with the first.
    fn count_to(&mut self, place: usize, last: u8, first: u8) -> bool {
        let digits = &mut self.registers[place];
        let carries = *digits == last;
        *digits = match *digits {
            _ if carries => first,
            digits if digits & 0x0F == 9 => digits + 7,
            digits => digits + 1,
        };
        carries
    }

    fn count_seconds(&mut self) {
        let counter = &mut self.registers[rv3028::UNIX_TIME..][..4];
        let unix_s = u32::from_le_bytes([counter[0], counter[1], counter[2], counter[3]]);
        let unix_s = unix_s.wrapping_add(1);
        counter.copy_from_slice(&unix_s.to_le_bytes());
        let loads = self.registers[rv3028::CONTROL_1] & rv3028::EERD == 0;
        if unix_s.is_multiple_of(DAY_S) && loads {
            self.registers[rv3028::BACKUP] = rv3028::BACKUP_BY_FACTORY;
        }
    }
}

fn two_digits(register: u8) -> u8 {
    10 * (register >> 4) + (register & 0x0F)
}
