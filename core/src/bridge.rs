//! What physics takes for the level of an aquifer layer that was not measured.
//!
//! Where a host found that the levels of the other layers and the season tell a layer's level well, the model file holds that regression, and a missing level is
//! computed from the others; otherwise the level of the month before is held. No memory beyond the levels of the month goes into it.

use core::iter::repeat;

use serde::{Deserialize, Serialize};

use crate::month::Month;
use crate::sizes::MAX_INPUTS;

/// Calendar months.
pub const CALENDAR_MONTHS: usize = 12;

/// How physics came by the level of an aquifer layer in a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LevelSource {
    /// It was measured.
    #[default]
    Measured,
    /// It was not: that of the month before is held.
    Held,
    /// It was not: it is computed from those of the other layers.
    OtherLayers,
}

/// Regressions of each aquifer layer's level on the levels of the others and the season, borrowed; none of a layer where it was not found good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bridges<'a> {
    /// For each layer its level in each calendar month, January first, while the others stand at 0, m above datum; 0 in a layer without a regression.
    pub of_month_m: &'a [[f32; CALENDAR_MONTHS]],
    /// `[layers, layers]`: how far each layer's level moves with that of each other one, m per m; 0 for itself, and throughout in a layer without a regression.
    pub per_m: &'a [f32],
}

impl Bridges<'_> {
    /// What stands in for each level of a month that is absent or not finite, m above datum: nothing where the level is there, where the layer has no
    /// regression, or where a level is missing that it needs.
    pub fn stand_ins(&self, month: Month, level_m: &[Option<f32>]) -> [Option<f32>; MAX_INPUTS] {
        let measured = || level_m.iter().copied().chain(repeat(None)).map(finite);
        let mut stand_in_m = [None; MAX_INPUTS];
        let layers = self.layers().zip(measured());
        for (place, ((of_month_m, per_m), level_m)) in stand_in_m.iter_mut().zip(layers) {
            if level_m.is_none() {
                *place = finite(level_by(per_m, measured(), of_calendar(of_month_m, month)));
            }
        }
        stand_in_m
    }

    /// Whether a layer has a regression.
    pub fn has(&self, layer: usize) -> bool {
        let of_layer = self.layers().nth(layer);
        of_layer.is_some_and(|(_, per_m)| per_m.iter().any(|per_m| *per_m != 0.0))
    }

    /// Whether there is a square of coefficients, all numbers are finite, and no layer follows itself.
    pub(crate) fn is_sound(&self) -> bool {
        let layers = self.of_month_m.len();
        let mut numbers = self.of_month_m.as_flattened().iter().chain(self.per_m);
        self.per_m.len() == layers * layers
            && numbers.all(|number| number.is_finite())
            && (self.layers().enumerate()).all(|(layer, (_, per_m))| per_m.get(layer) == Some(&0.0))
    }

    /// Each layer's months and coefficients.
    fn layers(&self) -> impl Iterator<Item = (&[f32; CALENDAR_MONTHS], &[f32])> {
        let layers = self.of_month_m.len().max(1);
        self.of_month_m.iter().zip(self.per_m.chunks(layers))
    }
}

/// A layer's level by the levels of the others; nothing if one is missing that it follows, or it follows none.
fn level_by(
    per_m: &[f32],
    level_m: impl Iterator<Item = Option<f32>>,
    of_month_m: f32,
) -> Option<f32> {
    let (mut sum_m, mut follows) = (of_month_m, false);
    for (per_m, level_m) in per_m.iter().zip(level_m) {
        if *per_m != 0.0 {
            sum_m += *per_m * level_m?;
            follows = true;
        }
    }
    follows.then_some(sum_m)
}

fn finite(level_m: Option<f32>) -> Option<f32> {
    level_m.filter(|level_m| level_m.is_finite())
}

fn of_calendar(of_month_m: &[f32; CALENDAR_MONTHS], month: Month) -> f32 {
    let mut months = of_month_m.iter().zip(1..);
    let found = months.find(|(_, calendar)| *calendar == month.month());
    // There are as many as a year has.
    found.map_or(0.0, |(of_month_m, _)| *of_month_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first layer stands 2 m above twice the second in March and half a metre lower in April; the second has no regression, the third follows both.
    fn bridges<'a>(of_month_m: &'a [[f32; 12]; 3], per_m: &'a [f32; 9]) -> Bridges<'a> {
        Bridges { of_month_m, per_m }
    }

    fn of_month_m() -> [[f32; CALENDAR_MONTHS]; 3] {
        let mut first = [2.0; CALENDAR_MONTHS];
        first[3] = 1.5;
        [first, [0.0; CALENDAR_MONTHS], [0.0; CALENDAR_MONTHS]]
    }

    const PER_M: [f32; 9] = [0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.25, 0.0];

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn a_missing_level_is_computed_from_the_others_and_the_season() {
        let of_month_m = of_month_m();
        let bridges = bridges(&of_month_m, &PER_M);
        let of = |at: &str, levels: [Option<f32>; 3]| {
            bridges.stand_ins(month(at), &levels)[..3].to_vec()
        };
        let all = [Some(4.0), Some(-8.0), Some(1.0)];
        assert_eq!(of("2020-03", all), [None; 3]);
        let first = [None, all[1], all[2]];
        assert_eq!(of("2020-03", first), [Some(-14.0), None, None]);
        assert_eq!(of("2020-04", first), [Some(-14.5), None, None]);
        // 0.5 * 4 - 0.25 * 8
        assert_eq!(
            of("2020-04", [all[0], all[1], Some(f32::NAN)]),
            [None, None, Some(0.0)]
        );
        assert_eq!(
            bridges.stand_ins(month("2020-04"), &[all[0], all[1]])[2],
            Some(0.0)
        );
    }

    #[test]
    fn nothing_stands_in_without_a_regression_or_without_a_level_that_it_needs() {
        let of_month_m = of_month_m();
        let bridges = bridges(&of_month_m, &PER_M);
        let of =
            |levels: [Option<f32>; 3]| bridges.stand_ins(month("2020-03"), &levels)[..3].to_vec();
        assert_eq!(of([Some(1.0), None, Some(1.0)]), [None; 3]);
        assert_eq!(of([None, None, Some(1.0)]), [None; 3]);
        // The first needs the second alone.
        assert_eq!(of([None, Some(1.0), None]), [Some(4.0), None, None]);
        assert_eq!(of([None, Some(f32::MAX), None]), [None; 3]);
        assert_eq!(
            [0, 1, 2, 3].map(|layer| bridges.has(layer)),
            [true, false, true, false]
        );
    }

    #[test]
    fn numbers_that_are_none_and_a_layer_that_follows_itself_are_not_sound() {
        let sound = of_month_m();
        assert!(bridges(&sound, &PER_M).is_sound());
        let mut broken = sound;
        broken[0][7] = f32::NAN;
        assert!(!bridges(&broken, &PER_M).is_sound());
        for (place, coefficient) in [(0, 1.0), (1, f32::NAN), (1, f32::INFINITY), (8, 0.5)] {
            let mut per_m = PER_M;
            per_m[place] = coefficient;
            assert!(!bridges(&sound, &per_m).is_sound(), "{place}");
        }
        let short = Bridges {
            of_month_m: &sound,
            per_m: &PER_M[..8],
        };
        assert!(!short.is_sound());
    }
}
