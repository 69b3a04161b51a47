//! How numbers scatter: quantiles, mean and deviation, correlation, and the paired difference of two quantities over seeds.

use statrs::{
    distribution::{ContinuousCDF, StudentsT},
    statistics::{Data, Max, Min, OrderStatistics, Statistics},
};

/// Median, quartiles and range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Lowest value.
    pub lowest: f64,
    /// Lower quartile.
    pub low: f64,
    /// Median.
    pub median: f64,
    /// Upper quartile.
    pub high: f64,
    /// Highest value.
    pub highest: f64,
}

impl Spread {
    /// Quartiles of the values that are not NaN: approximately median-unbiased (Hyndman and Fan 1996, doi:10.1080/00031305.1996.10473566, definition 8);
    /// NaN for none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values = data(values);
        Self {
            low: values.lower_quartile(),
            median: values.median(),
            high: values.upper_quartile(),
            lowest: values.min(),
            highest: values.max(),
        }
    }
}

/// Middle value, the mean of the two middle ones of an even number; NaN without values.
pub fn median(values: &[f64]) -> f64 {
    data(values.iter().copied()).median()
}

/// Values to be ordered; NaN has no place in an order.
fn data(values: impl IntoIterator<Item = f64>) -> Data<Vec<f64>> {
    Data::new(values.into_iter().filter(|value| !value.is_nan()).collect())
}

/// Mean, and standard deviation of the population; NaN without values. The sums go through the values in order, so that scalers have the same bits everywhere.
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = |value: &f64| (value - mean).powi(2);
    let variance = values.iter().map(square).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// Half the width of the split conformal interval with this confidence (Vovk et al. 2005): of n distances between observed and predicted, the one of rank
/// ceil(confidence (n + 1)); nothing where n is too small to have it.
pub fn conformal_half_width(mut distances: Vec<f64>, confidence: f64) -> Option<f64> {
    distances.sort_by(f64::total_cmp);
    let rank = (confidence * (distances.len() + 1) as f64).ceil() as usize;
    distances.get(rank - 1).copied()
}

/// Pearson's correlation; nothing where either quantity is the same everywhere.
pub fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let deviations = (&x).population_std_dev() * (&y).population_std_dev();
    (deviations > 0.0).then(|| x.population_covariance(y) / deviations)
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
        let mean = differences.mean();
        let Some(degrees) = differences
            .len()
            .checked_sub(1)
            .filter(|degrees| *degrees > 0)
        else {
            return Self {
                mean,
                low: f64::NAN,
                high: f64::NAN,
            };
        };
        let quantile = StudentsT::new(0.0, 1.0, degrees as f64)
            .map_or(f64::NAN, |student| student.inverse_cdf(0.975));
        let half = quantile * differences.std_dev() / (differences.len() as f64).sqrt();
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

#[cfg(test)]
mod tests {
    use super::*;

    // R: quantile(c(1, 2, 4, 8), c(0.25, 0.5, 0.75), type = 8) is 17/12, 3, 19/3.
    #[test]
    fn quartiles_interpolate_between_order_statistics() {
        let spread = Spread::of([8.0, 1.0, f64::NAN, 4.0, 2.0]);
        let expected = [17.0 / 12.0, 3.0, 19.0 / 3.0];
        for (found, expected) in [spread.low, spread.median, spread.high]
            .iter()
            .zip(expected)
        {
            assert!((found - expected).abs() < 1e-12, "{spread:?}");
        }
        assert_eq!((spread.lowest, spread.highest), (1.0, 8.0));
        assert!(Spread::of([]).median.is_nan() && Spread::of([f64::NAN]).high.is_nan());
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
    }

    // Anscombe 1973, first set: r = 0.8164.
    #[test]
    fn correlation_is_pearsons() {
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [
            8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68,
        ];
        let r = correlation(&x.into_iter().zip(y).collect::<Vec<_>>()).unwrap();
        assert!((r - 0.8164).abs() < 1e-4);
        assert_eq!(correlation(&[(1.0, 2.0), (1.0, 3.0), (1.0, 4.0)]), None);
        assert_eq!(correlation(&[]), None);
    }

    #[test]
    fn the_deviation_is_the_populations() {
        assert_eq!(mean_and_deviation(&[1.0, 3.0]), (2.0, 1.0));
    }

    // Student 1908, extra hours of sleep, paired: mean 1.58, 95 % interval 0.70 to 2.46 (R: t.test(extra ~ group, paired = TRUE) with the sign turned).
    #[test]
    fn students_own_data_give_his_interval() {
        let differences = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];
        let gain = PairedMean::of(&differences);
        assert!((gain.mean - 1.58).abs() < 1e-12);
        assert!(
            (gain.low - 0.7001142).abs() < 1e-6 && (gain.high - 2.4598858).abs() < 1e-6,
            "{gain:?}"
        );
        assert!(gain.excludes_zero());
    }

    #[test]
    fn one_pair_has_no_interval() {
        let gain = PairedMean::of(&[2.0]);
        assert!(gain.mean == 2.0 && gain.low.is_nan() && !gain.excludes_zero());
    }
}
