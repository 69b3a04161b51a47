use super::*;
use crate::bptt::SequenceKernel;
use crate::network;
use crate::series::{Interval, PointSeries};
use crate::train::{Epoch, scaling};
use amlstm_core::month::Month;
use amlstm_core::scaler::Scaler;
use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// A well with random levels and a network with random weights.
fn random_well(shape: Shape, months: usize, seed: u64) -> (TrainedWell, WellSeries, Split) {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let layers = if shape.skip {
        shape.inputs / 2
    } else {
        shape.inputs
    };
    let start = Month::new(2011, 6).expect("a month");
    let level_m: Vec<Vec<Option<f32>>> = (0..months)
        .map(|_| {
            let level = |_| (!random.random_bool(0.2)).then(|| random.random_range(-30.0..-10.0));
            (0..layers).map(level).collect()
        })
        .collect();
    let intervals: Vec<Interval> = (1..months)
        .map(|to| Interval {
            from: to - 1,
            to,
            days: 30.4375,
        })
        .collect();
    let point = PointSeries {
        id: "p".into(),
        distance_m: 1.0,
        increment_mm: intervals
            .iter()
            .map(|interval| Some(interval.to as f32))
            .collect(),
    };
    let split = Split::Time(vec![Part::Train; intervals.len()]);
    let series = WellSeries {
        later_level_m: Vec::new(),
        month_definition: amlstm_core::month_mean::MonthDefinition::default(),
        well: "W".into(),
        name: "W".into(),
        aquifer_layers: (0..layers).map(|layer| format!("layer{layer}")).collect(),
        synthetic: true,
        directly_measured: true,
        months: (0..months)
            .map(|month| start.offset(month as i32))
            .collect(),
        level_m,
        intervals,
        points: vec![point],
    };
    let trained = TrainedWell {
        network: shape,
        parameters: (0..shape.parameters())
            .map(|_| random.random_range(-0.6..0.6))
            .collect(),
        further: Vec::new(),
        input: (0..shape.inputs)
            .map(|input| Scaler {
                offset: if input < layers { -20.0 } else { 0.0 },
                scale: 6.0 + input as f32,
            })
            .collect(),
        target: Scaler {
            offset: 2.0,
            scale: 1.5,
        },
        trained_m: (0..shape.inputs)
            .map(|input| {
                if input < layers {
                    (-30.0, -10.0)
                } else {
                    (-20.0, 20.0)
                }
            })
            .collect(),
        history: vec![Epoch {
            epoch: 1,
            train_rmse_mm: 1.0,
            validate_rmse_mm: 2.0,
            test_rmse_mm: f64::NAN,
        }],
        best_epoch: 1,
        floor_rmse_mm: f64::NAN,
        interval_half_width_mm: 0.5,
        seed: 9,
    };
    (trained, series, split)
}

fn shapes() -> impl Strategy<Value = Shape> {
    let kind = prop_oneof![
        Just(AttentionKind::None),
        Just(AttentionKind::Shared),
        Just(AttentionKind::PerLayer)
    ];
    (1usize..=8, 1usize..=32, 1usize..=32, kind, any::<bool>()).prop_map(
        |(inputs, hidden, attention_units, kind, sees_changes)| Shape {
            // A level and a change of each layer.
            inputs: if sees_changes {
                inputs.next_multiple_of(2)
            } else {
                inputs
            },
            hidden,
            attention_units,
            kind,
            skip: sees_changes,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    // Three programs, one network: burn's operations, the training kernel, and core as a logger runs it. They sum in different orders and the kernel
    // has its own tanh (within 4e-7), so each month adds some roundings of f32 to a state that forgets them again; 2e-5 of a standard deviation
    // is far above what is seen and far below what weights in the wrong place give.
    #[test]
    fn burn_and_the_training_kernel_compute_what_the_exported_model_does(shape in shapes(), months in 1usize..60, seed: u64) {
        let (trained, series, split) = random_well(shape, months.max(2), seed);
        let file = model_file(&trained, &series, &split, 1, Beside::default()).expect("exports");
        let file = ModelFile::parse(&file).expect("parses");
        let mut estimator = Estimator::cold(&file);
        let exported: Vec<f32> = series.months.iter().zip(&series.level_m)
            .map(|(month, level_m)| estimator.step_across_gap(*month, level_m).network.increment_mm)
            .collect();

        let sequence = scaling::sequence(&series, &trained.input);
        let device = Device::flex();
        let parameters = Tensor::<1>::from_data(TensorData::new(trained.parameters.clone(), [trained.parameters.len()]), &device);
        let of_burn = network::forward(&shape, &parameters, &sequence, 1).into_data().try_to_vec::<f32>().expect("f32");
        let mut kernel = SequenceKernel::new(shape, &sequence, Vec::new());
        kernel.forward(&trained.parameters);
        for (name, monthly) in [("burn", &of_burn[..]), ("kernel", kernel.monthly())] {
            for (y, increment_mm) in monthly.iter().zip(&exported) {
                let difference = (trained.target.restore(*y) - increment_mm).abs();
                prop_assert!(difference < 2e-5 * trained.target.scale, "{name}: {difference}");
            }
        }
    }

    #[test]
    fn going_on_from_the_end_of_training_is_stepping_on(shape in shapes(), seed: u64) {
        let (trained, series, split) = random_well(shape, 12, seed);
        let file = model_file(&trained, &series, &split, 1, Beside::default()).expect("exports");
        let file = ModelFile::parse(&file).expect("parses");
        let mut cold = Estimator::cold(&file);
        for (month, level_m) in series.months.iter().zip(&series.level_m) {
            cold.step_across_gap(*month, level_m);
        }
        let mut later = Estimator::at_start(&file);
        let next = series.months[11].next();
        let increment = |estimator: &mut Estimator| estimator.step_across_gap(next, &series.level_m[3]).network.increment_mm.to_bits();
        prop_assert_eq!(increment(&mut cold), increment(&mut later));
    }
}

const PAPER: Shape = Shape {
    inputs: 3,
    hidden: 16,
    attention_units: 16,
    kind: AttentionKind::Shared,
    skip: false,
};

#[test]
fn the_file_says_where_it_comes_from() {
    let (trained, series, split) = random_well(PAPER, 8, 1);
    let bytes = model_file(&trained, &series, &split, 7, Beside::default()).expect("exports");
    let file = ModelFile::parse(&bytes).expect("parses");
    let record = file.record();
    assert_eq!(
        (record.well, record.model_version, record.seed),
        ("W", 7, 9)
    );
    assert_eq!(
        (record.trained_from, record.trained_until),
        (series.months[0], series.months[7])
    );
    assert_eq!(record.scores.validate_rmse_mm, 2.0);
    assert!(record.synthetic);
    // Increments 1 to 7 mm of the only point.
    assert_eq!(file.start().subsidence_mm, 28.0);
}

#[test]
fn equal_training_gives_equal_bytes_and_other_data_another_fingerprint() {
    let (trained, series, split) = random_well(PAPER, 8, 2);
    let export = |series: &WellSeries| {
        model_file(&trained, series, &split, 1, Beside::default()).expect("exports")
    };
    assert_eq!(export(&series), export(&series));
    let mut other = series.clone();
    other.points[0].increment_mm[3] = None;
    assert_ne!(fingerprint(&series, &split), fingerprint(&other, &split));
}

#[test]
fn a_name_too_long_for_the_file_is_refused_with_the_well() {
    let (trained, mut series, split) = random_well(PAPER, 8, 3);
    series.aquifer_layers[1] = "x".repeat(49);
    let error = model_file(&trained, &series, &split, 1, Beside::default()).expect_err("too long");
    assert!(error.to_string().starts_with("well W: "), "{error}");
}

#[test]
fn aligned_bytes_are_the_bytes() {
    for length in 0..9 {
        let bytes: Vec<u8> = (0..length).collect();
        let aligned = AlignedBytes::new(&bytes);
        assert_eq!(&aligned[..], &bytes[..]);
        assert!(aligned.as_ptr().addr().is_multiple_of(4));
    }
}
