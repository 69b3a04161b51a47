//! The generated wells against the paper's tables and the reference realisation.

use super::ps_point::scene_years;
use super::*;
use crate::config::Config;
use crate::levelling::{Comparison, agreement, compare, read_benchmarks};
use crate::ps::rate_mm_per_year;
use crate::read::read_folders;
use crate::spread::median;
use rand::seq::SliceRandom;

/// Values of each point at the last scene, mm, in each well.
fn final_mm(data: &SyntheticDataset) -> Vec<Vec<f64>> {
    points(data)
        .iter()
        .map(|points| {
            points
                .iter()
                .map(|point| f64::from(point.subsidence_mm[SCENES - 1].unwrap()))
                .collect()
        })
        .collect()
}

fn points(data: &SyntheticDataset) -> Vec<&[PsPoint]> {
    data.dataset
        .wells
        .iter()
        .map(|well| match &well.ground {
            Ground::Points(ground) => ground.points.as_slice(),
            Ground::Direct(_) => panic!("a synthetic well has ps points"),
        })
        .collect()
}

#[test]
fn numbers_of_points_medians_and_maxima_are_those_of_table_3() {
    let data = dataset(&Options::default());
    let finals = final_mm(&data);
    let counts: Vec<usize> = finals.iter().map(Vec::len).collect();
    assert_eq!(counts, [15, 120, 40, 25, 151, 185]);
    for (finals, expected) in finals.iter().zip([351.0, 696.0, 780.0, 398.0, 80.0, 158.0]) {
        // Half a unit of the written line of sight, in the vertical.
        assert!((median(finals) - expected).abs() < 0.007);
    }
    for (well, expected) in [(1, 768.0), (2, 870.0), (4, 112.0), (5, 199.0)] {
        let largest = finals[well].iter().copied().fold(f64::MIN, f64::max);
        assert!((largest - expected).abs() < 0.007, "{largest} {expected}");
    }
}

#[test]
fn maxima_of_wells_without_a_published_one_are_near_the_reference() {
    // Reference realisation: 373 and 425 mm; their sd at the end is 12 and 16 mm.
    let finals = final_mm(&dataset(&Options::default()));
    for (well, expected) in [(0, 373.0), (3, 425.0)] {
        let largest = finals[well].iter().copied().fold(f64::MIN, f64::max);
        assert!((largest - expected).abs() < 20.0, "{largest} {expected}");
    }
}

#[test]
fn rates_along_the_line_of_sight_fall_in_the_classes_of_table_3() {
    let years = scene_years();
    let classes = [
        50.0..80.0,
        80.0..110.0,
        110.0..200.0,
        50.0..80.0,
        0.0..30.0,
        0.0..30.0,
    ];
    let rates = [52.3, 105.7, 119.0, 60.5, 12.4, 23.7];
    let data = dataset(&Options::default());
    for ((truth, class), expected) in data.truth.iter().zip(classes).zip(rates) {
        let subsidence_mm: Vec<Option<f32>> = truth
            .subsidence_mm()
            .iter()
            .map(|x| Some(*x as f32))
            .collect();
        let vertical = rate_mm_per_year(&years, &subsidence_mm).unwrap();
        let los = vertical * INCIDENCE_DEGREES.to_radians().cos();
        assert!(class.contains(&los), "{}: {los}", truth.well);
        assert!(
            (los / expected - 1.0).abs() < 0.03,
            "{}: {los} {expected}",
            truth.well
        );
    }
}

#[test]
fn layer_shares_are_those_of_figure_9() {
    let data = dataset(&Options::default());
    for (truth, expected) in data.truth.iter().zip([0.39, 0.54, 0.59, 0.61, 0.62, 0.43]) {
        assert_eq!(truth.share[2], expected);
        let total_mm = truth.subsidence_mm()[SCENES - 1];
        for (share, layer) in truth.share.iter().zip(&truth.layer_subsidence_mm) {
            assert!((layer[SCENES - 1] / total_mm - share).abs() < 1e-9);
        }
    }
}

#[test]
fn another_layer_can_dominate_under_the_same_levels() {
    let base = dataset(&Options::default());
    for layer in AquiferLayer::ALL {
        let data = dataset(&Options {
            dominating: Some(layer),
            ..Options::default()
        });
        for (swapped, base) in data.truth.iter().zip(&base.truth) {
            assert_eq!(
                swapped.share[layer as usize],
                base.share.iter().copied().fold(0.0, f64::max)
            );
        }
        for (swapped, base) in data.dataset.wells.iter().zip(&base.dataset.wells) {
            assert_eq!(swapped.levels, base.levels);
        }
    }
}

/// What an increment over so many days is divided by: 1 for the increment itself.
type Divisor = fn(f64) -> f64;

/// Root mean square error of predicting held-out points by the mean of the others, over 20 random 80/20 splits and the scenes
/// from June 2011 on, of two in a month the later.
fn floor_mm(points: &[PsPoint], divisor: Divisor, random: &mut ChaCha12Rng) -> f64 {
    let dates = scene_dates();
    let chosen: Vec<usize> = (2..SCENES)
        .filter(|scene| {
            dates.get(scene + 1).is_none_or(|next| {
                (next.year(), next.month()) != (dates[*scene].year(), dates[*scene].month())
            })
        })
        .collect();
    assert_eq!(chosen.len(), 43);
    let days = calendar::scene_days();
    let rates: Vec<Vec<f64>> = chosen
        .windows(2)
        .map(|pair| {
            let months = divisor(f64::from(days[pair[1]] - days[pair[0]]));
            let value =
                |point: &PsPoint, scene: usize| f64::from(point.subsidence_mm[scene].unwrap());
            points
                .iter()
                .map(|point| (value(point, pair[1]) - value(point, pair[0])) / months)
                .collect()
        })
        .collect();
    let (mut sum, mut count) = (0.0, 0.0);
    for _ in 0..20 {
        let mut order: Vec<usize> = (0..points.len()).collect();
        order.shuffle(random);
        let (train, test) = order.split_at(points.len() * 4 / 5);
        for rates in &rates {
            let mean = train.iter().map(|point| rates[*point]).sum::<f64>() / train.len() as f64;
            sum += test
                .iter()
                .map(|point| (rates[*point] - mean).powi(2))
                .sum::<f64>();
            count += test.len() as f64;
        }
    }
    (sum / count).sqrt()
}

/// Floors of all six wells within `tolerance` of the expected ones.
fn assert_floors(profile: Profile, divisor: Divisor, expected: [f64; TEMPLATES], tolerance: f64) {
    let data = dataset(&Options {
        profile,
        ..Options::default()
    });
    let mut random = ChaCha12Rng::seed_from_u64(1);
    let floors: Vec<f64> = points(&data)
        .iter()
        .map(|points| floor_mm(points, divisor, &mut random))
        .collect();
    for (floor, expected) in floors.iter().zip(expected) {
        assert!(
            (floor / expected - 1.0).abs() < tolerance,
            "{floors:?} {expected:?}"
        );
    }
}

#[test]
fn floors_of_the_paper_profile_are_within_a_tenth_of_the_reference() {
    let rates = [1.72, 1.09, 2.26, 1.48, 0.34, 1.21];
    assert_floors(Profile::Paper, |days| days / 30.4375, rates, 0.10);
    let increments = [1.91, 1.29, 2.59, 1.74, 0.44, 1.35];
    assert_floors(Profile::Paper, |_| 1.0, increments, 0.10);
}

#[test]
fn floors_of_the_field_profile_are_within_a_tenth_of_the_reference() {
    // Of increments, to two digits.
    assert_floors(
        Profile::Field,
        |_| 1.0,
        [3.0, 2.3, 3.5, 3.1, 1.7, 2.1],
        0.10,
    );
}

#[test]
fn the_signal_varies_as_much_as_in_the_reference() {
    // Standard deviation over all points and months, mm a month; the levels are another draw.
    let data = dataset(&Options::default());
    for (truth, expected) in data.truth.iter().zip([2.17, 4.93, 4.11, 3.26, 0.90, 1.50]) {
        let subsidence_mm = truth.subsidence_mm();
        let days = calendar::scene_days();
        let rates: Vec<f64> = (3..SCENES)
            .map(|scene| {
                (subsidence_mm[scene] - subsidence_mm[scene - 1])
                    / f64::from(days[scene] - days[scene - 1])
                    * 30.4375
            })
            .collect();
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        let sd = (rates.iter().map(|rate| (rate - mean).powi(2)).sum::<f64>() / rates.len() as f64)
            .sqrt();
        assert!(
            (sd / expected - 1.0).abs() < 0.3,
            "{}: {sd} {expected}",
            truth.well
        );
    }
}

#[test]
fn levelling_and_ps_rates_differ_as_the_paper_states() {
    // Fig. 5: largest, smallest and mean difference over six benchmarks, mm a year, and R2.
    let (benchmarks, points): (Vec<_>, Vec<_>) = benchmarks(DEFAULT_SEED).into_iter().unzip();
    let compared = compare(benchmarks, &points);
    let pairs: Vec<(f64, f64)> = compared.iter().filter_map(Comparison::pair).collect();
    let found = agreement(&pairs).unwrap();
    assert_eq!(found.benchmarks, 6);
    for (value, expected) in [
        (found.largest_mm_per_year, 5.15),
        (found.smallest_mm_per_year, 0.47),
        (found.mean_mm_per_year, 0.67),
        (found.r2.unwrap(), 0.980),
    ] {
        assert!((value - expected).abs() < 0.001, "{found:?}");
    }
}

#[test]
fn a_well_depends_on_its_number_and_the_seed_alone() {
    let many = dataset(&Options {
        wells: 9,
        ..Options::default()
    });
    let few = dataset(&Options::default());
    assert_eq!(many.dataset.wells[..6], few.dataset.wells[..]);
    let other = dataset(&Options {
        seed: 1,
        ..Options::default()
    });
    assert_ne!(other.dataset.wells[0].levels, few.dataset.wells[0].levels);
}

#[test]
fn points_are_drawn_anew_over_the_same_levels_and_ground() {
    let first = dataset(&Options::default());
    let again = dataset(&Options {
        points_seed: Some(1),
        ..Options::default()
    });
    assert_eq!(again.truth, first.truth);
    for (again, first) in again.dataset.wells.iter().zip(&first.dataset.wells) {
        assert_eq!(again.levels, first.levels);
        assert_ne!(again.ground, first.ground);
    }
}

#[test]
fn variations_have_their_own_place_and_a_plausible_ground() {
    let data = dataset(&Options {
        wells: 250,
        ..Options::default()
    });
    let positions: Vec<Position> = data
        .dataset
        .wells
        .iter()
        .map(|well| well.position.unwrap())
        .collect();
    for (index, position) in positions.iter().enumerate() {
        for other in &positions[..index] {
            assert!(position.distance_m(*other).unwrap() > 1200.0);
        }
    }
    for (truth, finals) in data.truth.iter().zip(final_mm(&data)) {
        assert!(
            finals
                .iter()
                .all(|value| value.is_finite() && value.abs() < 3000.0),
            "{}",
            truth.well
        );
        assert!((truth.share.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(
            truth
                .layer_subsidence_mm
                .iter()
                .flatten()
                .all(|value| value.is_finite())
        );
    }
}

#[test]
fn written_files_read_back_as_the_same_data_set() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        wells: 8,
        ..Options::default()
    };
    write(folder.path(), &options, |_| {}).unwrap();
    let found = read_folders(&[folder.path().to_owned()], &Config::default().data).unwrap();
    assert_eq!(found, dataset(&options).dataset);
    let made: Vec<Benchmark> = benchmarks(options.seed)
        .into_iter()
        .map(|(benchmark, _)| benchmark)
        .collect();
    let levelling = folder.path().join("levelling.csv");
    assert_eq!(read_benchmarks(&levelling).unwrap(), made);
}

#[test]
fn every_row_of_every_file_says_synthetic() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &Options::default(), |_| {}).unwrap();
    for name in [
        "wells.csv",
        "levels.csv",
        "points.csv",
        "levelling.csv",
        "truth.csv",
    ] {
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(text.lines().count() > 1, "{name}");
        assert!(
            text.lines().skip(1).all(|row| row.contains("SYNTHETIC")),
            "{name}"
        );
    }
}

#[test]
fn existing_files_are_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("levels.csv"), "mine").unwrap();
    let error = write(folder.path(), &Options::default(), |_| {}).unwrap_err();
    assert!(matches!(error, SynthError::Exists { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
