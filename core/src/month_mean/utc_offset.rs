//! Offsets from UTC, as text.

use core::fmt;

/// An offset from UTC in minutes as people write it: `UTC`, `UTC+08:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UtcOffset(pub i16);

impl fmt::Display for UtcOffset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UTC")?;
        let minutes = self.0.unsigned_abs();
        match self.0 {
            0 => Ok(()),
            ahead => write!(
                formatter,
                "{}{:02}:{:02}",
                if ahead > 0 { '+' } else { '-' },
                minutes / 60,
                minutes % 60
            ),
        }
    }
}
