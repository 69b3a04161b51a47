//! Regions of the data flash.

use core::ops::Range;

/// Erase unit in bytes.
pub const SECTOR: u32 = 4096;
const KIB: u32 = 1024;
/// Where slot A begins.
const SLOTS: u32 = 72 * KIB;
/// Approximate bytes of a sample of three channels on flash.
const SAMPLE_BYTES: u32 = 60;

/// Regions of the data flash, as offsets from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Map of the configuration, 16 KiB.
    pub config: Range<u32>,
    /// Queue of events, 16 KiB.
    pub events: Range<u32>,
    /// Queue of months, 32 KiB: 22 years of three channels.
    pub months: Range<u32>,
    /// Queue of events that can repeat endlessly (starts, sensor quality), 8 KiB, so that they never displace the others.
    pub repeating_events: Range<u32>,
    /// Slots A and B, each one model file.
    pub slots: [Range<u32>; 2],
    /// Ring of samples: whole segments.
    pub samples: Range<u32>,
    /// Bytes of one segment of the ring, erased at once.
    pub segment: u32,
}

impl Layout {
    /// The layout of a data flash of `length` bytes with slots of 64 KiB and segments of 64 KiB; space beyond [`super::MAX_SEGMENTS`] segments stays
    /// unused. `None` below 384 KiB.
    pub const fn new(length: u32) -> Option<Self> {
        // 56 KiB after slot B stay free.
        Self::divided(length, 64 * KIB, 64 * KIB, 256 * KIB)
    }

    /// A layout for a small flash: slots and segments of given sizes, multiples of 4096. `None` if fewer than two segments remain.
    pub const fn with_slots(length: u32, slot: u32, segment: u32) -> Option<Self> {
        Self::divided(length, slot, segment, SLOTS + 2 * slot)
    }

    const fn divided(length: u32, slot: u32, segment: u32, samples: u32) -> Option<Self> {
        let slot_a = SLOTS;
        let slot_b = slot_a + slot;
        if !slot.is_multiple_of(SECTOR)
            || !segment.is_multiple_of(SECTOR)
            || slot == 0
            || segment == 0
            || length < samples + 2 * segment
        {
            return None;
        }
        let mut segments = (length - samples) / segment;
        if segments > super::MAX_SEGMENTS as u32 {
            segments = super::MAX_SEGMENTS as u32;
        }
        Some(Self {
            config: 0..16 * KIB,
            events: 16 * KIB..32 * KIB,
            months: 32 * KIB..64 * KIB,
            repeating_events: 64 * KIB..72 * KIB,
            slots: [slot_a..slot_b, slot_b..slot_b + slot],
            samples: samples..samples + segments * segment,
            segment,
        })
    }

    /// Segments of the ring.
    pub fn segments(&self) -> usize {
        self.samples
            .len()
            .checked_div(self.segment as usize)
            .unwrap_or(0)
    }

    /// The segment with an index below [`Layout::segments`].
    pub fn segment(&self, index: usize) -> Range<u32> {
        let start = self.samples.start + index as u32 * self.segment;
        start..start + self.segment
    }

    /// Samples of three channels that a full ring holds at least: those of all segments but the one being filled.
    pub fn sample_capacity(&self) -> u32 {
        (self.segments() as u32 - 1) * self.segment / SAMPLE_BYTES
    }

    /// Most bytes of a model file in a slot.
    pub fn slot_capacity(&self) -> u32 {
        self.slots[0].end - self.slots[0].start
    }
}

#[cfg(test)]
mod tests {
    use amlstm_core::artifact::MAX_FILE_BYTES;

    use super::*;

    #[test]
    fn the_layout_on_flash_is_frozen() {
        let layout = Layout::new(0x10_0000).unwrap();
        assert_eq!(layout.config, 0..0x4000);
        assert_eq!(layout.events, 0x4000..0x8000);
        assert_eq!(layout.months, 0x8000..0x1_0000);
        assert_eq!(layout.repeating_events, 0x1_0000..0x1_2000);
        assert_eq!(layout.slots, [0x1_2000..0x2_2000, 0x2_2000..0x3_2000]);
        assert_eq!(layout.samples, 0x4_0000..0x10_0000);
        assert_eq!(layout.segments(), 12);
    }

    /// As on the nRF52840, where the ring follows at once.
    #[test]
    fn a_small_flash_leaves_nothing_free_behind_its_slots() {
        let layout = Layout::with_slots(424 * KIB, 64 * KIB, 8 * KIB).unwrap();
        assert_eq!(layout.slots[1].end, 200 * KIB);
        assert_eq!(layout.samples, 200 * KIB..424 * KIB);
        assert_eq!(layout.slot_capacity() as usize, MAX_FILE_BYTES);
    }

    #[test]
    fn a_flash_too_small_is_refused() {
        assert_eq!(Layout::new(256 * KIB + 64 * KIB), None);
        assert_eq!(Layout::with_slots(1 << 20, 1000, 4096), None);
    }
}
