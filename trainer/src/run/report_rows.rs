//! What the report and the figures show of a well's data beside the run's own tables: rates of its ps points, and which aquifer layer counts how much.

use amlstm_core::artifact::ModelFile;

use super::{RatePoint, Share, WellRun};
use crate::attribution::{self, Method};
use crate::baseline::{PhysicsFit, Problem};
use crate::config::Config;
use crate::metric::Simulation;
use crate::ps::{PsPoint, Rate};
use crate::read::{Ground, Well};
use crate::series::WellSeries;
use crate::split::Split;
use crate::spread::Spread;
use crate::synth::Truth;

impl WellRun {
    /// Adds the rates of the well's ps points and the attribution of its scored model; `truth` is known of synthetic wells only.
    pub fn add_report_rows(&mut self, well: &Well, config: &Config, truth: &[Truth]) {
        self.rates = rates(well);
        let model = self
            .models
            .iter()
            .find(|model| model.network == config.network.kind);
        let file = model.and_then(|model| ModelFile::parse(&model.scored).ok());
        self.shares = file.map_or_else(Vec::new, |file| shares(well, config, truth, &file));
    }
}

fn rates(well: &Well) -> Vec<RatePoint> {
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

/// Shares of a well's aquifer layers by every method that applies.
fn shares(well: &Well, config: &Config, truth: &[Truth], file: &ModelFile) -> Vec<Share> {
    let Ok(series) = WellSeries::new(well, &config.data) else {
        return Vec::new();
    };
    let Ok(split) = Split::new(&series, &config.split, config.seed) else {
        return Vec::new();
    };
    let Some(problem) = Problem::new(&series, &split, config.seed) else {
        return Vec::new();
    };
    let attention = attribution::attention(&Simulation::new(file, &series), &series)
        .map(|shares| (Method::Attention, exact(shares)));
    let mut shares: Vec<(Method, Shares)> = attention.into_iter().collect();
    let predict = |levels: &attribution::Levels| attribution::curve(file, &series, levels);
    let permutation = attribution::permutation(&problem, predict, config.seed);
    let permutation = permutation
        .iter()
        .map(|importance| (importance.share, Some(importance.spread)));
    shares.push((Method::Permutation, permutation.collect()));
    shares.push((
        Method::Physics,
        exact(PhysicsFit::new(&problem).layer_shares(&problem)),
    ));
    if let Some(truth) = truth.iter().find(|truth| truth.well == well.id) {
        shares.push((Method::Truth, exact(truth.share.to_vec())));
    }
    let row = |method: Method, layer: &String, share: f64, spread: Option<Spread>| Share {
        well: well.id.clone(),
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
