//! Levels from raw values.

use amlstm_core::link::{ChannelConfig, Quality, Quantity, Reading};

/// Standard acceleration of gravity, m/s2 (3rd CGPM, 1901). Local gravity differs by 0.3 % at most.
const GRAVITY_M_S2: f32 = 9.80665;

/// The water level that a raw value stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    /// Above datum, up +.
    pub level_m: f32,
    /// Water column above the sensor, for sensors that hang in the water.
    pub submergence_m: Option<f32>,
}

/// The level by a channel's settings.
///
/// # Errors
/// [`Quality::BAROMETER_MISSING`] for an absolute transducer without air pressure.
pub(super) fn level_of(
    config: &ChannelConfig,
    raw: f32,
    barometer_kpa: Option<f32>,
) -> Result<Level, Quality> {
    let hanging = |submergence_m: f32| Level {
        level_m: config.measuring_point_m - config.cable_m + submergence_m + config.offset_m,
        submergence_m: Some(submergence_m),
    };
    let standing = |level_m: f32| Level {
        level_m: level_m + config.offset_m,
        submergence_m: None,
    };
    // p = rho g h, with p in kPa.
    let column_m = |kpa: f32| kpa * 1000.0 / (config.density_kg_m3 * GRAVITY_M_S2);
    Ok(match config.quantity {
        Quantity::AbsolutePressureKpa => hanging(column_m(
            raw - barometer_kpa.ok_or(Quality::BAROMETER_MISSING)?,
        )),
        Quantity::GaugePressureKpa => hanging(column_m(raw)),
        Quantity::SubmergenceM => hanging(raw),
        Quantity::DepthToWaterM => standing(config.measuring_point_m - raw),
        Quantity::LevelM => standing(raw),
    })
}

/// Depth to water below the measuring point in metres, down +: what a tape reads.
pub fn depth_to_water_m(config: &ChannelConfig, reading: &Reading) -> Option<f32> {
    reading
        .level_m
        .map(|level_m| config.measuring_point_m - level_m)
}
