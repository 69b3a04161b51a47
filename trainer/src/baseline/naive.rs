//! Curves that need no levels.

use crate::split::Part;

use super::{Curve, PreparedWell};

const FITTED: [Part; 2] = [Part::Train, Part::Validate];

/// The fitted points' mean rate of each interval, in the interval's own months.
pub fn floor(prepared: &PreparedWell) -> Curve {
    spread_over_months(prepared, &prepared.mean_rate(&FITTED))
}

/// The measured rate of the interval before.
pub fn persistence(prepared: &PreparedWell) -> Curve {
    let measured = prepared.mean_rate(&[Part::Train, Part::Validate, Part::Test, Part::Border]);
    let mut last = None;
    let before: Vec<Option<f64>> = measured
        .iter()
        .map(|rate| {
            let before = last;
            last = rate.or(last);
            before
        })
        .collect();
    spread_over_months(prepared, &before)
}

/// Mean rate in mm per month over the last `months` fitted months (all of them if there are fewer).
pub fn mean_rate(prepared: &PreparedWell, months: usize) -> f64 {
    let monthly: Vec<f64> = spread_over_months(prepared, &prepared.mean_rate(&FITTED))
        .into_iter()
        .flatten()
        .collect();
    let last = &monthly[monthly.len() - months.min(monthly.len())..];
    last.iter().sum::<f64>() / last.len().max(1) as f64
}

/// The fitted mean of each calendar month; a calendar month never seen gets the mean of all.
pub fn month_climatology(prepared: &PreparedWell) -> Curve {
    let fitted = spread_over_months(prepared, &prepared.mean_rate(&FITTED));
    let mut sums = [(0.0, 0u32); 12];
    for (month, rate) in prepared.series.months.iter().zip(&fitted) {
        if let Some(rate) = rate {
            let (sum, count) = &mut sums[month.month() as usize - 1];
            *sum += rate;
            *count += 1;
        }
    }
    let overall = mean_rate(prepared, usize::MAX);
    let mean = |(sum, count): (f64, u32)| {
        if count > 0 {
            sum / f64::from(count)
        } else {
            overall
        }
    };
    prepared
        .series
        .months
        .iter()
        .map(|month| Some(mean(sums[month.month() as usize - 1])))
        .collect()
}

/// The grey model GM(1,1) (Deng 1982, doi:10.1016/S0167-6911(82)80025-X) on the fitted monthly rates: an exponential through their running sum.
///
/// Rates are first shifted so that the smallest is 1 mm, because the model needs positive numbers; months without a fitted rate repeat the one before.
pub fn grey(prepared: &PreparedWell) -> Curve {
    let fitted = spread_over_months(prepared, &prepared.mean_rate(&FITTED));
    let Some(from) = fitted.iter().position(Option::is_some) else {
        return vec![None; prepared.steps()];
    };
    let to = fitted.iter().rposition(Option::is_some).unwrap_or(from);
    let mut last = 0.0;
    let rates: Vec<f64> = fitted[from..=to]
        .iter()
        .map(|rate| {
            last = rate.unwrap_or(last);
            last
        })
        .collect();
    let shift = (1.0 - rates.iter().copied().fold(f64::INFINITY, f64::min)).max(0.0);
    let shifted: Vec<f64> = rates.iter().map(|rate| rate + shift).collect();
    let (development, input) = grey_parameters(&shifted);
    let restored = |k: f64| {
        if development.abs() < 1e-12 {
            return input;
        }
        (1.0 - development.exp()) * (shifted[0] - input / development) * (-development * k).exp()
    };
    (0..prepared.steps())
        .map(|step| match step.checked_sub(from) {
            None => None,
            Some(0) => Some(rates[0]),
            Some(k) => Some(restored(k as f64) - shift),
        })
        .collect()
}

/// Development coefficient a and grey input b of `x(k) + a z(k) = b`, by least squares; z is the mean of successive running sums.
fn grey_parameters(positive: &[f64]) -> (f64, f64) {
    let mut sum = positive[0];
    let pairs: Vec<(f64, f64)> = positive[1..]
        .iter()
        .map(|&value| {
            let background = sum + 0.5 * value;
            sum += value;
            (background, value)
        })
        .collect();
    let count = pairs.len().max(1) as f64;
    let (mean_z, mean_x) = (
        pairs.iter().map(|pair| pair.0).sum::<f64>() / count,
        pairs.iter().map(|pair| pair.1).sum::<f64>() / count,
    );
    let covariance: f64 = pairs.iter().map(|(z, x)| (z - mean_z) * (x - mean_x)).sum();
    let variance: f64 = pairs.iter().map(|(z, _)| (z - mean_z).powi(2)).sum();
    let development = if variance > 0.0 {
        -covariance / variance
    } else {
        0.0
    };
    (development, mean_x + development * mean_z)
}

/// Gives each month of an interval the interval's rate.
pub(crate) fn spread_over_months(prepared: &PreparedWell, rates: &[Option<f64>]) -> Curve {
    let mut curve = vec![None; prepared.steps()];
    for (interval, rate) in prepared.series.intervals.iter().zip(rates) {
        curve[interval.from + 1..=interval.to].fill(*rate);
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::*;

    // x(k) = 2 * 1.1^k: the discrete model is exact for an exponential, a = -2 (1.1 - 1) / (1.1 + 1).
    #[test]
    fn the_grey_model_finds_the_growth_of_an_exponential() {
        let series: Vec<f64> = (0..20).map(|k| 2.0 * 1.1f64.powi(k)).collect();
        let (development, input) = grey_parameters(&series);
        assert!(
            (development + 2.0 * 0.1 / 2.1).abs() < 1e-12,
            "{development}"
        );
        let third = (1.0 - development.exp())
            * (series[0] - input / development)
            * (-2.0 * development).exp();
        assert!((third / series[2] - 1.0).abs() < 0.01, "{third}");
    }
}
