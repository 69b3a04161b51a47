//! The columns of a non-negative regression of subsidence on levels: the compaction of unit beds under the levels of an aquifer layer.
//!
//! An elastic skeleton, a bed without delay, and four delay beds of half a bed each: four cells, one implicit Euler step per month, virgin storage 1,
//! elastic storage 1/20. All start at rest under the first level. Levels are taken relative to that first level, so that rounding errors are relative
//! to the change, not to the height above sea level.

use core::iter::zip;

use crate::bed::{Boundary, Cell, Column, DelayBed, Storage};

/// Time constants of the delay beds in years. Any set between a quarter of a year and a dozen years fits equally well; a single constant does not.
pub const TAU_YEARS: [f32; DELAY_BEDS] = [0.25, 1.0, 4.0, 12.0];

/// Delay beds of one aquifer layer.
pub const DELAY_BEDS: usize = 4;

/// Columns of one aquifer layer: elastic, without delay, and one for each of [`TAU_YEARS`].
pub const COLUMNS: usize = 2 + DELAY_BEDS;

/// Cells of half a bed; twelve do not fit better.
pub const CELLS: usize = 4;

/// Ratio of virgin to elastic storage; 5 to 100 fit equally well.
const STORAGE_RATIO: f32 = 20.0;

/// Levels are clamped to this distance from the first one, m, so that no step can overflow.
const LEVEL_LIMIT_M: f32 = 1e4;

/// Decay times, in months, of the subsidence still to come from before the first level.
pub const DECAY_MONTHS: [f32; 2] = [36.0, 120.0];

/// Numbers of [`LayerBeds`]: reference, level and lowest level, then level and lowest level of each cell, m.
pub const LAYER_NUMBERS: usize = 3 + 2 * CELLS * DELAY_BEDS;

/// The state of one aquifer layer's beds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerBeds {
    /// The level at which the beds were at rest, m above datum; the other levels are relative to it.
    pub reference_m: f32,
    /// Level of the last month.
    pub level_m: f32,
    /// Lowest level so far.
    pub lowest_m: f32,
    /// The delay beds, in the order of [`TAU_YEARS`].
    pub delay: [DelayBed<f32, CELLS>; DELAY_BEDS],
}

impl LayerBeds {
    /// Beds at rest under `level_m`, a finite level in m above datum.
    pub fn at_rest(level_m: f32) -> Self {
        Self {
            reference_m: level_m,
            level_m: 0.0,
            lowest_m: 0.0,
            delay: [DelayBed::at_rest(0.0, 0.0); DELAY_BEDS],
        }
    }

    /// One month that ends with `level_m` above datum. Returns the increment of each column in metres of head, compaction positive.
    pub fn step(&mut self, level_m: f32) -> [f32; COLUMNS] {
        self.advance((level_m - self.reference_m).clamp(-LEVEL_LIMIT_M, LEVEL_LIMIT_M))
    }

    /// One month without a level: the last level is held.
    pub fn hold(&mut self) -> [f32; COLUMNS] {
        self.advance(self.level_m)
    }

    /// One month that ends with a level that was not measured but computed from others, m above datum, finite: no lower than the lowest level so far. A new
    /// low stays for ever, and no later measurement could take back one that never was.
    pub fn stand_in(&mut self, level_m: f32) -> [f32; COLUMNS] {
        let relative_m = (level_m - self.reference_m).clamp(-LEVEL_LIMIT_M, LEVEL_LIMIT_M);
        self.advance(if relative_m < self.lowest_m {
            self.lowest_m
        } else {
            relative_m
        })
    }

    /// Its numbers, in the order of the model file.
    pub(crate) fn to_numbers(self) -> [f32; LAYER_NUMBERS] {
        let cells = self.delay.iter().flat_map(|bed| &bed.cells);
        let levels = [self.reference_m, self.level_m, self.lowest_m];
        let mut numbers = levels
            .into_iter()
            .chain(cells.flat_map(|cell| [cell.level_m, cell.lowest_m]));
        [(); LAYER_NUMBERS].map(|()| {
            let number = numbers.next();
            debug_assert!(number.is_some(), "there are LAYER_NUMBERS numbers");
            number.unwrap_or_default()
        })
    }

    /// The beds from their numbers; `None` if no step can produce these.
    pub(crate) fn from_numbers(numbers: &[f32]) -> Option<Self> {
        let [reference_m, levels @ ..] = numbers else {
            return None;
        };
        let is_sound =
            reference_m.is_finite() && levels.iter().all(|level_m| level_m.abs() <= LEVEL_LIMIT_M);
        let [level_m, lowest_m, cells @ ..] = levels else {
            return None;
        };
        let mut beds = Self {
            level_m: *level_m,
            lowest_m: *lowest_m,
            ..Self::at_rest(*reference_m)
        };
        let places = beds.delay.iter_mut().flat_map(|bed| &mut bed.cells);
        for (place, [level_m, lowest_m]) in zip(places, cells.as_chunks().0) {
            *place = Cell {
                level_m: *level_m,
                lowest_m: *lowest_m,
            };
        }
        is_sound.then_some(beds)
    }

    fn advance(&mut self, level_m: f32) -> [f32; COLUMNS] {
        let elastic = self.level_m - level_m;
        let without_delay = if level_m < self.lowest_m {
            self.lowest_m - level_m
        } else {
            0.0
        };
        self.level_m = level_m;
        if level_m < self.lowest_m {
            self.lowest_m = level_m;
        }
        let mut columns = [elastic, without_delay, 0.0, 0.0, 0.0, 0.0];
        let boundary = Boundary {
            top_m: level_m,
            bottom_m: None,
        };
        let beds = self.delay.iter_mut().zip(&TAU_YEARS);
        for (place, (bed, tau_years)) in columns.iter_mut().skip(2).zip(beds) {
            *place = bed.step(&unit_column(*tau_years), boundary);
        }
        columns
    }
}

/// A column of unit height and unit virgin storage with a time constant of `tau_years`, and steps of one month.
fn unit_column(tau_years: f32) -> Column<f32> {
    let storage = Storage {
        virgin_per_m: 1.0,
        elastic_per_m: 1.0 / STORAGE_RATIO,
    };
    Column::new(storage, 1.0 / (12.0 * tau_years), 1.0, CELLS as u8, 1.0)
}

/// The part of the unobserved past that still acts `months` after the first month with all levels, for each of [`DECAY_MONTHS`]; dimensionless, from
/// 1 to 0.
pub fn decay(months: u32) -> [f32; DECAY_MONTHS.len()] {
    DECAY_MONTHS.map(|constant| libm::expf(-(months as f32) / constant))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Levels of the check below; month 0 is the start.
    const LEVELS: [f32; 11] = [0.0, -1.0, -1.0, -1.0, -1.0, -1.0, 0.0, 0.0, 0.0, -1.0, -2.0];

    fn columns(levels: &[f32]) -> Vec<[f32; COLUMNS]> {
        let mut beds = LayerBeds::at_rest(levels[0]);
        levels[1..].iter().map(|level| beds.step(*level)).collect()
    }

    fn column(levels: &[f32], index: usize) -> Vec<f32> {
        columns(levels).iter().map(|row| row[index]).collect()
    }

    fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= tolerance, "{found}, {expected}");
        }
    }

    // An independent implementation (Python, double precision), six decimals.
    #[test]
    fn delay_beds_agree_with_an_independent_implementation() {
        let fast = [
            0.529132, 0.218772, 0.113830, 0.062063, 0.034160, -0.045589, -0.002178, -0.000124,
            0.047562, 0.548142,
        ];
        let slow = [
            0.109108, 0.077930, 0.060106, 0.049267, 0.042229, -0.011387, -0.002500, -0.000999,
            0.040886, 0.145018,
        ];
        assert_close(&column(&LEVELS, 2), &fast, 1e-6);
        assert_close(&column(&LEVELS, 4), &slow, 1e-6);
    }

    #[test]
    fn the_skeleton_follows_the_level_and_beds_without_delay_its_new_lows() {
        let elastic = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 1.0, 1.0];
        let without_delay = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        assert_eq!(column(&LEVELS, 0), elastic);
        assert_eq!(column(&LEVELS, 1), without_delay);
    }

    #[test]
    fn the_datum_does_not_matter() {
        // Multiples of 1/8 m, so that the sum is exact.
        let high = LEVELS.map(|level| level + 812.125);
        assert_eq!(columns(&LEVELS), columns(&high));
    }

    #[test]
    fn a_bed_ends_at_its_virgin_storage_times_the_fall_and_then_rests() {
        let levels = [vec![7.0], vec![4.0; 1200]].concat();
        let fast = column(&levels, 2);
        assert!((fast.iter().sum::<f32>() - 3.0).abs() < 1e-5);
        assert!(fast[600..].iter().all(|compaction| compaction.abs() < 1e-6));
    }

    #[test]
    fn what_the_past_owes_decays() {
        assert_eq!(decay(0), [1.0, 1.0]);
        assert_close(&decay(36), &[0.36787944, 0.74081822], 1e-7);
        assert_eq!(decay(u32::MAX), [0.0, 0.0]);
    }

    proptest! {
        #[test]
        fn no_bed_moves_by_more_than_the_level_ever_did(levels in prop::collection::vec(-50.0f32..50.0, 2..120)) {
            let range = levels.iter().copied().fold(f32::MIN, f32::max) - levels.iter().copied().fold(f32::MAX, f32::min);
            for index in 2..COLUMNS {
                let total: f32 = column(&levels, index).iter().sum();
                prop_assert!(total <= range + 1e-3 && total >= -range / STORAGE_RATIO - 1e-3);
            }
        }

        #[test]
        fn no_finite_level_makes_a_number_that_is_not(levels in prop::collection::vec(any::<f32>().prop_filter("finite", |level| level.is_finite()), 2..40)) {
            prop_assert!(columns(&levels).iter().flatten().all(|value| value.is_finite()));
        }
    }
}
