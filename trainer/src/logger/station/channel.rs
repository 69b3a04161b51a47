//! A water channel.

use amlstm_core::link::{ChannelConfig, Quantity};
use serde::{Deserialize, Serialize};

use super::error::{StationError, name};
use super::source::Source;

/// A water channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Aquifer layer, spelled as in the model file.
    pub aquifer_layer: String,
    /// Where the raw value comes from.
    pub source: Source,
    /// What the raw value measures.
    pub quantity: Quantity,
    /// Elevation of the measuring point above the datum, metres.
    #[serde(default)]
    pub measuring_point_m: f32,
    /// Cable from the measuring point down to the sensor, metres.
    #[serde(default)]
    pub cable_m: f32,
    /// Density of the water, kg per cubic metre.
    #[serde(default = "fresh_water")]
    pub density_kg_m3: f32,
    /// Added to the level, metres.
    #[serde(default)]
    pub offset_m: f32,
    /// Lowest level believed, metres above the datum.
    #[serde(default = "lowest")]
    pub lowest_m: f32,
    /// Highest level believed, metres above the datum.
    #[serde(default = "highest")]
    pub highest_m: f32,
    /// Largest change between two samples believed, metres.
    #[serde(default = "largest_step")]
    pub largest_step_m: f32,
    /// So many equal raw values in a row mean a stuck sensor; 0 never.
    #[serde(default = "a_day")]
    pub stuck_after: u16,
}

fn fresh_water() -> f32 {
    1000.0
}

fn lowest() -> f32 {
    -1000.0
}

fn highest() -> f32 {
    1000.0
}

fn largest_step() -> f32 {
    0.25
}

fn a_day() -> u16 {
    96
}

impl Channel {
    /// What is sent to the logger.
    pub(super) fn config(&self) -> Result<ChannelConfig, StationError> {
        let sensor = self
            .source
            .sensor(&format!("channel {}", self.aquifer_layer))?;
        let layer = name("aquifer_layer", &self.aquifer_layer)?;
        Ok(ChannelConfig {
            measuring_point_m: self.measuring_point_m,
            cable_m: self.cable_m,
            density_kg_m3: self.density_kg_m3,
            offset_m: self.offset_m,
            lowest_m: self.lowest_m,
            highest_m: self.highest_m,
            largest_step_m: self.largest_step_m,
            stuck_after: self.stuck_after,
            ..ChannelConfig::new(layer, sensor, self.quantity)
        })
    }

    /// The settings of a channel of the logger.
    pub(super) fn of(channel: &ChannelConfig) -> Self {
        Self {
            aquifer_layer: channel.aquifer_layer.to_string(),
            source: Source::of(channel.sensor),
            quantity: channel.quantity,
            measuring_point_m: channel.measuring_point_m,
            cable_m: channel.cable_m,
            density_kg_m3: channel.density_kg_m3,
            offset_m: channel.offset_m,
            lowest_m: channel.lowest_m,
            highest_m: channel.highest_m,
            largest_step_m: channel.largest_step_m,
            stuck_after: channel.stuck_after,
        }
    }
}
