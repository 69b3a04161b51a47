//! Trains a model on a well's monthly measurements, scores and exports it, and estimates the month after the last.
use std::f32::consts::FRAC_PI_6;

use amlstm::amlstm_core::{artifact::ModelFile, estimator::Estimator, month::Month};
use amlstm::export::{Beside, model_file};
use amlstm::metric::{Simulation, score};
use amlstm::{config::Config, measurements::MonthlyMeasurements};
use amlstm::{split::Part, split::Split, train::train_well};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // SYNTHETIC: a level that falls and swings with the seasons, and ground that sinks by 0.4 mm a month for each metre below 12 m.
    let level_m = |month: usize| 10.0 - 0.03 * month as f32 + (month as f32 * FRAC_PI_6).sin();
    let sinks = |month: usize| f64::from(0.4 * (12.0 - level_m(month)));
    let measurements = MonthlyMeasurements {
        well: "SYNTHETIC example".into(),
        aquifer_layers: vec!["confined".into()],
        start: Month::new(2010, 1).ok_or("no such month")?,
        level_m: (0..120).map(|month| vec![Some(level_m(month))]).collect(),
        subsidence_mm: (0..120)
            .map(|month| Some((0..=month).map(sinks).sum()))
            .collect(),
    };
    let config = Config::default();
    let series = measurements.series(&config.data)?;
    let split = Split::new(&series, &config.split, config.seed)?;
    let trained = train_well(&series, &split, &config, config.seed)?;
    let bytes = model_file(
        &trained,
        &series,
        &split,
        config.model_version,
        Beside::default(),
    )?;
    std::fs::write(std::env::temp_dir().join("example.amlm"), &*bytes)?;

    let file = ModelFile::parse(&bytes)?;
    let test = score(
        &series,
        &split,
        &Simulation::new(&file, &series).curve(),
        Part::Test,
    );
    println!(
        "RMSE {:.2} mm per month in {} test months",
        test.rmse_mm, test.count
    );
    let mut estimator = Estimator::cold(&file);
    for (month, level_m) in series.months.iter().zip(&series.level_m) {
        estimator.step(*month, level_m)?;
    }
    let next = estimator.step(series.months[119].next(), &[Some(level_m(120))])?;
    println!("{}: {:.2} mm", next.month, next.increment_mm);
    assert!(test.rmse_mm < 1.0 && (f64::from(next.increment_mm) - sinks(120)).abs() < 1.0);
    Ok(())
}
