//! The logger's image for the nRF52840 on a simulated chip, with a laptop's port, a cable with transducers and a debug probe.
//!
//! `nrf52840-simulator BOOTLOADER IMAGE DESCRIPTION LOG [ds3231|rv3028]`, with that clock chip on the I2C bus, prints `port NAME` and then takes a command a
//! line on its standard input, each answered by its result and `ok SECONDS`, the simulated time. Between commands time passes as outside, `pace` times as
//! fast, or slower where it cannot be computed in time. LOG receives the program's
//! log messages as they come out of the debug probe, for `defmt-print`.
//!
//! | command | does |
//! |---|---|
//! | `run S` | S simulated seconds pass, as fast as they can be computed |
//! | `pace N` | from now on N simulated seconds a second |
//! | `transducer A VALUE` | a transducer with SDI-12 address A and what it says; without VALUE it says nothing |
//! | `input N MV` | MV millivolts at the converter's input AIN N |
//! | `battery MV` | MV millivolts at the battery |
//! | `converter runs`, `converter hangs` | whether the converter ends its conversions |
//! | `reset pin` | a reset from outside |
//! | `reset power`, `reset power S` | the supply is away, for S seconds |
//! | `clock-chip well`, `battery-empty`, `silent`, `holds-line` | what is wrong with the clock chip |
//! | `clock-chip` | prints its `registers`, in hexadecimal digits |
//! | `state` | prints `place ADDRESS` of the processor, `resets CAUSE...`, `overruns N` and `most-writes N`, of one word of flash between two erases |
//! | `power` | prints `dcdc on` or `dcdc off`, and since the first start the seconds in which `processor`, `crystal`, `port`, `cable`, `converter` and `i2c` were on |

mod cable;
mod chip;
mod clock_chip;
mod port;
#[allow(dead_code, reason = "the tests run a whole bus of it over a socket")]
#[path = "../../src/sdi12_bus.rs"]
mod sdi12_bus;

use std::fs::File;
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use labwired_core::peripherals::nrf52::bench;

use cable::Cable;
use chip::{Chip, HZ, Reset, Uart};
use clock_chip::{ClockChip, Kind, Trouble};
use port::Port;
use sdi12_bus::Behaviour;

/// Between two looks at the port, simulated seconds.
const LOOK_S: f64 = 0.002;
/// Time by which the chip may be late, simulated seconds.
const BEHIND_S: f64 = 1.0;
/// VDDH over 5, as the converter measures it: a battery of 4.95 V.
const BATTERY_MV: i32 = 990;
/// PSELP of VDDH over 5.
const BATTERY_INPUT: usize = 13;

/// The chip with all that hangs on it.
struct Bench {
    chip: Chip,
    cable: Cable,
    port: Port,
    log: File,
    pace: f64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (places, clock_chip) = match arguments.as_slice() {
        [places @ .., kind] if kind == "ds3231" => (places, Some(Kind::Ds3231)),
        [places @ .., kind] if kind == "rv3028" => (places, Some(Kind::Rv3028)),
        places => (places, None),
    };
    let [bootloader, image, description, log] = places else {
        eprintln!("usage: nrf52840-simulator BOOTLOADER IMAGE DESCRIPTION LOG [ds3231|rv3028]");
        return ExitCode::from(2);
    };
    let clock_chip = clock_chip.map(ClockChip::new);
    let images = [bootloader, image].map(Path::new);
    let chip = Chip::switch_on(images, Path::new(description), clock_chip);
    match serve(chip, Path::new(log)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nrf52840-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the chip until the standard input ends.
fn serve(chip: Chip, log: &Path) -> Result<(), String> {
    bench::INPUT_MV[BATTERY_INPUT].store(BATTERY_MV, Relaxed);
    let port = Port::open().map_err(|error| format!("no pseudo terminal: {error}"))?;
    let name = port.name().map_err(|error| error.to_string())?;
    let mut bench = Bench {
        chip,
        cable: Cable::default(),
        port,
        log: File::create(log).map_err(|error| format!("{}: {error}", log.display()))?,
        pace: 1.0,
    };
    say(&format!("port {}", name.display()));
    let commands = lines_of_standard_input();
    loop {
        let (mut start, mut start_s) = (Instant::now(), bench.chip.now_s());
        let command = loop {
            match commands.try_recv() {
                Ok(command) => break command,
                Err(TryRecvError::Disconnected) => return Ok(()),
                Err(TryRecvError::Empty) => {}
            }
            let behind_s =
                start.elapsed().as_secs_f64() * bench.pace - (bench.chip.now_s() - start_s);
            if behind_s > LOOK_S + BEHIND_S {
                // Where the chip has more to do than is computed in time, time is not made up for later, all at once.
                (start, start_s) = (Instant::now(), bench.chip.now_s());
            }
            if behind_s > 0.0 {
                bench.run(LOOK_S)?;
            } else {
                thread::sleep(Duration::from_micros(500));
            }
        };
        let result = bench.obey(&command)?;
        say(&format!("{result}ok {:.6}", bench.chip.now_s()));
    }
}

impl Bench {
    /// Carries out a command and gives its result, whole lines.
    fn obey(&mut self, command: &str) -> Result<String, String> {
        let words: Vec<&str> = command.split_whitespace().collect();
        let not_understood =
            || format!("found \"{command}\", expected a command of the table in main.rs");
        let number = |text: &str| text.parse::<f64>().map_err(|_| not_understood());
        match words.as_slice() {
            ["run", seconds] => self.run(number(seconds)?)?,
            ["pace", pace] => self.pace = number(pace)?,
            ["transducer", address, value @ ..] => {
                let behaviour = match value {
                    [value] => Behaviour::Answers(number(value)?),
                    _ => Behaviour::Silent,
                };
                let address = address.bytes().next().ok_or_else(not_understood)?;
                self.cable.transducers.insert(address, behaviour);
            }
            ["input", input, millivolts] => {
                // AIN0 is PSELP 1.
                let input = number(input)? as usize + 1;
                let level = bench::INPUT_MV.get(input).ok_or_else(not_understood)?;
                level.store(number(millivolts)? as i32, Relaxed);
            }
            ["battery", millivolts] => {
                let divided = number(millivolts)? as i32 / 5;
                bench::INPUT_MV[BATTERY_INPUT].store(divided, Relaxed);
            }
            ["converter", state @ ("runs" | "hangs")] => {
                bench::CONVERTER_HANGS.store(*state == "hangs", Relaxed);
            }
            ["reset", "pin"] => self.reset(Reset::Pin),
            ["reset", "power"] => self.cut_power(0.0),
            ["reset", "power", seconds] => self.cut_power(number(seconds)?),
            ["clock-chip", trouble @ ..] => {
                let clock_chip = self.chip.clock_chip.as_ref().ok_or_else(not_understood)?;
                match trouble {
                    ["well"] => clock_chip.set_trouble(Trouble::None),
                    ["battery-empty"] => clock_chip.set_trouble(Trouble::BatteryEmpty),
                    ["silent"] => clock_chip.set_trouble(Trouble::Silent),
                    ["holds-line"] => clock_chip.set_trouble(Trouble::HoldsLine),
                    [] => {
                        let registers = clock_chip.registers();
                        let digits = registers.map(|register| format!("{register:02x}"));
                        return Ok(format!("registers {}\n", digits.join(" ")));
                    }
                    _ => return Err(not_understood()),
                }
            }
            ["power"] => {
                let dcdc = if self.chip.has_dcdc() { "on" } else { "off" };
                let on = self.chip.on_s();
                let on: String = on.map(|(name, on_s)| format!("{name} {on_s}\n")).collect();
                return Ok(format!("dcdc {dcdc}\n{on}"));
            }
            ["state"] => {
                let resets: Vec<String> = self
                    .chip
                    .resets
                    .iter()
                    .map(|reset| format!("{reset:?}").to_lowercase())
                    .collect();
                return Ok(format!(
                    "place {:#010x}\nresets {}\noverruns {}\nmost-writes {}\n",
                    self.chip.place(),
                    resets.join(" "),
                    self.chip.overruns(),
                    bench::MOST_WRITES.load(Relaxed)
                ));
            }
            _ => return Err(not_understood()),
        }
        Ok(String::new())
    }

    /// Lets so many simulated seconds pass.
    fn run(&mut self, seconds: f64) -> Result<(), String> {
        let end_s = self.chip.now_s() + seconds;
        while self.chip.now_s() < end_s {
            let received = self.port.received();
            if !received.is_empty() {
                self.chip.send(Uart::Port, &received);
            }
            let left = ((end_s - self.chip.now_s()) * HZ) as u64 + 1;
            let until = self.chip.cycles() + left;
            let until = self.cable.next_cycle().map_or(until, |due| due.min(until));
            let resets = self.chip.resets.len();
            self.chip.run_until(until)?;
            if self.chip.resets.len() > resets {
                self.cable.forget();
            }
            let sent: Vec<u8> = self
                .chip
                .sent(Uart::Port)
                .iter()
                .map(|sent| sent.1)
                .collect();
            self.port.send(&sent);
            let sent = self.chip.sent(Uart::Cable);
            self.cable.take(self.chip.edges(), sent);
            self.cable.answer(&mut self.chip);
        }
        let log = self.chip.log();
        self.log
            .write_all(&log)
            .map_err(|error| format!("the log: {error}"))
    }

    fn reset(&mut self, reset: Reset) {
        self.cable.forget();
        self.chip.reset(reset);
    }

    fn cut_power(&mut self, seconds: f64) {
        self.cable.forget();
        self.chip.cut_power(seconds);
    }
}

/// The standard input's lines, by a thread that waits for them.
fn lines_of_standard_input() -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn say(text: &str) {
    println!("{text}");
    let _ = std::io::stdout().flush();
}
