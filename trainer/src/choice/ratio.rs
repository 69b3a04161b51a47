//! How sure a ratio of errors is, by resampling blocks of successive months.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Months of a block: a year, so that seasons and the memory of the ground stay together (Künsch 1989, doi:10.1214/aos/1176347265).
const BLOCK: usize = 12;
/// Resamples.
const RESAMPLES: usize = 1000;
/// Share of the resamples outside the interval, half on each side.
const OUTSIDE: f64 = 0.1;

/// A ratio with its 90 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// Root mean square error over that of the other model.
    pub ratio: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Ratio of the root mean square errors of two models on the same months, given their squared errors in order; nothing where
/// a single block holds them all, because then no resample differs from another.
pub fn ratio(squares: &[f64], of_other: &[f64]) -> Option<Ratio> {
    let count = squares.len();
    if count <= BLOCK || count != of_other.len() {
        return None;
    }
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let (mut sum, mut other) = (0.0, 0.0);
            for _ in 0..count.div_ceil(BLOCK) {
                // In a circle, so that the first and last months count as often as the others (Politis and Romano 1992).
                let start = random.random_range(0..count as u64) as usize;
                for month in (start..start + BLOCK).map(|month| month % count) {
                    sum += squares[month];
                    other += of_other[month];
                }
            }
            (sum / other).sqrt()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let at = |share: f64| ratios[((RESAMPLES - 1) as f64 * share).round() as usize];
    Some(Ratio {
        ratio: (squares.iter().sum::<f64>() / of_other.iter().sum::<f64>()).sqrt(),
        low: at(OUTSIDE / 2.0),
        high: at(1.0 - OUTSIDE / 2.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_always_twice_as_far_off_is_surely_so() {
        let squares: Vec<f64> = (1..60).map(|t| f64::from(t % 7)).collect();
        let four: Vec<f64> = squares.iter().map(|square| 4.0 * square).collect();
        let found = ratio(&four, &squares).unwrap();
        assert_eq!((found.ratio, found.low, found.high), (2.0, 2.0, 2.0));
        assert_eq!(ratio(&[], &[]), None);
    }

    #[test]
    fn models_of_equal_skill_cannot_be_told_apart() {
        let squares = |seed| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            (0..60).map(|_| random.random::<f64>().powi(2)).collect()
        };
        let (a, b): (Vec<f64>, Vec<f64>) = (squares(1), squares(2));
        let found = ratio(&a, &b).unwrap();
        assert!(found.low < 1.0 && found.high > 1.0, "{found:?}");
    }

    // Two blocks of twelve out of 24 months: a month is in neither or in both of them with probability 1/4 each.
    #[test]
    fn the_first_month_counts_as_much_as_one_in_the_middle() {
        let one = [1.0; 24];
        let with = |month: usize| {
            let mut squares = one;
            squares[month] = 100.0;
            ratio(&squares, &one).unwrap()
        };
        for month in [0, 12, 23] {
            let found = with(month);
            let expected = (1.0, (222.0_f64 / 24.0).sqrt());
            assert_eq!((found.low, found.high), expected, "month {month}");
        }
    }

    #[test]
    fn a_year_alone_says_nothing_of_how_sure_its_ratio_is() {
        assert_eq!(ratio(&[4.0; 12], &[1.0; 12]), None);
    }
}
