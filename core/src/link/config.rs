//! What a technician sets: station, channels, limits.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::{MAX_CHANNELS, Name};

/// What a raw value measures, in SI-near units. The logger turns it into a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantity {
    /// Absolute pressure in kPa: needs the barometer.
    AbsolutePressureKpa,
    /// Pressure above the air's in kPa (vented cable).
    GaugePressureKpa,
    /// Water above the sensor in metres.
    SubmergenceM,
    /// Depth to water below the measuring point in metres, down +.
    DepthToWaterM,
    /// Level above the station's datum in metres, up +.
    LevelM,
}

/// One value of an SDI-12 sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sdi12Value {
    /// Address character, `0`-`9`, `A`-`Z`, `a`-`z`.
    pub address: u8,
    /// Which of the values of its `M` command, from 0.
    pub value: u8,
    /// Ask with `MC`: the sensor adds a CRC.
    pub crc: bool,
}

/// A 4-20 mA input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurrentLoop {
    /// Input of the board, from 0.
    pub input: u8,
    /// Raw value at 4 mA.
    pub at_4_ma: f32,
    /// Raw value at 20 mA.
    pub at_20_ma: f32,
}

/// Where a raw value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Sensor {
    /// A sensor on the SDI-12 bus.
    Sdi12(Sdi12Value),
    /// A two-wire transmitter.
    CurrentLoop(CurrentLoop),
}

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
    /// Lowest level believed, metres above datum.
    pub lowest_m: f32,
    /// Highest level believed, metres above datum.
    pub highest_m: f32,
    /// Largest change of level between two samples believed, metres.
    pub largest_step_m: f32,
    /// So many equal raw values in a row mean a stuck sensor; 0 never.
    pub stuck_after: u16,
}

impl ChannelConfig {
    /// A channel of fresh water (1000 kg/m3) without offset; levels within 1000 m of the datum and steps up to 0.25 m are believed, and
    /// a raw value that stays the same for 96 samples (a day) is not.
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

/// The barometer beside absolute transducers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BarometerConfig {
    /// Where the raw value comes from.
    pub sensor: Sensor,
    /// Raw units in one kPa: 1 for kPa, 10 for hPa or mbar.
    pub units_per_kpa: f32,
}

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
        /// Limit in mm a month, > 0.
        mm_per_month: Option<f32>,
    },
    /// Which models are accepted.
    Security(Security),
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
    /// `require_signed` needs a signing key and an active model signed with it, and once set stays, key and all.
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

    /// Checks the item alone; whether it fits the others is the logger's to check.
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

fn check_channel(channel: &ChannelConfig) -> Result<(), ConfigProblem> {
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

fn check_sensor(sensor: &Sensor) -> Result<(), ConfigProblem> {
    match sensor {
        Sensor::Sdi12(value) => ensure(
            value.address.is_ascii_alphanumeric(),
            ConfigProblem::Address,
        ),
        Sensor::CurrentLoop(current) => ensure(
            current.at_4_ma.is_finite()
                && current.at_20_ma.is_finite()
                && current.at_4_ma != current.at_20_ma,
            ConfigProblem::Number,
        ),
    }
}

fn ensure(holds: bool, problem: ConfigProblem) -> Result<(), ConfigProblem> {
    if holds { Ok(()) } else { Err(problem) }
}
