//! Runs blocks on the host by a program of its own, built as a user might build it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::replay::Block;
use crate::toolchain;

/// How the host program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// Its name, and that of its folder.
    pub name: &'static str,
    profile: &'static str,
    opt_level: &'static str,
    flags: &'static str,
}

/// Not optimised; optimised; optimised for this very processor, with whatever vector and fused instructions it has.
pub const BUILDS: [Build; 3] = [
    Build {
        name: "debug",
        profile: "dev",
        opt_level: "0",
        flags: "",
    },
    Build {
        name: "release",
        profile: "release",
        opt_level: "3",
        flags: "",
    },
    Build {
        name: "native",
        profile: "release",
        opt_level: "3",
        flags: "-Ctarget-cpu=native",
    },
];

/// A built host program.
pub struct Program {
    path: PathBuf,
}

impl Program {
    /// Builds the program that runs blocks.
    pub fn build(build: Build) -> Self {
        let folder = toolchain::target_folder().join("host").join(build.name);
        let mut command = Command::new(toolchain::cargo());
        command
            .current_dir(toolchain::root())
            .args([
                "build",
                "--locked",
                "-p",
                "amlstm-measure",
                "--bin",
                "replay",
            ])
            .args(["--profile", build.profile])
            .arg("--target-dir")
            .arg(&folder)
            .env("CARGO_BUILD_BUILD_DIR", &folder)
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", build.opt_level)
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", build.opt_level)
            .env("RUSTFLAGS", build.flags)
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .stdin(Stdio::null());
        let output = command.output().expect("cargo starts");
        assert!(
            output.status.success(),
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let profile_folder = if build.profile == "dev" {
            "debug"
        } else {
            build.profile
        };
        Self {
            path: folder.join(profile_folder).join("replay"),
        }
    }

    /// What the program prints for a block: its digest.
    pub fn run(&self, block: &Block) -> String {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(&file, block.bytes()).expect("a temporary file is writable");
        let output = Command::new(&self.path)
            .arg(file.path())
            .output()
            .expect("the program was built");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }
}
