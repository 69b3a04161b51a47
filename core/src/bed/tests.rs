//! Comparison with analytic solutions. The tolerances are the errors of an independent implementation (numpy, f64) with the same steps, rounded up.

use super::*;
use std::f64::consts::PI;

/// Degree of consolidation after a step in level, at `time` in units of the time constant (Terzaghi's series).
fn terzaghi(time: f64) -> f64 {
    let terms = (0..400).map(|m| {
        let root = f64::from(2 * m + 1) * PI;
        8.0 / (root * root) * (-root * root * time / 4.0).exp()
    });
    1.0 - terms.sum::<f64>()
}

/// Degree of consolidation under a level that falls steadily from time 0 on, relative to the fall so far (Duhamel's
/// integral of Terzaghi's series).
fn terzaghi_ramp(time: f64) -> f64 {
    let lag: f64 = (0..400)
        .map(|m| {
            let root = f64::from(2 * m + 1) * PI;
            let rate = root * root / 4.0;
            8.0 / (root * root) / rate * (1.0 - (-rate * time).exp())
        })
        .sum();
    1.0 - lag / time
}

const CLAY: Storage<f64> = Storage {
    virgin_per_m: 1e-3,
    elastic_per_m: 1e-3,
};

/// Half a bed with a time constant of `tau_days`, at rest at level 0 and normally consolidated.
fn half_bed<const CELLS: usize>(
    storage: Storage<f64>,
    tau_days: f64,
    step_days: f64,
) -> (Bed<CELLS>, f64) {
    let height_m = 2.0;
    let conductivity = height_m * height_m * storage.virgin_per_m / tau_days;
    (
        Bed::at_rest(
            Column::new(storage, conductivity, height_m, CELLS as u8, step_days),
            0.0,
        ),
        storage.virgin_per_m * height_m,
    )
}

/// A column with its state.
struct Bed<const CELLS: usize> {
    column: Column<f64>,
    state: DelayBed<f64, CELLS>,
}

impl<const CELLS: usize> Bed<CELLS> {
    fn at_rest(column: Column<f64>, margin_m: f64) -> Self {
        Self {
            column,
            state: DelayBed::at_rest(0.0, margin_m),
        }
    }

    fn step(&mut self, top_m: f64) -> f64 {
        let boundary = Boundary {
            top_m,
            bottom_m: None,
        };
        self.state.step(&self.column, boundary)
    }
}

/// Largest error of the degree of consolidation after a step of 1 m, from 2 % of the time constant on.
fn error_after_a_step<const CELLS: usize>(storage: Storage<f64>, step: f64) -> f64 {
    let (mut bed, ultimate_m) = half_bed::<CELLS>(storage, 1.0, step);
    let steps = (2.0 / step).round() as usize;
    let mut compaction_m = 0.0;
    let mut worst: f64 = 0.0;
    for index in 1..=steps {
        compaction_m += bed.step(-1.0);
        let time = index as f64 * step;
        if time >= 0.02 - 1e-9 {
            worst = worst.max((compaction_m / ultimate_m - terzaghi(time)).abs());
        }
    }
    worst
}

#[test]
fn a_step_in_level_follows_the_terzaghi_series() {
    let measured = [
        error_after_a_step::<20>(CLAY, 0.02),
        error_after_a_step::<20>(CLAY, 0.005),
        error_after_a_step::<20>(CLAY, 0.001),
        error_after_a_step::<40>(CLAY, 0.001),
    ];
    for (error, expected) in measured.into_iter().zip([0.0203, 0.0063, 0.0023, 0.0013]) {
        assert!((error - expected).abs() < 1e-4, "{measured:?}");
    }
}

#[test]
fn a_falling_level_follows_the_ramp_solution_at_the_production_step() {
    let tau_days = 3.0 * 365.25;
    let (mut bed, ultimate_m) = half_bed::<20>(CLAY, tau_days, 6.0);
    let mut compaction_m = 0.0;
    let mut worst: f64 = 0.0;
    let steps = (2.0 * tau_days / 6.0) as usize;
    for index in 1..=steps {
        let time = index as f64 * 6.0 / tau_days;
        compaction_m += bed.step(-time);
        worst = worst.max((compaction_m / ultimate_m - time * terzaghi_ramp(time)).abs());
    }
    assert!(worst < 0.0009, "{worst}");
}

#[test]
fn a_virgin_step_does_not_see_the_elastic_storage() {
    let stiff = Storage {
        elastic_per_m: 1e-3 / 30.0,
        ..CLAY
    };
    let (mut bed, _) = half_bed::<20>(stiff, 1.0, 0.005);
    let (mut linear, _) = half_bed::<20>(CLAY, 1.0, 0.005);
    for _ in 0..400 {
        let difference = bed.step(-1.0) - linear.step(-1.0);
        assert!(difference.abs() < 1e-15, "{difference}");
    }
}

/// Compaction, m, until the bed is at rest again.
fn settle(bed: &mut Bed<20>, level_m: f64) -> f64 {
    (0..4000).map(|_| bed.step(level_m)).sum()
}

#[test]
fn a_rising_level_gives_back_the_elastic_part_and_a_new_low_is_virgin_again() {
    let stiff = Storage {
        elastic_per_m: 1e-3 / 20.0,
        ..CLAY
    };
    let (mut bed, ultimate_m) = half_bed::<20>(stiff, 1.0, 0.01);
    let first = settle(&mut bed, -1.0) / ultimate_m;
    let rebound = settle(&mut bed, 0.0) / (ultimate_m / 20.0);
    let again = settle(&mut bed, -1.0) / (ultimate_m / 20.0);
    let second = settle(&mut bed, -2.0) / ultimate_m;
    for (ratio, expected) in [(first, 1.0), (rebound, -1.0), (again, 1.0), (second, 1.0)] {
        assert!((ratio - expected).abs() < 5e-4, "{ratio} {expected}");
    }
}

#[test]
fn an_aquitard_drained_from_below_compacts_by_three_quarters_in_its_lower_half() {
    let thickness_m = 4.0;
    let conductivity = thickness_m * thickness_m * CLAY.virgin_per_m;
    let column = Column::new(CLAY, conductivity, thickness_m, 20, 0.01);
    let boundary = Boundary {
        top_m: 0.0,
        bottom_m: Some(-1.0),
    };
    let mut bed = DelayBed::<f64, 20>::at_rest(0.0, 0.0);
    let mut cells_m = [0.0; 20];
    for _ in 0..2000 {
        for (sum, cell) in cells_m.iter_mut().zip(bed.step_cells(&column, boundary)) {
            *sum += cell;
        }
    }
    let all_m: f64 = cells_m.iter().sum();
    let upper_m: f64 = cells_m[..10].iter().sum();
    assert!((all_m / (CLAY.virgin_per_m * thickness_m / 2.0) - 1.0).abs() < 5e-4);
    assert!((upper_m / all_m - 0.25).abs() < 5e-4);
}

#[test]
fn a_thin_bed_behaves_like_one_without_delay() {
    let storage = Storage {
        elastic_per_m: 1e-3 / 20.0,
        ..CLAY
    };
    let column = Column::new(storage, 2e-6, 0.05, 20, 6.0);
    let mut thin = Bed::<20>::at_rest(column, 0.5);
    let mut immediate = NoDelayBeds::at_rest(storage, 0.05, 0.0, 0.5);
    let (mut thin_m, mut immediate_m) = (0.0, 0.0);
    for step in 0..400 {
        let years = f64::from(step) * 6.0 / 365.25;
        let level_m = -years - 0.8 * (2.0 * PI * years).sin();
        thin_m += thin.step(level_m);
        immediate_m += immediate.step(level_m);
    }
    assert!(
        (thin_m / immediate_m - 1.0).abs() < 0.0014,
        "{thin_m} {immediate_m}"
    );
}
