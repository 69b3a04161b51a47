//! The logger on the MPS2 board with the AN386 image (Cortex-M4F), as QEMU emulates it.
//!
//! UART0 is the technician's port, UART1 the SDI-12 bus (plain 8N1, no break) with the SIMULATED 4-20 mA inputs on it, the PSRAM at `0x2100_0000`
//! acts as the NOR flash and is a file on the host. With a table of levels at its end ([`synthetic`]) the sensors are synthetic, and QEMU can run
//! faster than real time.
#![no_std]
#![no_main]
#![allow(
    unsafe_code,
    reason = "a board's registers and memory are reached through pointers; each use says why it is sound"
)]

mod clock;
#[cfg(feature = "faults")]
mod faults;
mod flash;
mod machine;
mod registers;
mod runtime;
mod synthetic;
mod uart;

use core::pin::pin;

use amlstm_cortex_m::{retained, stack};
use amlstm_firmware::app::{self, Parts};
use amlstm_firmware::board::Board;
use amlstm_firmware::store::Layout;
use cortex_m::peripheral::SCB;
use cortex_m_rt::{ExceptionFrame, entry, exception};
use defmt_semihosting as _;
use semihosting::process;

use clock::Mps2Clock;
use machine::Mps2Machine;
use synthetic::{Bus, Table};

/// The parts of this board.
struct Mps2;

impl Board for Mps2 {
    type Clock = Mps2Clock;
    type Flash = flash::Psram;
    type Bus = Bus;
    type Machine = Mps2Machine;
    type FromLaptop = uart::Uart;
    type ToLaptop = uart::Uart;
}

const FW: [u8; 3] = [0, 1, 0];

/// Frequency of the core and of every timer.
const CORE_HZ: u32 = 25_000_000;

#[entry]
fn main() -> ! {
    stack::paint();
    #[cfg(feature = "faults")]
    faults::arm();
    let Some(flash) = flash::Psram::take() else {
        process::exit(2)
    };
    let table = Table::find();
    let layout = Layout::new(flash::DATA_BYTES);
    let (Some(layout), synthetic) = (layout, table.is_some()) else {
        process::exit(2)
    };
    let (from_laptop, to_laptop) = uart::technician();
    let clock = Mps2Clock::start(table.as_ref().map(Table::start_unix_s));
    let bus = Bus::new(table, uart::sensors(), clock);
    defmt::println!(
        "amlstm {=u8}.{=u8}.{=u8} mps2-an386 synthetic={=bool}",
        FW[0],
        FW[1],
        FW[2],
        synthetic
    );
    let machine = Mps2Machine::start();
    let parts = Parts::<Mps2> {
        clock,
        flash,
        layout,
        bus,
        machine,
        from_laptop,
        to_laptop,
        fw: FW,
        synthetic,
    };
    runtime::block_on(pin!(app::run(parts)));
    process::exit(1)
}

#[exception]
unsafe fn DefaultHandler(interrupt: i16) {
    match interrupt {
        uart::TECHNICIAN_RX | uart::TECHNICIAN_TX | uart::SENSORS_RX | uart::SENSORS_TX => {
            uart::interrupt(interrupt);
        }
        clock::TIMER => clock::timer_interrupt(),
        _ => {}
    }
    runtime::wake();
}

/// The watchdog's warning; the reset follows when its counter ends a second time. A late task was recorded before, unless one never yields, so that
/// nothing could notice it.
#[exception]
unsafe fn NonMaskableInt() {
    retained::note_running(clock::uptime_ms());
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    if retained::note_fault(frame, clock::uptime_ms()) {
        defmt::println!("hard fault at {=u32:08x}", frame.pc());
    }
    SCB::sys_reset()
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    if retained::note_panic(info, clock::uptime_ms()) {
        defmt::println!("panic {}", defmt::Display2Format(info));
    }
    SCB::sys_reset()
}

defmt::timestamp!("{=u64:ms}", clock::uptime_ms());
