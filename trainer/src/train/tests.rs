use super::observation::Target;
use super::*;
use crate::network;
use crate::series::{Interval, PointSeries};
use amlstm_core::month::Month;
use burn::tensor::{Tensor, TensorData};
use rand::Rng;

/// A well whose ground follows its second layer with a delay, seen by `points` noisy points, some of whose increments are missing.
fn well(points: usize, months: usize, seed: u64) -> WellSeries {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let start = Month::new(2011, 6).expect("a month");
    let level_m: Vec<Vec<Option<f32>>> = (0..months)
        .map(|month| {
            let t = month as f32;
            let levels = [
                -3.0 - 0.01 * t,
                -20.0 + 4.0 * (t / 2.0).sin(),
                -40.0 - 0.3 * t,
            ];
            levels
                .map(|level| (!random.random_bool(0.05)).then_some(level))
                .to_vec()
        })
        .collect();
    let intervals: Vec<Interval> = (0..months - 1)
        .step_by(2)
        .map(|from| {
            let to = (from + 2).min(months - 1);
            let days = (to - from) as f64 * 30.4375;
            Interval { from, to, days }
        })
        .collect();
    let points = (0..points)
        .map(|point| PointSeries {
            id: format!("p{point}"),
            distance_m: 10.0 * point as f32,
            increment_mm: intervals
                .iter()
                .map(|interval| {
                    let rate = 2.0 - 1.5 * ((interval.to as f32 - 2.0) / 2.0).sin();
                    let noise = random.random_range(-0.2..0.2);
                    let observed = !random.random_bool(0.1);
                    observed.then_some((rate + noise) * (interval.to - interval.from) as f32)
                })
                .collect(),
        })
        .collect();
    WellSeries {
        later_level_m: Vec::new(),
        month_definition: amlstm_core::month_mean::MonthDefinition::default(),
        well: "W".into(),
        name: "W".into(),
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
    }
}

fn config() -> Config {
    let mut config = Config::default();
    config.training.epochs = 30;
    config
}

fn split(points: usize) -> Split {
    let part = |point| match point % 5 {
        3 => Part::Validate,
        4 => Part::Test,
        _ => Part::Train,
    };
    Split::Points((0..points).map(part).collect())
}

#[test]
fn a_network_learns_what_its_well_does() {
    let series = well(20, 43, 1);
    for kind in [NetworkKind::AmLstm, NetworkKind::Lstm] {
        let mut config = config();
        config.network.kind = kind;
        config.training.epochs = 100;
        let trained = train_well(&series, &split(20), &config, 1).expect("trains");
        let best = trained.history[trained.best_epoch - 1];
        // The rates swing by 1.5 mm (1.06 mm root mean square) around their mean; their noise is 0.12 mm.
        assert!(best.test_rmse_mm < 0.3, "{kind:?} {best:?}");
        assert_eq!(trained.parameters.len(), trained.network.parameters());
    }
}

#[test]
fn the_kept_epoch_is_the_best_of_the_chosen_part() {
    let series = well(20, 30, 2);
    for selection in [Selection::Validation, Selection::Test] {
        let mut config = config();
        config.training.selection = selection;
        let trained = train_well(&series, &split(20), &config, 1).expect("trains");
        let score = |epoch: &Epoch| match selection {
            Selection::Validation => epoch.validate_rmse_mm,
            Selection::Test => epoch.test_rmse_mm,
        };
        let best = trained
            .history
            .iter()
            .map(score)
            .fold(f64::INFINITY, f64::min);
        assert_eq!(score(&trained.history[trained.best_epoch - 1]), best);
    }
}

#[test]
fn scores_of_the_history_are_those_of_the_kept_parameters() {
    let series = well(10, 30, 3);
    let split = split(10);
    let trained = train_well(&series, &split, &config(), 1).expect("trains");
    let sequence = scaling::sequence(&series, &trained.input);
    let spans: Vec<_> = series
        .intervals
        .iter()
        .map(|i| i.from + 1..i.to + 1)
        .collect();
    let mut kernel = SequenceKernel::new(trained.network, &sequence, spans);
    let means = kernel.forward(&trained.parameters);
    let (mut square, mut count) = (0.0, 0.0);
    for (p, point) in series.points.iter().enumerate() {
        for (i, increment) in point.increment_mm.iter().enumerate() {
            if let (Some(increment), Part::Validate) = (increment, split.part(p, i)) {
                let rate = series.intervals[i].rate_mm_per_month(f64::from(*increment));
                square += (f64::from(trained.target.restore(means[i])) - rate).powi(2);
                count += 1.0;
            }
        }
    }
    let expected = (square / count).sqrt();
    let found = trained.history[trained.best_epoch - 1].validate_rmse_mm;
    assert!((found - expected).abs() < 1e-5, "{found} {expected}");
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_thread_and_another_seed_others() {
    let series = well(12, 30, 4);
    let train = |seed| train_well(&series, &split(12), &config(), seed).expect("trains");
    let alone = train(1);
    let together: Vec<TrainedWell> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| train(1))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("trains"))
            .collect()
    });
    for other in together {
        assert_eq!(alone.parameters, other.parameters);
        assert_eq!(alone.history, other.history);
    }
    assert_ne!(alone.parameters, train(2).parameters);
}

#[test]
fn the_gradient_of_a_batchs_means_is_that_of_the_loss_over_its_points() {
    let series = well(9, 24, 5);
    let split = split(9);
    let target = observation::target(&series, &split).expect("observations");
    let observations = Observations::new(&series, &split, target);
    let points = [0, 2, 5, 7];
    let shape = Shape {
        inputs: 3,
        hidden: 6,
        attention_units: 5,
        kind: AttentionKind::Shared,
        skip: false,
    };
    let mut random = ChaCha12Rng::seed_from_u64(6);
    let first = initial_parameters(&shape, &mut random);
    let sequence = scaling::sequence(
        &series,
        &scaling::inputs(&series, 24, config().data.level_scaling).expect("levels"),
    );
    let spans: Vec<_> = series
        .intervals
        .iter()
        .map(|i| i.from + 1..i.to + 1)
        .collect();
    let intervals = spans.len();
    let device = Device::flex().autodiff();
    let parameters = || {
        Tensor::<1>::from_data(TensorData::new(first.clone(), [first.len()]), &device)
            .require_grad()
    };
    let gradient = |loss: Tensor<1>, parameters: &Tensor<1>| {
        let gradient = parameters.grad(&loss.backward()).expect("tracked");
        gradient.into_data().try_to_vec::<f32>().expect("f32")
    };

    // Every point a row, every observed increment a squared difference, their mean the loss: as a framework would do it.
    let mut rates = vec![0.0f32; points.len() * intervals];
    let mut observed = rates.clone();
    for (row, point) in points.iter().enumerate() {
        for (i, increment) in series.points[*point].increment_mm.iter().enumerate() {
            if let Some(increment) = increment {
                let rate = series.intervals[i].rate_mm_per_month(f64::from(*increment));
                rates[row * intervals + i] = target.standardise(rate as f32);
                observed[row * intervals + i] = 1.0;
            }
        }
    }
    let count: f32 = observed.iter().sum();
    assert!(count < observed.len() as f32, "some increments are missing");
    let constant = |values: Vec<f32>| {
        Tensor::<2>::from_data(TensorData::new(values, [points.len(), intervals]), &device)
    };
    let by_point = parameters();
    let monthly = network::forward(&shape, &by_point, &sequence, points.len());
    let residual = network::span_means(monthly, &spans) - constant(rates);
    let loss = (residual.clone() * residual * constant(observed)).sum() / count;
    let expected = gradient(loss, &by_point);

    let mut kernel = SequenceKernel::new(shape, &sequence, spans);
    let mut target = Target::new(intervals);
    observations.batch(&points, &mut target);
    let derivatives = target.differentiate(kernel.forward(&first));
    let mut found = vec![0.0; first.len()];
    kernel.backward(derivatives, &mut found);

    // Rounding only: f32 sums in another order.
    let largest = expected
        .iter()
        .fold(0.0f32, |largest, g| largest.max(g.abs()));
    for (found, expected) in found.iter().zip(&expected) {
        assert!(
            (found - expected).abs() < 1e-5 * largest,
            "{found} {expected}"
        );
    }
}

#[test]
fn nothing_is_allocated_from_step_to_step() {
    let series = well(20, 43, 15);
    let allocations = |epochs| {
        let mut config = config();
        config.training.epochs = epochs;
        let train = || drop(train_well(&series, &split(20), &config, 1).expect("trains"));
        allocation_counter::measure(train).count_total
    };
    // The first training of a process allocates what burn keeps for all of them.
    allocations(1);
    assert_eq!(allocations(1), allocations(50));
}

#[test]
fn derivatives_of_the_loss_are_those_of_burns_autodiff_bit_for_bit() {
    let mut random = ChaCha12Rng::seed_from_u64(14);
    let mut vector = || -> Vec<f32> { (0..42).map(|_| random.random_range(-3.0..3.0)).collect() };
    let (predicted, rates, weights) = (vector(), vector(), vector());
    let device = Device::flex().autodiff();
    let tensor =
        |values: &[f32]| Tensor::<1>::from_data(TensorData::new(values.to_vec(), [42]), &device);
    let by_burn = tensor(&predicted).require_grad();
    let residual = (by_burn.clone() - tensor(&rates)) * tensor(&weights);
    let gradients = (residual.clone() * residual).sum().backward();
    let gradient = by_burn.grad(&gradients).expect("tracked").into_data();
    let mut target = Target { rates, weights };
    assert_eq!(
        target.differentiate(&predicted),
        gradient.try_to_vec::<f32>().expect("f32")
    );
}

#[test]
fn a_diverging_training_is_an_error_with_its_epoch() {
    let mut config = config();
    config.training.learning_rate = 1e30;
    let error = train_well(&well(10, 30, 7), &split(10), &config, 1).expect_err("diverges");
    assert!(
        matches!(error, TrainError::Diverged { epoch: 1, .. }),
        "{error}"
    );
}

#[test]
fn levels_after_the_training_months_change_nothing_but_the_scores() {
    let series = well(1, 40, 8);
    let last = series.intervals.len() - 1;
    let parts = (0..=last).map(|i| match i {
        i if i < 12 => Part::Train,
        i if i < 16 => Part::Validate,
        _ => Part::Test,
    });
    let split = Split::Time(parts.collect());
    let mut changed = series.clone();
    for levels in &mut changed.level_m[series.intervals[16].from + 1..] {
        levels[1] = Some(1000.0);
    }
    let trained = train_well(&series, &split, &config(), 1).expect("trains");
    let other = train_well(&changed, &split, &config(), 1).expect("trains");
    assert_eq!(trained.parameters, other.parameters);
    assert_eq!(
        (&trained.input, &trained.trained_m),
        (&other.input, &other.trained_m)
    );
    let test = |trained: &TrainedWell| trained.history[0].test_rmse_mm;
    assert_ne!(test(&trained), test(&other));
}

#[test]
fn training_stops_when_patience_runs_out() {
    let mut config = config();
    config.training.epochs = 500;
    config.training.patience = 5;
    let trained = train_well(&well(10, 30, 9), &split(10), &config, 1).expect("trains");
    assert!(trained.history.len() < 500);
    assert_eq!(trained.history.len(), trained.best_epoch + 5);
}

#[test]
fn a_part_without_observations_is_refused_by_name() {
    let series = well(4, 30, 10);
    let split = Split::Points(vec![Part::Train, Part::Train, Part::Test, Part::Test]);
    let error = train_well(&series, &split, &config(), 1).expect_err("nothing validates");
    assert!(
        matches!(
            error,
            TrainError::NoObservation {
                part: "validation",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_layer_without_levels_is_refused_by_name() {
    let mut series = well(10, 30, 11);
    for levels in &mut series.level_m {
        levels[2] = None;
    }
    let error = train_well(&series, &split(10), &config(), 1).expect_err("no level");
    assert!(error.to_string().contains("confined2"), "{error}");
}

#[test]
fn changes_are_those_of_successive_months_and_scaled_by_the_training_months_alone() {
    let mut series = well(10, 30, 14);
    let levels = [-20.0, -18.0, -17.0, -19.0, -18.5, 80.0];
    for (step, level_m) in levels.into_iter().enumerate() {
        series.level_m[step] = vec![Some(0.0), Some(level_m), Some(level_m)];
    }
    series.level_m[2][2] = None;
    let scalers = scaling::changes(&series, 5);
    // Changes of 2, 1, -2 and 0.5 m: mean 0.375 m, mean square 2.3125 m2. Nothing varies in the first layer.
    let deviation = (2.3125_f32 - 0.375 * 0.375).sqrt();
    assert_eq!(scalers[0].scale, 1.0);
    assert!((scalers[1].scale - deviation).abs() < 1e-6 && scalers[1].offset == 0.0);
    let ranges_m = scaling::ranges_of_changes(&series, 5);
    assert_eq!(ranges_m, [(0.0, 0.0), (-2.0, 2.0), (0.5, 2.0)]);
    assert_eq!(scaling::ranges_of_changes(&series, 1), [(0.0, 0.0); 3]);
    let mut all = scaling::inputs(&series, 5, config().data.level_scaling).expect("levels");
    all.extend(&scalers);
    // A month left out: the step after it has no change.
    for month in &mut series.months[4..] {
        *month = month.next();
    }
    let sequence = scaling::sequence(&series, &all);
    assert_eq!(sequence.inputs(), 6);
    let change = |step: usize, layer: usize| sequence.month(step)[3 + layer];
    assert_eq!(change(1, 1), Some(2.0 / scalers[1].scale));
    assert_eq!([change(0, 1), change(4, 1)], [None; 2]);
    assert_eq!([change(2, 2), change(3, 2)], [None; 2]);
    assert!(change(3, 1).is_some() && change(5, 2).is_some());
}

#[test]
fn a_network_that_sees_changes_has_weights_of_its_own_for_each_and_learns() {
    let series = well(20, 43, 15);
    let mut config = config();
    config.network.inputs = Inputs::LevelsAndChange;
    for (kind, attention) in [
        (NetworkKind::AmLstm, AttentionKind::PerLayer),
        (NetworkKind::Lstm, AttentionKind::None),
    ] {
        config.network.kind = kind;
        let trained = train_well(&series, &split(20), &config, 1).expect("trains");
        let shape = trained.network;
        assert_eq!((shape.inputs, shape.kind, shape.skip), (6, attention, true));
        assert_eq!((trained.input.len(), trained.trained_m.len()), (6, 6));
        let skip = &trained.parameters[shape.layout().skip];
        assert!(skip.iter().all(|weight| *weight != 0.0), "{skip:?}");
        let [first, best] = [0, trained.best_epoch - 1].map(|epoch| trained.history[epoch]);
        assert!(
            best.test_rmse_mm < 0.7 * first.test_rmse_mm,
            "{first:?} {best:?}"
        );
    }
}

#[test]
fn more_layers_than_have_room_for_their_changes_are_refused() {
    let mut series = well(10, 30, 16);
    series.aquifer_layers = (0..5).map(|layer| format!("layer{layer}")).collect();
    for levels in &mut series.level_m {
        levels.resize(5, Some(0.0));
    }
    let mut config = config();
    assert!(check(&series, &split(10), &config).is_ok());
    config.network.inputs = Inputs::LevelsAndChange;
    let error = check(&series, &split(10), &config).expect_err("ten inputs");
    assert_eq!(
        error.to_string(),
        "well W: found 5 aquifer layers, expected at most 4 with network.inputs = \"levels-and-change\"; use \"levels\""
    );
}

#[cfg(not(feature = "ndarray"))]
#[test]
fn a_backend_that_is_not_built_in_is_refused_with_the_features_name() {
    let mut config = config();
    config.training.backend = Backend::Ndarray;
    let error = train_well(&well(10, 30, 12), &split(10), &config, 1).expect_err("not built");
    assert!(error.to_string().contains("--features ndarray"), "{error}");
}

#[cfg(feature = "ndarray")]
#[test]
fn both_backends_learn_the_same() {
    let series = well(20, 43, 13);
    let train = |backend| {
        let mut config = config();
        config.training.backend = backend;
        config.training.epochs = 100;
        train_well(&series, &split(20), &config, 1).expect("trains")
    };
    let (flex, ndarray) = (train(Backend::Flex), train(Backend::Ndarray));
    let [of_flex, of_ndarray] =
        [&flex, &ndarray].map(|trained| trained.history[trained.best_epoch - 1]);
    println!("flex:    {of_flex:?}\nndarray: {of_ndarray:?}");
    // The sequence is the same node in both; only Adam's element-wise operations are the backend's own, so scores may differ by
    // what roundings grow to over a hundred epochs.
    assert!((of_flex.test_rmse_mm - of_ndarray.test_rmse_mm).abs() < 0.02);
    assert!((of_flex.train_rmse_mm - of_ndarray.train_rmse_mm).abs() < 0.02);
}
