//! What a technician sets: station, channels, limits.

use serde::{Deserialize, Serialize};

use super::barometer::BarometerConfig;
use super::battery::{Battery, LowBattery};
use super::channel::{ChannelConfig, check_channel};
use super::config_key::ConfigKey;
use super::config_problem::{ConfigProblem, ensure};
use super::security::Security;
use super::sensor::check_sensor;
use super::{MAX_CHANNELS, Name};

/// A configuration item and its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConfigItem {
    /// The station.
    Station {
        /// Its name.
        name: Name,
        /// Vertical datum of every level, for example `NAVD88`.
        datum: Name,
        /// Serial number of the logger.
        serial: u32,
    },
    /// Seconds between two samples, 1 to 86 400. Default 900.
    SampleInterval {
        /// Seconds.
        seconds: u32,
    },
    /// A water channel, or none at this index.
    Channel {
        /// 0 to [`MAX_CHANNELS`] - 1.
        index: u8,
        /// The channel; `None` removes it.
        channel: Option<ChannelConfig>,
    },
    /// The barometer, or none.
    Barometer(Option<BarometerConfig>),
    /// Increment of a month in mm above which an alarm is raised, or none.
    RateLimit {
        /// Limit in mm per month, > 0.
        mm_per_month: Option<f32>,
    },
    /// Which models are accepted.
    Security(Security),
    /// Supply of the sensors, on a board that can switch it.
    SensorSupply {
        /// Seconds from switching on to the first command, 0 to [`MAX_WARM_UP_S`]; off after each round. `None` for always on.
        warm_up_s: Option<u8>,
    },
    /// The longer interval while the battery is low, or none.
    LowBattery(Option<LowBattery>),
    /// The battery; `None` if unknown.
    Battery(Option<Battery>),
}

/// Longest warm-up of the sensors, seconds: it is part of a round's time.
pub const MAX_WARM_UP_S: u8 = 10;

/// Seconds that may lie between two samples.
const INTERVALS_S: core::ops::RangeInclusive<u32> = 1..=86_400;

impl ConfigItem {
    /// The key of this item.
    pub fn key(&self) -> ConfigKey {
        match self {
            Self::Station { .. } => ConfigKey::Station,
            Self::SampleInterval { .. } => ConfigKey::SampleInterval,
            Self::Channel { index, .. } => ConfigKey::Channel(*index),
            Self::Barometer(_) => ConfigKey::Barometer,
            Self::RateLimit { .. } => ConfigKey::RateLimit,
            Self::Security(_) => ConfigKey::Security,
            Self::SensorSupply { .. } => ConfigKey::SensorSupply,
            Self::LowBattery(_) => ConfigKey::LowBattery,
            Self::Battery(_) => ConfigKey::Battery,
        }
    }

    /// Checks the item by itself; the logger checks whether it fits the others.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), ConfigProblem> {
        match self {
            Self::Station { .. } => Ok(()),
            Self::SampleInterval { seconds } => {
                ensure(INTERVALS_S.contains(seconds), ConfigProblem::Interval)
            }
            Self::Channel { index, channel } => {
                ensure(
                    usize::from(*index) < MAX_CHANNELS,
                    ConfigProblem::ChannelIndex,
                )?;
                channel.as_ref().map_or(Ok(()), check_channel)
            }
            Self::Barometer(barometer) => barometer.as_ref().map_or(Ok(()), |barometer| {
                check_sensor(&barometer.sensor)?;
                ensure(
                    barometer.units_per_kpa.is_finite() && barometer.units_per_kpa > 0.0,
                    ConfigProblem::Number,
                )
            }),
            Self::RateLimit { mm_per_month } => ensure(
                mm_per_month.is_none_or(|limit| limit.is_finite() && limit > 0.0),
                ConfigProblem::Number,
            ),
            Self::Security(security) => ensure(
                !security.require_signed || security.signing_key.is_some(),
                ConfigProblem::Signing,
            ),
            Self::SensorSupply { warm_up_s } => ensure(
                warm_up_s.is_none_or(|seconds| seconds <= MAX_WARM_UP_S),
                ConfigProblem::WarmUp,
            ),
            Self::LowBattery(low) => ensure(
                low.is_none_or(|low| low.below_mv > 0 && INTERVALS_S.contains(&low.interval_s)),
                ConfigProblem::LowBattery,
            ),
            Self::Battery(battery) => ensure(
                battery.is_none_or(|battery| {
                    battery.capacity_mah > 0
                        && battery.sensors_ma >= 0.0
                        && battery.sensors_ma.is_finite()
                }),
                ConfigProblem::Battery,
            ),
        }
    }
}
