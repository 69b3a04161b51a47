//! The logger's image for the nRF52840 on a simulated chip. `tests/chip` builds the simulator, a program of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use amlstm::logger::{Client, Line};

use crate::board::NRF52840_DK;
use crate::guide::{guide, shows};
use crate::image::{Image, Recipe};
use crate::skip::skip;
use crate::toolchain::{defmt_print, programs, target_folder};

/// Simulated seconds that pass in one of ours while a laptop works: the chip idles most of the time.
const PACE: u32 = 8;
/// The console prints a command's answer within this time.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(2);

/// A chip that has power, with a laptop's port and a cable with transducers.
pub struct Chip {
    simulator: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
    image: Image,
    /// The technician's port.
    pub port: PathBuf,
}

/// A clock chip on the I2C bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockChip {
    /// Maxim's.
    Ds3231,
    /// Micro Crystal's.
    Rv3028,
}

impl ClockChip {
    /// The image's feature, and the simulator's word.
    fn name(self) -> &'static str {
        match self {
            Self::Ds3231 => "ds3231",
            Self::Rv3028 => "rv3028",
        }
    }
}

/// What the simulator has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The resets, in order: `power`, `pin`, `watchdog`, `soft`.
    pub resets: Vec<String>,
    /// Characters that the port has lost since the last reset.
    pub overruns: u32,
    /// Most writes of one word of the flash between two erases.
    pub most_writes: u32,
}

/// What draws current, as the simulator has seen it.
#[derive(Clone, Debug, PartialEq)]
pub struct Power {
    /// The core is supplied by the DC/DC converter.
    pub dcdc: bool,
    /// Seconds since the first start in which each was on: `processor`, `crystal`, `port`, `cable`, `converter`, `i2c`.
    pub on_s: BTreeMap<String, f64>,
}

impl Power {
    /// Seconds in which something was on since `before`.
    ///
    /// # Panics
    ///
    /// If the simulator does not know it.
    pub fn since(&self, before: &Self, name: &str) -> f64 {
        self.on_s[name] - before.on_s[name]
    }
}

impl Chip {
    /// Builds the image and switches the chip on with an erased data flash; `None`, recorded as skipped, without a simulator.
    ///
    /// # Panics
    ///
    /// Without one where `AMLSTM_CHIP_TESTS` is `required`.
    pub fn switch_on() -> Option<Self> {
        Self::switch_on_with(None)
    }

    /// The same with a clock chip that was never set, and the image for it.
    ///
    /// # Panics
    ///
    /// As [`Self::switch_on`].
    pub fn switch_on_with(clock_chip: Option<ClockChip>) -> Option<Self> {
        let simulator = target_folder().join("chip/nrf52840-simulator");
        if !simulator.is_file() {
            let reason = "the nRF52840's simulator is not built; tests/chip builds it";
            skip(Some("AMLSTM_CHIP_TESTS"), reason);
            return None;
        }
        let clock_chip = clock_chip.map(ClockChip::name);
        let recipe = Recipe {
            features: clock_chip.unwrap_or_default(),
            ..Recipe::LOGGER
        };
        let image = Image::build(NRF52840_DK, recipe)?;
        let bootloader = Image::build(NRF52840_DK, Recipe::BOOTLOADER)?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut simulator = Command::new(&simulator)
            .arg(&bootloader.path)
            .arg(&image.path)
            .arg(target_folder().join("chip/nrf52840.yaml"))
            .arg(folder.path().join("log"))
            .args(clock_chip)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let commands = simulator.stdin.take().expect("its input is a pipe");
        let answers = simulator.stdout.take().expect("its output is a pipe");
        let mut chip = Self {
            simulator,
            commands,
            answers: BufReader::new(answers),
            folder,
            image,
            port: PathBuf::new(),
        };
        let port = chip.answer();
        let port = port.strip_prefix("port ").expect("it names the port first");
        chip.port = PathBuf::from(port);
        chip.command(&format!("pace {PACE}"));
        // The data flash is opened, and the first event is noted.
        chip.run(2.0);
        Some(chip)
    }

    /// Lets the simulator do something (its `main.rs` has the list) and gives the lines that it says.
    ///
    /// # Panics
    ///
    /// If it ends.
    pub fn command(&mut self, command: &str) -> Vec<String> {
        writeln!(self.commands, "{command}").expect("the simulator reads");
        let mut said = Vec::new();
        loop {
            let line = self.answer();
            if line.starts_with("ok ") {
                return said;
            }
            said.push(line);
        }
    }

    /// So many simulated seconds pass.
    pub fn run(&mut self, seconds: f64) {
        self.command(&format!("run {seconds}"));
    }

    /// What the simulator has seen so far.
    ///
    /// # Panics
    ///
    /// If it says something else.
    pub fn seen(&mut self) -> Seen {
        let said = self.command("state");
        let value = |name: &str| {
            let line = said.iter().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name}: {said:?}"))
        };
        let number = |name: &str| value(name).trim().parse().expect("a number");
        Seen {
            resets: value("resets")
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            overruns: number("overruns"),
            most_writes: number("most-writes"),
        }
    }

    /// What was on so far.
    ///
    /// # Panics
    ///
    /// If the simulator says something else.
    pub fn power(&mut self) -> Power {
        let said = self.command("power");
        let mut words = said.iter().filter_map(|line| line.split_once(' '));
        let (_, dcdc) = words.next().expect("the first line");
        let seconds = |on_s: &str| on_s.parse().expect("seconds");
        Power {
            dcdc: dcdc == "on",
            on_s: words
                .map(|(name, on_s)| (name.to_owned(), seconds(on_s)))
                .collect(),
        }
    }

    /// The clock chip's registers.
    ///
    /// # Panics
    ///
    /// Without one.
    pub fn clock_chip_registers(&mut self) -> Vec<u8> {
        let said = self.command("clock-chip");
        let digits = said
            .first()
            .and_then(|line| line.strip_prefix("registers "));
        let digits = digits.expect("the simulator says them").split(' ');
        digits
            .map(|digits| u8::from_str_radix(digits, 16).expect("two digits"))
            .collect()
    }

    /// A laptop's program at the port.
    ///
    /// # Panics
    ///
    /// If the logger does not answer.
    pub fn client(&self) -> Client {
        Client::connect(self.port_name()).expect("the logger answers Hello")
    }

    /// Runs `amlstm logger` at the port, as a technician does, and gives what it prints.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub fn amlstm(&self, arguments: &[&str]) -> String {
        let output = self.run_amlstm(arguments);
        assert!(
            output.status.success(),
            "amlstm logger {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("the program prints UTF-8")
    }

    /// The same for what is refused; gives what it says.
    ///
    /// # Panics
    ///
    /// If it does not fail.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run_amlstm(arguments);
        assert!(!output.status.success(), "amlstm logger {arguments:?}");
        String::from_utf8(output.stderr).expect("the program prints UTF-8")
    }

    /// Follows a section of the field guide, as a technician with a shell does, and compares what is printed with what the guide shows; gives it all.
    ///
    /// # Panics
    ///
    /// If something fails or prints something else.
    pub fn follow(&self, section: &str) -> String {
        let (mut all, mut printed) = (String::new(), String::new());
        for block in guide().iter().filter(|block| block.section == section) {
            match block.kind.as_str() {
                "sh" => {
                    printed = block.text.lines().map(|line| self.shell(line)).collect();
                    all.push_str(&printed);
                }
                "text" => shows(&printed, &block.text, section),
                _ => {}
            }
        }
        assert!(
            !all.is_empty(),
            "the guide has no commands in \"{section}\""
        );
        all
    }

    fn shell(&self, line: &str) -> String {
        let line = line.replace("--port P ", &format!("--port {} ", self.port_name()));
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("/bin/sh")
            .args(["-c", &line])
            .env("PATH", format!("{}:{path}", programs().display()))
            .current_dir(&self.folder)
            .output()
            .expect("sh starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {stderr}");
        String::from_utf8(output.stdout).expect("programs print UTF-8")
    }

    /// The address of the instruction that comes next.
    ///
    /// # Panics
    ///
    /// If the simulator says something else.
    pub fn place(&mut self) -> u32 {
        let said = self.command("state");
        let place = said.iter().find_map(|line| line.strip_prefix("place 0x"));
        let place = place.and_then(|place| u32::from_str_radix(place, 16).ok());
        place.unwrap_or_else(|| panic!("no place: {said:?}"))
    }

    fn run_amlstm(&self, arguments: &[&str]) -> Output {
        Command::new(programs().join("amlstm"))
            .args(["logger", "--port", self.port_name()])
            .args(arguments)
            .current_dir(&self.folder)
            .output()
            .expect("the program starts")
    }

    /// The image with which it was switched on.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// A file in the folder in which [`Self::amlstm`] works.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes such a file.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.file(name), bytes).expect("the folder is writable");
    }

    /// A terminal program at the port.
    ///
    /// # Panics
    ///
    /// If the port cannot be opened.
    pub fn terminal(&self) -> Terminal {
        Terminal(Line::open(self.port_name()).expect("the port opens"))
    }

    /// The log messages that came out of the debug probe so far.
    ///
    /// # Panics
    ///
    /// If they are none of this image.
    pub fn log(&self) -> String {
        let log = File::open(self.file("log")).expect("the simulator writes it");
        let output = Command::new(defmt_print())
            .arg("-e")
            .arg(&self.image.path)
            .stdin(log)
            .output()
            .expect("defmt-print starts");
        String::from_utf8(output.stdout).expect("log messages are UTF-8")
    }

    fn port_name(&self) -> &str {
        self.port.to_str().expect("a name in ASCII")
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        let length = self.answers.read_line(&mut line).expect("UTF-8");
        assert!(length > 0, "the simulator ended; it said why on stderr");
        line.trim_end().to_owned()
    }
}

impl Drop for Chip {
    fn drop(&mut self) {
        let _ = self.simulator.kill();
        let _ = self.simulator.wait();
    }
}

/// A terminal program at a logger's port.
pub struct Terminal(Line);

impl Terminal {
    /// Types a line and gives what comes up to the next prompt, the echo of the line taken off.
    ///
    /// # Panics
    ///
    /// If no prompt comes.
    pub fn type_in(&mut self, line: &str) -> String {
        self.send(format!("{line}\r").as_bytes());
        let shown = self.read_to_prompt();
        let shown = shown.strip_prefix(line).expect("the line is echoed");
        shown.to_owned()
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    ///
    /// If the port does not take them.
    pub fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("the port takes it");
    }

    /// What comes up to the next prompt.
    ///
    /// # Panics
    ///
    /// If none comes.
    pub fn read_to_prompt(&mut self) -> String {
        let start = Instant::now();
        let (mut shown, mut bytes) = (Vec::new(), [0; 4096]);
        while !shown.ends_with(b"\n> ") {
            assert!(
                start.elapsed() < ANSWER_TIMEOUT,
                "no prompt after {:?}",
                String::from_utf8_lossy(&shown)
            );
            if let Ok(count) = self.0.read(&mut bytes) {
                shown.extend_from_slice(&bytes[..count]);
            }
        }
        String::from_utf8_lossy(shown.strip_suffix(b"> ").unwrap_or(&shown)).into_owned()
    }
}
