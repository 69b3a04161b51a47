//! A clock chip's registers behind an I2C bus.

use std::cell::RefCell;
use std::rc::Rc;

use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

/// The registers of a chip, shared with the test that simulates its oscillator and its battery.
pub type Registers = Rc<RefCell<[u8; 64]>>;

/// A chip at an address: the first byte written selects a register, further ones are written from there on, and reads continue from there. Both data
/// sheets describe it so (DS3231, "I2C Serial Data Bus"; RV-3028-C7 Application Manual, "I2C-bus in write mode", "read mode").
#[derive(Clone)]
pub struct FakeChip {
    address: u8,
    pub registers: Registers,
    next: usize,
}

impl FakeChip {
    /// All registers as given, the others zero.
    pub fn new(address: u8, registers: &[(u8, u8)]) -> Self {
        let mut values = [0; 64];
        for (register, value) in registers {
            values[usize::from(*register)] = *value;
        }
        Self {
            address,
            registers: Rc::new(RefCell::new(values)),
            next: 0,
        }
    }
}

impl ErrorType for FakeChip {
    type Error = ErrorKind;
}

impl I2c for FakeChip {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        if address != self.address {
            return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        }
        let mut registers = self.registers.borrow_mut();
        for operation in operations {
            match operation {
                Operation::Write(bytes) => {
                    let (register, values) = bytes.split_first().expect("a register is named");
                    self.next = usize::from(*register);
                    for value in values {
                        registers[self.next] = *value;
                        self.next += 1;
                    }
                }
                Operation::Read(bytes) => {
                    for byte in bytes.iter_mut() {
                        *byte = registers[self.next];
                        self.next += 1;
                    }
                }
            }
        }
        Ok(())
    }
}
