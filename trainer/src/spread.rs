//! How results scatter over seeds: quartiles of one quantity, and the paired difference of two.

/// Median and quartiles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Lower quartile.
    pub low: f64,
    /// Median.
    pub median: f64,
    /// Upper quartile.
    pub high: f64,
}

impl Spread {
    /// Quartiles by linear interpolation between order statistics (Hyndman and Fan 1996, doi:10.1080/00031305.1996.10473566, definition 7); NaN for no values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let quantile = |share: f64| {
            let Some(last) = sorted.len().checked_sub(1) else {
                return f64::NAN;
            };
            let place = share * last as f64;
            let below = place.floor() as usize;
            let above = place.ceil() as usize;
            sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
        };
        Self {
            low: quantile(0.25),
            median: quantile(0.5),
            high: quantile(0.75),
        }
    }
}

/// Middle value; the mean of the two middle ones of an even number.
///
/// # Panics
/// Without values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

/// Mean of paired differences with its 95 % confidence interval.
///
/// The interval is Student's t on the differences. Pairs are seeds, so it says how far the mean over seeds is known on these data; it says nothing about other
/// wells, and because the seeds' splits share points it is somewhat too narrow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedMean {
    /// Mean difference.
    pub mean: f64,
    /// Lower end of the interval; NaN with fewer than two pairs.
    pub low: f64,
    /// Upper end of the interval; NaN with fewer than two pairs.
    pub high: f64,
}

impl PairedMean {
    /// The mean of `differences` and its interval.
    pub fn of(differences: &[f64]) -> Self {
        let count = differences.len() as f64;
        let mean = differences.iter().sum::<f64>() / count;
        if differences.len() < 2 {
            return Self {
                mean,
                low: f64::NAN,
                high: f64::NAN,
            };
        }
        let variance = differences
            .iter()
            .map(|difference| (difference - mean).powi(2))
            .sum::<f64>()
            / (count - 1.0);
        let half = t_quantile_975(differences.len() - 1) * (variance / count).sqrt();
        Self {
            mean,
            low: mean - half,
            high: mean + half,
        }
    }

    /// Whether the interval lies wholly on one side of zero.
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The 97.5 % quantile of Student's t (Abramowitz and Stegun 1964, table 26.10; beyond 30 degrees of freedom their expansion 26.7.5).
fn t_quantile_975(degrees: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
        2.052, 2.048, 2.045, 2.042,
    ];
    const NORMAL: f64 = 1.959964;
    match TABLE.get(degrees - 1) {
        Some(quantile) => *quantile,
        None => NORMAL + (NORMAL.powi(3) + NORMAL) / (4.0 * degrees as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // R: quantile(c(1, 2, 4, 8)) is 1.75, 3, 5.
    #[test]
    fn quartiles_interpolate_between_order_statistics() {
        assert_eq!(
            Spread::of([8.0, 1.0, 4.0, 2.0]),
            Spread {
                low: 1.75,
                median: 3.0,
                high: 5.0
            }
        );
        assert!(Spread::of([]).median.is_nan());
    }

    // Student 1908, extra hours of sleep, paired: mean 1.58, 95 % interval 0.70 to 2.46 (R: t.test(extra ~ group, paired = TRUE) with the sign turned).
    #[test]
    fn students_own_data_give_his_interval() {
        let differences = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];
        let gain = PairedMean::of(&differences);
        assert!((gain.mean - 1.58).abs() < 1e-12);
        assert!(
            (gain.low - 0.7001142).abs() < 2e-4 && (gain.high - 2.4598858).abs() < 2e-4,
            "{gain:?}"
        );
        assert!(gain.excludes_zero());
    }

    // R: qt(0.975, 40) is 2.021075.
    #[test]
    fn the_expansion_continues_the_table() {
        assert!((t_quantile_975(40) - 2.021075).abs() < 2e-3);
        assert!(t_quantile_975(31) < 2.042 && t_quantile_975(31) > 2.03);
    }

    #[test]
    fn one_pair_has_no_interval() {
        let gain = PairedMean::of(&[2.0]);
        assert!(gain.mean == 2.0 && gain.low.is_nan() && !gain.excludes_zero());
    }
}
