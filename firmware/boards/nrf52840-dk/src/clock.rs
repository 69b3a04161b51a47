//! Time from RTC1, retained memory, and a clock chip on I2C if one is fitted (features `ds3231` and `rv3028`).

use core::cell::RefCell;

use amlstm_core::link::ClockChipFault;
use amlstm_cortex_m::retained;
use amlstm_firmware::board::Clock;
use amlstm_firmware::clock_chip::ClockChip;
use amlstm_firmware::ticks::tick_of_ms;
use embassy_nrf::{Peri, peripherals};
use embassy_time::{Instant, Timer};

#[cfg(all(feature = "ds3231", feature = "rv3028"))]
compile_error!("one clock chip: feature ds3231 or rv3028");

#[cfg(feature = "ds3231")]
type Chip = amlstm_firmware::clock_chip::Ds3231<i2c::Bus>;
#[cfg(feature = "rv3028")]
type Chip = amlstm_firmware::clock_chip::Rv3028<i2c::Bus>;
#[cfg(not(any(feature = "ds3231", feature = "rv3028")))]
type Chip = core::convert::Infallible;

/// The clock of this board. RAM keeps its time across a reset, and the clock chip across a loss of power.
pub struct RtcClock {
    chip: Option<RefCell<Chip>>,
}

impl RtcClock {
    /// The clock, with the chip's I2C controller, SDA and SCL.
    pub fn new(
        controller: Peri<'static, peripherals::TWISPI0>,
        sda: Peri<'static, peripherals::P0_26>,
        scl: Peri<'static, peripherals::P0_27>,
    ) -> Self {
        #[cfg(any(feature = "ds3231", feature = "rv3028"))]
        let chip = Some(RefCell::new(Chip::new(i2c::Bus::new(controller, sda, scl))));
        #[cfg(not(any(feature = "ds3231", feature = "rv3028")))]
        let (chip, _) = (None, (controller, sda, scl));
        Self { chip }
    }
}

impl Clock for RtcClock {
    fn uptime_ms(&self) -> u64 {
        Instant::now().as_millis()
    }

    async fn wait_until_ms(&self, uptime_ms: u64) {
        Timer::at(Instant::from_ticks(tick_of_ms(uptime_ms))).await;
    }

    fn kept_unix_s(&self) -> Option<u32> {
        retained::kept_unix_s()
    }

    fn keep_unix_s(&self, unix_s: u32) {
        retained::keep_time(unix_s, self.uptime_ms());
    }

    fn chip_unix_s(&self) -> Option<Result<u32, ClockChipFault>> {
        let mut chip = self.chip.as_ref()?.try_borrow_mut().ok()?;
        Some(chip.unix_s())
    }

    fn set_chip(&self, unix_s: u32) -> Option<Result<(), ClockChipFault>> {
        let mut chip = self.chip.as_ref()?.try_borrow_mut().ok()?;
        Some(chip.set(unix_s))
    }
}

#[cfg(any(feature = "ds3231", feature = "rv3028"))]
mod i2c {
    //! The bus of the clock chip. A chip that holds a line low causes an error, not an endless wait.

    use embassy_nrf::twim::{Config, Error, InterruptHandler, Twim};
    use embassy_nrf::{Peri, bind_interrupts, peripherals};
    use embassy_time::Duration;
    use embedded_hal::i2c::{ErrorType, I2c, Operation};
    use static_cell::ConstStaticCell;

    bind_interrupts!(struct Interrupt {
        TWISPI0 => InterruptHandler<peripherals::TWISPI0>;
    });

    /// Eight bytes at 100 kHz take less than 1 ms.
    const LONGEST: Duration = Duration::from_millis(20);
    /// Buffer for constants, because the controller cannot read the flash.
    static SENT: ConstStaticCell<[u8; 16]> = ConstStaticCell::new([0; 16]);

    /// The controller is on for the length of a transaction. One that was given up would write into memory that is not its own any more as soon as the line
    /// is let go.
    pub struct Bus {
        controller: Peri<'static, peripherals::TWISPI0>,
        sda: Peri<'static, peripherals::P0_26>,
        scl: Peri<'static, peripherals::P0_27>,
        sent: &'static mut [u8; 16],
    }

    impl Bus {
        pub fn new(
            controller: Peri<'static, peripherals::TWISPI0>,
            sda: Peri<'static, peripherals::P0_26>,
            scl: Peri<'static, peripherals::P0_27>,
        ) -> Self {
            Self {
                controller,
                sda,
                scl,
                sent: SENT.take(),
            }
        }
    }

    impl ErrorType for Bus {
        type Error = Error;
    }

    impl I2c for Bus {
        fn transaction(
            &mut self,
            address: u8,
            operations: &mut [Operation<'_>],
        ) -> Result<(), Error> {
            let mut controller = Twim::new(
                self.controller.reborrow(),
                Interrupt,
                self.sda.reborrow(),
                self.scl.reborrow(),
                Config::default(),
                self.sent,
            );
            controller.blocking_transaction_timeout(address, operations, LONGEST)
        }
    }
}
