//! Which of a well's two estimates is to be trusted.

mod ratio;

use amlstm_core::estimate::Primary;

pub use self::ratio::{Ratio, ratio};
use crate::baseline::Curve;
use crate::metric::interval_rate;
use crate::series::WellSeries;
use crate::split::{Part, Split};

/// The estimate to be trusted, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Which.
    pub primary: Primary,
    /// Why, in a sentence.
    pub reason: String,
}

/// The better one on the validation months, of models that were fitted to the training part alone; physics where the two cannot be told apart, because it
/// cannot run away.
///
/// `network` and `physics` are curves of all months, several for several seeds.
pub fn choose(series: &WellSeries, split: &Split, network: &[Curve], physics: &[Curve]) -> Choice {
    let physics_because = |reason: String| Choice {
        primary: Primary::Physics,
        reason,
    };
    if let Split::Points(_) = split {
        return physics_because(
            "points were held out, not months: the network has not shown that it holds in unseen months".to_owned(),
        );
    }
    let of = |curves| squares(series, split, curves, Part::Validate);
    let Some(found) = ratio(&of(network), &of(physics)) else {
        return physics_because("too few validation months to choose: the simpler one".to_owned());
    };
    let Ratio { ratio, low, high } = found;
    let interval = format!("(90 % interval {low:.2} to {high:.2})");
    if high < 1.0 {
        Choice {
            primary: Primary::Network,
            reason: format!(
                "validation error of the network {ratio:.2} of that of physics {interval}"
            ),
        }
    } else if low > 1.0 {
        physics_because(format!(
            "validation error of the network {ratio:.2} times that of physics {interval}"
        ))
    } else {
        physics_because(format!(
            "validation error of the network {ratio:.2} times that of physics {interval}: within noise, so the simpler one"
        ))
    }
}

/// Squared errors of the scored increments of a part in months held out, in order, each the mean over the curves.
pub fn squares(series: &WellSeries, split: &Split, curves: &[Curve], part: Part) -> Vec<f64> {
    let errors: Vec<Vec<Option<f64>>> = (curves.iter())
        .map(|curve| errors_mm(series, split, curve, part))
        .collect();
    let scored = 0..errors.first().map_or(0, Vec::len);
    scored
        .filter_map(|i| {
            let squares = errors.iter().map(|errors| Some(errors[i]?.powi(2)));
            Some(squares.sum::<Option<f64>>()? / curves.len() as f64)
        })
        .collect()
}

/// Predicted minus observed increments in mm per month of the scored intervals of a part in months held out, in order; nothing where one of the two is missing.
pub fn errors_mm(
    series: &WellSeries,
    split: &Split,
    curve: &Curve,
    part: Part,
) -> Vec<Option<f64>> {
    let intervals = series.intervals.iter().enumerate();
    let scored =
        intervals.filter(|(i, interval)| split.part(0, *i) == part && series.is_scored(interval));
    scored
        .map(|(i, interval)| {
            let observed = interval.rate_mm_per_month(series.mean_increment_mm(i)?);
            Some(interval_rate(curve, interval)? - observed)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::example::{levels, well};

    /// Ten years that sink by 1 mm a month, of which the last five validate.
    fn sinking() -> (WellSeries, Split) {
        let series = well(&levels(), |_| 1.0);
        let part = |to| if to < 60 { Part::Train } else { Part::Validate };
        let parts = series.intervals.iter().map(|interval| part(interval.to));
        let split = Split::Time(parts.collect());
        (series, split)
    }

    /// A curve whose errors are this far, now above, now below.
    fn off_by(mm: f64) -> Vec<Curve> {
        let sign = |t: usize| if t.is_multiple_of(2) { 1.0 } else { -1.0 };
        vec![(0..120).map(|t| Some(1.0 + mm * sign(t))).collect()]
    }

    #[test]
    fn physics_is_trusted_unless_the_network_is_clearly_better() {
        let (series, split) = sinking();
        let choice = |network: f64, physics: f64| {
            choose(&series, &split, &off_by(network), &off_by(physics))
        };
        assert_eq!(choice(0.5, 1.0).primary, Primary::Network);
        assert_eq!(choice(1.0, 0.5).primary, Primary::Physics);
        let same = choice(1.0, 1.0);
        assert_eq!(same.primary, Primary::Physics);
        assert!(same.reason.contains("within noise"), "{}", same.reason);
        assert!(
            choice(0.5, 1.0).reason.contains("0.50 of that of physics"),
            "{}",
            choice(0.5, 1.0).reason
        );
    }

    #[test]
    fn a_network_that_was_not_tried_on_unseen_months_is_not_trusted() {
        let (series, split) = sinking();
        let points = Split::Points(vec![Part::Validate]);
        let (good, bad) = (off_by(0.1), off_by(5.0));
        assert_eq!(
            choose(&series, &points, &good, &bad).primary,
            Primary::Physics
        );
        let Split::Time(mut parts) = split else {
            panic!()
        };
        parts[..110].fill(Part::Train);
        let short = Split::Time(parts);
        assert_eq!(
            choose(&series, &short, &good, &bad).primary,
            Primary::Physics
        );
    }
}
