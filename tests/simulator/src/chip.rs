//! The chip: processor, memories and peripherals, and what each kind of reset leaves of them.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

use labwired_config::{ChipDescriptor, SystemManifest};
use labwired_core::bus::SystemBus;
use labwired_core::cpu::CortexM;
use labwired_core::peripherals::nrf52::bench;
use labwired_core::peripherals::nrf52::uarte::Nrf52Uarte;
use labwired_core::peripherals::nrf52::wdt::Nrf52Wdt;
use labwired_core::system::cortex_m::configure_cortex_m;
use labwired_core::{AdvanceRequest, Bus, Cpu, Machine};

use crate::clock_chip::ClockChip;

/// The processor's clock.
pub const HZ: f64 = 64e6;
/// Most instructions between two looks at what hangs on the chip.
const INSTRUCTIONS: u64 = 20_000;
/// A register that does not exist: a write to it makes the model of a UARTE look at its line, and that of GPIOTE at the pins.
const NO_REGISTER: u64 = 0xF00;

/// What resets the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Supply switched on: RAM holds anything.
    Power,
    /// The reset pin.
    Pin,
    /// The watchdog.
    Watchdog,
    /// The program.
    Soft,
}

impl Reset {
    /// POWER.RESETREAS (product specification 1.7, section 5.3.7.11).
    fn reasons(self) -> u32 {
        match self {
            Self::Power => 0,
            Self::Pin => 1,
            Self::Watchdog => 2,
            Self::Soft => 4,
        }
    }
}

/// The two UARTs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uart {
    /// UARTE0: the technician's port.
    Port,
    /// UARTE1: the sensors' cable.
    Cable,
}

/// A character that a UART has sent: the cycle of its end, and the character.
pub type Sent = (u64, u8);

/// A change at the pins of port 1: the cycle, and their levels from then on.
pub type Edge = (u64, u32);

/// What draws current while it is on, beside the processor: the name, and the address of the register that is not zero then (product specification 1.7,
/// CLOCK.HFCLKRUN and the ENABLE of UARTE0, UARTE1, SAADC and TWIM0).
const SWITCHES: [(&str, u64); 5] = [
    ("crystal", 0x4000_0408),
    ("port", 0x4000_2500),
    ("cable", 0x4002_8500),
    ("converter", 0x4000_7500),
    ("i2c", 0x4000_3500),
];
/// POWER.DCDCEN.
const DCDC: u64 = 0x4000_0578;

/// A chip that runs.
pub struct Chip {
    /// Of bootloader and program.
    images: [PathBuf; 2],
    description: PathBuf,
    machine: Machine<CortexM>,
    /// Places of both UARTs, the watchdog and GPIOTE on the bus.
    uarts: [usize; 2],
    watchdog: usize,
    gpiote: usize,
    /// Cycles in which the processor ran, and each of [`SWITCHES`] was on.
    busy: u64,
    on: [u64; SWITCHES.len()],
    /// Simulated seconds before the last reset.
    before_s: f64,
    /// The clock chip on the I2C bus.
    pub clock_chip: Option<ClockChip>,
    /// Every reset so far.
    pub resets: Vec<Reset>,
}

impl Chip {
    /// A chip with bootloader and program at `images` and nothing else in its flash, switched on.
    pub fn switch_on(
        images: [&Path; 2],
        description: &Path,
        clock_chip: Option<ClockChip>,
    ) -> Self {
        bench::RESETREAS.store(Reset::Power.reasons(), Relaxed);
        let (mut machine, uarts, watchdog) = built(images, description, clock_chip.as_ref());
        let gpiote = place(&machine, "gpiote");
        fill_with_noise(&mut machine.bus.ram.data);
        Self {
            images: images.map(Path::to_owned),
            description: description.to_owned(),
            machine,
            uarts,
            watchdog,
            gpiote,
            busy: 0,
            on: [0; SWITCHES.len()],
            before_s: 0.0,
            clock_chip,
            resets: Vec::new(),
        }
    }

    /// Simulated seconds since the first start.
    pub fn now_s(&self) -> f64 {
        self.before_s + self.machine.total_cycles as f64 / HZ
    }

    /// Address of the next instruction.
    pub fn place(&self) -> u32 {
        self.machine.cpu.get_pc()
    }

    /// Cycles since the last reset.
    pub fn cycles(&self) -> u64 {
        self.machine.total_cycles
    }

    /// Runs until `cycle` (since the last reset), until a UART has sent something, or to a reset, which it carries out.
    pub fn run_until(&mut self, cycle: u64) -> Result<(), String> {
        while self.machine.total_cycles < cycle {
            if let Some(clock_chip) = &self.clock_chip {
                clock_chip.run_until(self.now_s());
            }
            let left = cycle - self.machine.total_cycles;
            let request = AdvanceRequest::run(Some(INSTRUCTIONS)).with_cycle_limit(left);
            let report = self.machine.advance(request).map_err(|error| {
                format!("{:.6} s, at {:#x}: {error:?}", self.now_s(), self.place())
            })?;
            self.busy += report.elapsed_cycles - report.idle_cycles;
            for (place, (_, register)) in SWITCHES.iter().enumerate() {
                if self.register(*register) != 0 {
                    self.on[place] += report.elapsed_cycles;
                }
            }
            self.pass_on_pins();
            if bench::WATCHDOG_BITES.swap(false, Relaxed) {
                self.reset(Reset::Watchdog);
                return Ok(());
            }
            if bench::SOFT_RESET.swap(false, Relaxed) {
                self.reset(Reset::Soft);
                return Ok(());
            }
            if [Uart::Port, Uart::Cable]
                .iter()
                .any(|&uart| !self.uart(uart).sent.is_empty())
            {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The supply is away for so many seconds, and comes back.
    pub fn cut_power(&mut self, seconds: f64) {
        self.reset(Reset::Power);
        self.before_s += seconds;
        if let Some(clock_chip) = &self.clock_chip {
            clock_chip.live_until(self.now_s());
        }
    }

    /// Resets the chip: flash and UICR stay, RAM too unless the supply was away, and a soft reset leaves the watchdog running.
    pub fn reset(&mut self, reset: Reset) {
        self.before_s = self.now_s();
        self.resets.push(reset);
        bench::RESETREAS.store(reset.reasons(), Relaxed);
        bench::set_port_1(0);
        bench::forget_pins();
        self.edges();
        bench::STALL_CYCLES.store(0, Relaxed);
        // What was sent before is on its way.
        let sent = self.sent(Uart::Port);
        let images = self.images.each_ref().map(PathBuf::as_path);
        let (mut machine, uarts, watchdog) =
            built(images, &self.description, self.clock_chip.as_ref());
        let flash = &self.machine.bus.flash.data;
        machine.bus.flash.data.copy_from_slice(flash);
        if reset == Reset::Power {
            fill_with_noise(&mut machine.bus.ram.data);
        } else {
            let ram = &self.machine.bus.ram.data;
            machine.bus.ram.data.copy_from_slice(ram);
        }
        let uicr = place(&machine, "uicr");
        std::mem::swap(
            &mut machine.bus.peripherals[uicr].dev,
            &mut self.machine.bus.peripherals[uicr].dev,
        );
        if reset == Reset::Soft {
            let before: &mut Nrf52Wdt = device(&mut self.machine, self.watchdog);
            device::<Nrf52Wdt>(&mut machine, watchdog).carry(before);
            write(&mut machine, watchdog, NO_REGISTER);
        }
        self.machine = machine;
        self.uarts = uarts;
        self.watchdog = watchdog;
        self.uart(Uart::Port).sent = sent;
    }

    /// Takes what a UART has sent.
    pub fn sent(&mut self, uart: Uart) -> Vec<Sent> {
        std::mem::take(&mut self.uart(uart).sent)
    }

    /// Takes the changes at port 1.
    pub fn edges(&self) -> Vec<Edge> {
        std::mem::take(&mut *bench::PORT_1_EDGES.lock().expect("one thread"))
    }

    /// Lets characters come in at a UART, one after the other at its speed.
    pub fn send(&mut self, uart: Uart, bytes: &[u8]) {
        let line = self.uart(uart).rx_buffer();
        line.lock().expect("one thread").extend(bytes);
        let place = self.uarts[uart as usize];
        write(&mut self.machine, place, NO_REGISTER);
        self.pass_on_pins();
    }

    /// True if the core is supplied by the DC/DC converter.
    pub fn has_dcdc(&self) -> bool {
        self.register(DCDC) != 0
    }

    /// Seconds, since the first start, in which the processor ran, and in which each of what draws current was on.
    pub fn on_s(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let names = SWITCHES.iter().map(|(name, _)| *name);
        let cycles = std::iter::once(self.busy).chain(self.on);
        let names = std::iter::once("processor").chain(names);
        names.zip(cycles.map(|cycles| cycles as f64 / HZ))
    }

    fn register(&self, address: u64) -> u32 {
        self.machine.bus.read_u32(address).unwrap_or(0)
    }

    /// Tells GPIOTE of a pin that noticed something.
    fn pass_on_pins(&mut self) {
        if bench::DETECT.swap(false, Relaxed) {
            write(&mut self.machine, self.gpiote, NO_REGISTER);
        }
    }

    /// Characters that the technician's port has lost since the last reset because nobody took them in time.
    pub fn overruns(&mut self) -> u64 {
        self.uart(Uart::Port).overruns
    }

    /// Takes the log messages that the program has left in its RTT buffer, as a debug probe does.
    pub fn log(&mut self) -> Vec<u8> {
        const RAM: usize = 0x2000_0000;
        const MAGIC: &[u8] = b"SEGGER RTT\0\0\0\0\0\0";
        // Fields of the first up channel, in bytes behind the magic's begin.
        const BUFFER: usize = 28;
        const SIZE: usize = 32;
        const WRITTEN: usize = 36;
        const READ: usize = 40;
        let ram = &mut self.machine.bus.ram.data;
        let Some(begin) = ram.windows(MAGIC.len()).position(|bytes| bytes == MAGIC) else {
            return Vec::new();
        };
        let word = |offset: usize| {
            let bytes = &ram[begin + offset..][..4];
            u32::from_le_bytes(bytes.try_into().expect("four bytes")) as usize
        };
        let (size, written, mut read) = (word(SIZE), word(WRITTEN), word(READ));
        let Some(buffer) = word(BUFFER).checked_sub(RAM) else {
            return Vec::new();
        };
        let mut log = Vec::new();
        while size > 0 && read != written {
            log.push(ram[buffer + read]);
            read = (read + 1) % size;
        }
        ram[begin + READ..][..4].copy_from_slice(&(read as u32).to_le_bytes());
        log
    }

    fn uart(&mut self, uart: Uart) -> &mut Nrf52Uarte {
        device(&mut self.machine, self.uarts[uart as usize])
    }
}

/// A machine with bootloader and program, and the places of UARTs and watchdog on its bus.
fn built(
    images: [&Path; 2],
    description: &Path,
    clock_chip: Option<&ClockChip>,
) -> (Machine<CortexM>, [usize; 2], usize) {
    let chip = ChipDescriptor::from_file(description).expect("the archive's description is sound");
    let manifest = serde_json::json!({ "name": "nrf52840", "chip": description });
    let manifest: SystemManifest = serde_json::from_value(manifest).expect("a system of one chip");
    let mut bus = SystemBus::from_config(&chip, &manifest).expect("the description is sound");
    if let Some(clock_chip) = clock_chip {
        let device = Box::new(clock_chip.clone());
        let attached = bus.attach_i2c_slave("i2c0", device);
        attached.expect("i2c0 is TWIM0");
    }
    let (cpu, _) = configure_cortex_m(&mut bus);
    let mut machine = Machine::new(cpu, bus);
    machine.config.idle_fast_forward_enabled = true;
    let [bootloader, program] =
        images.map(|image| labwired_loader::load_elf(image).expect("the image is an ELF file"));
    machine.bus.flash.data.fill(0xFF);
    for segment in &program.segments {
        let fits = machine.bus.flash.load_from_segment(segment);
        assert!(fits, "the image fits");
    }
    machine.load_firmware(&bootloader).expect("the image fits");
    let uarts = ["uart0", "uart1"].map(|name| place(&machine, name));
    for uart in uarts {
        let device: &mut Nrf52Uarte = device(&mut machine, uart);
        device.own_index = uart as u32;
        // Not to this program's own output.
        device.set_sink(Some(Arc::new(Mutex::new(Vec::new()))), false);
    }
    let watchdog = place(&machine, "wdt");
    device::<Nrf52Wdt>(&mut machine, watchdog).own_index = watchdog as u32;
    (machine, uarts, watchdog)
}

fn place(machine: &Machine<CortexM>, name: &str) -> usize {
    let peripherals = &machine.bus.peripherals;
    peripherals
        .iter()
        .position(|peripheral| peripheral.name == name)
        .expect("the description names it")
}

fn device<T: 'static>(machine: &mut Machine<CortexM>, place: usize) -> &mut T {
    let device = machine.bus.peripherals[place].dev.as_any_mut();
    device
        .and_then(|device| device.downcast_mut())
        .expect("the description gives it this type")
}

fn write(machine: &mut Machine<CortexM>, place: usize, register: u64) {
    let base = machine.bus.peripherals[place].base;
    machine
        .bus
        .write_u32(base + register, 0)
        .expect("the peripheral is on the bus");
}

/// RAM after power-on holds anything: here the numbers of a xorshift generator.
fn fill_with_noise(ram: &mut [u8]) {
    let mut word = 0x9e37_79b9_u32;
    for byte in ram {
        word ^= word << 13;
        word ^= word >> 17;
        word ^= word << 5;
        *byte = word as u8;
    }
}
