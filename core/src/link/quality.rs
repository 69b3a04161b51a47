//! The quality of a reading.

use serde::{Deserialize, Serialize};

/// Reasons to doubt a reading: a set of bits, none set for a good one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality(pub u16);

impl Quality {
    /// No reason for doubt.
    pub const GOOD: Self = Self(0);
    /// The sensor did not answer in time, retries included.
    pub const TIMEOUT: Self = Self(1);
    /// The answer's CRC was wrong, retries included.
    pub const CRC: Self = Self(1 << 1);
    /// The level lies outside the channel's configured range.
    pub const RANGE: Self = Self(1 << 2);
    /// The sensor repeats one value, or one that differs by no more than the converter's noise.
    pub const STUCK: Self = Self(1 << 3);
    /// The level has jumped since the last good reading, and not returned; confirming the step makes it good.
    pub const STEP: Self = Self(1 << 4);
    /// No water above the sensor.
    pub const DRY: Self = Self(1 << 5);
    /// An absolute transducer without a barometer reading.
    pub const BAROMETER_MISSING: Self = Self(1 << 6);
    /// The loop current lies in a fault band of NAMUR NE 43, or the loop is open.
    pub const LOOP_FAULT: Self = Self(1 << 7);
    /// The logger lost power and nobody has set its clock since.
    pub const CLOCK_UNSURE: Self = Self(1 << 8);
    /// The sensor's answer was not a measurement.
    pub const GARBLED: Self = Self(1 << 9);
    /// The level jumped and the raw value stays the same: likely an error code of the sensor.
    pub const ERROR_CODE: Self = Self(1 << 10);

    /// The sensor was swapped, and nobody has confirmed it yet.
    pub const SWAPPED: Self = Self(1 << 11);

    /// Taken while the clock was unsure; its time was corrected when the clock was set.
    pub const PLACED: Self = Self(1 << 12);

    /// The bits that do not exclude a reading from the mean.
    const USABLE: Self = Self::CLOCK_UNSURE.with(Self::SWAPPED).with(Self::PLACED);

    const WORDS: [(Self, &'static str); 13] = [
        (Self::TIMEOUT, "sensor does not answer"),
        (Self::CRC, "answer damaged on the cable"),
        (Self::RANGE, "outside the configured range"),
        (Self::STUCK, "sensor stuck at one value"),
        (Self::STEP, "sudden step"),
        (Self::DRY, "no water above the sensor"),
        (Self::BAROMETER_MISSING, "barometer missing"),
        (Self::LOOP_FAULT, "4-20 mA loop fault"),
        (Self::CLOCK_UNSURE, "clock not set since power loss"),
        (Self::GARBLED, "answer not understood"),
        (
            Self::ERROR_CODE,
            "one value again and again after a step: an error code of the sensor",
        ),
        (Self::SWAPPED, "another sensor than before"),
        (Self::PLACED, "dated when the clock was set"),
    ];

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without the bits of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// True if one of `other`'s bits is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// True if the reading may count in a monthly mean. An unsure clock, a corrected time and a swapped sensor do not exclude it.
    pub const fn is_usable(self) -> bool {
        self.0 & !Self::USABLE.0 == 0
    }

    /// Each set bit in words for a technician.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Self::WORDS
            .into_iter()
            .filter(move |(bit, _)| self.has(*bit))
            .map(|(_, words)| words)
    }
}
