//! Device images: built by cargo, then read for their symbols and sizes.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{LazyLock, Mutex};

use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, elf};

use crate::board::Board;
use crate::toolchain::{self, Toolchain};

/// Every Cortex-M has its RAM above this address and its code below.
const RAM_BEGINS: u64 = 0x2000_0000;

/// A linked device image.
#[derive(Clone, Debug)]
pub struct Image {
    /// The board it was linked for.
    pub board: Board,
    /// Its ELF file.
    pub path: PathBuf,
}

/// What to build: a program with features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Recipe {
    /// What is built.
    pub program: Program,
    /// Features beside those that every build has, separated by commas.
    pub features: &'static str,
}

/// A program for devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Program {
    /// The logger, a crate of its own for each board.
    Logger,
    /// The bootloader that starts the logger, a crate of its own for each board that has one.
    Bootloader,
    /// A program of `tests/measure`, for any machine.
    Measure(&'static str),
}

impl Recipe {
    /// The logger as it ships.
    pub const LOGGER: Self = Self {
        program: Program::Logger,
        features: "",
    };

    /// The bootloader.
    pub const BOOTLOADER: Self = Self {
        program: Program::Bootloader,
        features: "",
    };

    /// The program that logs every number of a series as its bits.
    pub const ESTIMATE: Self = Self {
        program: Program::Measure("estimate"),
        features: "f32,q15",
    };

    fn package(self, board: Board) -> String {
        match self.program {
            Program::Logger => format!("amlstm-{}", board.machine),
            Program::Bootloader => format!("amlstm-{}-bootloader", board.machine),
            Program::Measure(_) => "amlstm-measure".to_owned(),
        }
    }

    fn binary(self, board: Board) -> String {
        match self.program {
            Program::Logger => board.machine.to_owned(),
            Program::Bootloader => format!("{}-bootloader", board.machine),
            Program::Measure(binary) => binary.to_owned(),
        }
    }

    /// The cargo profile: programs of `tests/measure` are optimised for speed, the logger for size.
    fn profile(self) -> &'static str {
        match self.program {
            Program::Logger | Program::Bootloader => "device",
            Program::Measure(_) => "measure",
        }
    }

    fn features(self, board: Board) -> String {
        match self.program {
            Program::Logger | Program::Bootloader => format!("image,{}", self.features),
            Program::Measure(_) => format!("image,{},{}", board.machine, self.features),
        }
    }
}

/// Symbol of an image: where it lies and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Demangled no further than the linker left it.
    pub name: String,
    /// Address on the device.
    pub address: u64,
    /// Length in bytes.
    pub size: u64,
}

/// Bytes of an image in the device's memories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Flash: code, constants and start values, as `text + data` of `arm-none-eabi-size`.
    pub flash: u64,
    /// RAM given at link time: `data + bss`. The stack is beside it.
    pub static_ram: u64,
}

impl Image {
    /// Builds `recipe` for `board`, or says on stderr why that is not possible here and returns `None`.
    ///
    /// Images lie in a target folder of their own, so that they do not wait for the cargo that runs the tests.
    ///
    /// # Panics
    ///
    /// If the build fails.
    pub fn build(board: Board, recipe: Recipe) -> Option<Self> {
        static BUILT: LazyLock<Mutex<HashMap<(Board, Recipe), Image>>> =
            LazyLock::new(Mutex::default);
        let toolchain = toolchain::for_board(board)?;
        // Held through the build: a second test that wants the same image waits for it.
        let mut built = BUILT
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let image = built
            .entry((board, recipe))
            .or_insert_with(|| run_cargo(toolchain, board, recipe));
        Some(image.clone())
    }

    /// Every symbol of the image.
    pub fn symbols(&self) -> Vec<Symbol> {
        let bytes = self.bytes();
        let file = object::File::parse(&*bytes).expect("the linker wrote an ELF file");
        file.symbols()
            .filter_map(|symbol| {
                Some(Symbol {
                    name: symbol.name().ok()?.to_owned(),
                    address: symbol.address(),
                    size: symbol.size(),
                })
            })
            .collect()
    }

    /// Address of the symbol `name`.
    ///
    /// # Panics
    ///
    /// If the image has no such symbol.
    pub fn address(&self, name: &str) -> u64 {
        self.symbols()
            .into_iter()
            .find(|symbol| symbol.name == name)
            .unwrap_or_else(|| panic!("{}: no symbol {name}", self.path.display()))
            .address
    }

    /// Where in the ELF file the byte lies that belongs at an address of the device.
    ///
    /// # Panics
    ///
    /// If the image has nothing there.
    pub fn file_offset(&self, address: u64) -> usize {
        let bytes = self.bytes();
        let file = object::File::parse(&*bytes).expect("the linker wrote an ELF file");
        file.sections()
            .find_map(|section| {
                let within = address.checked_sub(section.address())?;
                let (start, length) = section.file_range()?;
                (section.address() > 0 && within < length).then_some((start + within) as usize)
            })
            .unwrap_or_else(|| panic!("{}: nothing at {address:#x}", self.path.display()))
    }

    /// Where in the sources the image can panic, by the places that its panics would name: file, line, column.
    ///
    /// A panic's place lies in the constants as address and length of the file's name, line and column
    /// ([`core::panic::Location`], whose layout no compiler promises; a test sees that places are found).
    pub fn panic_places(&self) -> BTreeSet<(String, u32, u32)> {
        let bytes = self.bytes();
        let file = object::File::parse(&*bytes).expect("the linker wrote an ELF file");
        let constants: Vec<(u64, &[u8])> = file
            .sections()
            .filter(|section| section.name() == Ok(".rodata"))
            .filter_map(|section| Some((section.address(), section.data().ok()?)))
            .collect();
        let text_at = |address: u32, length: u32| {
            let (start, data) = constants.iter().find(|(start, data)| {
                (*start..*start + data.len() as u64).contains(&u64::from(address))
            })?;
            let begin = (u64::from(address) - start) as usize;
            std::str::from_utf8(data.get(begin..begin.checked_add(length as usize)?)?).ok()
        };
        let mut places = BTreeSet::new();
        for (_, data) in &constants {
            let (words, _) = data.as_chunks::<4>();
            for place in words.windows(4) {
                let [address, length, line, column] =
                    [0, 1, 2, 3].map(|word: usize| u32::from_le_bytes(place[word]));
                if let Some(name) = text_at(address, length)
                    && let name = name.trim_end_matches('\0')
                    && Path::new(name).extension() == Some(OsStr::new("rs"))
                    && (1..100_000).contains(&line)
                    && (1..1000).contains(&column)
                {
                    places.insert((name.to_owned(), line, column));
                }
            }
        }
        places
    }

    /// Flash and RAM that the image takes.
    pub fn size(&self) -> Size {
        let bytes = self.bytes();
        let file = object::File::parse(&*bytes).expect("the linker wrote an ELF file");
        let mut size = Size {
            flash: 0,
            static_ram: 0,
        };
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else {
                continue;
            };
            // Only what has an address on the device; defmt's strings and debug information have none.
            if sh_flags.0 & elf::SHF_ALLOC.0 == 0 {
                continue;
            }
            if section.file_range().is_some_and(|(_, length)| length > 0) {
                size.flash += section.size();
            }
            if sh_flags.0 & elf::SHF_WRITE.0 != 0 && section.address() >= RAM_BEGINS {
                size.static_ram += section.size();
            }
        }
        size
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }
}

fn run_cargo(toolchain: Toolchain, board: Board, recipe: Recipe) -> Image {
    let folder = toolchain::target_folder()
        .join("device")
        .join(toolchain.name());
    let binary = recipe.binary(board);
    let mut command = toolchain.build_command(board);
    // Recipes that differ only in features share cargo's output name: held until the image is copied, so that another process's build does not take its place.
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let turn = folder.join("turn");
    let turn =
        fs::File::create(&turn).unwrap_or_else(|error| panic!("{}: {error}", turn.display()));
    turn.lock().expect("the file system knows locks");
    command
        .current_dir(toolchain::root())
        .args(["--locked", "--profile", recipe.profile()])
        .args(["-p", &recipe.package(board), "--bin", &binary])
        .args([
            "--no-default-features",
            "--features",
            &recipe.features(board),
        ])
        .arg("--target-dir")
        .arg(&folder)
        // Whatever the caller's configuration says: a lock shared with the cargo that runs the tests would be waited for.
        .env("CARGO_BUILD_BUILD_DIR", &folder)
        .stdin(Stdio::null());
    let output = command.output().expect("cargo starts");
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let linked = folder
        .join(board.target)
        .join(recipe.profile())
        .join(&binary);
    // Renamed into place, so that another process never reads half an image.
    let kept = linked.with_file_name(format!(
        "{binary}-{}-{}.elf",
        board.machine,
        recipe.features.replace(',', "+")
    ));
    let copy = kept.with_extension(std::process::id().to_string());
    fs::copy(&linked, &copy).unwrap_or_else(|error| panic!("{}: {error}", copy.display()));
    fs::rename(&copy, &kept).unwrap_or_else(|error| panic!("{}: {error}", kept.display()));
    Image { board, path: kept }
}
