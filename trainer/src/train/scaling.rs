//! Scalers and ranges of the levels, from the training months alone.

use amlstm_core::scaler::Scaler;

use super::TrainError;
use crate::config::LevelScaling;
use crate::network::Sequence;
use crate::series::WellSeries;
use crate::spread::mean_and_deviation;

/// One scaler an aquifer layer.
///
/// # Errors
///
/// When a layer has no level in the first `months` months.
pub(crate) fn inputs(
    series: &WellSeries,
    months: usize,
    scaling: LevelScaling,
) -> Result<Vec<Scaler>, TrainError> {
    let layers = (0..series.aquifer_layers.len())
        .map(|layer| levels(series, months, layer))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(match scaling {
        LevelScaling::ZScore => layers.iter().map(|levels| z_score(levels)).collect(),
        LevelScaling::Pooled => vec![z_score(&layers.concat()); layers.len()],
        LevelScaling::MinMax => layers.iter().map(|levels| min_max(levels)).collect(),
        LevelScaling::None => vec![
            Scaler {
                offset: 0.0,
                scale: 1.0
            };
            layers.len()
        ],
    })
}

/// Lowest and highest level of each aquifer layer in metres.
///
/// # Errors
///
/// As [`inputs`].
pub(crate) fn ranges(series: &WellSeries, months: usize) -> Result<Vec<(f32, f32)>, TrainError> {
    (0..series.aquifer_layers.len())
        .map(|layer| Ok(range(&levels(series, months, layer)?)))
        .collect()
}

/// The whole series as the network sees it.
pub(crate) fn sequence(series: &WellSeries, scalers: &[Scaler]) -> Sequence {
    let values = series.level_m.iter().flat_map(|levels| {
        let pairs = levels.iter().zip(scalers);
        pairs.map(|(level, scaler)| level.map(|level| scaler.standardise(level)))
    });
    Sequence::new(scalers.len(), values.collect())
}

/// Mean 0, standard deviation 1 (of the population); numbers that do not vary keep their unit.
pub(crate) fn z_score(values: &[f32]) -> Scaler {
    let values: Vec<f64> = values.iter().copied().map(f64::from).collect();
    let (mean, deviation) = mean_and_deviation(&values);
    Scaler {
        offset: mean as f32,
        scale: positive(deviation as f32),
    }
}

fn min_max(values: &[f32]) -> Scaler {
    let (low, high) = range(values);
    Scaler {
        offset: f32::midpoint(low, high),
        scale: positive((high - low) / 2.0),
    }
}

fn positive(scale: f32) -> f32 {
    if scale > 0.0 { scale } else { 1.0 }
}

fn range(values: &[f32]) -> (f32, f32) {
    values
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
            (low.min(*value), high.max(*value))
        })
}

fn levels(series: &WellSeries, months: usize, layer: usize) -> Result<Vec<f32>, TrainError> {
    let levels: Vec<f32> = series.level_m[..months]
        .iter()
        .filter_map(|levels| levels[layer])
        .collect();
    if levels.is_empty() {
        return Err(TrainError::NoLevel {
            well: series.well.clone(),
            aquifer_layer: series.aquifer_layers[layer].clone(),
        });
    }
    Ok(levels)
}
