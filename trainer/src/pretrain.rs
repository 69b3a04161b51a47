//! A network that knows the physics of its well before it sees the well's few measurements.
//!
//! The physics basis is fitted to the well's own record first ([`crate::physics`]). The network learns to imitate it on some hundred plausible level histories of
//! this very well, and is then fitted to the measurements while it goes on rehearsing those histories: without rehearsal it forgets within ten passes
//! what it had learnt. Known from process-guided deep learning (Read et al. 2019, doi:10.1029/2019WR024922).
//!
//! The recipe is the same for all wells; nothing in it is chosen by a well's validation or test months. Seeded: the same record, weights and seed give the same
//! bits on every machine and with any number of threads.

mod optimiser;
mod pool;
mod random;
mod record;
mod rehearsal;
mod start;

pub use self::record::Record;
pub use self::rehearsal::{Measured, Pretrained, pretrain};
use crate::baseline::{PreparedWell, weights};
use crate::bptt::SequenceKernel;
use crate::config::Config;
use crate::network::Shape;
use crate::series::WellSeries;
use crate::split::{Part, Split};
use crate::train::observation::Observations;
use crate::train::{Epoch, TrainError, TrainedWell, scaling, shape_for};

/// Pretrains the network of `config.network` on the well's physics and fits it to the training and validation parts.
///
/// Validation scores and the interval come from a network fitted to the training part alone, which never saw the validation part.
/// The history has its steps, 100 of imitation or 20 of the fit each, and ends with the network that is returned.
///
/// # Errors
///
/// [`TrainError`] says what is missing.
pub fn train_well(
    series: &WellSeries,
    split: &Split,
    config: &Config,
    seed: u64,
) -> Result<TrainedWell, TrainError> {
    Ok(train_twice(series, split, config, seed)?.1)
}

/// The network that never saw the validation part, and the one of [`train_well`].
///
/// # Errors
///
/// As [`train_well`].
pub fn train_twice(
    series: &WellSeries,
    split: &Split,
    config: &Config,
    seed: u64,
) -> Result<(TrainedWell, TrainedWell), TrainError> {
    let shape = shape_for(series, config)?;
    let members = config.training.members;
    let fit = |parts: &[Part]| Fit::new(series, split, shape, parts, members, seed);
    let early = fit(&[Part::Train])?;
    let last = fit(&[Part::Train, Part::Validate])?;
    let early = early.trained(series, split, seed);
    let mut last = last.end_of_training().trained(series, split, seed);
    // Of the last network's history only the end is told, beside what the early one did on validation.
    let (way, end) = (early.history.clone(), last.history.pop());
    if let (Some(of_early), Some(end)) = (way.last().copied(), end) {
        last.history = way;
        last.history.push(Epoch {
            epoch: last.history.len() + 1,
            validate_rmse_mm: of_early.validate_rmse_mm,
            ..end
        });
    }
    last.best_epoch = last.history.len();
    last.interval_half_width_mm = early.interval_half_width_mm;
    Ok((early, last))
}

/// Fits the network of `scored` to everything observed. Scores, floor and interval stay those of `scored`: nothing is left to judge the new weights by.
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
    let shape = shape_for(series, config)?;
    let everything = split.of_everything();
    let members = config.training.members;
    let fit = Fit::new(
        series,
        &everything,
        shape,
        &[Part::Train],
        members,
        scored.seed,
    )?;
    let refitted = fit
        .end_of_training()
        .trained(series, &everything, scored.seed);
    Ok(refitted.judged_as(scored))
}

/// By how much the seeds of a model's networks differ, far from those that people try one after the other.
const SEEDS_APART: u64 = 1 << 32;

/// The networks of a model fitted to some parts of a well.
struct Fit {
    shape: Shape,
    network: Pretrained,
    /// Parameters of those beside the first.
    further: Vec<Vec<f32>>,
    /// Lowest and highest value of each input in the months that it may know, m.
    trained_m: Vec<(f32, f32)>,
}

impl Fit {
    fn new(
        series: &WellSeries,
        split: &Split,
        shape: Shape,
        parts: &[Part],
        members: usize,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let missing = |error: Option<TrainError>| {
            error.unwrap_or(TrainError::NoObservation {
                well: series.well.clone(),
                part: "training",
            })
        };
        let Some(prepared) = PreparedWell::new(series, split, seed) else {
            return Err(missing(scaling::ranges(series, series.months.len()).err()));
        };
        let first = prepared.first();
        let months = prepared.fitted_until(parts) + 1;
        // Levels of every layer must be known when the ground is.
        let mut trained_m = scaling::ranges(series, months)?;
        if shape.skip {
            trained_m.extend(scaling::ranges_of_changes(series, months));
        }
        let measured: Vec<Measured> = prepared
            .fitted(parts)
            .into_iter()
            .map(|(interval, increment_mm)| Measured {
                months: interval.from + 1 - first..interval.to + 1 - first,
                rate_mm: interval.rate_mm_per_month(increment_mm),
            })
            .collect();
        if measured.is_empty() {
            return Err(missing(None));
        }
        let record = Record::new(
            prepared.level_m()[..months - first].to_vec(),
            usize::from(series.months[first].month()) - 1,
        );
        let teacher = weights(&prepared, parts);
        let member = |index: usize| {
            let seed = seed.wrapping_add(index as u64 * SEEDS_APART);
            pretrain(shape, &record, &teacher, &measured, seed)
        };
        Ok(Self {
            shape,
            network: member(0),
            // Scalers come from the record and the measurements, so they are those of the first.
            further: (1..members).map(|index| member(index).parameters).collect(),
            trained_m,
        })
    }

    /// Without the steps before the last.
    fn end_of_training(mut self) -> Self {
        let before = self.network.history.len().saturating_sub(1);
        self.network.history.drain(..before);
        self
    }

    /// The networks with their scores: on the way those of the first, at the end those of the mean.
    fn trained(self, series: &WellSeries, split: &Split, seed: u64) -> TrainedWell {
        let observations = Observations::new(series, split, self.network.target);
        let sequence = scaling::sequence(series, &self.network.input);
        // Mean standardised output over each interval, as a logger finds it that knows the levels.
        let mut kernel = SequenceKernel::new(self.shape, &sequence, series.spans());
        let mut history: Vec<Epoch> = (self.network.history.iter().enumerate())
            .map(|(step, parameters)| observations.scores(step + 1, kernel.forward(parameters)))
            .collect();
        let mut predicted = kernel.forward(&self.network.parameters).to_vec();
        for parameters in &self.further {
            for (sum, y) in predicted.iter_mut().zip(kernel.forward(parameters)) {
                *sum += y;
            }
        }
        let members = 1 + self.further.len();
        for sum in &mut predicted {
            *sum /= members as f32;
        }
        if let Some(end) = history.last_mut() {
            *end = observations.scores(end.epoch, &predicted);
        }
        TrainedWell {
            network: self.shape,
            best_epoch: history.len(),
            history,
            trained_m: self.trained_m,
            floor_rmse_mm: observations.floor(),
            interval_half_width_mm: observations.half_width(series, &predicted),
            input: self.network.input,
            target: self.network.target,
            parameters: self.network.parameters,
            further: self.further,
            seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::example::{in_order, levels, well};
    use crate::config::Inputs;
    use crate::metric::{Simulation, score};
    use crate::physics;

    /// Ten years at a well whose beds are those of the basis, with noise of 0.3 mm.
    fn noisy_well() -> WellSeries {
        let levels = levels();
        let basis = physics::basis(&levels);
        let noise = |t: usize| 0.3 * ((t * 7919 % 101) as f64 / 50.0 - 1.0);
        well(&levels, |t| {
            8.0 * basis[(t, 4)] + 3.0 * basis[(t, 9)] + noise(t)
        })
    }

    fn test_rmse_mm(trained: &TrainedWell, series: &WellSeries, split: &Split) -> f64 {
        let beside = crate::export::Beside::default();
        let bytes = crate::export::model_file(trained, series, split, 1, beside).unwrap();
        let file = amlstm_core::artifact::ModelFile::parse(&bytes).unwrap();
        let curve = Simulation::new(&file, series).curve();
        score(series, split, &curve, Part::Test).rmse_mm
    }

    #[test]
    fn a_pretrained_network_holds_where_one_from_scratch_does_not_and_is_the_same_every_time() {
        let series = noisy_well();
        let split = in_order(&series);
        for inputs in [Inputs::Levels, Inputs::LevelsAndChange] {
            let mut config = Config::default();
            config.network.inputs = inputs;
            let trained = train_well(&series, &split, &config, 1).unwrap();
            let again = train_well(&series, &split, &config, 1).unwrap();
            assert_eq!(trained.parameters, again.parameters);
            assert_eq!(trained.history, again.history);
            let scratch = crate::train::train_well(&series, &split, &config, 1).unwrap();
            let [pretrained, scratch] =
                [&trained, &scratch].map(|trained| test_rmse_mm(trained, &series, &split));
            println!("{inputs:?}: {pretrained} mm against {scratch} mm");
            assert!(pretrained < 0.6 * scratch, "{inputs:?}");
            // Twelve validation months carry no interval.
            assert!(trained.interval_half_width_mm.is_nan());
            let end = trained.history[trained.best_epoch - 1];
            assert!(end.train_rmse_mm < trained.history[0].train_rmse_mm);
            // What the kernel scores is what the exported file computes.
            let of_file = test_rmse_mm(&trained, &series, &split);
            assert!((end.test_rmse_mm - of_file).abs() < 1e-4, "{inputs:?}");
        }
    }

    #[test]
    fn several_networks_are_scored_and_exported_as_their_mean() {
        let series = noisy_well();
        let split = in_order(&series);
        let mut config = Config::default();
        let curve = |trained: &TrainedWell| {
            let beside = crate::export::Beside::default();
            let bytes = crate::export::model_file(trained, &series, &split, 1, beside).unwrap();
            let file = amlstm_core::artifact::ModelFile::parse(&bytes).unwrap();
            assert_eq!(file.member_count(), 1 + trained.further.len());
            Simulation::new(&file, &series).curve()
        };
        let alone = [1, 1 + SEEDS_APART].map(|seed| {
            let trained = train_well(&series, &split, &config, seed).unwrap();
            curve(&trained)
        });
        assert_ne!(alone[0], alone[1]);
        config.training.members = 2;
        let both = train_well(&series, &split, &config, 1).unwrap();
        let of_both = curve(&both);
        for ((mean, first), second) in of_both.iter().zip(&alone[0]).zip(&alone[1]) {
            let expected = f64::midpoint(first.unwrap(), second.unwrap());
            assert!((mean.unwrap() - expected).abs() < 1e-5);
        }
        let end = both.history[both.best_epoch - 1];
        let of_file = score(&series, &split, &of_both, Part::Test).rmse_mm;
        assert!((end.test_rmse_mm - of_file).abs() < 1e-4);
    }

    #[test]
    fn the_last_validation_score_is_of_a_network_that_never_saw_the_validation_part() {
        let series = noisy_well();
        let mut changed = series.clone();
        for interval in 72..83 {
            changed.points[0].increment_mm[interval] = Some(50.0);
        }
        let split = in_order(&series);
        let early = |series| {
            let shape = Shape::of(&Config::default().network, 2);
            Fit::new(series, &split, shape, &[Part::Train], 1, 1).unwrap()
        };
        assert_eq!(early(&series).network, early(&changed).network);
    }
}
