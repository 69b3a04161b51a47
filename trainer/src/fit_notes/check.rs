//! What a careful colleague would look at in a fit.

use amlstm_core::basis::{COLUMNS, TAU_YEARS};
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use crate::baseline::PreparedWell;
use crate::bridge::Bridges;
use crate::physics::{Weights, basis};
use crate::series::WellSeries;
use crate::spread::correlation;

/// Share of the compaction by physics that may come from beds slower than the record is long.
const SLOW_SHARE: f64 = 0.5;
/// Correlation of successive errors that is looked at, if it is not chance.
const CORRELATION: f64 = 0.3;
/// Share of the test months that the 90 % interval should hold.
const COVERAGE: std::ops::RangeInclusive<f64> = 0.85..=0.97;
/// Range of a layer's level over that of the layer with the largest one, below which it is odd that the layer drives the ground.
const SMALL_RANGE: f64 = 0.1;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// What was found, in words.
    pub finding: String,
    /// Nothing to worry about.
    pub is_fine: bool,
}

/// How many of the test months the interval held.
pub fn coverage(errors_mm: &[f64], half_width_mm: f64) -> Option<Check> {
    if errors_mm.is_empty() || half_width_mm.is_nan() {
        return None;
    }
    let inside = errors_mm
        .iter()
        .filter(|error| error.abs() <= half_width_mm);
    let (inside, count) = (inside.count(), errors_mm.len());
    Some(Check {
        name: "interval".to_owned(),
        finding: format!(
            "{inside} of {count} test months lie within the 90 % interval of +- {half_width_mm:.2} mm"
        ),
        is_fine: COVERAGE.contains(&(inside as f64 / count as f64)),
    })
}

/// Whether the error of a month says something about that of the next.
pub fn successive(errors_mm: &[f64]) -> Option<Check> {
    let pairs: Vec<(f64, f64)> = errors_mm
        .windows(2)
        .map(|pair| (pair[0], pair[1]))
        .collect();
    let correlation = correlation(&pairs)?;
    // Beyond chance at about 5 % (Bartlett).
    let by_chance = 2.0 / (pairs.len() as f64).sqrt();
    Some(Check {
        name: "errors of successive months".to_owned(),
        finding: format!(
            "correlation {correlation:.2}; where it is high, errors add up in the cumulative subsidence"
        ),
        is_fine: correlation < CORRELATION.max(by_chance),
    })
}

/// What physics takes for the level of a layer that is missing.
pub fn bridges(series: &WellSeries, bridges: &Bridges) -> Check {
    let of_layer = |(layer, name): (usize, &String)| {
        let Some(judged) = bridges.judged[layer] else {
            return format!("{name} held");
        };
        let word = if bridges.tells(layer) {
            "from the other layers"
        } else {
            "held"
        };
        format!(
            "{name} {word} (the others tell it with R2 {:.2}, {:.2} m off in {} months that the fit had not seen; held for up to six months {:.2} m)",
            judged.r2, judged.rmse_m, judged.months, judged.held_rmse_m
        )
    };
    let layers: Vec<String> = (series.aquifer_layers.iter().enumerate())
        .map(of_layer)
        .collect();
    Check {
        name: "a missing level".to_owned(),
        finding: format!("for physics: {}", layers.join("; ")),
        is_fine: true,
    }
}

/// What is to be seen of physics.
pub fn of_physics(prepared: &PreparedWell, weights: &Weights) -> [Check; 3] {
    let basis = basis(prepared.level_m());
    let observed = prepared.observed_rows();
    let rows = basis.rows(observed.start, observed.len()).into_owned();
    [
        memory(weights, &rows),
        bounds(prepared.series, weights),
        layers(prepared, &weights.layer_shares(&rows)),
    ]
}

/// How much of the compaction comes from beds that the record is too short for.
fn memory(weights: &Weights, rows: &DMatrix<f64>) -> Check {
    let years = rows.nrows() as f64 / 12.0;
    let total = rows.row_sum();
    let columns = total.as_slice().as_chunks::<COLUMNS>().0;
    let (mut slow, mut all) = (0.0, 0.0);
    for (columns, weights) in columns.iter().zip(&weights.layers) {
        for (column, (x, weight)) in columns.iter().zip(weights).enumerate() {
            let mm = (x * f64::from(*weight)).max(0.0);
            all += mm;
            let tau = column.checked_sub(COLUMNS - TAU_YEARS.len());
            if tau.is_some_and(|tau| f64::from(TAU_YEARS[tau]) > years) {
                slow += mm;
            }
        }
    }
    let share = if all > 0.0 { slow / all } else { 0.0 };
    Check {
        name: "memory against record".to_owned(),
        finding: format!(
            "{:.0} % of the compaction by physics is of beds slower than the record of {years:.1} years is long; what these still owe is a guess",
            100.0 * share
        ),
        is_fine: share <= SLOW_SHARE,
    }
}

/// Weights and layers that the fit left out.
fn bounds(series: &WellSeries, weights: &Weights) -> Check {
    let all = weights.layers.as_flattened();
    let zeros = all.iter().filter(|weight| **weight == 0.0).count();
    let of_layers = series.aquifer_layers.iter().zip(&weights.layers);
    let without: Vec<&str> = of_layers
        .filter(|(_, weights)| weights.iter().all(|weight| *weight == 0.0))
        .map(|(layer, _)| layer.as_str())
        .collect();
    let layers = if without.is_empty() {
        "every layer has some".to_owned()
    } else {
        format!("none left for {}", without.join(", "))
    };
    Check {
        name: "weights at zero".to_owned(),
        finding: format!("{zeros} of {} weights of physics; {layers}", all.len()),
        is_fine: without.is_empty(),
    }
}

/// Whether the level of the layer that counts most moves at all.
fn layers(prepared: &PreparedWell, shares: &[f64]) -> Check {
    let names = &prepared.series.aquifer_layers;
    let range_m = |layer: usize| {
        let of_layer = || prepared.level_m().iter().map(|levels| levels[layer]);
        of_layer().fold(f64::NEG_INFINITY, f64::max) - of_layer().fold(f64::INFINITY, f64::min)
    };
    let largest_m = (0..names.len()).map(range_m).fold(0.0, f64::max);
    let listed: Vec<String> = names
        .iter()
        .zip(shares)
        .map(|(name, share)| format!("{name} {share:.2}"))
        .collect();
    let main = (0..names.len()).max_by(|a, b| shares[*a].total_cmp(&shares[*b]));
    let is_odd =
        main.is_some_and(|main| shares[main] > 0.0 && range_m(main) < SMALL_RANGE * largest_m);
    let odd = if is_odd {
        "; odd: the level of the layer with the largest share hardly moves"
    } else {
        ""
    };
    Check {
        name: "layers".to_owned(),
        finding: format!(
            "shares of the compaction by physics: {}{odd}",
            listed.join(", ")
        ),
        is_fine: !is_odd,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successive_errors_that_drift_are_pointed_out() {
        let drift: Vec<f64> = (0..40).map(|month| f64::from(month) * 0.1 - 2.0).collect();
        assert!(!successive(&drift).unwrap().is_fine);
        let noise: Vec<f64> = (0..40)
            .map(|month| f64::from(month * 7919 % 101) / 50.0)
            .collect();
        assert!(successive(&noise).unwrap().is_fine);
        assert_eq!(coverage(&[1.0, 2.0], f64::NAN), None);
        assert!(!coverage(&[1.0, 3.0], 2.0).unwrap().is_fine);
    }
}
