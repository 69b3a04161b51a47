//! Scalers and ranges of the levels and of their changes, from the training months alone.

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

/// One scaler for the monthly changes of each aquifer layer: by their standard deviation alone, so that no change stays zero.
pub(crate) fn changes(series: &WellSeries, months: usize) -> Vec<Scaler> {
    (0..series.aquifer_layers.len())
        .map(|layer| Scaler {
            offset: 0.0,
            scale: z_score(&changes_m(series, months, layer)).scale,
        })
        .collect()
}

/// Lowest and highest monthly change of each aquifer layer in metres; 0 where none is known.
pub(crate) fn ranges_of_changes(series: &WellSeries, months: usize) -> Vec<(f32, f32)> {
    (0..series.aquifer_layers.len())
        .map(|layer| match &changes_m(series, months, layer)[..] {
            [] => (0.0, 0.0),
            changes => range(changes),
        })
        .collect()
}

/// The changes of a layer that are known in the first `months` months, m.
fn changes_m(series: &WellSeries, months: usize, layer: usize) -> Vec<f32> {
    (0..months)
        .filter_map(|step| change_m(series, step, layer))
        .collect()
}

/// Change of a layer's level since the month before, m; nothing where one of the two is missing, or the step before is another month.
fn change_m(series: &WellSeries, step: usize, layer: usize) -> Option<f32> {
    let before = step.checked_sub(1)?;
    if series.months[before].next() != series.months[step] {
        return None;
    }
    Some(series.level_m[step][layer]? - series.level_m[before][layer]?)
}

/// The whole series as a network with these scalers sees it: the levels, then, if there are scalers for them, the changes.
pub(crate) fn sequence(series: &WellSeries, scalers: &[Scaler]) -> Sequence {
    let layers = series.aquifer_layers.len();
    let value_m = |step: usize, input: usize| match input.checked_sub(layers) {
        None => series.level_m[step][input],
        Some(layer) => change_m(series, step, layer),
    };
    let values = (0..series.months.len()).flat_map(|step| {
        let inputs = scalers.iter().enumerate();
        inputs.map(move |(input, scaler)| Some(scaler.standardise(value_m(step, input)?)))
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
