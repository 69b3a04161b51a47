//! Turns a trained network into a model file.
//!
//! The weights go into the file as they are. The state that a logger starts from is that of [`amlstm_core`]'s estimator stepping through the months of the
//! series, so a logger that goes on from there continues what it would have computed itself.

mod aligned_bytes;
mod c_header;
mod c_text;
mod plain_weights;
mod safetensors;

use amlstm_core::arithmetic::ArithmeticKind;
use amlstm_core::artifact::{
    ArtifactError, Content, FurtherContent, MAX_FILE_BYTES, ModelFile, Record, Scores, encode,
    start_from,
};
use amlstm_core::cumulative_interval::{CumulativeIntervals, HORIZONS};
use amlstm_core::estimate::Primary;
use amlstm_core::estimator::Estimator;
use amlstm_core::input::Input;
use amlstm_core::saved_state::SavedState;
use amlstm_core::sizes::{AttentionKind, Sizes};

pub use self::aligned_bytes::AlignedBytes;
pub use self::c_header::c_header;
pub use self::safetensors::safetensors;
use crate::fit_notes::FitNotes;
use crate::fitted_physics::FittedPhysics;
use crate::network::Shape;
use crate::series::WellSeries;
use crate::split::{Part, Split};
use crate::train::TrainedWell;

/// Why a trained network cannot become a model file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The model file's own rules.
    #[error("well {well}: model file: {reason}")]
    Refused {
        /// Well id.
        well: String,
        /// What is wrong.
        reason: ArtifactError,
    },
}

/// What a model file holds besides its network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// Physics, and which of the two estimates is to be trusted.
    pub physics: Option<(&'a FittedPhysics, Primary)>,
    /// How far the change of the ground by the network can be off; nothing where validation chose its epoch.
    pub network_widths: Option<[Option<f32>; HORIZONS]>,
    /// What is said about the fit.
    pub notes: Option<&'a FitNotes>,
    /// Whether an estimator starts after the last month with levels, not at the end of training.
    pub is_current: bool,
}

/// Writes the model file of a trained network.
///
/// `model_version` counts the models made for the well, so that a logger does not take an older one for a newer.
///
/// # Errors
///
/// When the well's name or a layer's is too long for the file, or a number is not finite.
pub fn model_file(
    trained: &TrainedWell,
    series: &WellSeries,
    split: &Split,
    model_version: u32,
    beside: Beside,
) -> Result<AlignedBytes, ExportError> {
    let refused = |reason| ExportError::Refused {
        well: series.well.clone(),
        reason,
    };
    let months = split.training_steps(series);
    let inputs: Vec<Input> = trained
        .input
        .iter()
        .zip(&trained.trained_m)
        .map(|(scaler, (lowest, highest))| Input {
            scaler: *scaler,
            lowest_trained_m: *lowest,
            highest_trained_m: *highest,
        })
        .collect();
    let (levels, changes) = inputs.split_at(series.aquifer_layers.len());
    let physics = beside
        .physics
        .map(|(physics, primary)| physics.shipped(primary));
    let notes = beside.notes.map(FitNotes::to_json);
    let start_month = series.months[months - 1];
    let physics_widths = beside.physics.map(|(physics, _)| physics.horizon_widths);
    let [network, physics_mm] = [beside.network_widths, physics_widths]
        .map(|widths| widths.unwrap_or_default().map(|mm| mm.unwrap_or(f32::NAN)));
    let intervals = CumulativeIntervals {
        observed_until: start_month,
        network: &network,
        physics: &physics_mm,
    };
    let is_known = network.iter().chain(&physics_mm).any(|mm| mm.is_finite());
    let start_state = vec![(0, 0); trained.network.hidden];
    let further: Vec<FurtherContent> = (trained.further.iter())
        .map(|parameters| FurtherContent {
            start_state: &start_state,
            weights: bytemuck::cast_slice(parameters),
        })
        .collect();
    let mut bytes = encoded(&Content {
        record: record(trained, series, split, months, model_version),
        inputs: levels,
        changes,
        target: trained.target,
        start_month,
        start_subsidence_mm: 0.0,
        start_state: &start_state,
        start_level_m: &vec![f32::NAN; changes.len()],
        weights: bytemuck::cast_slice(&trained.parameters),
        further: &further,
        physics: physics.as_ref(),
        months: series.month_definition,
        fit: notes.as_deref(),
        cumulative: is_known.then_some(&intervals),
    })
    .map_err(refused)?;
    let state = {
        let file = ModelFile::parse(&bytes).map_err(refused)?;
        state_at_start(&file, series, split, months, beside.is_current)
    };
    start_from(&mut bytes, &state).map_err(refused)?;
    Ok(bytes)
}

/// The state that an estimator of the file starts from: its own after the `months` training months, with the subsidence that was observed by then; if
/// `is_current`, after all months that have levels.
fn state_at_start(
    file: &ModelFile,
    series: &WellSeries,
    split: &Split,
    months: usize,
    is_current: bool,
) -> SavedState {
    let mut estimator = Estimator::cold(file);
    let mut steps = series.months.iter().zip(&series.level_m);
    let increment_mm: Vec<f32> = (steps.by_ref().take(months))
        .map(|(month, level_m)| {
            let estimate = estimator.step_across_gap(*month, level_m);
            estimate.network.increment_mm
        })
        .collect();
    let observed_mm = subsidence_mm(series, split, &increment_mm);
    let state = estimator.save().with_subsidence(observed_mm);
    if !is_current || estimator.restore(&state).is_err() {
        return state;
    }
    for (month, level_m) in steps {
        estimator.step_across_gap(*month, level_m);
    }
    for level_m in &series.later_level_m {
        if let Some(month) = estimator.month() {
            estimator.step_across_gap(month.next(), level_m);
        }
    }
    estimator.save()
}

fn encoded(content: &Content) -> Result<AlignedBytes, ArtifactError> {
    let mut bytes = AlignedBytes::zeros(MAX_FILE_BYTES);
    let length = encode(content, &mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
}

fn record<'a>(
    trained: &TrainedWell,
    series: &'a WellSeries,
    split: &Split,
    months: usize,
    model_version: u32,
) -> Record<'a> {
    let Shape {
        inputs,
        hidden,
        attention_units,
        kind,
        ..
    } = trained.network;
    let attention = match kind {
        AttentionKind::None => 0,
        _ => attention_units,
    };
    let best = trained.history[trained.best_epoch - 1];
    Record {
        well: &series.well,
        aquifer_layers: series.aquifer_layers.iter().map(String::as_str).collect(),
        sizes: Sizes {
            inputs: inputs as u8,
            hidden: hidden as u8,
            attention: attention as u8,
        },
        attention: kind,
        arithmetic: ArithmeticKind::F32,
        model_version,
        trained_from: series.months[0],
        trained_until: series.months[months - 1],
        fingerprint: fingerprint(series, split),
        seed: trained.seed,
        synthetic: series.synthetic,
        scores: Scores {
            train_rmse_mm: best.train_rmse_mm as f32,
            validate_rmse_mm: best.validate_rmse_mm as f32,
            test_rmse_mm: best.test_rmse_mm as f32,
            floor_rmse_mm: trained.floor_rmse_mm as f32,
        },
        interval_half_width_mm: trained.interval_half_width_mm as f32,
    }
}

/// Cumulative subsidence at the end of training in mm from the first observation: for each interval, the mean of the increments trained on, and where
/// there is none, the model's.
fn subsidence_mm(series: &WellSeries, split: &Split, increment_mm: &[f32]) -> f32 {
    let within =
        |(_, interval): &(usize, &crate::series::Interval)| interval.to < increment_mm.len();
    let intervals = series.intervals.iter().enumerate().take_while(within);
    let of_interval = |(i, interval): (usize, &crate::series::Interval)| {
        let trained = series.points.iter().enumerate().filter_map(|(p, point)| {
            point.increment_mm[i].filter(|_| split.part(p, i) == Part::Train)
        });
        let (sum, count) = trained.fold((0.0, 0), |(sum, count), mm| {
            (sum + f64::from(mm), count + 1)
        });
        if count > 0 {
            sum / f64::from(count)
        } else {
            let months = &increment_mm[interval.from + 1..=interval.to];
            months.iter().copied().map(f64::from).sum()
        }
    };
    intervals.map(of_interval).sum::<f64>() as f32
}

/// The first 64 bits of BLAKE3 of all numbers of a series and of its split: tells whether two models saw the same data.
pub fn fingerprint(series: &WellSeries, split: &Split) -> u64 {
    let mut hasher = blake3::Hasher::new();
    // A value that is not there has the bits of no finite number.
    let bits = |value: Option<f32>| value.map_or(u32::MAX, f32::to_bits).to_le_bytes();
    for (month, level_m) in series.months.iter().zip(&series.level_m) {
        hasher.update(&month.index().to_le_bytes());
        for level in level_m {
            hasher.update(&bits(*level));
        }
    }
    for interval in &series.intervals {
        hasher.update(&(interval.from as u64).to_le_bytes());
        hasher.update(&(interval.to as u64).to_le_bytes());
        hasher.update(&interval.days.to_le_bytes());
    }
    for (p, point) in series.points.iter().enumerate() {
        for (i, increment_mm) in point.increment_mm.iter().enumerate() {
            hasher.update(&bits(*increment_mm));
            hasher.update(&[split.part(p, i) as u8]);
        }
    }
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    u64::from_le_bytes(first)
}

#[cfg(test)]
mod tests;
