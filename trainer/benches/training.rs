//! Time of training: one optimiser step, one well, six wells, and the ratio to the same work in burn's own operations.
//!
//! The work is the paper's (Cao et al. 2022): wells A to F with three aquifer layers, 43 scenes, 12 to 148 training points, batches of 8 to 32,
//! 16 hidden and 16 attention units, 100 epochs: 2800 steps of Adam and 600 validation passes. The numbers are random: time does
//! not depend on them.
//!
//! `cargo bench -p amlstm --bench training`

use std::hint::black_box;
use std::time::{Duration, Instant};

use amlstm::bptt::SequenceKernel;
use amlstm::config::Config;
use amlstm::network::{self, Sequence, Shape, initial_parameters};
use amlstm::series::{Interval, PointSeries, WellSeries};
use amlstm::split::{Part, Split};
use amlstm::train::train_well;
use amlstm_core::month::Month;
use burn::optim::{AdamConfig, AdamState, Optimizer};
use burn::tensor::{Device, Tensor, TensorData};
use criterion::{BenchmarkId, Criterion};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// Well, ps points, training points, batch.
const WELLS: [(&str, usize, usize, usize); 6] = [
    ("A", 15, 12, 8),
    ("B", 120, 96, 16),
    ("C", 40, 32, 8),
    ("D", 25, 20, 8),
    ("E", 151, 121, 16),
    ("F", 185, 148, 32),
];
const EPOCHS: usize = 100;
const STEPS_AN_EPOCH: usize = 28;

/// Steps of the paper's series (scenes), and of the same years month by month.
const MONTHS: [usize; 2] = [43, 63];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut config = Config::default();
    config.training.batch_of = WELLS.map(|well| (well.0.to_owned(), well.3)).into();
    for months in MONTHS {
        let wells = WELLS.map(|well| series(well, months));
        let mut group = criterion.benchmark_group(format!("{months} steps"));
        let mut kernel = kernel(&wells[5]);
        // Two, because a pass with the parameters of the last time is not computed again.
        let parameters = [vec![0.1; 1857], vec![0.2; 1857]];
        let of_means = vec![0.1; months - 1];
        let mut gradient = vec![0.0; parameters[0].len()];
        group.bench_function("forward pass", |bencher| {
            let mut turn = parameters.iter().cycle();
            bencher.iter(|| turn.next().map(|p| black_box(kernel.forward(p)).len()));
        });
        group.bench_function("backward pass", |bencher| {
            bencher.iter(|| kernel.backward(&of_means, black_box(&mut gradient)));
        });
        group.bench_function("one optimiser step with its validation pass", |bencher| {
            bencher.iter_custom(|steps| time_of_steps(&wells[5], steps as usize));
        });
        group.sample_size(20);
        group.bench_with_input(
            BenchmarkId::new("one well", "A"),
            &wells[0],
            |bencher, well| {
                bencher.iter(|| train(well, &config));
            },
        );
        group.sample_size(10);
        group.bench_function("six wells", |bencher| {
            bencher.iter(|| wells.iter().for_each(|well| train(well, &config)));
        });
        group.finish();
    }
    criterion.final_summary();
    if !std::env::args().any(|argument| argument == "--test") {
        compare(&config);
    }
}

/// The same six wells with this crate's gradient node and with burn's operations, in one thread.
fn compare(config: &Config) {
    let wells = WELLS.map(|well| series(well, MONTHS[0]));
    let ours = fastest(5, || wells.iter().for_each(|well| train(well, config)));
    // One epoch of each well, times the number of epochs: every epoch is the same work.
    let rows = fastest(2, || {
        wells
            .iter()
            .for_each(|well| epoch_in_burn(well, Rows::Points));
    });
    let mean = fastest(2, || {
        wells.iter().for_each(|well| epoch_in_burn(well, Rows::One));
    });
    let [rows, mean] = [rows, mean].map(|epoch| epoch * EPOCHS as u32);
    let line = |name: &str, time: Duration| {
        let steps = (STEPS_AN_EPOCH * EPOCHS) as f64;
        let step_us = time.as_secs_f64() / steps * 1e6;
        println!(
            "{name:<58} {:>9.3} s  {step_us:>9.1} us a step",
            time.as_secs_f64()
        );
    };
    println!(
        "\nsix wells, {EPOCHS} epochs, {} steps a series, one thread",
        MONTHS[0]
    );
    line("this crate", ours);
    line("burn autodiff, a batch of points (1 epoch x 100)", rows);
    line(
        "burn autodiff, a batch's mean as one row (1 epoch x 100)",
        mean,
    );
    let ratio = |time: Duration| time.as_secs_f64() / ours.as_secs_f64();
    println!(
        "ratio to burn autodiff with the batch's mean: {:.0}",
        ratio(mean)
    );
    println!("ratio to burn autodiff: {:.0}", ratio(rows));
}

fn fastest(times: usize, work: impl Fn()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..times).map(time).min().expect("at least once")
}

struct Well {
    series: WellSeries,
    split: Split,
    train: usize,
    batch: usize,
}

fn series((name, points, train, batch): (&str, usize, usize, usize), months: usize) -> Well {
    let mut random = ChaCha12Rng::seed_from_u64(points as u64);
    let start = Month::new(2011, 6).expect("a month");
    let mut level = || Some(random.random_range(-40.0..-2.0));
    let level_m = (0..months)
        .map(|_| vec![level(), level(), level()])
        .collect();
    let intervals: Vec<Interval> = (1..months)
        .map(|to| Interval {
            from: to - 1,
            to,
            days: 30.4375,
        })
        .collect();
    let mut increment_mm = || {
        intervals
            .iter()
            .map(|_| Some(random.random_range(-1.0..4.0)))
            .collect()
    };
    let points = (0..points)
        .map(|point| PointSeries {
            id: point.to_string(),
            distance_m: 100.0,
            increment_mm: increment_mm(),
        })
        .collect::<Vec<_>>();
    let part = |point| {
        if point < train {
            Part::Train
        } else {
            Part::Validate
        }
    };
    let split = Split::Points((0..points.len()).map(part).collect());
    let series = WellSeries {
        later_level_m: Vec::new(),
        month_definition: amlstm_core::month_mean::MonthDefinition::default(),
        well: name.into(),
        name: name.into(),
        aquifer_layers: ["phreatic", "confined1", "confined2"]
            .map(String::from)
            .to_vec(),
        synthetic: true,
        directly_measured: false,
        months: (0..months)
            .map(|month| start.offset(month as i32))
            .collect(),
        level_m,
        intervals,
        points,
    };
    Well {
        series,
        split,
        train,
        batch,
    }
}

fn train(well: &Well, config: &Config) {
    let trained = train_well(&well.series, &well.split, config, config.seed);
    black_box(trained.expect("random numbers train"));
}

fn sequence(well: &Well) -> Sequence {
    let levels = well.series.level_m.iter().flatten();
    Sequence::new(
        3,
        levels
            .map(|level| level.map(|level| level / 20.0 + 1.0))
            .collect(),
    )
}

fn kernel(well: &Well) -> SequenceKernel {
    let spans = well
        .series
        .intervals
        .iter()
        .map(|interval| interval.from + 1..interval.to + 1);
    let shape = Shape::of(&Config::default().network, 3);
    SequenceKernel::new(shape, &sequence(well), spans.collect())
}

/// Epochs of one step each: all points are one batch.
fn time_of_steps(well: &Well, steps: usize) -> Duration {
    let mut config = Config::default();
    config.training.epochs = steps;
    config.training.batch = well.train;
    let start = Instant::now();
    train(well, &config);
    start.elapsed()
}

/// What burn is given as a batch.
#[derive(Clone, Copy)]
enum Rows {
    /// A row a point: plain training code.
    Points,
    /// One row, the batch's mean: what this crate does, in burn's operations.
    One,
}

/// One epoch of training and its validation pass in burn's tensor operations, with the same network, optimiser and loss.
fn epoch_in_burn(well: &Well, rows: Rows) {
    let device = Device::flex();
    let shape = Shape::of(&Config::default().network, 3);
    let first = initial_parameters(&shape, &mut ChaCha12Rng::seed_from_u64(1));
    let months = well.series.level_m.len();
    let sequence = sequence(well);
    let target = |rows: usize| {
        let rates = vec![0.5f32; rows * (months - 1)];
        Tensor::<2>::from_data(TensorData::new(rates, [rows, months - 1]), &device)
    };
    let loss = |parameters: &Tensor<1>, rows: usize, target: Tensor<2>| {
        let rates = network::forward(&shape, parameters, &sequence, rows).narrow(1, 1, months - 1);
        let residual = rates - target;
        (residual.clone() * residual).mean()
    };
    let rows_of = |points: usize| match rows {
        Rows::Points => points,
        Rows::One => 1,
    };
    let optimiser = AdamConfig::new().with_epsilon(1e-8).build();
    let mut state: Option<AdamState<1>> = None;
    let mut values = Tensor::<1>::from_data(TensorData::new(first, [shape.parameters()]), &device);
    let mut left = well.train;
    while left > 0 {
        let points = rows_of(left.min(well.batch));
        left -= left.min(well.batch);
        let parameters = values.clone().autodiff().require_grad();
        let gradients = loss(&parameters, points, target(points).autodiff()).backward();
        let gradient = parameters.grad(&gradients).expect("tracked");
        (values, state) = optimiser.step(0.05, values, gradient, state);
    }
    let validated = rows_of(well.series.points.len() - well.train);
    black_box(loss(&values, validated, target(validated)).into_data());
}
