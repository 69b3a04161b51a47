//! Replay of the golden months of a model file and of a test series, to verify that a device computes as the host does.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::artifact::{GOLDEN_MONTHS, ModelFile};
use crate::estimator::Estimator;
use crate::month::Month;
use crate::sizes::MAX_INPUTS;

/// Months of the test series: twenty years.
pub const SERIES_MONTHS: usize = 240;

/// How far the levels of the test series extend beyond the trained range at either end, as a multiple of the range's width.
const BEYOND: f32 = 0.125;

/// Digests of a model's results ([`Estimator::digest`], chained from 0): equal digests mean equal bits in every month, the state included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// Of the golden months, from a cold start.
    pub golden: u32,
    /// Of [`SERIES_MONTHS`] months from the model's start, with levels that extend an eighth of the trained range beyond it at either end; one in
    /// sixteen is missing.
    pub series: u32,
}

impl Digests {
    /// Replays both.
    pub fn of(file: &ModelFile<'_>) -> Self {
        Self {
            golden: golden(file),
            series: series(file),
        }
    }
}

/// The levels of a month, m above datum, in the order of the model's inputs.
type Levels = Vec<Option<f32>, MAX_INPUTS>;

/// Replays the golden months. Not inlined, so that one estimator lies on the stack at a time.
#[inline(never)]
fn golden(file: &ModelFile<'_>) -> u32 {
    let mut estimator = Estimator::cold(file);
    (0..GOLDEN_MONTHS as u16).fold(0, |digest, month| {
        let levels = file.golden().levels(file.model(), month);
        step(&mut estimator, &levels, digest)
    })
}

/// Replays the test series.
#[inline(never)]
fn series(file: &ModelFile<'_>) -> u32 {
    let mut estimator = Estimator::at_start(file);
    let mut random = XorShift(0x616d_6c73);
    (0..SERIES_MONTHS).fold(0, |digest, _| {
        let mut levels = Levels::new();
        for input in file.model().inputs() {
            let (chance, place) = (random.next(), random.next());
            let width_m = input.highest_trained_m - input.lowest_trained_m;
            let level_m = input.lowest_trained_m + width_m * (fraction(place) - BEYOND);
            // There is room for all inputs of a model.
            let _ = levels.push((!chance.is_multiple_of(16)).then_some(level_m));
        }
        step(&mut estimator, &levels, digest)
    })
}

/// Steps a month. Returns the digest of it and of all months before it.
fn step(estimator: &mut Estimator<'_>, levels: &Levels, before: u32) -> u32 {
    let month = estimator.month().map_or(Month::FIRST, Month::next);
    let estimate = estimator.step_across_gap(month, levels);
    estimator.digest(before, &estimate)
}

/// The upper 24 bits of a number as a fraction from 0 to 1.25 (1 + twice [`BEYOND`]), exact in `f32`.
fn fraction(number: u32) -> f32 {
    (number >> 8) as f32 / 16_777_216.0 * (1.0 + 2.0 * BEYOND)
}

/// Marsaglia's xorshift of 32 bits (2003, doi:10.18637/jss.v008.i14): the same numbers on every machine.
struct XorShift(u32);

impl XorShift {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

#[cfg(all(test, feature = "encode"))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::estimate::Primary;
    use crate::example::{file, fixed_file, physics_file};
    use crate::sizes::{AttentionKind, Sizes};

    const SIZES: Sizes = Sizes {
        inputs: 3,
        hidden: 16,
        attention: 16,
    };

    fn digests(bytes: &[u8]) -> Digests {
        Digests::of(&ModelFile::parse(bytes).expect("the example is sound"))
    }

    #[test]
    fn a_model_gives_the_same_digests_again_and_another_gives_others() {
        let shared = AttentionKind::Shared;
        let files = [
            file(SIZES, shared, 1),
            file(SIZES, shared, 2),
            fixed_file(SIZES, shared, 1),
            physics_file(shared, Primary::Physics),
        ];
        let mut seen = BTreeSet::new();
        for file in files {
            let found = digests(file.bytes());
            assert_eq!(found, digests(file.bytes()));
            assert!(seen.insert(found.golden), "{found:?}");
            assert!(seen.insert(found.series), "{found:?}");
        }
    }

    /// As this code printed it once: a series that changes makes a mismatch of every logger whose firmware is older than the laptop's program.
    #[test]
    fn the_series_stays_as_it_is() {
        let bytes = file(SIZES, AttentionKind::Shared, 1);
        assert_eq!(digests(bytes.bytes()).series, 814_076_160);
    }

    /// A model without physics: the digest covers the increments that the file states, and their cumulative subsidence.
    #[test]
    fn the_digest_of_the_golden_months_is_that_of_their_steps() {
        let bytes = file(SIZES, AttentionKind::Shared, 1);
        let file = ModelFile::parse(bytes.bytes()).expect("the example is sound");
        let mut estimator = Estimator::cold(&file);
        let golden = file.golden();
        let levels: std::vec::Vec<_> = golden.level_m.iter().copied().map(Some).collect();
        let mut digest = 0;
        for (month, increment_mm) in (0..).zip(golden.increment_mm) {
            let estimate = estimator.step_across_gap(Month::FIRST.offset(month), &levels);
            assert_eq!(estimate.increment_mm.to_bits(), increment_mm.to_bits());
            digest = estimator.digest(digest, &estimate);
        }
        assert_eq!(Digests::of(&file).golden, digest);
    }

    #[test]
    fn the_series_leaves_the_trained_levels_at_both_ends_and_has_gaps() {
        let bytes = file(SIZES, AttentionKind::Shared, 1);
        let file = ModelFile::parse(bytes.bytes()).expect("the example is sound");
        let mut random = XorShift(0x616d_6c73);
        let numbers = || random.next();
        let numbers: std::vec::Vec<u32> = core::iter::repeat_with(numbers)
            .take(2 * 3 * SERIES_MONTHS)
            .collect();
        let (pairs, _) = numbers.as_chunks::<2>();
        let places = || pairs.iter().map(|[_, place]| fraction(*place) - BEYOND);
        assert!(places().any(|place| place < 0.0) && places().any(|place| place > 1.0));
        assert!(places().all(|place| (-BEYOND..=1.0 + BEYOND).contains(&place)));
        let missing = pairs.iter().filter(|[chance, _]| chance.is_multiple_of(16));
        assert!((20..80).contains(&missing.count()));
        assert_eq!(file.model().inputs().len(), 3);
    }
}
