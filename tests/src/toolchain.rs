//! What builds and runs device images here: an Arm toolchain and QEMU. `tests/run` installs both.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

use crate::board::Board;
use crate::skip::skip;

/// Environment variable that forces one of the toolchains: `rustup` or `debian`.
pub const TOOLCHAIN_VARIABLE: &str = "AMLSTM_ARM_TOOLCHAIN";

/// A toolchain that can build for bare Arm cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The host's own, with the `thumb*` targets of `rustup target add`.
    Rustup,
    /// Debian's `rustc-web`, `cargo-web` and `rust-web-src`, which build the core library from source.
    Debian,
}

impl Toolchain {
    /// The toolchain for `board`, and the reason where there is none.
    fn find(board: Board) -> Result<Self, String> {
        let rustup = || {
            let library = target_library(board.target);
            if library.is_dir() {
                return Ok(Self::Rustup);
            }
            Err(format!(
                "no {} target: {} is missing",
                board.target,
                library.display()
            ))
        };
        let debian = || {
            if !debian_program("cargo").is_file() || debian_library_source().is_none() {
                return Err(
                    "Debian's cargo-web, rustc-web and rust-web-src are not installed".to_owned(),
                );
            }
            Ok(Self::Debian)
        };
        match env::var(TOOLCHAIN_VARIABLE).as_deref() {
            Ok("rustup") => rustup(),
            Ok("debian") => debian(),
            Ok(other) => {
                panic!("{TOOLCHAIN_VARIABLE}: found \"{other}\", expected rustup or debian")
            }
            Err(_) => {
                rustup().or_else(|reason| debian().map_err(|second| format!("{reason}; {second}")))
            }
        }
    }

    /// `cargo build` for `board` with this toolchain, without its package and features.
    pub fn build_command(self, board: Board) -> Command {
        let mut command = match self {
            Self::Rustup => Command::new(cargo()),
            Self::Debian => {
                let mut command = Command::new(debian_program("cargo"));
                let variable = board.target.to_uppercase().replace(['-', '.'], "_");
                command
                    .env("RUSTC", debian_program("rustc"))
                    // Debian's is a stable compiler; building the core library is an unstable option of cargo.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env(format!("CARGO_TARGET_{variable}_LINKER"), host_linker());
                command
            }
        };
        command.arg("build").args(["--target", board.target]);
        if self == Self::Debian {
            command.args(["-Z", "build-std=core"]);
        }
        // What the caller sets for the host must not reach the device.
        for variable in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "RUSTC_WRAPPER",
        ] {
            command.env_remove(variable);
        }
        command
    }

    /// A folder name for this toolchain's output, so that the two do not undo each other's work.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rustup => "rustup",
            Self::Debian => "debian",
        }
    }
}

/// The cargo that runs the tests.
pub fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the repository")
        .to_owned()
}

/// Cargo's target folder: device images and tools lie below it.
pub fn target_folder() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The folder in which cargo puts the program `amlstm`, beside the running test.
///
/// # Panics
///
/// If it is not there.
pub fn programs() -> PathBuf {
    let test = env::current_exe().expect("the test knows itself");
    let folder = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    assert!(
        folder.join("amlstm").is_file(),
        "{}: no amlstm; `cargo test --workspace` builds it",
        folder.display()
    );
    folder.to_owned()
}

/// The toolchain and the machine for `board`, or `None` after the running test is recorded as skipped.
///
/// # Panics
///
/// Where they are missing and device tests are required.
pub fn for_board(board: Board) -> Option<Toolchain> {
    let found = Toolchain::find(board).and_then(|toolchain| {
        program_starts("qemu-system-arm")?;
        program_starts(defmt_print().to_str().unwrap_or_default())?;
        Ok(toolchain)
    });
    match found {
        Ok(toolchain) => Some(toolchain),
        Err(reason) => {
            let reason = format!("{reason}; tests/run installs it");
            skip(
                Some("AMLSTM_DEVICE_TESTS"),
                &format!("{}: {reason}", board.core),
            );
            None
        }
    }
}

/// The program that decodes log messages; `tests/run` installs it.
pub fn defmt_print() -> PathBuf {
    target_folder().join("tools/bin/defmt-print")
}

fn program_starts(program: &str) -> Result<(), String> {
    match Command::new(program).arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{program} --version: {}", output.status)),
        Err(error) => Err(format!("{program}: {error}")),
    }
}

/// Where the host toolchain would keep the compiled library of `target`.
fn target_library(target: &str) -> PathBuf {
    host_sysroot().join("lib/rustlib").join(target).join("lib")
}

/// The linker for Arm that comes with the host toolchain.
fn host_linker() -> PathBuf {
    host_sysroot().join("lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld")
}

fn host_sysroot() -> &'static Path {
    static SYSROOT: OnceLock<PathBuf> = OnceLock::new();
    SYSROOT.get_or_init(|| {
        let output = Command::new("rustc")
            .args(["--print", "sysroot"])
            .current_dir(root())
            .output()
            .expect("the compiler that built this test is still here");
        PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
    })
}

/// A program of Debian's toolchain: the installed one, or else the one that `tests/run` unpacked below the target folder.
fn debian_program(name: &str) -> PathBuf {
    let installed = Path::new("/usr/bin").join(name);
    if installed.is_file() {
        return installed;
    }
    target_folder().join("packages/rust").join(name)
}

/// Where Debian's `rust-web-src` puts the source of the core library for its compiler.
fn debian_library_source() -> Option<PathBuf> {
    let output = Command::new(debian_program("rustc"))
        .args(["--print", "sysroot"])
        .output()
        .ok()?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let source = sysroot.join("lib/rustlib/src/rust/library");
    fs::canonicalize(source).ok()
}
