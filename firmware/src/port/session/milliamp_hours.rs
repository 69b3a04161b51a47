//! A charge as people write it.

use core::fmt;

/// A charge in uAh, shown in mAh with two decimals.
pub struct MilliampHours(pub u32);

impl fmt::Display for MilliampHours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:02}", self.0 / 1000, self.0 % 1000 / 10)
    }
}
