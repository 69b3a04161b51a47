//! A UART that is off between uses: a receiver that waits for a start bit keeps the clock of 64 MHz running.

use embassy_nrf::buffered_uarte::{BufferedUarte, InterruptHandler};
use embassy_nrf::gpio::{AnyPin, Input, Level, Output, OutputDrive, Pin, Port, Pull};
use embassy_nrf::interrupt::typelevel::Binding;
use embassy_nrf::pac;
use embassy_nrf::pac::gpio::vals;
use embassy_nrf::ppi::{AnyConfigurableChannel, AnyGroup};
use embassy_nrf::uarte::{Baudrate, Config, Instance};
use embassy_nrf::{Peri, timer};

use crate::Interrupts;
use crate::crystal::Crystal;

/// What a UART needs while it is on.
pub struct Parts<U: Instance, T: timer::Instance> {
    pub uarte: Peri<'static, U>,
    pub timer: Peri<'static, T>,
    pub timer_registers: pac::timer::Timer,
    pub channels: [Peri<'static, AnyConfigurableChannel>; 2],
    pub group: Peri<'static, AnyGroup>,
    pub rx: Peri<'static, AnyPin>,
    pub tx: Peri<'static, AnyPin>,
    pub baudrate: Baudrate,
    pub rx_buffer: &'static mut [u8],
    pub tx_buffer: &'static mut [u8],
}

/// A UART that can be switched off.
pub struct Wire<U: Instance, T: timer::Instance> {
    /// The UART while it is on, with the clock that it needs.
    on: Option<(BufferedUarte<'static>, Crystal)>,
    /// Keeps the line idle, which is high, while the UART is off.
    idle: Option<Output<'static>>,
    parts: Parts<U, T>,
}

impl<U: Instance, T: timer::Instance> Wire<U, T>
where
    Interrupts: Binding<U::Interrupt, InterruptHandler<U>>,
{
    /// A UART that is off.
    pub fn new(parts: Parts<U, T>) -> Self {
        Self {
            on: None,
            idle: Some(parts.idle()),
            parts,
        }
    }

    /// True while it is on.
    pub fn is_on(&self) -> bool {
        self.on.is_some()
    }

    /// The UART, switched on if it was off.
    pub fn on(&mut self) -> &mut BufferedUarte<'static> {
        let Self { on, idle, parts } = self;
        let (uart, _) = on.get_or_insert_with(|| {
            *idle = None;
            (parts.uart(), Crystal::start())
        });
        uart
    }

    /// Switches it off. What was received and not read is lost; what was written must be out.
    pub fn off(&mut self) {
        if self.on.take().is_some() {
            // A timer that was only stopped goes on drawing current (nRF52840 errata, 78).
            self.parts.timer_registers.tasks_shutdown().write_value(1);
            self.idle = Some(self.parts.idle());
        }
    }

    /// The receiving pin while the UART is off: to be dropped before it is switched on.
    pub fn rx_pin(&self) -> Input<'static> {
        // SAFETY: the UART does not exist, and the caller drops the pin before it does.
        Input::new(unsafe { self.parts.rx.clone_unchecked() }, Pull::Up)
    }
}

impl<U: Instance, T: timer::Instance> Parts<U, T>
where
    Interrupts: Binding<U::Interrupt, InterruptHandler<U>>,
{
    fn uart(&mut self) -> BufferedUarte<'static> {
        let mut config = Config::default();
        config.baudrate = self.baudrate;
        // SAFETY: all of it belongs to these parts, and the UART made before was dropped, which stops its transfers. The wire that holds this one drops it
        // before the parts.
        let uart = unsafe {
            let [first, second] = &self.channels;
            BufferedUarte::new(
                self.uarte.clone_unchecked(),
                self.timer.clone_unchecked(),
                first.clone_unchecked(),
                second.clone_unchecked(),
                self.group.clone_unchecked(),
                self.rx.clone_unchecked(),
                self.tx.clone_unchecked(),
                Interrupts,
                config,
                &mut *core::ptr::from_mut(self.rx_buffer),
                &mut *core::ptr::from_mut(self.tx_buffer),
            )
        };
        // A cable that is not there leaves the pin to any noise.
        let port = match self.rx.port() {
            Port::Port0 => pac::P0,
            Port::Port1 => pac::P1,
        };
        let pin = port.pin_cnf(self.rx.pin().into());
        pin.modify(|pin| pin.set_pull(vals::Pull::Pullup));
        uart
    }

    fn idle(&self) -> Output<'static> {
        // SAFETY: the UART, which drives this pin while it is on, does not exist; the wire drops this before it makes one.
        let tx = unsafe { self.tx.clone_unchecked() };
        Output::new(tx, Level::High, OutputDrive::Standard)
    }
}
