//! The reference networks at a well: standardise, fit, and turn outputs back into rates.

use nalgebra::DMatrix;

use crate::reference_network::{self, Draw, Kind, Task};
use crate::series::Interval;
use crate::split::Part;
use crate::spread::mean_and_deviation;

use super::{Curve, PreparedWell, linear};

/// Multilayer perceptrons on the lags of the lagged ridge.
pub fn perceptrons(wells: &[PreparedWell]) -> Vec<Curve> {
    fit(Kind::Mlp, wells, |prepared| {
        linear::lagged(prepared.level_m(), linear::lags(prepared))
    })
}

/// Gated recurrent units on the levels.
pub fn gated_recurrent_units(wells: &[PreparedWell]) -> Vec<Curve> {
    fit(Kind::Gru, wells, |prepared| {
        linear::lagged(prepared.level_m(), 1)
    })
}

/// One network for each split and seed of one well.
fn fit(
    kind: Kind,
    wells: &[PreparedWell],
    monthly: fn(&PreparedWell) -> DMatrix<f64>,
) -> Vec<Curve> {
    let Some(first) = wells.first() else {
        return Vec::new();
    };
    let monthly = monthly(first);
    let fitted_months = first
        .test_steps()
        .start
        .saturating_sub(first.first())
        .min(monthly.nrows());
    let used: Vec<usize> = (0..first.series.intervals.len())
        .filter(|&i| first.is_used(&first.series.intervals[i]))
        .collect();
    let months =
        |interval: &Interval| interval.from + 1 - first.first()..interval.to + 1 - first.first();
    let spans: Vec<_> = used
        .iter()
        .map(|&i| months(&first.series.intervals[i]))
        .collect();
    let (draws, scales): (Vec<_>, Vec<_>) = wells
        .iter()
        .map(|prepared| {
            let (train, validate) = (
                prepared.mean_rate(&[Part::Train]),
                prepared.mean_rate(&[Part::Validate]),
            );
            let (mean, scale) =
                mean_and_scale(&train.iter().flatten().copied().collect::<Vec<_>>());
            let standardised = |rates: &[Option<f64>]| {
                used.iter()
                    .map(|&i| rates[i].map(|rate| ((rate - mean) / scale) as f32))
                    .collect()
            };
            (
                Draw {
                    seed: prepared.seed,
                    train: standardised(&train),
                    validate: standardised(&validate),
                },
                (mean, scale),
            )
        })
        .unzip();
    let outputs = reference_network::fit(
        kind,
        &Task {
            input: &standardised(&monthly, fitted_months),
            spans: &spans,
            draws: &draws,
        },
    );
    let rates = |output: &[f32], (mean, scale): (f64, f64)| {
        output
            .iter()
            .map(|&y| f64::from(y) * scale + mean)
            .collect::<Vec<_>>()
    };
    outputs
        .iter()
        .zip(scales)
        .map(|(output, scale)| first.curve(&rates(output, scale)))
        .collect()
}

/// Columns as z-scores of their first `fitted_months` months.
fn standardised(monthly: &DMatrix<f64>, fitted_months: usize) -> Vec<Vec<f32>> {
    let scales: Vec<(f64, f64)> = monthly
        .column_iter()
        .map(|column| mean_and_scale(&column.as_slice()[..fitted_months]))
        .collect();
    monthly
        .row_iter()
        .map(|row| {
            row.iter()
                .zip(&scales)
                .map(|(x, (mean, scale))| ((x - mean) / scale) as f32)
                .collect()
        })
        .collect()
}

/// Mean and standard deviation; one where nothing varies.
fn mean_and_scale(values: &[f64]) -> (f64, f64) {
    let (mean, scale) = mean_and_deviation(values);
    (mean, if scale > 0.0 { scale } else { 1.0 })
}
