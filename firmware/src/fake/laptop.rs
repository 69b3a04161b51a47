//! The other end of the port.

use std::cell::RefCell;
use std::rc::Rc;
use std::vec::Vec;

use embedded_io_async::{ErrorType, Read, Write};

/// A laptop that is not there.
pub struct Nobody;

impl ErrorType for Nobody {
    type Error = core::convert::Infallible;
}

impl Read for Nobody {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Self::Error> {
        core::future::pending().await
    }
}

impl Write for Nobody {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// What the laptop displays.
#[derive(Clone, Default)]
pub struct Screen(pub Rc<RefCell<Vec<u8>>>);

impl ErrorType for Screen {
    type Error = core::convert::Infallible;
}

impl Write for Screen {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}
