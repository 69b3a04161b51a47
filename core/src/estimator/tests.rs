use super::{Estimator, StepError};
use crate::artifact::{ArtifactError, ModelFile, start_from};
use crate::bridge::LevelSource;
use crate::estimate::{Estimate, Primary};
use crate::example::{self, PAPER};
use crate::input::InputState;
use crate::month::Month;
use crate::saved_state::{SavedState, StateError};
use crate::sizes::{AttentionKind, Sizes};
use crate::stateful_network::StatefulNetwork;

/// Month 0 follows the end of training.
fn month(index: usize) -> Month {
    Month::new(2016, 9).unwrap().offset(index as i32)
}

fn run<const C: usize>(
    estimator: &mut Estimator<'_, C>,
    from: usize,
    levels: &[Vec<Option<f32>>],
) -> Vec<Estimate> {
    levels
        .iter()
        .enumerate()
        .map(|(index, level_m)| estimator.step(month(from + index), level_m).unwrap())
        .collect()
}

fn bits(estimates: &[Estimate]) -> Vec<u32> {
    let numbers = estimates.iter().flat_map(|estimate| {
        [estimate.increment_mm, estimate.subsidence_mm]
            .into_iter()
            .chain(estimate.attention.iter().copied())
    });
    numbers.map(f32::to_bits).collect()
}

#[test]
fn saving_and_restoring_between_all_months_gives_the_same_bits() {
    for (kind, attention) in [
        (AttentionKind::Shared, 16),
        (AttentionKind::PerLayer, 13),
        (AttentionKind::None, 0),
    ] {
        let sizes = Sizes {
            inputs: 3,
            hidden: 13,
            attention,
        };
        saving_and_restoring_gives_the_same_bits(&example::file(sizes, kind, 5));
        let sizes = Sizes { inputs: 6, ..sizes };
        saving_and_restoring_gives_the_same_bits(&example::change_file(sizes, kind, 5));
    }
}

fn saving_and_restoring_gives_the_same_bits(bytes: &example::Aligned) {
    let file = ModelFile::parse(bytes.bytes()).unwrap();
    let levels = example::levels(200, 3, 9);
    let whole = run(&mut Estimator::at_start(&file), 0, &levels);
    let mut saved = Estimator::at_start(&file).save();
    let mut pieces = Vec::new();
    for (index, level_m) in levels.iter().enumerate() {
        let mut estimator = Estimator::cold(&file);
        // Through postcard, as the logger stores it.
        let mut page = [0; 512];
        let page = postcard::to_slice(&saved, &mut page).unwrap();
        estimator
            .restore(&postcard::from_bytes::<SavedState>(page).unwrap())
            .unwrap();
        pieces.push(estimator.step(month(index), level_m).unwrap());
        saved = estimator.save();
    }
    assert_eq!(bits(&whole), bits(&pieces));
    assert_eq!(saved.month(), Some(month(199)));
}

#[test]
fn capacity_does_not_change_a_bit() {
    let bytes = example::file(PAPER, AttentionKind::Shared, 5);
    let file = ModelFile::parse(bytes.bytes()).unwrap();
    let levels = example::levels(50, 3, 10);
    let mut large = Estimator::cold(&file);
    let mut small = Estimator::<2>::load(bytes.bytes()).unwrap();
    small.reset();
    assert_eq!(
        bits(&run(&mut large, 0, &levels)),
        bits(&run(&mut small, 0, &levels))
    );
    let refused = Estimator::<1>::load(bytes.bytes()).unwrap_err();
    assert_eq!(
        refused,
        ArtifactError::Capacity {
            found: 16,
            capacity: 8
        }
    );
}

#[test]
fn a_missing_level_has_no_share_and_its_value_no_effect() {
    let bytes = example::file(PAPER, AttentionKind::PerLayer, 6);
    let file = ModelFile::parse(bytes.bytes()).unwrap();
    let step = |level_m: &[Option<f32>]| {
        let mut estimator = Estimator::at_start(&file);
        estimator.step(month(0), level_m).unwrap()
    };
    let missing = step(&[Some(-10.0), None, Some(-31.0)]);
    assert_eq!(missing.attention[1], 0.0);
    assert!((missing.attention.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    assert_eq!(missing.inputs[1], InputState::Missing);
    for level in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(
            bits(&[step(&[Some(-10.0), Some(level), Some(-31.0)])]),
            bits(std::slice::from_ref(&missing))
        );
    }
    let nothing = step(&[]);
    assert_eq!(nothing.attention, [0.0; 3]);
    assert_eq!(
        bits(std::slice::from_ref(&nothing)),
        bits(&[step(&[None; 3])])
    );
    assert!(nothing.increment_mm != missing.increment_mm);
}

/// A model of three aquifer layers that sees their changes; the first has no level at the start, the others -19 m and -29 m.
fn changing() -> example::Aligned {
    let sizes = Sizes { inputs: 6, ..PAPER };
    example::change_file(sizes, AttentionKind::PerLayer, 6)
}

#[test]
fn a_change_counts_from_the_month_before_and_from_no_other() {
    let bytes = changing();
    let file = ModelFile::parse(bytes.bytes()).unwrap();
    let level_m = [Some(-10.0), Some(-20.0), Some(-31.0)];
    let first = |last_m: [f32; 3]| {
        let mut estimator = Estimator::at_start(&file);
        let mut state = estimator.save();
        for (bits, last_m) in state.last_level.iter_mut().zip(last_m) {
            *bits = last_m.to_bits();
        }
        estimator.restore(&state).unwrap();
        estimator.step(month(0), &level_m).unwrap()
    };
    let step = |estimator: &mut Estimator, month| estimator.step_across_gap(month, &level_m);
    let nan = f32::NAN;
    // Changes from the file's own levels; after a gap, no changes.
    let at_start = || Estimator::at_start(&file);
    assert_eq!(step(&mut at_start(), month(0)), first([nan, -19.0, -29.0]));
    let mut after_gap = step(&mut at_start(), month(1));
    after_gap.month = month(0);
    assert_eq!(after_gap, first([nan; 3]));
    // Without a change its share is missing; after a missing level there is no change in the next month.
    let [all, one_less] = [first([-9.0, -19.0, -29.0]), first([nan, -19.0, -29.0])];
    assert_ne!(all.increment_mm, one_less.increment_mm);
    let mut with_a_gap = at_start();
    with_a_gap
        .step(month(0), &[None, Some(-19.0), None])
        .unwrap();
    let state = with_a_gap.save();
    assert_eq!(
        state.last_level.map(f32::from_bits).map(f32::is_nan),
        [true, false, true, true]
    );
    for estimate in [all, one_less, after_gap] {
        assert_eq!(estimate.attention.len(), 3);
        assert!((estimate.attention.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(estimate.inputs.len(), 3);
    }
    // A layer without a level has neither of its shares.
    let estimate = at_start()
        .step(month(0), &[Some(-10.0), None, Some(-31.0)])
        .unwrap();
    assert_eq!(estimate.attention[1], 0.0);
    // A cold start has no month before.
    let mut cold = Estimator::cold(&file);
    let expected = step(&mut cold, month(0));
    step(&mut cold, month(1));
    cold.reset();
    assert_eq!(step(&mut cold, month(0)), expected);
}

#[test]
fn levels_outside_the_trained_range_are_flagged_by_how_much() {
    let bytes = example::file(PAPER, AttentionKind::Shared, 6);
    let file = ModelFile::parse(bytes.bytes()).unwrap();
    let mut estimator = Estimator::cold(&file);
    let level_m = [Some(-7.0), Some(-16.5), Some(-34.0)];
    let estimate = estimator.step(month(0), &level_m).unwrap();
    let expected = [
        InputState::Trained,
        InputState::Above { by_m: 0.5 },
        InputState::Below { by_m: 1.0 },
    ];
    assert_eq!(estimate.inputs, expected);
}

#[test]
fn changes_outside_the_trained_range_are_flagged_by_how_much_and_widen_the_interval() {
    // Trained on levels of 3 m about -10 m, -20 m and -30 m and on changes from -2 m to 1 m; at the start they are unknown, -19 m and -29 m.
    let sizes = Sizes { inputs: 6, ..PAPER };
    let bytes = example::change_file(sizes, AttentionKind::PerLayer, 6);
    for bytes in [example::fixed(&bytes), bytes] {
        let file = ModelFile::parse(bytes.bytes()).unwrap();
        let mut estimator = Estimator::at_start(&file);
        let mut step = |at: usize, level_m: [f32; 3]| {
            let estimate = estimator.step_across_gap(month(at), &level_m.map(Some));
            (estimate.inputs, estimate.half_width_mm.unwrap())
        };
        let (inputs, half_width_mm) = step(0, [-12.0, -22.0, -27.5]);
        let expected = [
            InputState::Trained,
            InputState::ChangeBelow { by_m: 1.0 },
            InputState::ChangeAbove { by_m: 0.5 },
        ];
        assert_eq!(inputs, expected);
        // 1.5 mm, and a third of it: 1 m outside of 3 m.
        assert!((half_width_mm - 2.0).abs() < 1e-6, "{half_width_mm}");
        let (inputs, half_width_mm) = step(1, [-9.0, -24.0, -27.5]);
        let expected = [
            InputState::ChangeAbove { by_m: 2.0 },
            // A level outside says more than its change.
            InputState::Below { by_m: 1.0 },
            InputState::Trained,
        ];
        assert_eq!(inputs, expected);
        assert!((half_width_mm - 2.5).abs() < 1e-6, "{half_width_mm}");
        // After a gap of a month nobody knows a change.
        let (inputs, half_width_mm) = step(3, [-12.0, -18.0, -32.0]);
        assert_eq!(inputs, [InputState::Trained; 3]);
        assert_eq!(half_width_mm, 1.5);
    }
}

#[test]
fn the_end_of_training_is_where_the_file_says() {
    let bytes = example::file(PAPER, AttentionKind::Shared, 6);
    let file = ModelFile::parse(bytes.bytes()).unwrap();
    let mut estimator = Estimator::at_start(&file);
    assert_eq!(
        (estimator.month(), estimator.subsidence_mm()),
        (Month::new(2016, 8), 120.5)
    );
    assert_eq!(
        estimator.state_bits().nth(2),
        Some((0.1_f32.to_bits(), 1.5_f32.to_bits()))
    );
    let estimate = estimator.step(month(0), &[None; 3]).unwrap();
    assert_eq!(estimate.subsidence_mm, 120.5 + estimate.increment_mm);
}

#[test]
fn a_state_of_another_model_or_beyond_reach_is_refused() {
    let bytes = example::file(PAPER, AttentionKind::Shared, 6);
    let other = example::file(PAPER, AttentionKind::Shared, 7);
    let file = ModelFile::parse(bytes.bytes()).unwrap();
    let other = ModelFile::parse(other.bytes()).unwrap();
    let mut estimator = Estimator::cold(&file);
    let before = estimator.save();
    let state = Estimator::at_start(&other).save();
    assert_eq!(
        estimator.restore(&state),
        Err(StateError::Model {
            found: other.crc(),
            expected: file.crc()
        })
    );
    assert_eq!(
        estimator.restore(&SavedState {
            format: 0,
            ..before.clone()
        }),
        Err(StateError::Format { found: 0 })
    );
    let found_bits = f32::NAN.to_bits();
    assert_eq!(
        estimator.restore(&SavedState {
            subsidence_bits: found_bits,
            ..before.clone()
        }),
        Err(StateError::Subsidence { found_bits })
    );
    let mut wrong = before.clone();
    wrong.first.hidden[4] = 1.1_f32.to_bits();
    assert_eq!(estimator.restore(&wrong), Err(StateError::Unit { unit: 4 }));
    let mut wrong = before.clone();
    wrong.last_level[1] = f32::INFINITY.to_bits();
    assert_eq!(
        estimator.restore(&wrong),
        Err(StateError::Level { layer: 1 })
    );
    assert_eq!(estimator.save(), before);
}

#[test]
fn digests_of_a_series_differ_if_a_single_level_does() {
    let bytes = example::file(PAPER, AttentionKind::Shared, 6);
    let file = ModelFile::parse(bytes.bytes()).unwrap();
    let digest = |levels: &[Vec<Option<f32>>]| {
        let mut estimator = Estimator::cold(&file);
        levels
            .iter()
            .enumerate()
            .fold(0, |digest, (index, level_m)| {
                let estimate = estimator.step(month(index), level_m).unwrap();
                estimator.digest(digest, &estimate)
            })
    };
    let mut levels = example::levels(30, 3, 11);
    levels[4][1] = Some(-20.0);
    let first = digest(&levels);
    assert_eq!(digest(&levels), first);
    levels[4][1] = Some(-20.001);
    assert_ne!(digest(&levels), first);
}

#[test]
fn the_state_of_the_paper_s_model_fits_a_small_ram() {
    // Pointers are twice as long here as on a microcontroller, where the network takes 256 bytes at most.
    let network = size_of::<StatefulNetwork<'_, 2>>();
    assert!(network <= 400, "{network}");
    // With capacity for one network and the beds of eight aquifer layers.
    let both = size_of::<Estimator<'_, 2, 0>>();
    assert!(both <= 1700, "{both}");
}

#[test]
fn a_month_that_does_not_follow_is_refused_and_changes_nothing() {
    let bytes = example::file(PAPER, AttentionKind::Shared, 6);
    let mut estimator: Estimator = Estimator::load(bytes.bytes()).unwrap();
    let before = estimator.save();
    for wrong in [month(0).offset(-1), month(1)] {
        assert_eq!(
            estimator.step(wrong, &[None; 3]),
            Err(StepError {
                found: wrong,
                expected: month(0)
            })
        );
    }
    assert_eq!(estimator.save(), before);
    assert!(estimator.step(month(0), &[None; 3]).is_ok());
    assert_eq!(estimator.step_across_gap(month(7), &[]).month, month(7));
    estimator.reset();
    assert!(estimator.step(month(3), &[None; 3]).is_ok());
}

#[test]
fn the_primary_estimate_is_the_one_that_the_file_names() {
    let levels = example::levels(24, 3, 9);
    for primary in [Primary::Network, Primary::Physics] {
        let bytes = example::physics_file(AttentionKind::Shared, primary);
        let mut estimator: Estimator = Estimator::load(bytes.bytes()).unwrap();
        for estimate in run(&mut estimator, 0, &levels) {
            let physics = estimate.physics.unwrap();
            let trusted = match primary {
                Primary::Network => estimate.network,
                Primary::Physics => physics.subsidence,
            };
            assert_eq!(estimate.primary, primary);
            assert_eq!(estimate.increment_mm, trusted.increment_mm);
            assert_eq!(estimate.subsidence_mm, trusted.cumulative_mm);
            assert_eq!(physics.layer_mm.len(), 3);
            assert_ne!(estimate.network, physics.subsidence);
        }
    }
}

#[test]
fn physics_beside_the_network_changes_no_bit_of_it() {
    let alone = example::file(PAPER, AttentionKind::Shared, 5);
    let both = example::physics_file(AttentionKind::Shared, Primary::Physics);
    let levels = example::levels(50, 3, 9);
    let mut alone: Estimator = Estimator::load(alone.bytes()).unwrap();
    let mut both: Estimator = Estimator::load(both.bytes()).unwrap();
    let networks = |estimates: Vec<Estimate>| -> Vec<_> {
        estimates
            .into_iter()
            .map(|estimate| (estimate.network, estimate.attention))
            .collect()
    };
    assert_eq!(
        networks(run(&mut alone, 0, &levels)),
        networks(run(&mut both, 0, &levels))
    );
}

#[test]
fn after_a_cold_start_the_network_speaks_until_every_layer_was_measured() {
    let bytes = example::physics_file(AttentionKind::Shared, Primary::Physics);
    let file = ModelFile::parse(bytes.bytes()).unwrap();
    let mut estimator = Estimator::cold(&file);
    let estimate = estimator
        .step(month(0), &[Some(-10.0), Some(-20.0), None])
        .unwrap();
    assert_eq!(
        (estimate.primary, estimate.physics),
        (Primary::Network, None)
    );
    let estimate = estimator
        .step(month(1), &[None, None, Some(-30.0)])
        .unwrap();
    // At rest: only what is still to come from the past, 0.5 + 0.25 mm.
    assert_eq!(
        (estimate.primary, estimate.increment_mm),
        (Primary::Physics, 0.75)
    );
}

#[test]
fn physics_says_how_it_came_by_each_level() {
    use LevelSource::{Held, Measured, OtherLayers};
    let bytes = example::bridged_file(Primary::Physics);
    let file = ModelFile::parse(bytes.bytes()).unwrap();
    let step = |index, level_m: &[Option<f32>]| {
        let mut estimator = Estimator::at_start(&file);
        let months = 0..index;
        months.for_each(|index| {
            estimator
                .step(month(index), &[Some(-10.0), Some(-20.0), Some(-30.0)])
                .unwrap();
        });
        estimator
            .step(month(index), level_m)
            .unwrap()
            .physics
            .unwrap()
    };
    let all = step(0, &[Some(-9.0), Some(-20.0), Some(-30.0)]);
    assert_eq!(all.source[..], [Measured; 3]);
    // September: 16 + (-20 - 30) / 2.
    let bridged = step(0, &[None, Some(-20.0), Some(-30.0)]);
    assert_eq!(bridged.source[..], [OtherLayers, Measured, Measured]);
    assert_eq!(bridged.layer_mm, all.layer_mm);
    // October: a metre more.
    let of_october = step(1, &[None, Some(-20.0), Some(-30.0)]);
    let measured = step(1, &[Some(-8.0), Some(-20.0), Some(-30.0)]);
    assert_eq!(of_october.layer_mm, measured.layer_mm);
    let held = step(0, &[None, None, Some(-30.0)]);
    assert_eq!(held.source[..], [Held, Held, Measured]);
}

#[test]
fn saving_and_restoring_keeps_both_estimates() {
    let bytes = example::physics_file(AttentionKind::PerLayer, Primary::Physics);
    let file = ModelFile::parse(bytes.bytes()).unwrap();
    let levels = example::levels(60, 3, 9);
    let whole = run(&mut Estimator::at_start(&file), 0, &levels);
    let mut saved = Estimator::at_start(&file).save();
    for (index, (level_m, expected)) in levels.iter().zip(&whole).enumerate() {
        let mut estimator = Estimator::cold(&file);
        let mut page = [0; 2048];
        let page = postcard::to_slice(&saved, &mut page).unwrap();
        estimator
            .restore(&postcard::from_bytes::<SavedState>(page).unwrap())
            .unwrap();
        assert_eq!(&estimator.step(month(index), level_m).unwrap(), expected);
        saved = estimator.save();
    }
    let alone = example::file(PAPER, AttentionKind::Shared, 5);
    let alone = ModelFile::parse(alone.bytes()).unwrap();
    let mut other = Estimator::cold(&alone);
    saved.model_crc = alone.crc();
    assert_eq!(other.restore(&saved), Err(StateError::Physics));
}

#[test]
fn a_file_that_was_moved_on_starts_where_the_estimator_stood() {
    let files = [
        example::physics_file(AttentionKind::Shared, Primary::Physics),
        example::file(PAPER, AttentionKind::PerLayer, 5),
        example::fixed_file(PAPER, AttentionKind::Shared, 5),
        changing(),
        example::fixed(&changing()),
    ];
    let levels = example::levels(40, 3, 9);
    for mut bytes in files {
        let original = example::Aligned::of(bytes.bytes());
        let file = ModelFile::parse(original.bytes()).unwrap();
        let mut estimator = Estimator::at_start(&file);
        run(&mut estimator, 0, &levels[..17]);
        let saved = estimator.save();
        let expected = run(&mut estimator, 17, &levels[17..]);
        start_from(bytes.bytes_mut(), &saved).unwrap();
        let moved = example::Aligned::of(bytes.bytes());
        let file = ModelFile::parse(moved.bytes()).unwrap();
        assert_eq!(file.start().month, month(16));
        let mut estimator = Estimator::at_start(&file);
        assert_eq!(run(&mut estimator, 17, &levels[17..]), expected);
        // The state of another model changes nothing: the file is no longer the one from which the state was saved.
        let refused = start_from(bytes.bytes_mut(), &saved).unwrap_err();
        assert!(matches!(refused, ArtifactError::StateModel { .. }));
        assert_eq!(bytes.bytes(), moved.bytes());
        assert_ne!(original.bytes(), moved.bytes());
    }
}

#[test]
fn a_file_moved_on_by_a_cold_start_holds_layers_that_were_not_measured_yet() {
    let original = example::physics_file(AttentionKind::Shared, Primary::Physics);
    let mut bytes = example::Aligned::of(original.bytes());
    let file = ModelFile::parse(original.bytes()).unwrap();
    let mut estimator = Estimator::cold(&file);
    assert_eq!(
        start_from(
            example::Aligned::of(bytes.bytes()).bytes_mut(),
            &estimator.save()
        ),
        Err(ArtifactError::StateMonth)
    );
    estimator
        .step(month(0), &[Some(-10.0), None, Some(-30.0)])
        .unwrap();
    let saved = estimator.save().with_subsidence(12.5);
    start_from(bytes.bytes_mut(), &saved).unwrap();
    let file = ModelFile::parse(bytes.bytes()).unwrap();
    let physics = file.physics().unwrap();
    assert_eq!(
        (file.start().subsidence_mm, physics.subsidence_mm),
        (12.5, 12.5)
    );
    assert!(physics.state.months.is_none() && physics.state.layers[1].is_none());
    assert_eq!(physics.state.layers[0].unwrap().reference_m, -10.0);
}

#[test]
fn the_cumulative_interval_counts_from_the_last_observation_and_is_that_of_the_primary() {
    let inside = [Some(-10.0), Some(-20.0), Some(-30.0)];
    // Nine months after the observation, half way from six to twelve; 3 m below the trained range is half its width.
    for (primary, first_mm, ninth_mm) in
        [(Primary::Network, 1.0, 6.0), (Primary::Physics, 0.5, 3.0)]
    {
        let bytes = example::physics_file(AttentionKind::Shared, primary);
        let mut estimator: Estimator = Estimator::load(bytes.bytes()).unwrap();
        let mut half_width = |index, level_m: &[Option<f32>]| {
            let estimate = estimator.step(month(index), level_m).unwrap();
            estimate.subsidence_half_width_mm
        };
        assert_eq!(half_width(0, &inside), Some(first_mm));
        for index in 1..8 {
            half_width(index, &inside);
        }
        let below = [Some(-10.0), Some(-26.0), Some(-30.0)];
        assert_eq!(half_width(8, &below), Some(1.5 * ninth_mm));
        let file = ModelFile::parse(bytes.bytes()).unwrap();
        let cold = Estimator::cold(&file).step(month(9), &inside).unwrap();
        assert_eq!(cold.subsidence_half_width_mm, None);
    }
    let without = example::file(PAPER, AttentionKind::Shared, 5);
    let mut estimator: Estimator = Estimator::load(without.bytes()).unwrap();
    let estimate = estimator.step(month(0), &inside).unwrap();
    assert_eq!(estimate.subsidence_half_width_mm, None);
}

#[test]
fn the_interval_is_that_of_the_primary_and_widens_outside_the_trained_levels() {
    let half_width = |primary, level_m: [Option<f32>; 3]| {
        let bytes = example::physics_file(AttentionKind::Shared, primary);
        let mut estimator: Estimator = Estimator::load(bytes.bytes()).unwrap();
        let estimate = estimator.step(month(0), &level_m).unwrap();
        let apart_mm =
            estimate.network.increment_mm - estimate.physics.unwrap().subsidence.increment_mm;
        assert_eq!(estimate.disagree, apart_mm.abs() > 1.5 + 0.75);
        estimate.half_width_mm
    };
    let inside = [Some(-10.0), Some(-20.0), None];
    assert_eq!(half_width(Primary::Network, inside), Some(1.5));
    assert_eq!(half_width(Primary::Physics, inside), Some(0.75));
    // Trained on -23 to -17 m: 3 m below is half the width.
    let below = [Some(-10.0), Some(-26.0), Some(-30.0)];
    assert_eq!(half_width(Primary::Physics, below), Some(1.125));
}
