//! The scenes of the synthetic stack: a 24-day orbit with the gaps that the paper's counts require.
//!
//! Constructed, not published: it satisfies all counts the papers on this stack state (54 scenes 2010-11..2016-08,
//! 43 months with a scene from 2011-06 on, 38 of them to the end of 2015, 48 scenes to the end of November 2015).

use jiff::ToSpan;
use jiff::civil::{Date, date};

/// The first scene; all others follow a multiple of [`REPEAT_DAYS`] later.
pub const FIRST_SCENE: Date = date(2010, 11, 22);

/// Days between two passes of the satellite.
pub const REPEAT_DAYS: i32 = 24;

/// Number of scenes.
pub const SCENES: usize = 54;

/// The passes, counted from the first scene, of which a scene exists.
const SLOTS: [u8; SCENES] = [
    0, 1, 8, 9, 12, 13, 14, 16, 19, 21, 22, 23, 24, 25, 28, 29, 30, 31, 32, 33, 35, 37, 39, 40, 43,
    45, 46, 49, 50, 51, 52, 53, 54, 57, 59, 61, 64, 65, 66, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77,
    80, 81, 82, 85, 87,
];

/// Days of each scene since the first one.
pub fn scene_days() -> [i32; SCENES] {
    SLOTS.map(|slot| i32::from(slot) * REPEAT_DAYS)
}

/// Date of each scene.
pub fn scene_dates() -> [Date; SCENES] {
    scene_days().map(|days| FIRST_SCENE + days.days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Scenes per (year, month), without the two of 2010.
    fn months() -> BTreeMap<(i16, i8), usize> {
        let mut months = BTreeMap::new();
        for scene in scene_dates().iter().filter(|scene| scene.year() > 2010) {
            *months.entry((scene.year(), scene.month())).or_default() += 1;
        }
        months
    }

    #[test]
    fn the_stack_ends_on_the_published_date() {
        assert_eq!(scene_dates()[SCENES - 1], date(2016, 8, 10));
    }

    #[test]
    fn forty_three_months_have_a_scene_and_nine_of_them_two() {
        let months = months();
        assert_eq!(months.len(), 43);
        assert_eq!(months.values().sum::<usize>(), 52);
        assert_eq!(months.values().filter(|&&scenes| scenes == 2).count(), 9);
        assert_eq!(months.keys().next(), Some(&(2011, 6)));
    }

    #[test]
    fn thirty_eight_months_have_a_scene_before_2016() {
        assert_eq!(months().keys().filter(|(year, _)| *year < 2016).count(), 38);
    }

    #[test]
    fn forty_eight_scenes_lie_before_december_2015() {
        let early = scene_dates()
            .iter()
            .filter(|scene| **scene < date(2015, 12, 1))
            .count();
        assert_eq!(early, 48);
    }

    #[test]
    fn gaps_between_months_with_a_scene_are_one_to_three_months() {
        let months: Vec<i32> = months()
            .keys()
            .map(|(year, month)| i32::from(*year) * 12 + i32::from(*month))
            .collect();
        let of = |gap| {
            months
                .windows(2)
                .filter(|pair| pair[1] - pair[0] == gap)
                .count()
        };
        assert_eq!([of(1), of(2), of(3)], [25, 14, 3]);
    }
}
