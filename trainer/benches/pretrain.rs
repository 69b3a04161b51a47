//! Time of one network that learns the physics of its well first, on one core: of a well of 120 months, and of one as long as D201.
//!
//! Three aquifer layers, 16 hidden and 16 attention units, a thousand steps of imitation and 80 of the fit. The levels are made up here: time does not depend
//! on them.
//!
//! `cargo bench -p amlstm --bench pretrain`

use std::f32::consts::TAU;
use std::hint::black_box;

use amlstm::amlstm_core::month::Month;
use amlstm::config::Config;
use amlstm::measurements::MonthlyMeasurements;
use amlstm::pretrain::{refit_well, train_well};
use amlstm::split::Split;
use criterion::{BenchmarkId, Criterion};

/// Months of a short record, and of D201's.
const MONTHS: [usize; 2] = [120, 346];

fn main() {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let config = Config::default();
    let mut group = criterion.benchmark_group("one fit");
    for months in MONTHS {
        let series = measurements(months)
            .series(&config.data)
            .expect("the measurements fit together");
        let split = Split::new(&series, &config.split, 1).expect("there are months enough");
        let scored = train_well(&series, &split, &config, 1).expect("it trains");
        group.bench_function(BenchmarkId::from_parameter(months), |bencher| {
            bencher.iter(|| black_box(refit_well(&series, &split, &config, &scored).is_ok()));
        });
    }
    group.finish();
    criterion.final_summary();
}

/// Levels that fall and swing, and ground that sinks where they are low.
fn measurements(months: usize) -> MonthlyMeasurements {
    let level_m = |month: usize, layer: usize| {
        let (time, layer) = (month as f32, layer as f32);
        -10.0 * layer - 0.02 * time + (1.0 + layer) * (time * TAU / 12.0 + layer).sin()
    };
    let sinks_mm = |month: usize| f64::from(1.5 - 0.3 * level_m(month, 0));
    MonthlyMeasurements {
        well: "SYNTHETIC".into(),
        aquifer_layers: ["upper", "middle", "lower"].map(String::from).to_vec(),
        start: Month::new(1990, 1).expect("a month"),
        level_m: (0..months)
            .map(|month| (0..3).map(|layer| Some(level_m(month, layer))).collect())
            .collect(),
        subsidence_mm: (0..months)
            .map(|month| Some((0..=month).map(sinks_mm).sum()))
            .collect(),
    }
}
