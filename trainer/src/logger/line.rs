//! The line to a logger: a serial port, or a socket to one.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Bits per second of the technician's port.
const BAUD: u32 = 115_200;
/// How long one read waits for a byte.
const READ_TIMEOUT: Duration = Duration::from_millis(50);

/// An open line. Reads give up after 50 ms with [`io::ErrorKind::TimedOut`] or `WouldBlock`.
pub enum Line {
    /// A serial port or pseudo terminal.
    Serial(Box<dyn serialport::SerialPort>),
    /// A serial server, or an emulator.
    Tcp(TcpStream),
    /// A socket on this machine.
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream),
}

impl Line {
    /// Opens `port`: `tcp:HOST:PORT`, `unix:PATH`, or the name of a serial port (`/dev/ttyUSB0`, `COM3`).
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn open(port: &str) -> io::Result<Self> {
        if let Some(address) = port.strip_prefix("tcp:") {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(READ_TIMEOUT))?;
            return Ok(Self::Tcp(stream));
        }
        #[cfg(unix)]
        if let Some(path) = port.strip_prefix("unix:") {
            let stream = std::os::unix::net::UnixStream::connect(path)?;
            stream.set_read_timeout(Some(READ_TIMEOUT))?;
            return Ok(Self::Unix(stream));
        }
        let serial = serialport::new(port, BAUD)
            .timeout(READ_TIMEOUT)
            .open()
            .map_err(io::Error::from)?;
        Ok(Self::Serial(serial))
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Serial(port) => port.read(buffer),
            Self::Tcp(stream) => stream.read(buffer),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Serial(port) => port.write(bytes),
            Self::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Serial(port) => port.flush(),
            Self::Tcp(stream) => stream.flush(),
            #[cfg(unix)]
            Self::Unix(stream) => stream.flush(),
        }
    }
}
