//! A station's settings as a TOML file: what a technician keeps per site and sends to the logger.

use amlstm_core::link::{
    BarometerConfig, ChannelConfig, ConfigItem, ConfigKey, ConfigProblem, CurrentLoop,
    MAX_CHANNELS, MAX_NAME, Name, Quantity, Sdi12Value, Security, Sensor,
};
use serde::{Deserialize, Serialize};

use super::client::{Client, LoggerError};

/// Settings of one logger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// Name of the station, at most 24 bytes.
    pub station: String,
    /// Vertical datum of every level, for example `NAVD88`.
    pub datum: String,
    /// Serial number of the logger.
    #[serde(default)]
    pub serial: u32,
    /// Seconds between two samples, 1 to 86 400.
    #[serde(default = "quarter_of_an_hour")]
    pub sample_interval_s: u32,
    /// Increment of a month in mm beyond which an alarm is raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit_mm_per_month: Option<f32>,
    /// Models of a lower version are refused.
    #[serde(default)]
    pub min_model_version: u32,
    /// Ed25519 public key of those who sign models, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<String>,
    /// Only signed models are accepted; once set it stays.
    #[serde(default)]
    pub require_signed: bool,
    /// The barometer beside absolute transducers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barometer: Option<Barometer>,
    /// The water channels, layer 1 from the top first.
    #[serde(default)]
    pub channel: Vec<Channel>,
}

/// Where a value comes from: an SDI-12 sensor or a 4-20 mA input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// SDI-12 address, one digit or letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdi12: Option<char>,
    /// Which of the sensor's values, from 0.
    #[serde(default)]
    pub value: u8,
    /// Ask the SDI-12 sensor for a CRC.
    #[serde(default = "yes")]
    pub crc: bool,
    /// Current-loop input of the board, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loop_input: Option<u8>,
    /// Raw value at 4 mA.
    #[serde(default)]
    pub at_4_ma: f32,
    /// Raw value at 20 mA.
    #[serde(default)]
    pub at_20_ma: f32,
}

/// A water channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Aquifer layer, spelled as in the model file.
    pub aquifer_layer: String,
    /// Where the raw value comes from.
    pub source: Source,
    /// What the raw value measures.
    pub quantity: Measures,
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

/// What a raw value measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measures {
    /// Absolute pressure in kPa; needs the barometer.
    AbsolutePressureKpa,
    /// Pressure above the air's in kPa.
    GaugePressureKpa,
    /// Water above the sensor in metres.
    SubmergenceM,
    /// Depth to water below the measuring point in metres.
    DepthToWaterM,
    /// Level above the datum in metres.
    LevelM,
}

/// The barometer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Barometer {
    /// Where the raw value comes from.
    pub source: Source,
    /// Raw units in one kPa: 1 for kPa, 10 for hPa.
    pub units_per_kpa: f32,
}

/// What is wrong with a station file, or why it could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum StationError {
    /// A name does not fit.
    #[error("{key}: found {length} bytes, expected at most {MAX_NAME}; shorten it")]
    Name {
        /// Key of the file.
        key: &'static str,
        /// Bytes found.
        length: usize,
    },
    /// Neither or both sources.
    #[error("{place}: source: expected one of sdi12 and loop_input")]
    Source {
        /// Which channel, or the barometer.
        place: String,
    },
    /// Not a key.
    #[error("signing_key: expected 64 hexadecimal digits")]
    Key,
    /// Too many channels.
    #[error("channel: found {0}, expected at most {MAX_CHANNELS}")]
    Channels(usize),
    /// The logger would refuse it.
    #[error("{place}: {}", problem.words())]
    Problem {
        /// Which item.
        place: String,
        /// Why.
        problem: ConfigProblem,
    },
    /// Line or refusal.
    #[error(transparent)]
    Logger(#[from] LoggerError),
}

fn quarter_of_an_hour() -> u32 {
    900
}

fn yes() -> bool {
    true
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

impl Station {
    /// The configuration items that this file stands for, checked, in the order they are sent.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn items(&self) -> Result<Vec<ConfigItem>, StationError> {
        let mut items = vec![
            ConfigItem::Station {
                name: name("station", &self.station)?,
                datum: name("datum", &self.datum)?,
                serial: self.serial,
            },
            ConfigItem::SampleInterval {
                seconds: self.sample_interval_s,
            },
            ConfigItem::RateLimit {
                mm_per_month: self.rate_limit_mm_per_month,
            },
            ConfigItem::Barometer(self.barometer.as_ref().map(barometer_item).transpose()?),
        ];
        if self.channel.len() > MAX_CHANNELS {
            return Err(StationError::Channels(self.channel.len()));
        }
        for (index, channel) in self.channel.iter().enumerate() {
            items.push(ConfigItem::Channel {
                index: index as u8,
                channel: Some(channel_item(channel)?),
            });
        }
        // Last, because it alone cannot be taken back.
        items.push(ConfigItem::Security(Security {
            min_model_version: self.min_model_version,
            signing_key: self.signing_key.as_deref().map(key_bytes).transpose()?,
            require_signed: self.require_signed,
        }));
        for item in &items {
            item.check().map_err(|problem| StationError::Problem {
                place: place_of(item),
                problem,
            })?;
        }
        Ok(items)
    }

    /// Sends every item; channels beyond the file's are removed from the logger. If the logger refuses an item, it gets back what it had.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, line and refusals.
    pub fn send(&self, client: &mut Client) -> Result<(), StationError> {
        let items = self.items()?;
        let before = Self::receive(client)?;
        let sent = send_items(client, items, self.channel.len(), before.channel.len());
        if let Err(LoggerError::Refused(_)) = &sent {
            // The order of the items puts the one that cannot be taken back last: it was not accepted.
            let most = self.channel.len().max(before.channel.len());
            send_items(client, before.items()?, before.channel.len(), most)?;
        }
        Ok(sent?)
    }

    /// Reads the settings of a logger.
    ///
    /// # Errors
    ///
    /// Line and refusals.
    pub fn receive(client: &mut Client) -> Result<Self, LoggerError> {
        let status = client.status()?;
        let mut station = Self {
            station: status.station.to_string(),
            datum: status.datum.to_string(),
            serial: client.hello.serial,
            sample_interval_s: status.interval_s,
            rate_limit_mm_per_month: None,
            min_model_version: 0,
            signing_key: None,
            require_signed: false,
            barometer: None,
            channel: Vec::new(),
        };
        if let Some(ConfigItem::RateLimit { mm_per_month }) = client.config(ConfigKey::RateLimit)? {
            station.rate_limit_mm_per_month = mm_per_month;
        }
        if let Some(ConfigItem::Security(security)) = client.config(ConfigKey::Security)? {
            station.min_model_version = security.min_model_version;
            station.signing_key = security.signing_key.map(hex::encode);
            station.require_signed = security.require_signed;
        }
        if let Some(ConfigItem::Barometer(Some(barometer))) = client.config(ConfigKey::Barometer)? {
            station.barometer = Some(Barometer {
                source: source_of(barometer.sensor),
                units_per_kpa: barometer.units_per_kpa,
            });
        }
        for index in 0..status.channels {
            if let Some(ConfigItem::Channel {
                channel: Some(channel),
                ..
            }) = client.config(ConfigKey::Channel(index))?
            {
                station.channel.push(channel_of(&channel));
            }
        }
        Ok(station)
    }
}

/// Removes the channels from `channels` on, of `most` there may be, and sends every item.
fn send_items(
    client: &mut Client,
    items: Vec<ConfigItem>,
    channels: usize,
    most: usize,
) -> Result<(), LoggerError> {
    for index in (channels..most).rev() {
        client.set_config(ConfigItem::Channel {
            index: index as u8,
            channel: None,
        })?;
    }
    items
        .into_iter()
        .try_for_each(|item| client.set_config(item))
}

fn place_of(item: &ConfigItem) -> String {
    match item {
        ConfigItem::Station { .. } => "station".to_owned(),
        ConfigItem::SampleInterval { .. } => "sample_interval_s".to_owned(),
        ConfigItem::RateLimit { .. } => "rate_limit_mm_per_month".to_owned(),
        ConfigItem::Security(_) => "signing_key".to_owned(),
        ConfigItem::Barometer(_) => "barometer".to_owned(),
        ConfigItem::Channel { index, .. } => format!("channel {}", index + 1),
    }
}

fn name(key: &'static str, text: &str) -> Result<Name, StationError> {
    Name::try_from(text).map_err(|_| StationError::Name {
        key,
        length: text.len(),
    })
}

fn key_bytes(text: &str) -> Result<[u8; 32], StationError> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).map_err(|_| StationError::Key)?;
    Ok(key)
}

fn sensor_item(place: &str, source: &Source) -> Result<Sensor, StationError> {
    match (source.sdi12, source.loop_input) {
        (Some(address), None) => Ok(Sensor::Sdi12(Sdi12Value {
            // What is no ASCII letter or digit is refused by the item's own check.
            address: u8::try_from(address).unwrap_or(0),
            value: source.value,
            crc: source.crc,
        })),
        (None, Some(input)) => Ok(Sensor::CurrentLoop(CurrentLoop {
            input,
            at_4_ma: source.at_4_ma,
            at_20_ma: source.at_20_ma,
        })),
        _ => Err(StationError::Source {
            place: place.to_owned(),
        }),
    }
}

fn source_of(sensor: Sensor) -> Source {
    let none = Source {
        sdi12: None,
        value: 0,
        crc: false,
        loop_input: None,
        at_4_ma: 0.0,
        at_20_ma: 0.0,
    };
    match sensor {
        Sensor::Sdi12(value) => Source {
            sdi12: Some(char::from(value.address)),
            value: value.value,
            crc: value.crc,
            ..none
        },
        Sensor::CurrentLoop(current) => Source {
            loop_input: Some(current.input),
            at_4_ma: current.at_4_ma,
            at_20_ma: current.at_20_ma,
            ..none
        },
    }
}

fn barometer_item(barometer: &Barometer) -> Result<BarometerConfig, StationError> {
    Ok(BarometerConfig {
        sensor: sensor_item("barometer", &barometer.source)?,
        units_per_kpa: barometer.units_per_kpa,
    })
}

fn channel_item(channel: &Channel) -> Result<ChannelConfig, StationError> {
    let sensor = sensor_item(
        &format!("channel {}", channel.aquifer_layer),
        &channel.source,
    )?;
    let quantity = match channel.quantity {
        Measures::AbsolutePressureKpa => Quantity::AbsolutePressureKpa,
        Measures::GaugePressureKpa => Quantity::GaugePressureKpa,
        Measures::SubmergenceM => Quantity::SubmergenceM,
        Measures::DepthToWaterM => Quantity::DepthToWaterM,
        Measures::LevelM => Quantity::LevelM,
    };
    let layer = name("aquifer_layer", &channel.aquifer_layer)?;
    Ok(ChannelConfig {
        measuring_point_m: channel.measuring_point_m,
        cable_m: channel.cable_m,
        density_kg_m3: channel.density_kg_m3,
        offset_m: channel.offset_m,
        lowest_m: channel.lowest_m,
        highest_m: channel.highest_m,
        largest_step_m: channel.largest_step_m,
        stuck_after: channel.stuck_after,
        ..ChannelConfig::new(layer, sensor, quantity)
    })
}

fn channel_of(channel: &ChannelConfig) -> Channel {
    Channel {
        aquifer_layer: channel.aquifer_layer.to_string(),
        source: source_of(channel.sensor),
        quantity: match channel.quantity {
            Quantity::AbsolutePressureKpa => Measures::AbsolutePressureKpa,
            Quantity::GaugePressureKpa => Measures::GaugePressureKpa,
            Quantity::SubmergenceM => Measures::SubmergenceM,
            Quantity::DepthToWaterM => Measures::DepthToWaterM,
            Quantity::LevelM => Measures::LevelM,
        },
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

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        station = "Fuyang 7"
        datum = "NAVD88"
        [barometer]
        source = { sdi12 = "9" }
        units_per_kpa = 10.0
        [[channel]]
        aquifer_layer = "phreatic"
        source = { sdi12 = "1" }
        quantity = "absolute_pressure_kpa"
        cable_m = 25.0
        [[channel]]
        aquifer_layer = "confined1"
        source = { loop_input = 0, at_4_ma = 0.0, at_20_ma = 50.0 }
        quantity = "submergence_m"
    "#;

    fn station(text: &str) -> Station {
        toml::from_str(text).expect("the test's file is sound")
    }

    #[test]
    fn a_station_file_becomes_checked_items() {
        let items = station(FILE).items().expect("the file is sound");
        assert_eq!(items.len(), 7);
        assert_eq!(items[1], ConfigItem::SampleInterval { seconds: 900 });
    }

    #[test]
    fn a_channel_survives_the_way_to_the_logger_and_back() {
        for channel in station(FILE).channel {
            let item = channel_item(&channel).expect("the channel is sound");
            let back = channel_of(&item);
            assert_eq!(channel_item(&back).expect("it is sound still"), item);
        }
    }

    #[test]
    fn what_the_logger_would_refuse_is_refused_before_it_is_sent() {
        let mut wrong = station(FILE);
        wrong.channel[0].density_kg_m3 = 1.0;
        let error = wrong.items().expect_err("water is not air").to_string();
        assert!(
            error.starts_with("channel 1: numbers must be finite"),
            "{error}"
        );
        wrong = station(FILE);
        wrong.channel[1].source.sdi12 = Some('3');
        let error = wrong.items().expect_err("two sources").to_string();
        assert_eq!(
            error,
            "channel confined1: source: expected one of sdi12 and loop_input"
        );
        wrong = station(FILE);
        wrong.signing_key = Some("12ab".to_owned());
        assert!(matches!(wrong.items(), Err(StationError::Key)));
    }
}
