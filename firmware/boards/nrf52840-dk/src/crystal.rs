//! The crystal of 32 MHz, which runs while somebody needs a true clock.
//!
//! The oscillator within the chip may be some percent wrong (product specification 1.7, CLOCK, "64 MHz internal oscillator"), a UART's characters allow about
//! four. The crystal runs some 0.4 ms after it is asked for; until then the chip goes on with its own oscillator.

use core::sync::atomic::{AtomicU8, Ordering};

use embassy_nrf::pac::CLOCK;

static USERS: AtomicU8 = AtomicU8::new(0);

/// A need of the crystal; it stops when nobody has one any more.
pub struct Crystal(());

impl Crystal {
    /// Asks for it.
    pub fn start() -> Self {
        if USERS.fetch_add(1, Ordering::Relaxed) == 0 {
            CLOCK.tasks_hfclkstart().write_value(1);
        }
        Self(())
    }
}

impl Drop for Crystal {
    fn drop(&mut self) {
        if USERS.fetch_sub(1, Ordering::Relaxed) == 1 {
            CLOCK.tasks_hfclkstop().write_value(1);
        }
    }
}
