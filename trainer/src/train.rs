//! Fits one network to one well.
//!
//! burn's tensors hold the parameters and the optimiser's moments, and lend their memory to the gradient of [`crate::bptt`] and to one pass of Adam (`train/adam.rs`).
//! From step to step nothing is allocated and nothing locked, so threads that train different wells do not wait for each other; burn's autodiff keeps the graphs
//! of all threads behind one lock.
//!
//! - **Loss.** Mean over the observed increments of a batch of the squared difference between predicted and observed rate, both standardised.
//!   The predicted rate of an interval is the mean of the outputs of its months.
//! - **A batch costs one sequence.** All points of a well share its levels, so the prediction is the same for each, and the loss differs from a
//!   weighted squared distance to the batch's mean rates by a constant only: `train/observation.rs`.
//! - **Early stopping.** After each epoch all parts are scored with one more forward pass; the parameters of the best epoch are kept. Which part chooses is
//!   `training.selection`: the validation part, or, labelled, the test part as in the paper.
//! - **Reproducible.** Series, split, configuration and seed determine every bit of the parameters, on every machine and with any number of threads: the only
//!   randomness is a ChaCha stream of the seed, and every operation on floats is fixed by IEEE 754 (`bptt/lanes.rs`; of burn the trainer uses element-wise operations and one sum, which burn-flex does in order).

pub(crate) mod adam;
mod error;
mod host_backend;
pub(crate) mod observation;
mod optimisation;
pub(crate) mod scaling;

use amlstm_core::{
    scaler::Scaler,
    sizes::{AttentionKind, MAX_CHANGED_LAYERS, MAX_INPUTS},
};
use burn::backend::{DispatchKindConversion, DispatchTensor, Flex};
use burn::tensor::Device;
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha12Rng;

pub use self::error::TrainError;
use self::host_backend::HostBackend;
pub use self::observation::INTERVALS_NEEDED;
use self::observation::Observations;
use self::optimisation::Optimisation;
use crate::bptt::SequenceKernel;
use crate::config::{Attention, Backend, Config, Inputs, NetworkConfig, NetworkKind, Selection};
use crate::network::{Shape, initial_parameters};
use crate::series::WellSeries;
use crate::split::{Part, Split};

/// A network fitted to a well.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedWell {
    /// Sizes and kind.
    pub network: Shape,
    /// All weights in the order of the model file, see [`crate::network::Layout`].
    pub parameters: Vec<f32>,
    /// The same of further networks, from other seeds: the estimate is the mean of all.
    pub further: Vec<Vec<f32>>,
    /// Scaler of each input in metres: the levels, then, where the network sees them, their monthly changes, whose offset is zero.
    pub input: Vec<Scaler>,
    /// Scaler of a month's increment in mm.
    pub target: Scaler,
    /// Lowest and highest value of each input that training saw, in metres.
    pub trained_m: Vec<(f32, f32)>,
    /// Scores after each epoch.
    pub history: Vec<Epoch>,
    /// Epoch whose parameters were kept, from 1.
    pub best_epoch: usize,
    /// The least a model that sees only levels can be expected to reach on the test part, in mm per month: root mean square error of the mean rate
    /// of the points that were not test points, in the same interval. NaN in a split by time.
    pub floor_rmse_mm: f64,
    /// Half the width of the 90 % interval around a month's increment of the well in mm: the 90 % quantile over the validation part's intervals of the
    /// distance between the predicted rate and the mean rate of the part's points (split conformal, Vovk et al. 2005). It does not cover a single ps point.
    /// NaN below [`INTERVALS_NEEDED`] intervals. A little narrow where the validation part chose the epoch, or shares its months with training.
    pub interval_half_width_mm: f64,
    /// Seed of the initial parameters and of the batches.
    pub seed: u64,
}

impl TrainedWell {
    /// The same weights with the scores, the floor and the interval of another fit.
    #[must_use]
    pub(crate) fn judged_as(self, other: &Self) -> Self {
        Self {
            history: other.history.clone(),
            best_epoch: other.best_epoch,
            floor_rmse_mm: other.floor_rmse_mm,
            interval_half_width_mm: other.interval_half_width_mm,
            ..self
        }
    }
}

/// Scores after one epoch: root mean square error of the rate in mm per month over all observed increments of a part; NaN for an empty part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    /// Training part.
    pub train_rmse_mm: f64,
    /// Validation part.
    pub validate_rmse_mm: f64,
    /// Test part.
    pub test_rmse_mm: f64,
}

impl Shape {
    /// The network that a configuration asks for, for so many aquifer layers.
    pub fn of(config: &NetworkConfig, layers: usize) -> Self {
        let sees_changes = config.inputs == Inputs::LevelsAndChange;
        Self {
            inputs: if sees_changes { 2 * layers } else { layers },
            hidden: config.hidden,
            attention_units: config.attention_units,
            kind: match (config.kind, config.attention) {
                (NetworkKind::Lstm, _) => AttentionKind::None,
                // Shared weights cannot tell a level from a change.
                (NetworkKind::AmLstm, Attention::Shared) if !sees_changes => AttentionKind::Shared,
                (NetworkKind::AmLstm, _) => AttentionKind::PerLayer,
            },
            skip: sees_changes,
        }
    }
}

/// Fits the network of `config.network` to a well.
///
/// # Errors
///
/// [`TrainError`] says what is missing, or that training diverged.
pub fn train_well(
    series: &WellSeries,
    split: &Split,
    config: &Config,
    seed: u64,
) -> Result<TrainedWell, TrainError> {
    train(series, split, config, seed, Stop::AtBest)
}

/// Fits the network of `scored` to everything observed, in as many steps as it took to its best epoch. Scores, floor and interval stay those of `scored`:
/// nothing is left to judge the new weights by.
///
/// # Errors
///
/// As [`train_well`].
pub fn refit_well(
    series: &WellSeries,
    split: &Split,
    config: &Config,
    scored: &TrainedWell,
) -> Result<TrainedWell, TrainError> {
    let trained = |split: &Split| {
        let is_trained = |point: &usize| {
            (0..series.intervals.len()).any(|interval| {
                split.part(*point, interval) == Part::Train
                    && series.points[*point].increment_mm[interval].is_some()
            })
        };
        (0..series.points.len()).filter(is_trained).count()
    };
    let (batch, passes) = batches(series, config);
    let steps = scored.best_epoch * passes * trained(split).div_ceil(batch);
    let everything = split.of_everything();
    let refitted = train(
        series,
        &everything,
        config,
        scored.seed,
        Stop::After { steps },
    )?;
    Ok(refitted.judged_as(scored))
}

/// When training ends.
#[derive(Clone, Copy)]
enum Stop {
    /// After the configured epochs; the best one's parameters are kept.
    AtBest,
    /// After so many steps; the last parameters are kept.
    After { steps: usize },
}

/// Points of a batch, and how often an epoch goes through all points. One series is one batch; an epoch goes through it as often as through those of a well
/// with ps points.
fn batches(series: &WellSeries, config: &Config) -> (usize, usize) {
    let passes = if series.directly_measured {
        config.training.series_steps
    } else {
        1
    };
    (config.training.batch_for(&series.well), passes)
}

fn train(
    series: &WellSeries,
    split: &Split,
    config: &Config,
    seed: u64,
    stop: Stop,
) -> Result<TrainedWell, TrainError> {
    match config.training.backend {
        Backend::Flex => train_on::<Flex>(series, split, config, seed, stop, &Device::flex()),
        #[cfg(feature = "ndarray")]
        Backend::Ndarray =>
        {
            #[expect(
                deprecated,
                reason = "offered for comparison; see the feature in Cargo.toml"
            )]
            train_on::<burn::backend::NdArray>(
                series,
                split,
                config,
                seed,
                stop,
                &Device::ndarray(),
            )
        }
        #[cfg(not(feature = "ndarray"))]
        Backend::Ndarray => Err(TrainError::NoNdarray),
    }
}

fn train_on<B: HostBackend>(
    series: &WellSeries,
    split: &Split,
    config: &Config,
    seed: u64,
    stop: Stop,
    device: &Device,
) -> Result<TrainedWell, TrainError>
where
    DispatchTensor: DispatchKindConversion<B>,
{
    let shape = shape_for(series, config)?;
    let months = split.training_steps(series);
    let mut input = scaling::inputs(series, months, config.data.level_scaling)?;
    let mut trained_m = scaling::ranges(series, months)?;
    if config.network.inputs == Inputs::LevelsAndChange {
        input.extend(scaling::changes(series, months));
        trained_m.extend(scaling::ranges_of_changes(series, months));
    }
    let target = observation::target(series, split)?;
    let observations = Observations::new(series, split, target);
    if let Stop::AtBest = stop {
        observations.require(chosen_by(config), &series.well)?;
    }

    let sequence = scaling::sequence(series, &input);
    let spans = series.spans();
    let trained = spans[..observations.trained_intervals()].to_vec();
    let mut kernel = SequenceKernel::new(shape, &sequence.first(months), trained);
    // Where training sees the whole series, the pass that scores an epoch is the first pass of the next one.
    let mut whole =
        (months < sequence.months()).then(|| SequenceKernel::new(shape, &sequence, spans));

    // Two streams of one seed: networks of different size get the same batches.
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let first = initial_parameters(&shape, &mut random);
    random.set_stream(1);
    random.set_word_pos(0);

    let mut optimisation =
        Optimisation::<B>::new(first, kernel.spans(), config.training.learning_rate, device);
    let (batch, passes) = batches(series, config);
    let mut order = observations.training_points();
    let mut history = Vec::with_capacity(config.training.epochs);
    let (mut best_score, mut best_epoch, mut best_parameters) = (f64::INFINITY, 0, Vec::new());
    let (epochs, mut steps_left) = match stop {
        Stop::AtBest => (config.training.epochs, usize::MAX),
        Stop::After { steps } => (usize::MAX, steps),
    };
    for epoch in 1..=epochs {
        order.shuffle(&mut random);
        for _ in 0..passes {
            for points in order.chunks(batch).take(steps_left) {
                optimisation.step(&mut kernel, &observations, points);
                steps_left -= 1;
            }
        }
        let parameters = optimisation
            .parameters()
            .ok_or_else(|| TrainError::Diverged {
                well: series.well.clone(),
                epoch,
                learning_rate: config.training.learning_rate,
            })?;
        if let Stop::After { .. } = stop {
            if steps_left > 0 {
                continue;
            }
            best_parameters.extend_from_slice(parameters);
            break;
        }
        let predicted = whole.as_mut().unwrap_or(&mut kernel).forward(parameters);
        let scores = observations.scores(epoch, predicted);
        history.push(scores);
        let score = match config.training.selection {
            Selection::Validation => scores.validate_rmse_mm,
            Selection::Test => scores.test_rmse_mm,
        };
        if score < best_score {
            (best_score, best_epoch) = (score, epoch);
            best_parameters.clear();
            best_parameters.extend_from_slice(parameters);
        }
        let patience = config.training.patience;
        if patience > 0 && epoch - best_epoch >= patience {
            break;
        }
    }
    let predicted = whole
        .as_mut()
        .unwrap_or(&mut kernel)
        .forward(&best_parameters);
    let interval_half_width_mm = observations.half_width(series, predicted);
    Ok(TrainedWell {
        network: shape,
        parameters: best_parameters,
        further: Vec::new(),
        input,
        target,
        trained_m,
        history,
        best_epoch,
        floor_rmse_mm: observations.floor(),
        interval_half_width_mm,
        seed,
    })
}

/// The part that chooses the best epoch.
fn chosen_by(config: &Config) -> Part {
    match config.training.selection {
        Selection::Validation => Part::Validate,
        Selection::Test => Part::Test,
    }
}

/// Refuses what no fit can use, without fitting.
///
/// # Errors
/// As training, but for a fit that diverges.
pub fn check(series: &WellSeries, split: &Split, config: &Config) -> Result<(), TrainError> {
    shape_for(series, config)?;
    scaling::ranges(series, split.training_steps(series))?;
    let target = observation::target(series, split)?;
    Observations::new(series, split, target).require(chosen_by(config), &series.well)
}

/// The network that a configuration asks for at a well.
pub(crate) fn shape_for(series: &WellSeries, config: &Config) -> Result<Shape, TrainError> {
    let found = series.aquifer_layers.len();
    let well = || series.well.clone();
    if config.network.inputs == Inputs::LevelsAndChange && found > MAX_CHANGED_LAYERS {
        return Err(TrainError::Changes {
            well: well(),
            found,
        });
    }
    if !(1..=MAX_INPUTS).contains(&found) {
        return Err(TrainError::Inputs {
            well: well(),
            found,
            limit: MAX_INPUTS,
        });
    }
    Ok(Shape::of(&config.network, found))
}

#[cfg(test)]
mod tests;
