//! A water channel.

use serde::{Deserialize, Serialize};

use super::Name;
use super::config_problem::{ConfigProblem, ensure};
use super::sensor::{Quantity, Sensor, check_sensor};

/// A water channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelConfig {
    /// Name of the aquifer layer, as the model file spells it.
    pub aquifer_layer: Name,
    /// Where the raw value comes from.
    pub sensor: Sensor,
    /// What it measures.
    pub quantity: Quantity,
    /// Elevation of the measuring point above the station's datum, metres.
    pub measuring_point_m: f32,
    /// Length of cable from the measuring point down to the sensor, metres.
    pub cable_m: f32,
    /// Density of the water, kg per cubic metre.
    pub density_kg_m3: f32,
    /// Added to the level, metres.
    pub offset_m: f32,
    /// Lowest plausible level, metres above datum.
    pub lowest_m: f32,
    /// Highest plausible level, metres above datum.
    pub highest_m: f32,
    /// Largest plausible change of level between two samples, metres.
    pub largest_step_m: f32,
    /// Number of equal raw values in a row that mean a stuck sensor; 0 for never. Currents are equal if the noise of the converter explains how they differ.
    pub stuck_after: u16,
}

impl ChannelConfig {
    /// A channel in fresh water (1000 kg/m3) without offset; levels within 1000 m of the datum and steps up to 0.25 m are plausible, and a raw value
    /// that stays the same for 96 samples (a day) means a stuck sensor.
    ///
    /// The step: a change of more than 25 cm of water in 12 h is very unlikely in a piezometer (DOV Vlaanderen).
    pub fn new(aquifer_layer: Name, sensor: Sensor, quantity: Quantity) -> Self {
        Self {
            aquifer_layer,
            sensor,
            quantity,
            measuring_point_m: 0.0,
            cable_m: 0.0,
            density_kg_m3: 1000.0,
            offset_m: 0.0,
            lowest_m: -1000.0,
            highest_m: 1000.0,
            largest_step_m: 0.25,
            stuck_after: 96,
        }
    }
}

pub(super) fn check_channel(channel: &ChannelConfig) -> Result<(), ConfigProblem> {
    ensure(!channel.aquifer_layer.is_empty(), ConfigProblem::LayerName)?;
    check_sensor(&channel.sensor)?;
    let finite = [
        channel.measuring_point_m,
        channel.offset_m,
        channel.lowest_m,
        channel.highest_m,
    ]
    .into_iter()
    .all(f32::is_finite);
    let sound = finite
        && (900.0..=1300.0).contains(&channel.density_kg_m3)
        && (0.0..=10_000.0).contains(&channel.cable_m)
        && channel.lowest_m < channel.highest_m
        && channel.largest_step_m > 0.0;
    ensure(sound, ConfigProblem::Number)
}
