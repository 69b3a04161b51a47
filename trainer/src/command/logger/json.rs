//! What the logger said, for programs: names beside numbers, months as `2026-03`, units and signs as in [`amlstm_core::link`].

use amlstm::logger::{Download, month_text, quality_text};
use amlstm_core::estimate::Primary;
use amlstm_core::link::{
    CorrectedLevel, EstimateRecord, InputState, LayerSubsidence, LevelSource, Models, MonthLevel,
    Status,
};
use serde::Serialize;

use super::layers::LayersOf;

/// State and models of a logger.
#[derive(Serialize)]
pub struct StatusAndModels<'a> {
    #[serde(flatten)]
    pub status: &'a Status,
    #[serde(flatten)]
    pub models: &'a Models,
}

/// A closed month.
#[derive(Serialize)]
pub struct ClosedMonth<'a> {
    month: String,
    closed_unix_s: u32,
    levels: Vec<Level<'a>>,
    estimate: Option<Estimate<'a>>,
}

#[derive(Serialize)]
struct Level<'a> {
    aquifer_layer: &'a str,
    #[serde(flatten)]
    of_month: &'a MonthLevel,
    flags: String,
}

/// What a model says of a month.
#[derive(Serialize)]
pub struct Estimate<'a> {
    month: String,
    generation: u32,
    model_version: u32,
    increment_mm: f32,
    subsidence_mm: f32,
    half_width_mm: Option<f32>,
    months_without_levels: u16,
    primary: Primary,
    other_increment_mm: Option<f32>,
    disagree: bool,
    subsidence_half_width_mm: Option<f32>,
    synthetic: bool,
    inputs: Vec<Input<'a>>,
}

/// An estimate without the drift of the sensors.
#[derive(Serialize)]
pub struct WithoutDrift<'a> {
    corrected: bool,
    levels: Vec<CorrectedMonth<'a>>,
    #[serde(flatten)]
    estimate: Estimate<'a>,
}

#[derive(Serialize)]
struct CorrectedMonth<'a> {
    aquifer_layer: &'a str,
    #[serde(flatten)]
    level: CorrectedLevel,
}

/// Marks an estimate as one without the drift.
pub fn corrected<'a>(
    estimate: Estimate<'a>,
    layers: &'a [String],
    levels: &[CorrectedLevel],
) -> WithoutDrift<'a> {
    let levels = layers
        .iter()
        .zip(levels)
        .map(|(aquifer_layer, level)| CorrectedMonth {
            aquifer_layer,
            level: *level,
        });
    WithoutDrift {
        corrected: true,
        levels: levels.collect(),
        estimate,
    }
}

#[derive(Serialize)]
struct Input<'a> {
    aquifer_layer: Option<&'a str>,
    attention: f32,
    state: &'a InputState,
    /// How physics came by its level.
    level_for_physics: Option<LevelSource>,
    /// What the layer adds to the increment by physics.
    #[serde(skip_serializing_if = "Option::is_none")]
    physics_mm: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    physics_share: Option<f32>,
}

/// Every closed month of a download.
pub fn months<'a>(download: &'a Download, layers: &'a LayersOf) -> Vec<ClosedMonth<'a>> {
    let level = |(name, level): (&'a str, &'a MonthLevel)| Level {
        aquifer_layer: name,
        of_month: level,
        flags: quality_text(level.quality),
    };
    let names = || {
        download
            .channels
            .iter()
            .map(|channel| channel.aquifer_layer.as_str())
    };
    download
        .months
        .iter()
        .map(|(record, made)| ClosedMonth {
            month: month_text(record.month_index),
            closed_unix_s: record.closed_unix_s,
            levels: names().zip(&record.channels).map(level).collect(),
            estimate: made.as_ref().map(|made| estimate(made, None, layers)),
        })
        .collect()
}

/// One estimate, with the names of the model's layers and, where it was asked for, what each of them adds by physics.
pub fn estimate<'a>(
    made: &'a EstimateRecord,
    by_physics: Option<&LayerSubsidence>,
    layers: &'a LayersOf,
) -> Estimate<'a> {
    let shares = by_physics.map(LayerSubsidence::shares);
    let inputs = made.inputs.iter().zip(&made.attention).enumerate();
    Estimate {
        month: month_text(made.month_index),
        generation: made.generation,
        model_version: made.model_version,
        increment_mm: made.increment_mm,
        subsidence_mm: made.subsidence_mm,
        half_width_mm: made.half_width_mm,
        months_without_levels: made.months_without_levels,
        primary: made.primary,
        other_increment_mm: made.other_increment_mm,
        disagree: made.disagree,
        subsidence_half_width_mm: made.subsidence_half_width_mm,
        synthetic: layers.synthetic,
        inputs: inputs
            .map(|(index, (state, attention))| Input {
                aquifer_layer: layers.name(made.generation, index),
                attention: *attention,
                state,
                level_for_physics: made.level_source(index),
                physics_mm: by_physics.and_then(|layers| layers.layer_mm.get(index).copied()),
                physics_share: shares
                    .as_ref()
                    .and_then(|shares| shares.get(index).copied()),
            })
            .collect(),
    }
}
