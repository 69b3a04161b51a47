//! The logger on the nRF52840 development kit.
//!
//! | what | where |
//! |---|---|
//! | technician's port | the kit's USB serial port (TX P0.06, RX P0.08), 115 200 baud |
//! | SDI-12 transceiver | TX P1.02, RX P1.01, drive enable P1.03, break P1.04 (high pulls the bus to spacing) |
//! | supply of the sensors, switched | P1.05, high for on |
//! | 4-20 mA inputs 0 and 1 | AIN1 (P0.03) and AIN2 (P0.04), each over 100 ohm to ground |
//! | clock chip (features `ds3231`, `rv3028`) | I2C: SDA P0.26, SCL P0.27, each with a resistor to the supply |
//! | battery | VDDH |
//! | data flash | a part of the internal flash; `../nrf52840-dk-bootloader` has the map |
//!
//! The bootloader starts it and must be flashed once before. In this crate's folder, `cargo run --profile device --features image --target
//! thumbv7em-none-eabihf` flashes it with probe-rs and shows its log messages (defmt over RTT).
#![no_std]
#![no_main]
#![allow(
    clippy::large_futures,
    clippy::used_underscore_binding,
    reason = "the application is one future of 31 KB in static memory; embassy's macro uses the spawner, main has nothing to spawn"
)]
#![allow(
    unsafe_code,
    reason = "the data flash is mapped memory and RAM survives a reset; each use says why it is sound"
)]

mod clock;
mod converter;
mod crystal;
mod currents;
mod flash;
mod laptop;
mod sensors;
mod wire;

use core::marker::PhantomData;

use amlstm_core::link::{ResetCause, Task};
use amlstm_cortex_m::{program, retained};
use amlstm_firmware::app::{self, Parts};
use amlstm_firmware::board::{Board, FirmwareSlot, LastRun, Machine};
use amlstm_firmware::boot::BootSlot;
use amlstm_firmware::power::Currents;
use amlstm_firmware::store::Layout;
use amlstm_nrf52840_dk_bootloader::{
    ACTIVE, BOARD, MARKS, OTHER, Region, SEGMENT, SLOT, WATCHDOG_HZ, WATCHDOG_MS,
};
use cortex_m::peripheral::SCB;
use cortex_m_rt::{ExceptionFrame, exception};
use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_nrf::buffered_uarte;
use embassy_nrf::config::LfclkSource;
use embassy_nrf::gpio::{Level, Output, OutputDrive};
use embassy_nrf::interrupt::typelevel::{self, Interrupt as _};
use embassy_nrf::pac::POWER;
use embassy_nrf::pac::power::regs::Resetreas;
use embassy_nrf::saadc;
use embassy_nrf::uarte::Baudrate;
use embassy_nrf::wdt::{self, Watchdog, WatchdogHandle};
use embassy_nrf::{bind_interrupts, pac, peripherals};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embassy_time::Instant;
use static_cell::{ConstStaticCell, StaticCell};

use clock::RtcClock;
use converter::Converter;
use laptop::{FromLaptop, Port, ToLaptop};
use sensors::{Analog, Cable};
use wire::{Parts as WireParts, Wire};

/// Firmware version: that of the crate.
const FW: [u8; 3] = [
    number(env!("CARGO_PKG_VERSION_MAJOR")),
    number(env!("CARGO_PKG_VERSION_MINOR")),
    number(env!("CARGO_PKG_VERSION_PATCH")),
];
/// The chip as probe-rs names it, for `amlstm logger flash`.
#[used]
#[unsafe(link_section = ".amlstm.chip")]
static CHIP: [u8; 26] = *b"amlstm chip=nRF52840_xxAA\0";
/// Board and version, for `amlstm logger update-file`.
const NAMES: &str = concat!(
    "amlstm board=nrf52840-dk version=",
    env!("CARGO_PKG_VERSION"),
    "\0"
);
#[used]
#[unsafe(link_section = ".amlstm.chip")]
static NAMED: [u8; NAMES.len()] = match NAMES.as_bytes().first_chunk() {
    Some(bytes) => *bytes,
    None => [0; NAMES.len()],
};

/// A number of the version, read when this is compiled.
const fn number(text: &str) -> u8 {
    match u8::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => 0,
    }
}

bind_interrupts!(struct Interrupts {
    UARTE0 => buffered_uarte::InterruptHandler<peripherals::UARTE0>;
    UARTE1 => buffered_uarte::InterruptHandler<peripherals::UARTE1>;
    SAADC => saadc::InterruptHandler;
    WDT => WatchdogWarning;
});

/// Receive buffer of the port, in two halves. While an erase halts the processor, only one full half is registered: if both are filled, embassy-nrf
/// 0.11 never receives again. So a half holds more than can arrive in that time.
static PORT_RX: ConstStaticCell<[u8; 2048]> = ConstStaticCell::new([0; 2048]);
const _: () = assert!(2048 / 2 > laptop::BAUD / 10 * flash::ERASE_MS / 1000);
/// Transmit buffer of the port, receive and transmit buffer of the bus.
static BUFFERS: StaticCell<[[u8; 512]; 3]> = StaticCell::new();

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let mut config = embassy_nrf::config::Config::default();
    // The kit's crystal. With the chip's internal oscillator, accurate to 2 % (product specification, LFRC), the clock could be wrong by half an hour
    // per day.
    config.lfclk_source = LfclkSource::ExternalXtal;
    // From 3 V the processor then draws half the current (product specification 1.7, current consumption, ICPU0 and ICPU1). The kit has the coil.
    config.dcdc.reg1 = true;
    let p = embassy_nrf::init(config);
    let port_rx = PORT_RX.take();
    let [port_tx, bus_rx, bus_tx] = BUFFERS.init([[0; 512]; 3]);
    let port = Port::new(WireParts {
        uarte: p.UARTE0,
        timer: p.TIMER1,
        timer_registers: pac::TIMER1,
        channels: [p.PPI_CH0.into(), p.PPI_CH1.into()],
        group: p.PPI_GROUP0.into(),
        rx: p.P0_08.into(),
        tx: p.P0_06.into(),
        baudrate: Baudrate::Baud115200,
        rx_buffer: port_rx,
        tx_buffer: port_tx,
    });
    let wire = Wire::new(WireParts {
        uarte: p.UARTE1,
        timer: p.TIMER2,
        timer_registers: pac::TIMER2,
        channels: [p.PPI_CH2.into(), p.PPI_CH3.into()],
        group: p.PPI_GROUP1.into(),
        rx: p.P1_01.into(),
        tx: p.P1_02.into(),
        baudrate: Baudrate::Baud1200,
        rx_buffer: bus_rx,
        tx_buffer: bus_tx,
    });
    let analog: Analog = Mutex::new(Converter::new(p.SAADC, p.P0_03, p.P0_04));
    let drive = Output::new(p.P1_03, Level::Low, OutputDrive::Standard);
    let line_break = Output::new(p.P1_04, Level::Low, OutputDrive::Standard);
    let supply = Output::new(p.P1_05, Level::High, OutputDrive::Standard);
    let bus = Cable::new(wire, drive, line_break, supply, &analog);
    let mut watchdog = wdt::Config::default();
    watchdog.timeout_ticks = WATCHDOG_MS / 1000 * WATCHDOG_HZ;
    let Ok((mut watchdog, [handle])) = Watchdog::try_new(p.WDT, watchdog) else {
        SCB::sys_reset()
    };
    watchdog.enable_interrupt();
    // SAFETY: its handler takes a critical section for what it shares with the rest.
    unsafe { typelevel::WDT::enable() };
    let Some(layout) = Layout::with_slots(flash::DATA_BYTES, SLOT, SEGMENT) else {
        SCB::sys_reset()
    };
    let (from_laptop, to_laptop) = port.split();
    let parts = Parts::<Kit<'_>> {
        clock: RtcClock::new(p.TWISPI0, p.P0_26, p.P0_27),
        flash: flash::Internal::new(),
        layout,
        bus,
        machine: Watchman {
            watchdog: handle,
            analog: &analog,
            slot: BootSlot::new(BOARD, ACTIVE, Region::new(OTHER), Region::new(MARKS)),
        },
        from_laptop,
        to_laptop,
        fw: FW,
        synthetic: false,
    };
    defmt::info!("amlstm {=u8}.{=u8}.{=u8} nrf52840-dk", FW[0], FW[1], FW[2]);
    app::run(parts).await;
}

/// The parts of this board.
struct Kit<'a>(PhantomData<&'a ()>);

impl<'a> Board for Kit<'a> {
    type Clock = RtcClock;
    type Flash = flash::Internal;
    type Bus = Cable<'a>;
    type Machine = Watchman<'a>;
    type FromLaptop = FromLaptop<'a>;
    type ToLaptop = ToLaptop<'a>;
}

/// Watchdog and battery.
struct Watchman<'a> {
    watchdog: WatchdogHandle,
    analog: &'a Analog,
    slot: BootSlot<Region, Region>,
}

impl Machine for Watchman<'_> {
    fn last_run(&mut self) -> LastRun {
        retained::last_run(Some(reset_cause()))
    }

    fn watchdog_ms(&self) -> u32 {
        WATCHDOG_MS
    }

    fn feed(&mut self) {
        self.watchdog.pet();
        retained::forget_late();
    }

    fn note_late(&mut self, task: Task) {
        retained::note_late(task);
    }

    fn battery_mv(&mut self) -> Option<u16> {
        sensors::battery_mv(self.analog)
    }

    fn currents(&self) -> Option<Currents> {
        Some(currents::CURRENTS)
    }

    fn program_crc(&self) -> u32 {
        program::crc()
    }

    fn restart(&mut self) {
        retained::note_restart(Instant::now().as_millis());
        SCB::sys_reset()
    }

    fn firmware_slot(&mut self) -> Option<&mut dyn FirmwareSlot> {
        Some(&mut self.slot)
    }
}

/// Why the chip was reset. Its register collects the causes until it is cleared.
fn reset_cause() -> ResetCause {
    let reasons = POWER.resetreas().read();
    // Writing a one clears its bit.
    POWER.resetreas().write_value(reasons);
    match reasons {
        Resetreas(0) => ResetCause::Power,
        reasons if reasons.dog() => ResetCause::Watchdog,
        _ => ResetCause::Other,
    }
}

/// The watchdog's warning, two cycles of 32.768 kHz before the reset (product specification, WDT, "Watchdog reset"): 61 us, 3,906 cycles of the
/// processor. 34 instructions lie between the interrupt and the record, counted in the image. A late task was recorded before, unless one never
/// yields, so that nothing could notice it; a task that disables interrupts is not recorded.
struct WatchdogWarning;

impl typelevel::Handler<typelevel::WDT> for WatchdogWarning {
    unsafe fn on_interrupt() {
        retained::note_running(Instant::now().as_millis());
    }
}

/// Mutex of what the cable and the battery share: there is only one thread.
type OneThread = NoopRawMutex;

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    if retained::note_fault(frame, Instant::now().as_millis()) {
        defmt::error!("hard fault at {=u32:08x}", frame.pc());
    }
    SCB::sys_reset()
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    if retained::note_panic(info, Instant::now().as_millis()) {
        defmt::error!("panic {}", defmt::Display2Format(info));
    }
    SCB::sys_reset()
}

defmt::timestamp!("{=u64:ms}", Instant::now().as_millis());
