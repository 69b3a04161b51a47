//! The name of a configuration item.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Names a configuration item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConfigKey {
    /// [`ConfigItem::Station`](super::ConfigItem::Station).
    Station,
    /// [`ConfigItem::SampleInterval`](super::ConfigItem::SampleInterval).
    SampleInterval,
    /// [`ConfigItem::Channel`](super::ConfigItem::Channel) of this index.
    Channel(u8),
    /// [`ConfigItem::Barometer`](super::ConfigItem::Barometer).
    Barometer,
    /// [`ConfigItem::RateLimit`](super::ConfigItem::RateLimit).
    RateLimit,
    /// [`ConfigItem::Security`](super::ConfigItem::Security).
    Security,
    /// [`ConfigItem::SensorSupply`](super::ConfigItem::SensorSupply).
    SensorSupply,
    /// [`ConfigItem::LowBattery`](super::ConfigItem::LowBattery).
    LowBattery,
    /// [`ConfigItem::Battery`](super::ConfigItem::Battery).
    Battery,
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
            Self::SensorSupply => formatter.write_str("supply of the sensors"),
            Self::LowBattery => formatter.write_str("sampling while the battery is low"),
            Self::Battery => formatter.write_str("battery"),
        }
    }
}
