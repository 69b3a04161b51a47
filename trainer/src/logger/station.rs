//! A station's settings as a TOML file: what a technician keeps per site and sends to the logger.

mod channel;
mod error;
mod source;

use amlstm_core::link::{self, BarometerConfig, ConfigItem, ConfigKey, MAX_CHANNELS, Security};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

pub use self::channel::Channel;
pub use self::error::StationError;
use self::error::name;
pub use self::source::Source;
use super::client::Client;
use super::error::LoggerError;

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
    /// The sensors' supply is switched on so many seconds before each round, 0 to 10, and off after it; without it they always have power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensor_warm_up_s: Option<u8>,
    /// The battery, so that the logger says how long it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery: Option<Battery>,
    /// Rarer samples while the battery is low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_battery: Option<LowBattery>,
    /// The barometer beside absolute transducers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barometer: Option<Barometer>,
    /// The water channels, layer 1 from the top first.
    #[serde(default)]
    pub channel: Vec<Channel>,
}

/// The battery at the logger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Battery {
    /// What it gives at the site's temperature, mAh.
    pub capacity_mah: u32,
    /// What the sensors draw together while they have power, mA.
    pub sensors_ma: f32,
    /// The day on which it was fitted, UTC.
    pub fitted: Date,
}

/// Samples become rarer while the battery is low.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LowBattery {
    /// It is low below so many mV.
    pub below_mv: u16,
    /// Seconds between two samples then.
    pub sample_interval_s: u32,
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

fn quarter_of_an_hour() -> u32 {
    900
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
            ConfigItem::SensorSupply {
                warm_up_s: self.sensor_warm_up_s,
            },
            ConfigItem::LowBattery(self.low_battery.as_ref().map(LowBattery::config)),
            ConfigItem::Battery(self.battery.as_ref().map(Battery::config).transpose()?),
            ConfigItem::Barometer(self.barometer.as_ref().map(Barometer::config).transpose()?),
        ];
        if self.channel.len() > MAX_CHANNELS {
            return Err(StationError::Channels(self.channel.len()));
        }
        for (index, channel) in self.channel.iter().enumerate() {
            items.push(ConfigItem::Channel {
                index: index as u8,
                channel: Some(channel.config()?),
            });
        }
        // Last, because it alone cannot be taken back.
        items.push(ConfigItem::Security(Security {
            min_model_version: self.min_model_version,
            signing_key: self.signing_key.as_deref().map(key_bytes).transpose()?,
            require_signed: self.require_signed,
        }));
        for item in &items {
            item.check().map_err(|problem| StationError::Item {
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
            sensor_warm_up_s: None,
            battery: None,
            low_battery: None,
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
        if let Some(ConfigItem::SensorSupply { warm_up_s }) =
            client.config(ConfigKey::SensorSupply)?
        {
            station.sensor_warm_up_s = warm_up_s;
        }
        if let Some(ConfigItem::LowBattery(Some(low))) = client.config(ConfigKey::LowBattery)? {
            station.low_battery = Some(LowBattery {
                below_mv: low.below_mv,
                sample_interval_s: low.interval_s,
            });
        }
        station.battery = Battery::receive(client)?;
        if let Some(ConfigItem::Barometer(Some(barometer))) = client.config(ConfigKey::Barometer)? {
            station.barometer = Some(Barometer {
                source: Source::of(barometer.sensor),
                units_per_kpa: barometer.units_per_kpa,
            });
        }
        for index in 0..status.channels {
            if let Some(ConfigItem::Channel {
                channel: Some(channel),
                ..
            }) = client.config(ConfigKey::Channel(index))?
            {
                station.channel.push(Channel::of(&channel));
            }
        }
        Ok(station)
    }
}

impl Battery {
    /// What a logger knows of its battery.
    ///
    /// # Errors
    ///
    /// Line and refusals.
    pub fn receive(client: &mut Client) -> Result<Option<Self>, LoggerError> {
        let Some(ConfigItem::Battery(Some(battery))) = client.config(ConfigKey::Battery)? else {
            return Ok(None);
        };
        let fitted = Timestamp::from_second(battery.fitted_unix_s.into()).unwrap_or_default();
        Ok(Some(Self {
            capacity_mah: battery.capacity_mah,
            sensors_ma: battery.sensors_ma,
            fitted: fitted.to_zoned(TimeZone::UTC).date(),
        }))
    }

    /// What is sent to the logger.
    fn config(&self) -> Result<link::Battery, StationError> {
        let midnight = self.fitted.to_zoned(TimeZone::UTC);
        let unix_s = midnight.map(|midnight| midnight.timestamp().as_second());
        let fitted_unix_s = unix_s.ok().and_then(|unix_s| u32::try_from(unix_s).ok());
        Ok(link::Battery {
            capacity_mah: self.capacity_mah,
            sensors_ma: self.sensors_ma,
            fitted_unix_s: fitted_unix_s.ok_or(StationError::Fitted(self.fitted))?,
        })
    }
}

impl LowBattery {
    fn config(&self) -> link::LowBattery {
        link::LowBattery {
            below_mv: self.below_mv,
            interval_s: self.sample_interval_s,
        }
    }
}

impl Barometer {
    /// What is sent to the logger.
    fn config(&self) -> Result<BarometerConfig, StationError> {
        Ok(BarometerConfig {
            sensor: self.source.sensor("barometer")?,
            units_per_kpa: self.units_per_kpa,
        })
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
        ConfigItem::SensorSupply { .. } => "sensor_warm_up_s".to_owned(),
        ConfigItem::LowBattery(_) => "low_battery".to_owned(),
        ConfigItem::Battery(_) => "battery".to_owned(),
        ConfigItem::Channel { index, .. } => format!("channel {}", index + 1),
    }
}

fn key_bytes(text: &str) -> Result<[u8; 32], StationError> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).map_err(|_| StationError::Key)?;
    Ok(key)
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
        assert_eq!(items.len(), 10);
        assert_eq!(items[1], ConfigItem::SampleInterval { seconds: 900 });
    }

    #[test]
    fn a_channel_survives_the_way_to_the_logger_and_back() {
        for channel in station(FILE).channel {
            let item = channel.config().expect("the channel is sound");
            let back = Channel::of(&item);
            assert_eq!(back.config().expect("it is sound still"), item);
        }
    }

    #[test]
    fn the_battery_is_read_and_its_day_checked() {
        let file = format!(
            "{FILE}\n[battery]\ncapacity_mah = 17000\nsensors_ma = 10.0\nfitted = \"2026-03-01\"\n[low_battery]\nbelow_mv = 3300\nsample_interval_s = 21600"
        );
        let items = station(&file).items().expect("the file is sound");
        // 2026-03-01 00:00 UTC, by `date -u -d 2026-03-01 +%s`.
        let battery = link::Battery {
            capacity_mah: 17_000,
            sensors_ma: 10.0,
            fitted_unix_s: 1_772_323_200,
        };
        assert!(items.contains(&ConfigItem::Battery(Some(battery))));
        let old = file.replace("2026-03-01", "1969-12-31");
        let error = station(&old)
            .items()
            .expect_err("no such logger")
            .to_string();
        assert_eq!(
            error,
            "battery: fitted: found 1969-12-31, expected a day from 1970 to 2105"
        );
        let empty = file.replace("17000", "0");
        let error = station(&empty).items().expect_err("empty").to_string();
        assert!(
            error.starts_with("battery: a battery has a capacity above 0"),
            "{error}"
        );
    }

    #[test]
    fn how_a_sensor_is_asked_survives_the_way_to_the_logger_and_back() {
        let asked = FILE.replace(
            "source = { sdi12 = \"1\" }",
            "source = { sdi12 = \"1\", command = \"C2\", wake_ms = 40 }",
        );
        let channel = &station(&asked).channel[0];
        let item = channel.config().expect("the channel is sound");
        assert_eq!(&Channel::of(&item).source, &channel.source);
        let wrong = station(&asked.replace("C2", "D0"));
        let error = wrong.items().expect_err("no command").to_string();
        assert!(error.contains("found \"D0\", expected M"), "{error}");
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
