//! The whole logger in QEMU: firmware, data flash in a file, technician's port and sensor cable.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use amlstm::export::AlignedBytes;
use amlstm::logger::{Client, Line, Station};
use amlstm_core::artifact::ModelFile;
use amlstm_core::estimator::Estimator;
use amlstm_core::link::{EstimateRecord, MonthLevel, MonthRecord};
use amlstm_core::month::Month;

use crate::board::CORTEX_M4F;
use crate::image::{Image, Recipe};
use crate::qemu::{Finished, Machine, Running};
use crate::sdi12_bus::{Behaviour, Sdi12Bus};

/// The emulated NOR flash has the size of the machine's PSRAM.
const FLASH_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of the data flash's sectors.
const SECTOR: usize = 4096;
/// Sectors of the data flash; the last MiB is the level table's and the emulated chip's own.
const SECTORS: usize = TABLE_OFFSET as usize / SECTOR;
/// QEMU makes its sockets within this time.
const SOCKET_TIMEOUT: Duration = Duration::from_secs(20);

/// The station of the SYNTHETIC well A: a sensor for each of its aquifer layers.
pub const STATION_A: &str = r#"
    station = "A"
    datum = "SYNTHETIC datum"
    [[channel]]
    aquifer_layer = "phreatic"
    source = { sdi12 = "0" }
    quantity = "level_m"
    largest_step_m = 5.0
    [[channel]]
    aquifer_layer = "confined1"
    source = { sdi12 = "1" }
    quantity = "level_m"
    largest_step_m = 5.0
    [[channel]]
    aquifer_layer = "confined2"
    source = { sdi12 = "2" }
    quantity = "level_m"
    largest_step_m = 5.0
"#;

/// 2020-01-01, seconds since 1970: where clocks are set to, and no logger takes an earlier time.
pub const START_UNIX_S: u32 = 1_577_836_800;

/// Seconds from 1970 to the start of a month.
///
/// # Panics
/// Before 1970.
pub fn unix_s(month: Month) -> u32 {
    let months: u32 = (1970 * 12..month.index())
        .map(|index| u32::from(Month::from_index(index).expect("a month").days()))
        .sum();
    months * 86_400
}

/// Sends the settings of a station file.
///
/// # Panics
/// When they are not sound or the logger refuses them.
pub fn configure(client: &mut Client, station: &str) {
    let station: Station = toml::from_str(station).expect("the test's settings are sound");
    station.send(client).expect("the logger takes the settings");
}

/// `ordinary`, or as many times that as `tests/soak` asks for.
pub fn times(ordinary: usize) -> usize {
    let factor = std::env::var("AMLSTM_SOAK")
        .ok()
        .and_then(|text| text.parse().ok());
    ordinary * factor.unwrap_or(1)
}

/// A logger on a table: its flash stays when the power goes.
pub struct LoggerRig {
    folder: tempfile::TempDir,
    /// Its firmware.
    pub image: Image,
}

/// A logger that has power.
pub struct Powered {
    running: Running,
    /// The technician's end of the port.
    pub port: PathBuf,
    /// The transducers on the sensor cable.
    pub bus: Sdi12Bus,
}

impl LoggerRig {
    /// Builds the firmware and an erased flash; `None`, with a message, where no device can be run.
    pub fn new() -> Option<Self> {
        Self::with(Recipe::LOGGER)
    }

    /// The same with another image of the board.
    pub fn with(recipe: Recipe) -> Option<Self> {
        let image = Image::build(CORTEX_M4F, recipe)?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("flash.bin"), vec![0xFF; FLASH_BYTES])
            .expect("the temporary folder takes 16 MiB");
        Some(Self { folder, image })
    }

    /// Switches the power on with the technician's port on a pseudo terminal, as a USB cable shows it.
    pub fn power_on_pty(&self, transducers: BTreeMap<u8, Behaviour>) -> Powered {
        let cable = self.folder.path().join("cable.sock");
        let _ = fs::remove_file(&cable);
        let running = self
            .machine()
            .arguments(["-serial", "pty", "-serial", &server(&cable)])
            .start();
        let bus = Sdi12Bus::start(connect(&cable), transducers);
        let start = Instant::now();
        let port = loop {
            if let Some(terminal) = terminal_of(running.process_id()) {
                break PathBuf::from(terminal);
            }
            assert!(
                start.elapsed() < SOCKET_TIMEOUT,
                "QEMU opened no pseudo terminal"
            );
            thread::sleep(Duration::from_millis(5));
        };
        Powered { running, port, bus }
    }

    /// The file that holds the logger's flash.
    pub fn flash(&self) -> PathBuf {
        self.folder.path().join("flash.bin")
    }

    /// How often each 4 KiB sector of the data flash was erased, as the emulated chip counts it: at the end of the file, a `u32` a sector
    /// with all bits inverted.
    pub fn erases(&self) -> Vec<u32> {
        let flash = fs::read(self.flash()).expect("the flash file is there");
        let counts = flash[FLASH_BYTES - 4 * SECTORS..].as_chunks().0;
        counts
            .iter()
            .map(|bytes| !u32::from_le_bytes(*bytes))
            .collect()
    }

    /// Switches the power on, with `transducers` on the sensor cable.
    pub fn power_on(&self, transducers: BTreeMap<u8, Behaviour>) -> (Powered, Client) {
        let port = self.folder.path().join("port.sock");
        let cable = self.folder.path().join("cable.sock");
        for socket in [&port, &cable] {
            let _ = fs::remove_file(socket);
        }
        let running = self
            .machine()
            .arguments(["-serial", &server(&port), "-serial", &server(&cable)])
            .start();
        // QEMU waits for both ends in this order before the program starts.
        let technician = connect(&port);
        let bus = Sdi12Bus::start(connect(&cable), transducers);
        let client = Client::over(Line::Unix(technician)).expect("the logger answers Hello");
        (Powered { running, port, bus }, client)
    }

    /// Runs the logger on computed sensors as fast as it can, until `table` ends, and takes the table out of the flash again.
    ///
    /// # Panics
    ///
    /// If the program does not end by itself within `limit`.
    pub fn fast_forward(&self, table: &LevelTable, limit: Duration) -> Finished {
        self.fast_forward_at(table, 0, limit)
    }

    /// The same with a processor whose instructions take 2^`shift` ns of virtual time; waiting takes none of ours.
    ///
    /// # Panics
    ///
    /// If the program does not end by itself within `limit`.
    pub fn fast_forward_at(&self, table: &LevelTable, shift: u8, limit: Duration) -> Finished {
        table.lay(&self.flash());
        let finished = self
            .machine()
            .arguments(["-icount", &format!("shift={shift},sleep=off")])
            .run(limit);
        assert!(
            finished.status.success(),
            "{:?}: {:?}",
            finished.status,
            finished.log()
        );
        LevelTable::remove(&self.flash());
        finished
    }

    /// The logger's machine with its flash and without serial ports.
    pub fn machine(&self) -> Machine {
        let memory = format!(
            "memory-backend-file,id=flash,size=16M,mem-path={},share=on",
            self.flash().display()
        );
        Machine::new(&self.image).arguments([
            "-machine",
            "memory-backend=flash",
            "-object",
            &memory,
        ])
    }
}

impl Powered {
    /// Cuts the power at once, wherever the program is.
    pub fn cut(self) -> Finished {
        self.running.kill()
    }
}

/// The pseudo terminal whose other end a process holds, as Linux tells beside the process's open files.
fn terminal_of(process: u32) -> Option<String> {
    for entry in fs::read_dir(format!("/proc/{process}/fdinfo"))
        .ok()?
        .flatten()
    {
        let info = fs::read_to_string(entry.path()).unwrap_or_default();
        if let Some(index) = info
            .lines()
            .find_map(|line| line.strip_prefix("tty-index:"))
        {
            return Some(format!("/dev/pts/{}", index.trim()));
        }
    }
    None
}

fn server(socket: &Path) -> String {
    format!("unix:{},server=on,wait=on", socket.display())
}

fn connect(socket: &Path) -> UnixStream {
    let start = Instant::now();
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => {
                stream
                    .set_read_timeout(Some(Duration::from_millis(50)))
                    .expect("a unix socket takes a read timeout");
                return stream;
            }
            Err(error) => assert!(
                start.elapsed() < SOCKET_TIMEOUT,
                "{}: {error}",
                socket.display()
            ),
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// What the firmware's computed sensors say in every month, `[months][channels]`: levels in metres, and from channel 10 on the currents of the
/// 4-20 mA inputs in mA; NaN is a silent one.
pub struct LevelTable {
    /// UTC of the first month's start, seconds since 1970.
    pub start_unix_s: u32,
    /// One row a month.
    pub level_m: Vec<Vec<f32>>,
}

/// Where the firmware looks for a [`LevelTable`].
const TABLE_OFFSET: u64 = 15 * 1024 * 1024;

impl LevelTable {
    /// Lays the table into the flash file: with it the firmware computes its sensors, and ends QEMU when the table ends.
    pub fn lay(&self, flash: &Path) {
        let channels = self.level_m.first().map_or(0, Vec::len) as u32;
        let mut bytes = b"AMLSYNTH".to_vec();
        for number in [self.level_m.len() as u32, channels, self.start_unix_s] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for level in self.level_m.iter().flatten() {
            bytes.extend_from_slice(&level.to_le_bytes());
        }
        damage(flash, TABLE_OFFSET, &bytes);
    }

    /// Takes the table out of the flash file: the firmware reads its cable again.
    pub fn remove(flash: &Path) {
        damage(flash, TABLE_OFFSET, &[0xFF; 20]);
    }
}

/// A logger estimated each of these closed months as the host does from the same levels, bit for bit. Months between the model's training and
/// the first of them count as missing.
///
/// # Panics
///
/// If it did not.
pub fn equals_the_host(model: &[u8], months: &[(MonthRecord, Option<EstimateRecord>)]) {
    let aligned = AlignedBytes::new(model);
    let file = ModelFile::parse(&aligned).expect("the logger took the model");
    let mut host = Estimator::at_start(&file);
    let mut next = file.start().month.next();
    for (record, estimate) in months {
        let month = Month::from_index(record.month_index).expect("a month");
        while next < month {
            host.step(next, &[]).expect("months follow each other");
            next = next.next();
        }
        let level_m: Vec<Option<f32>> = record
            .channels
            .iter()
            .map(MonthLevel::model_level_m)
            .collect();
        let expected = host
            .step(month, &level_m)
            .expect("months follow each other");
        next = month.next();
        let estimate = estimate.as_ref().expect("each month was estimated");
        let bits = |increment: f32, subsidence: f32, attention: &[f32]| {
            let shares = attention.iter().map(|share| share.to_bits());
            [increment.to_bits(), subsidence.to_bits()]
                .into_iter()
                .chain(shares)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            bits(
                estimate.increment_mm,
                estimate.subsidence_mm,
                &estimate.attention
            ),
            bits(
                expected.increment_mm,
                expected.subsidence_mm,
                &expected.attention
            ),
            "{month}"
        );
    }
}

/// Overwrites bytes of the flash while the power is off, as a failing chip would.
pub fn damage(flash: &Path, offset: u64, bytes: &[u8]) {
    use std::io::{Seek, SeekFrom};
    let mut file = OpenOptions::new()
        .write(true)
        .open(flash)
        .expect("the flash file is there");
    file.seek(SeekFrom::Start(offset))
        .expect("within the flash");
    file.write_all(bytes).expect("the flash file is writable");
}
