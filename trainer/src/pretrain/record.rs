//! A well's levels as the pool of its histories sees them.

use amlstm_core::scaler::Scaler;

use crate::spread::mean_and_deviation;

/// Months of a year.
pub const YEAR: usize = 12;

/// Levels without gaps from the first month with all aquifer layers on.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Level in m above datum, `[months][aquifer layers]`.
    pub level_m: Vec<Vec<f64>>,
    /// Calendar month of the first one, 0 for January.
    pub first_month: usize,
    /// Of the levels of each aquifer layer.
    pub level: Vec<Moments>,
    /// Of their monthly changes.
    pub change: Vec<Moments>,
    /// Mean change of each calendar month about the mean of these twelve, m, `[aquifer layers][12]`.
    pub season_m: Vec<[f64; YEAR]>,
}

/// Mean and standard deviation (of the population), m.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Standard deviation; one where nothing varies.
    pub deviation: f64,
}

impl Moments {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.collect();
        let (mean, deviation) = mean_and_deviation(&values);
        let deviation = if deviation > 0.0 { deviation } else { 1.0 };
        Self { mean, deviation }
    }

    /// The scaler to zero mean and unit deviation.
    pub fn scaler(self) -> Scaler {
        Scaler {
            offset: self.mean as f32,
            scale: self.deviation as f32,
        }
    }

    /// The scaler by the deviation alone, whatever the mean: zero stays zero.
    pub fn scale_alone(self) -> Scaler {
        Scaler {
            offset: 0.0,
            scale: self.deviation as f32,
        }
    }
}

impl Record {
    /// Takes levels without gaps, `[months][aquifer layers]`; there must be one month at least.
    pub fn new(level_m: Vec<Vec<f64>>, first_month: usize) -> Self {
        let layers = level_m[0].len();
        let of_layer = |layer: usize| level_m.iter().map(move |levels| levels[layer]);
        let changes = |layer: usize| {
            level_m
                .windows(2)
                .map(move |pair| pair[1][layer] - pair[0][layer])
        };
        let level = (0..layers)
            .map(|layer| Moments::of(of_layer(layer)))
            .collect();
        let change: Vec<Moments> = (0..layers)
            .map(|layer| Moments::of(changes(layer)))
            .collect();
        let season_m = (0..layers)
            .map(|layer| season(changes(layer), first_month + 1, change[layer].mean))
            .collect();
        Self {
            level_m,
            first_month,
            level,
            change,
            season_m,
        }
    }

    /// Number of months.
    pub fn months(&self) -> usize {
        self.level_m.len()
    }

    /// Number of aquifer layers.
    pub fn layers(&self) -> usize {
        self.level.len()
    }

    /// Calendar month of a month of the record or after it, 0 for January.
    pub fn calendar_month(&self, month: usize) -> usize {
        (self.first_month + month) % YEAR
    }

    /// What the level of a layer did in a month beyond mean and season, m; from month 1 on.
    pub fn anomaly_m(&self, month: usize, layer: usize) -> f64 {
        self.level_m[month][layer]
            - self.level_m[month - 1][layer]
            - self.season_m[layer][self.calendar_month(month)]
            - self.change[layer].mean
    }
}

/// Mean of each calendar month about the mean of the twelve; a calendar month that the record has not gets `mean`.
fn season(changes: impl Iterator<Item = f64>, first_month: usize, mean: f64) -> [f64; YEAR] {
    let mut sums = [(0.0, 0u32); YEAR];
    for (index, change) in changes.enumerate() {
        let (sum, count) = &mut sums[(first_month + index) % YEAR];
        *sum += change;
        *count += 1;
    }
    let means = sums.map(|(sum, count)| {
        if count > 0 {
            sum / f64::from(count)
        } else {
            mean
        }
    });
    let overall = means.iter().sum::<f64>() / YEAR as f64;
    means.map(|of_month| of_month - overall)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_of_trend_and_season_has_no_anomaly() {
        // Two years and a month from March on: 0.1 m down per month, and 2 m up in June and down in July.
        let mut level = 0.0;
        let levels: Vec<Vec<f64>> = (0..25)
            .map(|month| {
                if month > 0 {
                    level -= 0.1;
                    level += match (2 + month) % YEAR {
                        5 => 2.0,
                        6 => -2.0,
                        _ => 0.0,
                    };
                }
                vec![level]
            })
            .collect();
        let record = Record::new(levels, 2);
        assert!((record.change[0].mean + 0.1).abs() < 1e-12);
        assert!((record.season_m[0][5] - 2.0).abs() < 1e-12);
        assert!((1..25).all(|month| record.anomaly_m(month, 0).abs() < 1e-12));
    }

    #[test]
    fn a_level_that_never_changes_keeps_its_unit() {
        let record = Record::new(vec![vec![3.0]; 5], 0);
        assert_eq!(
            record.level[0].scaler(),
            Scaler {
                offset: 3.0,
                scale: 1.0
            }
        );
    }
}
