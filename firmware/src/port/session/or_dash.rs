//! Numbers that may be missing.

use core::fmt;

use heapless::String;

/// A number with three decimals, or a dash.
pub struct OrDash(pub Option<f32>);

impl fmt::Display for OrDash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::<16>::new();
        let written = match self.0 {
            Some(value) => fmt::Write::write_fmt(&mut text, format_args!("{value:.3}")),
            None => fmt::Write::write_str(&mut text, "-"),
        };
        formatter.pad(if written.is_ok() { &text } else { "..." })
    }
}
