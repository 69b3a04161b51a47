//! The recipe: imitate physics on many histories, then fit the measurements while rehearsing.

use std::ops::Range;

use amlstm_core::scaler::Scaler;

use super::optimiser::{Adam, Schedule};
use super::pool;
use super::random::Random;
use super::record::Record;
use super::start::start;
use crate::bptt::batch::{BatchInput, BatchKernel, Lanes, SEQUENCES, fold_factor};
use crate::network::{Sequence, Shape};
use crate::physics::{Weights, as_measured};

/// Histories of the pool.
const HISTORIES: usize = 256;

/// Steps of imitation, each on sixteen histories; 1,500 are a little better, 300 are too few.
const IMITATION: Schedule = Schedule {
    steps: 1000,
    warm_up: 30,
    peak: 0.01,
    end: 0.0002,
};

/// Steps on the measurements, each beside fifteen histories. The learning rate stays at its peak.
const FIT: Schedule = Schedule {
    steps: 80,
    warm_up: 10,
    peak: 0.003,
    end: 0.003,
};

/// Share of the histories that lose a layer for a while, and for how many months.
const LOST: f64 = 0.05;
const LOST_MONTHS: Range<usize> = 3..37;

/// Steps of imitation and of the fit after which parameters are kept for the history.
const KEPT_IMITATION: usize = 100;
const KEPT_FIT: usize = 20;

/// Sequence of a batch that holds the record while measurements are fitted.
const RECORD: usize = 0;

/// What was observed: the months of an interval and its mean rate in mm per month.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Months of the record that cause it.
    pub months: Range<usize>,
    /// Rate, down +.
    pub rate_mm: f64,
}

/// A network after pretraining and fitting.
#[derive(Debug, Clone, PartialEq)]
pub struct Pretrained {
    /// In the order of the model file.
    pub parameters: Vec<f32>,
    /// Scaler of each input: the levels, then, where the shape has twice as many inputs as layers, their monthly changes.
    pub input: Vec<Scaler>,
    /// Scaler of a month's increment in mm.
    pub target: Scaler,
    /// Parameters now and then on the way, the last ones at the end.
    pub history: Vec<Vec<f32>>,
    /// Root mean square error of imitation on the last pass over the pool, as a share of the physics' root mean square there.
    pub imitation_error: f64,
}

/// Pretrains a network of `shape` on the physics `teacher` of the well with `record`, then fits it to `measured`.
///
/// # Panics
///
/// If the shape has neither as many inputs as the record has aquifer layers nor twice as many, or nothing was measured.
pub fn pretrain(
    shape: Shape,
    record: &Record,
    teacher: &Weights,
    measured: &[Measured],
    seed: u64,
) -> Pretrained {
    let layers = record.layers();
    assert!(shape.inputs == layers || shape.inputs == 2 * layers);
    let squares: f64 = measured.iter().map(|row| row.rate_mm * row.rate_mm).sum();
    let scale = (squares / measured.len() as f64).sqrt().max(1e-6);
    let levels = record.level.iter().map(|moments| moments.scaler());
    let changes = record.change.iter().map(|moments| moments.scale_alone());
    let scalers: Vec<Scaler> = levels.chain(changes).take(shape.inputs).collect();

    let months = pool::months(record.months());
    let (mut random, mut losses) = (Random::new(seed, 0), Random::new(seed, 3));
    let example = |_| {
        let mut level_m = as_measured(&pool::history(record, months, &mut random));
        let target = imitated(&level_m, teacher, scale);
        lose_a_layer(&mut level_m, &mut losses);
        Example {
            seen: seen(&level_m, &scalers),
            target,
        }
    };
    let pool: Vec<Example> = (0..HISTORIES).map(example).collect();

    let mean_output = measured.iter().map(|row| row.rate_mm / scale).sum::<f64>();
    let mean_output = (mean_output / measured.len() as f64) as f32;
    let mut parameters = start(&shape, months, mean_output, &mut Random::new(seed, 1));
    let mut learner = Learner::new(shape, months.max(record.months()));
    let mut random = Random::new(seed, 2);
    let imitation_error = learner.imitate(&mut parameters, &pool, &mut random);
    let record = seen(&as_measured(&record.level_m), &scalers);
    learner.fit(
        &mut parameters,
        &pool,
        &record,
        measured,
        scale,
        &mut random,
    );
    let e_factor = learner.e_factor;
    let mut history = learner.history;
    for kept in history.iter_mut().chain([&mut parameters]) {
        fold_factor(&shape, kept, e_factor);
    }
    Pretrained {
        parameters,
        history,
        input: scalers,
        target: Scaler {
            offset: 0.0,
            scale: scale as f32,
        },
        imitation_error,
    }
}

/// A history as the network sees it, and what physics says to all of it.
struct Example {
    seen: Sequence,
    /// Standardised increment of each month.
    target: Vec<f32>,
}

/// What physics says to a history: the standardised increment of each month.
fn imitated(level_m: &[Vec<Option<f32>>], teacher: &Weights, scale: f64) -> Vec<f32> {
    let increments_mm = teacher.simulate(level_m);
    increments_mm
        .iter()
        .map(|increment_mm| increment_mm.unwrap_or(0.0) / scale as f32)
        .collect()
}

/// Loses a layer for a while, now and then: physics still knows its level, the network must do without.
fn lose_a_layer(level_m: &mut [Vec<Option<f32>>], random: &mut Random) {
    let months = level_m.len();
    if level_m[0].len() > 1 && random.chance(LOST) {
        let layer = random.below(level_m[0].len());
        let from = random.below(months);
        let until = (from + LOST_MONTHS.start + random.below(LOST_MONTHS.len())).min(months);
        for levels in &mut level_m[from..until] {
            levels[layer] = None;
        }
    }
}

/// What a network with these scalers sees of levels in m above datum: the levels, then, if there are scalers for them, their changes.
fn seen(level_m: &[Vec<Option<f32>>], scalers: &[Scaler]) -> Sequence {
    let layers = level_m[0].len();
    let value_m = |month: usize, input: usize| match input.checked_sub(layers) {
        None => level_m[month][input],
        Some(layer) => Some(level_m[month][layer]? - level_m[month.checked_sub(1)?][layer]?),
    };
    let values = (0..level_m.len()).flat_map(|month| {
        let inputs = scalers.iter().enumerate();
        inputs.map(move |(input, scaler)| Some(scaler.standardise(value_m(month, input)?)))
    });
    Sequence::new(scalers.len(), values.collect())
}

/// A network in the making, with room for its passes.
struct Learner {
    kernel: BatchKernel,
    e_factor: f32,
    gradient: Vec<f32>,
    output: Vec<Lanes>,
    of_output: Vec<Lanes>,
    history: Vec<Vec<f32>>,
}

impl Learner {
    fn new(shape: Shape, months: usize) -> Self {
        let e_factor = match shape.kind {
            amlstm_core::sizes::AttentionKind::None => 1.0,
            _ => shape.inputs as f32,
        };
        Self {
            kernel: BatchKernel::new(shape, months, e_factor),
            e_factor,
            gradient: vec![0.0; shape.parameters()],
            output: vec![[0.0; SEQUENCES]; months],
            of_output: vec![[0.0; SEQUENCES]; months],
            history: Vec::new(),
        }
    }

    /// Imitates physics; gives the error of the last pass over the pool.
    fn imitate(&mut self, parameters: &mut [f32], pool: &[Example], random: &mut Random) -> f64 {
        let months = pool[0].target.len();
        let mut input = BatchInput::new(pool[0].seen.inputs(), months);
        let mut adam = Adam::new(parameters.len());
        let mut order: Vec<usize> = (0..pool.len()).collect();
        let batches = pool.len() / SEQUENCES;
        let (mut error, mut size) = (0.0, 0.0);
        for step in 0..IMITATION.steps {
            let batch = step % batches;
            if batch == 0 {
                shuffle(&mut order, random);
                (error, size) = (0.0, 0.0);
            }
            let examples = &order[batch * SEQUENCES..][..SEQUENCES];
            input.set(std::array::from_fn(|sequence| {
                &pool[examples[sequence]].seen
            }));
            self.kernel
                .forward(parameters, &input, &mut self.output[..months]);
            let factor = 2.0 / (SEQUENCES * months) as f32;
            for month in 0..months {
                for (sequence, example) in examples.iter().enumerate() {
                    let target = pool[*example].target[month];
                    let off = self.output[month][sequence] - target;
                    self.of_output[month][sequence] = factor * off;
                    error += f64::from(off * off);
                    size += f64::from(target * target);
                }
            }
            self.kernel
                .backward(&input, &self.of_output[..months], &mut self.gradient);
            adam.step(IMITATION.rate(step), parameters, &mut self.gradient);
            if (step + 1).is_multiple_of(KEPT_IMITATION) {
                self.history.push(parameters.to_vec());
            }
        }
        (error / size).sqrt()
    }

    /// Fits the measurements while rehearsing.
    fn fit(
        &mut self,
        parameters: &mut [f32],
        pool: &[Example],
        record: &Sequence,
        measured: &[Measured],
        scale: f64,
        random: &mut Random,
    ) {
        let rehearsed = pool[0].target.len();
        let months = rehearsed.max(record.months());
        let mut input = BatchInput::new(pool[0].seen.inputs(), months);
        let mut adam = Adam::new(parameters.len());
        let mut order: Vec<usize> = (0..pool.len()).collect();
        for step in 0..FIT.steps {
            shuffle(&mut order, random);
            let examples = &order[..SEQUENCES - 1];
            input.set(std::array::from_fn(|sequence| match sequence {
                RECORD => record,
                _ => &pool[examples[sequence - 1]].seen,
            }));
            self.kernel
                .forward(parameters, &input, &mut self.output[..months]);
            self.of_output[..months].fill([0.0; SEQUENCES]);
            for row in measured {
                let count = row.months.len() as f32;
                let of_row = self.output[row.months.clone()].iter();
                let mean = of_row.map(|lanes| lanes[RECORD]).sum::<f32>() / count;
                let off = mean - (row.rate_mm / scale) as f32;
                for lanes in &mut self.of_output[row.months.clone()] {
                    lanes[RECORD] += 2.0 * off / count / measured.len() as f32;
                }
            }
            let factor = 2.0 / (examples.len() * rehearsed) as f32;
            for month in 0..rehearsed {
                for (sequence, example) in examples.iter().enumerate() {
                    let off = self.output[month][sequence + 1] - pool[*example].target[month];
                    self.of_output[month][sequence + 1] = factor * off;
                }
            }
            self.kernel
                .backward(&input, &self.of_output[..months], &mut self.gradient);
            adam.step(FIT.rate(step), parameters, &mut self.gradient);
            if (step + 1).is_multiple_of(KEPT_FIT) {
                self.history.push(parameters.to_vec());
            }
        }
    }
}

fn shuffle(order: &mut [usize], random: &mut Random) {
    for last in (1..order.len()).rev() {
        order.swap(last, random.below(last + 1));
    }
}
