//! The technician's port: a pseudo terminal in place of the kit's USB serial port.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;

/// Both ends of the pseudo terminal; ours never waits.
pub struct Port {
    ours: File,
    /// Kept open, so that ours stays usable between two laptops.
    theirs: OwnedFd,
}

impl Port {
    /// Opens a pseudo terminal that passes every byte as it is.
    pub fn open() -> nix::Result<Self> {
        let pair = openpty(None, None)?;
        let mut settings = tcgetattr(&pair.slave)?;
        cfmakeraw(&mut settings);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &settings)?;
        fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Self {
            ours: File::from(pair.master),
            theirs: pair.slave,
        })
    }

    /// The name a laptop opens.
    pub fn name(&self) -> nix::Result<PathBuf> {
        ttyname(&self.theirs)
    }

    /// What the laptop has sent.
    pub fn received(&mut self) -> Vec<u8> {
        let mut bytes = [0; 4096];
        let count = self.ours.read(&mut bytes).unwrap_or(0);
        bytes[..count].to_vec()
    }

    /// Sends to the laptop; what nobody reads is lost, as on a cable.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.ours.write_all(bytes);
    }
}
