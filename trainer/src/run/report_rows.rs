//! What the report and the figures show of a well's data beside the run's own tables: rates of its ps points, and which aquifer layer counts how much.

use amlstm_core::artifact::ModelFile;

use super::{RatePoint, Share};
use crate::attribution::{self, Method};
use crate::baseline::{PhysicsFit, PreparedWell};
use crate::metric::Simulation;
use crate::ps::{PsPoint, Rate};
use crate::read::{Ground, Well};
use crate::spread::Spread;
use crate::synth::Truth;

/// Rates of the ps points around a well.
pub fn rates(well: &Well) -> Vec<RatePoint> {
    let (Ground::Points(points), Some(centre)) = (&well.ground, well.position) else {
        return Vec::new();
    };
    let row = |(point, rate): (&PsPoint, Option<Rate>)| {
        let rate = rate?;
        let [east_m, north_m] = centre.offset_m(point.position)?;
        Some(RatePoint {
            well: well.id.clone(),
            point: point.id.clone(),
            east_m: tenth(east_m),
            north_m: tenth(north_m),
            vertical_rate_mm_per_year: hundredth(rate.vertical_mm_per_year),
            los_rate_mm_per_year: rate.los_mm_per_year.map(hundredth),
        })
    };
    points
        .points
        .iter()
        .zip(points.rates())
        .filter_map(row)
        .collect()
}

fn tenth(metres: f64) -> f64 {
    (metres * 10.0).round() / 10.0
}

fn hundredth(rate: f64) -> f64 {
    (rate * 100.0).round() / 100.0
}

/// Shares of a well's aquifer layers by every method that applies; `file` is the scored model.
pub fn shares(
    prepared: &PreparedWell,
    physics: &PhysicsFit,
    truth: &[Truth],
    file: &ModelFile,
) -> Vec<Share> {
    let series = prepared.series;
    let attention = attribution::attention(&Simulation::new(file, series), series)
        .map(|shares| (Method::Attention, exact(shares)));
    let mut shares: Vec<(Method, Shares)> = attention.into_iter().collect();
    let predict = |levels: &attribution::Levels| attribution::curve(file, series, levels);
    let permutation = attribution::permutation(prepared, predict, prepared.seed);
    let permutation = permutation
        .iter()
        .map(|importance| (importance.share, Some(importance.spread)));
    shares.push((Method::Permutation, permutation.collect()));
    shares.push((Method::Physics, exact(physics.layer_shares(prepared))));
    if let Some(truth) = truth.iter().find(|truth| truth.well == series.well) {
        shares.push((Method::Truth, exact(truth.share.to_vec())));
    }
    let row = |method: Method, layer: &String, share: f64, spread: Option<Spread>| Share {
        well: series.well.clone(),
        aquifer_layer: layer.clone(),
        method,
        share: ten_thousandth(share),
        share_lower_quartile: spread.map(|spread| ten_thousandth(spread.low)),
        share_upper_quartile: spread.map(|spread| ten_thousandth(spread.high)),
    };
    let rows = shares.iter().flat_map(|(method, shares)| {
        series
            .aquifer_layers
            .iter()
            .zip(shares)
            .map(|(layer, (share, spread))| row(*method, layer, *share, *spread))
    });
    rows.collect()
}

/// Shares of a well's aquifer layers, with the spread of those that have one.
type Shares = Vec<(f64, Option<Spread>)>;

/// Shares that one computation gives, without a spread.
fn exact(shares: Vec<f64>) -> Shares {
    shares.into_iter().map(|share| (share, None)).collect()
}

fn ten_thousandth(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}
