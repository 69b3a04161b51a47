//! A small run for the tests of figures and report.

use super::Figure;
use super::kind::{Kind, draw};
use crate::results::{
    LevelledPoint, MetricRow, ModelKind, ModelResults, MonthResults, RatePoint, RunResults, Share,
    TrainingRow, WellResults,
};
use crate::{attribution::Method, baseline::Baseline, split::Part};

/// October 2010.
const START: i32 = 2010 * 12 + 9;
const MONTHS: usize = 71;

/// Two wells over 71 months: A with three aquifer layers and ps points, B directly measured with months divided by time.
pub(crate) fn run() -> RunResults {
    let wells = vec![
        well("A", &["phreatic", "confined1", "confined2"], 5.0),
        well("B <b>", &["upper", "lower"], 0.4),
    ];
    let mut results = RunResults {
        rate_classes: vec![30.0, 50.0, 80.0, 110.0],
        buffer_m: 300.0,
        ..RunResults::default()
    };
    for well in &wells {
        for (model, rmse) in [
            (ModelKind::LSTM, 1.8),
            (ModelKind::AM_LSTM, 1.72),
            (ModelKind::Baseline(Baseline::ConstantRate), 2.7),
            (ModelKind::Baseline(Baseline::LaggedRidge), 1.8),
        ] {
            for part in [Part::Train, Part::Validate, Part::Test] {
                results.scores.push(MetricRow {
                    well: well.well.clone(),
                    model,
                    part,
                    selected_on: None,
                    points: 3,
                    increments: 90,
                    rmse_mm_per_month: rmse,
                    mae_mm_per_month: rmse * 0.8,
                    bias_mm_per_month: -0.01,
                    r2: 0.4,
                    floor_mm_per_month: Some(1.7),
                    cumulative_rmse_mm: None,
                });
            }
        }
        for (layer, name) in well.aquifer_layers.iter().enumerate() {
            for (method, share) in [
                (Method::Attention, 0.5 - 0.1 * layer as f64),
                (Method::Permutation, 0.4 - 0.05 * layer as f64),
                (Method::Physics, 0.2 + 0.15 * layer as f64),
                (Method::Truth, 0.25 + 0.1 * layer as f64),
            ] {
                let quartiles =
                    (method == Method::Permutation).then_some((share - 0.05, share + 0.05));
                results.attribution.push(Share {
                    well: well.well.clone(),
                    aquifer_layer: name.clone(),
                    method,
                    share,
                    share_lower_quartile: quartiles.map(|pair| pair.0),
                    share_upper_quartile: quartiles.map(|pair| pair.1),
                });
            }
        }
    }
    results.points = (0..60)
        .map(|i| (i, f64::from(i) * 2.4))
        .map(|(i, turn)| RatePoint {
            well: "A".to_owned(),
            point: format!("P{i}"),
            east_m: turn.cos() * f64::from(i) * 5.0,
            north_m: turn.sin() * f64::from(i) * 5.0,
            vertical_rate_mm_per_year: f64::from(i) * 2.3,
            los_rate_mm_per_year: Some(f64::from(i) * -1.9),
        })
        .collect();
    results.benchmarks = [(4.6, 1.7), (26.5, 24.3), (63.0, 66.6)]
        .into_iter()
        .enumerate()
        .map(|(i, (levelling, insar))| LevelledPoint {
            benchmark: format!("BM{i}"),
            levelling_mm_per_year: levelling,
            ps_mm_per_year: insar,
        })
        .collect();
    results.wells_of_run = wells.len();
    results.wells = wells;
    results
}

/// Every figure of a run that has them all.
pub(super) fn figures(results: &RunResults) -> Vec<Figure> {
    let of_wells = results
        .wells
        .iter()
        .flat_map(|well| Kind::OF_A_WELL.map(|kind| (kind, well.well.as_str())));
    of_wells
        .chain(Kind::OF_THE_RUN.map(|kind| (kind, "")))
        .map(|(kind, well)| draw(kind, results, well).unwrap())
        .collect()
}

fn well(name: &str, layers: &[&str], rate: f64) -> WellResults {
    let mut well = WellResults {
        well: name.to_owned(),
        synthetic: true,
        aquifer_layers: layers.iter().map(|&layer| layer.to_owned()).collect(),
        ..WellResults::default()
    };
    let curve = |month: usize| rate * month as f64 + 4.0 * (month as f64 * 0.52).sin();
    for month in 0..MONTHS {
        let level = |layer: usize| {
            ((month + layer) % 17 != 3).then(|| {
                10.0 - 8.0 * layer as f64 - month as f64 * 0.05
                    + (month as f64 * 0.52 + layer as f64).sin()
            })
        };
        let observed =
            (month > 7 && month % 3 != 1).then(|| curve(month) + 0.3 * (month as f64 * 7.0).sin());
        well.months.push(MonthResults {
            month: START + month as i32,
            level_m: (0..layers.len()).map(level).collect(),
            attention: (0..layers.len())
                .map(|layer| {
                    level(layer).map(|level| 0.33 + 0.1 * (level * (1.0 + layer as f64)).sin())
                })
                .collect(),
            observed_mm: observed,
            days: observed.map(|_| if month % 3 == 2 { 61.0 } else { 30.0 }),
            spread_mm: observed
                .filter(|_| name == "A")
                .map(|value| (value * 0.93 - 2.0, value * 1.06 + 2.0)),
            part: (name != "A").then_some(match month {
                ..50 => Part::Train,
                50..58 => Part::Validate,
                _ => Part::Test,
            }),
        });
    }
    for (model, error) in [(ModelKind::LSTM, 3.0), (ModelKind::AM_LSTM, 1.0)] {
        let at = |month: usize| curve(month) + error * (month as f64 * 0.3).sin();
        well.models.push(ModelResults {
            model,
            subsidence_mm: (0..MONTHS).map(|month| Some(at(month))).collect(),
            increment_mm: (0..MONTHS)
                .map(|month| {
                    Some(if month == 0 {
                        0.0
                    } else {
                        at(month) - at(month - 1)
                    })
                })
                .collect(),
            epochs: (1..=100)
                .map(|epoch| {
                    let rmse = 1.6 + 6.0 / epoch as f64;
                    TrainingRow {
                        well: name.to_owned(),
                        model,
                        epoch,
                        train_rmse_mm_per_month: rmse,
                        validate_rmse_mm_per_month: Some(rmse * 1.1),
                        test_rmse_mm_per_month: Some(rmse * 1.15),
                        kept: epoch == 88,
                    }
                })
                .collect(),
        });
    }
    well
}
