//! What a technician sets: station, channels, limits.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::channel::check_channel;
use super::sensor::check_sensor;
use super::{BarometerConfig, ChannelConfig, MAX_CHANNELS, Name};

/// Which models are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    /// Models of a lower version are refused unless allowed by hand.
    pub min_model_version: u32,
    /// Ed25519 key that signs models.
    pub signing_key: Option<[u8; 32]>,
    /// Only signed models are accepted. It can be set once a model signed with the key is active, and cleared only by erasing the logger.
    pub require_signed: bool,
}

/// Names a configuration item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConfigKey {
    /// [`ConfigItem::Station`].
    Station,
    /// [`ConfigItem::SampleInterval`].
    SampleInterval,
    /// [`ConfigItem::Channel`] of this index.
    Channel(u8),
    /// [`ConfigItem::Barometer`].
    Barometer,
    /// [`ConfigItem::RateLimit`].
    RateLimit,
    /// [`ConfigItem::Security`].
    Security,
}

impl fmt::Display for ConfigKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Station => formatter.write_str("station"),
            Self::SampleInterval => formatter.write_str("sample interval"),
            Self::Channel(index) => write!(formatter, "channel {index}"),
            Self::Barometer => formatter.write_str("barometer"),
            Self::RateLimit => formatter.write_str("limit"),
            Self::Security => formatter.write_str("signatures and model versions"),
        }
    }
}

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
    /// Seconds between two samples, 1 to 86 400. 900 unless set.
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
    /// Increment of a month in mm beyond which an alarm is raised, or none.
    RateLimit {
        /// Limit in mm per month, > 0.
        mm_per_month: Option<f32>,
    },
    /// Which models are accepted.
    Security(Security),
}

impl ConfigItem {
    /// The key this item belongs to.
    pub fn key(&self) -> ConfigKey {
        match self {
            Self::Station { .. } => ConfigKey::Station,
            Self::SampleInterval { .. } => ConfigKey::SampleInterval,
            Self::Channel { index, .. } => ConfigKey::Channel(*index),
            Self::Barometer(_) => ConfigKey::Barometer,
            Self::RateLimit { .. } => ConfigKey::RateLimit,
            Self::Security(_) => ConfigKey::Security,
        }
    }

    /// Checks the item alone; the logger checks whether it fits the others.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), ConfigProblem> {
        match self {
            Self::Station { .. } => Ok(()),
            Self::SampleInterval { seconds } => {
                ensure((1..=86_400).contains(seconds), ConfigProblem::Interval)
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
        }
    }
}

/// Why a configuration item is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConfigProblem {
    /// The sample interval must be 1 to 86 400 s.
    Interval,
    /// Channels are numbered 0 to 7, without gaps.
    ChannelIndex,
    /// An aquifer layer needs a name that no other channel has.
    LayerName,
    /// An SDI-12 address is a digit or a letter.
    Address,
    /// Numbers must be finite, the density within 900 to 1300 kg/m3, lowest < highest, cable >= 0, the largest step > 0.
    Number,
    /// `require_signed` needs a signing key and an active model signed with it, and neither can be removed afterwards.
    Signing,
    /// The channel is part of closed months: its aquifer layer can no longer be changed, nor the channel removed.
    LayerInUse,
}

impl ConfigProblem {
    /// What is wrong, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Interval => "the sample interval must be 1 to 86400 s",
            Self::ChannelIndex => {
                "channels are numbered 0 to 7 without gaps; the last one is removed first"
            }
            Self::LayerName => "an aquifer layer needs a name that no other channel has",
            Self::Address => "an SDI-12 address is one digit or letter",
            Self::Number => {
                "numbers must be finite, the density 900 to 1300 kg/m3, lowest below highest, cable not negative, \
                 largest step and limits above 0, 4 mA and 20 mA not equal"
            }
            Self::Signing => {
                "signatures can be required once a model signed with the key is active, and then stay required"
            }
            Self::LayerInUse => {
                "the channel is part of closed months: its aquifer layer stays; use the next free channel"
            }
        }
    }
}

pub(super) fn ensure(holds: bool, problem: ConfigProblem) -> Result<(), ConfigProblem> {
    if holds { Ok(()) } else { Err(problem) }
}
