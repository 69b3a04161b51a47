//! `amlstm logger estimate`: what the active model says of the last closed month.

use amlstm::logger::{Client, LoggerError, month_text};
use amlstm_core::estimate::Primary;
use amlstm_core::link::{EstimateRecord, Fault, InputState, LayerSubsidence, LevelSource};
use anyhow::bail;

use super::json;
use super::layers::LayersOf;
use crate::command::output::Output;

/// Each input that is not as trained, in words.
pub fn input_flags(estimate: &EstimateRecord, layers: &LayersOf) -> Vec<String> {
    let name = |index: usize| {
        layers
            .name(estimate.generation, index)
            .map_or_else(|| format!("input {}", index + 1), ToOwned::to_owned)
    };
    let without_levels = (estimate.months_without_levels > 0).then(|| {
        format!(
            "{} months without levels since training",
            estimate.months_without_levels
        )
    });
    estimate
        .inputs
        .iter()
        .enumerate()
        .filter_map(|(index, input)| match input {
            InputState::Trained => None,
            InputState::Missing => {
                let physics = match estimate.level_source(index) {
                    Some(LevelSource::OtherLayers) => ", for physics told by the other layers",
                    Some(_) => ", for physics the last one held",
                    None => "",
                };
                Some(format!("level of {} is missing{physics}", name(index)))
            }
            InputState::Below { by_m } => Some(format!(
                "level of {} is {by_m:.1} m below anything the model was trained on",
                name(index)
            )),
            InputState::Above { by_m } => Some(format!(
                "level of {} is {by_m:.1} m above anything the model was trained on",
                name(index)
            )),
            InputState::ChangeBelow { by_m } => Some(format!(
                "level of {} fell {by_m:.1} m more in a month than the model was trained on",
                name(index)
            )),
            InputState::ChangeAbove { by_m } => Some(format!(
                "level of {} rose {by_m:.1} m more in a month than the model was trained on",
                name(index)
            )),
        })
        .chain(without_levels)
        .collect()
}

/// `logger estimate`.
pub fn run(client: &mut Client, as_json: bool, output: &mut Output) -> anyhow::Result<()> {
    let estimate = known(client.estimate())?;
    let by_physics = client.layers()?;
    let layers = LayersOf::active(client)?;
    if as_json {
        return output.json(&json::estimate(&estimate, by_physics.as_ref(), &layers));
    }
    show(&estimate, by_physics.as_ref(), &layers, output)
}

/// Says in words that no month is closed yet.
pub fn known<E>(answer: Result<E, LoggerError>) -> anyhow::Result<E> {
    match answer {
        Err(LoggerError::Refused(Fault::NotFound)) => {
            bail!("logger: no month to estimate yet; one closes with the first sample of the next")
        }
        answer => Ok(answer?),
    }
}

/// Prints an estimate.
pub fn show(
    estimate: &EstimateRecord,
    by_physics: Option<&LayerSubsidence>,
    layers: &LayersOf,
    output: &mut Output,
) -> anyhow::Result<()> {
    if layers.synthetic {
        writeln!(output, "SYNTHETIC: the model was trained on synthetic data")?;
    }
    writeln!(
        output,
        "{}  well {}  model version {}",
        month_text(estimate.month_index),
        layers.well,
        estimate.model_version
    )?;
    let interval =
        |half: Option<f32>| half.map_or_else(String::new, |half| format!(" ± {half:.1} (90 %)"));
    writeln!(
        output,
        "increment   {:>8.2} mm{}",
        estimate.increment_mm,
        interval(estimate.half_width_mm)
    )?;
    writeln!(
        output,
        "subsidence  {:>8.2} mm{}",
        estimate.subsidence_mm,
        interval(estimate.subsidence_half_width_mm)
    )?;
    if let Some(other) = estimate.other_increment_mm {
        let (trusted, by) = match estimate.primary {
            Primary::Network => ("network", "physics"),
            Primary::Physics => ("physics", "network"),
        };
        writeln!(output, "by {trusted}; by {by} {other:.2} mm")?;
    }
    if estimate.disagree {
        writeln!(
            output,
            "note: network and physics disagree by more than their intervals: trust neither before somebody has looked"
        )?;
    }
    for (layer, share) in layers.names.iter().zip(&estimate.attention) {
        writeln!(output, "attention   {:>7.0} %  {layer}", share * 100.0)?;
    }
    if let Some(by_physics) = by_physics {
        let shares = by_physics.shares();
        let of_layers = by_physics.layer_mm.iter().zip(&shares);
        for (layer, (mm, share)) in layers.names.iter().zip(of_layers) {
            writeln!(
                output,
                "by physics  {:>7.0} %  {layer} ({mm:.2} mm)",
                share * 100.0
            )?;
        }
    }
    for flag in input_flags(estimate, layers) {
        writeln!(output, "note: {flag}")?;
    }
    Ok(())
}
