//! Runs images in QEMU.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::image::Image;
use crate::toolchain;

/// A QEMU machine that is not started yet.
pub struct Machine {
    image: Image,
    command: Command,
}

/// A QEMU process. Dropping it ends the process.
pub struct Running {
    image: Image,
    child: Child,
    standard_output: Option<JoinHandle<Vec<u8>>>,
    standard_error: Option<JoinHandle<Vec<u8>>>,
}

/// What a QEMU process left behind.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code is the image's.
    pub status: ExitStatus,
    /// What the image wrote by semihosting.
    pub standard_output: Vec<u8>,
    /// QEMU's own messages.
    pub standard_error: String,
    image: Image,
}

impl Machine {
    /// The image's board with the image loaded, no display, no serial port, semihosting on the process's standard output.
    pub fn new(image: &Image) -> Self {
        let mut command = Command::new("qemu-system-arm");
        command
            .args([
                "-machine",
                image.board.machine,
                "-display",
                "none",
                "-monitor",
                "none",
            ])
            .args(["-chardev", "stdio,id=semihosting,signal=off"])
            .args([
                "-semihosting-config",
                "enable=on,target=native,chardev=semihosting",
            ])
            .arg("-kernel")
            .arg(&image.path);
        Self {
            image: image.clone(),
            command,
        }
    }

    /// Puts a file's bytes into the image's INPUT region, as if they had been flashed there.
    #[must_use]
    pub fn input(self, file: &Path) -> Self {
        let address = self.image.address("_input_start");
        let device = format!(
            "loader,file={},addr={address:#x},force-raw=on",
            file.display()
        );
        self.arguments(["-device", &device])
    }

    /// Lets the virtual clock run at one nanosecond an instruction, so that time on the device counts instructions.
    #[must_use]
    pub fn counting_instructions(self) -> Self {
        self.arguments(["-icount", "shift=0"])
    }

    /// Further arguments for QEMU: serial ports, memory files.
    #[must_use]
    pub fn arguments<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Starts the machine.
    ///
    /// # Panics
    ///
    /// If QEMU does not start.
    pub fn start(mut self) -> Running {
        let mut child = self
            .command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("qemu-system-arm starts: it was looked for before");
        let standard_output = child.stdout.take().map(read_to_end);
        let standard_error = child.stderr.take().map(read_to_end);
        Running {
            image: self.image,
            child,
            standard_output,
            standard_error,
        }
    }

    /// Starts the machine and waits until the image ends it.
    ///
    /// # Panics
    ///
    /// If that takes longer than `limit`.
    pub fn run(self, limit: Duration) -> Finished {
        self.start().wait(limit)
    }
}

impl Running {
    /// The machine's process.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the image ends the machine.
    ///
    /// # Panics
    ///
    /// If that takes longer than `limit`.
    pub fn wait(mut self, limit: Duration) -> Finished {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the process is ours") {
                return self.finish(status);
            }
            if start.elapsed() > limit {
                let board = self.image.board;
                let finished = self.kill();
                panic!(
                    "{} on {}: still running after {limit:?}; stderr: {}",
                    finished.image.path.display(),
                    board.machine,
                    finished.standard_error
                );
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the machine as a power cut would: at once, wherever it is.
    ///
    /// # Panics
    ///
    /// If the process cannot be ended.
    pub fn kill(mut self) -> Finished {
        let _ = self.child.kill();
        let status = self.child.wait().expect("the process is ours");
        self.finish(status)
    }

    fn finish(&mut self, status: ExitStatus) -> Finished {
        let join = |thread: Option<JoinHandle<Vec<u8>>>| {
            thread
                .and_then(|thread| thread.join().ok())
                .unwrap_or_default()
        };
        Finished {
            status,
            standard_output: join(self.standard_output.take()),
            standard_error: String::from_utf8_lossy(&join(self.standard_error.take())).into_owned(),
            image: self.image.clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Finished {
    /// The image's log messages, one a line, decoded by `defmt-print`.
    ///
    /// # Panics
    ///
    /// If `defmt-print` fails.
    pub fn log(&self) -> Vec<String> {
        let mut decoder = Command::new(toolchain::defmt_print())
            .arg("-e")
            .arg(&self.image.path)
            .args(["--log-format", "{s}"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("defmt-print starts: it was looked for before");
        let mut input = decoder.stdin.take().expect("standard input is a pipe");
        let bytes = self.standard_output.clone();
        let writer = thread::spawn(move || input.write_all(&bytes));
        let output = decoder
            .wait_with_output()
            .expect("defmt-print ends with its input");
        writer
            .join()
            .expect("the writer does not panic")
            .expect("defmt-print reads all");
        assert!(output.status.success(), "defmt-print: {}", output.status);
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

fn read_to_end(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}
