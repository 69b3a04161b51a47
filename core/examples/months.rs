//! A complete program: estimates for three months of levels at a well, with a power cut between the second and the third.
//!
//! `cargo run -p amlstm-core --example months`

use amlstm_core::saved_state::SavedState;
use amlstm_core::{Estimate, Estimator, InputState, ModelFile, include_model};

/// A model of a SYNTHETIC well, as `amlstm export` writes it.
const MODEL: &[u8] = include_model!("A.amlm");

/// Monthly mean levels of the aquifer layers in m above datum. The third sensor failed in the second month, and confined1 falls far in the third.
const LEVEL_M: [[Option<f32>; 3]; 3] = [
    [Some(20.5), Some(5.2), Some(-2.1)],
    [Some(20.3), Some(5.0), None],
    [Some(20.1), Some(-4.0), Some(-2.9)],
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = ModelFile::parse(MODEL)?;
    let record = file.record();
    println!(
        "well {}, trained until {}",
        record.well, record.trained_until
    );

    let mut estimator: Estimator = Estimator::load(MODEL)?;
    for level_m in &LEVEL_M[..2] {
        let month = estimator.month().ok_or("a cold start")?.next();
        print(&record.aquifer_layers, &estimator.step(month, level_m)?);
    }

    let saved: SavedState = estimator.save();
    let mut estimator: Estimator = Estimator::load(MODEL)?;
    estimator.restore(&saved)?;
    let month = estimator.month().ok_or("a cold start")?.next();
    print(&record.aquifer_layers, &estimator.step(month, &LEVEL_M[2])?);
    Ok(())
}

fn print(aquifer_layers: &[&str], estimate: &Estimate) {
    println!(
        "{}: {:.2} mm, in all {:.1} mm",
        estimate.month, estimate.increment_mm, estimate.subsidence_mm
    );
    for (index, layer) in aquifer_layers.iter().enumerate() {
        let share = estimate.attention.get(index).copied().unwrap_or(0.0);
        let remark = match estimate.inputs.get(index) {
            Some(InputState::Missing) | None => "no level".to_owned(),
            Some(InputState::Trained) => String::new(),
            Some(InputState::Below { by_m }) => {
                format!("{by_m:.1} m below all levels trained on")
            }
            Some(InputState::Above { by_m }) => {
                format!("{by_m:.1} m above all levels trained on")
            }
            Some(InputState::ChangeBelow { by_m }) => {
                format!("change {by_m:.1} m below all changes trained on")
            }
            Some(InputState::ChangeAbove { by_m }) => {
                format!("change {by_m:.1} m above all changes trained on")
            }
        };
        println!("    {layer:<10} share {share:.2} {remark}");
    }
}
