//! The configuration in RAM, as the map on flash holds it.

use amlstm_core::link::{
    BarometerConfig, Battery, ChannelConfig, ConfigItem, ConfigKey, ConfigProblem, Fault,
    LowBattery, MAX_CHANNELS, Name, Security,
};
use heapless::Vec;

use crate::board::MappedFlash;
use crate::store::{Key, Store, StoreError, Unreadable, map_key};

/// Seconds between samples unless configured: what most loggers ship with.
pub const DEFAULT_INTERVAL_S: u32 = 900;

/// Everything a technician sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Name of the station.
    pub station: Name,
    /// Vertical datum of every level.
    pub datum: Name,
    /// Serial number of the logger.
    pub serial: u32,
    /// Seconds between samples.
    pub interval_s: u32,
    /// Water channels.
    pub channels: Vec<ChannelConfig, MAX_CHANNELS>,
    /// The barometer.
    pub barometer: Option<BarometerConfig>,
    /// Increment of a month in mm beyond which an alarm is raised.
    pub limit_mm_per_month: Option<f32>,
    /// Which models are accepted.
    pub security: Security,
    /// Seconds that the sensors warm up before each round; `None` if they always have power.
    pub warm_up_s: Option<u8>,
    /// Rarer samples while the battery is low.
    pub low_battery: Option<LowBattery>,
    /// What is known of the battery.
    pub battery: Option<Battery>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            station: Name::new(),
            datum: Name::new(),
            serial: 0,
            interval_s: DEFAULT_INTERVAL_S,
            channels: Vec::new(),
            barometer: None,
            limit_mm_per_month: None,
            security: Security::default(),
            warm_up_s: None,
            low_battery: None,
            battery: None,
        }
    }
}

impl Settings {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn load<F: MappedFlash>(store: &mut Store<F>) -> Result<Self, StoreError> {
        let mut settings = Self::default();
        let keys = [
            Key::Station,
            Key::Interval,
            Key::Barometer,
            Key::RateLimit,
            Key::Security,
            Key::SensorSupply,
            Key::LowBattery,
            Key::Battery,
        ]
        .map(|key| key as u8);
        let channels = (0..MAX_CHANNELS as u8).map(|index| Key::Channel as u8 + index);
        for key in keys.into_iter().chain(channels) {
            match store.try_get::<ConfigItem>(key).await? {
                Some(Ok(item)) => settings.apply(item),
                // It is no longer known whose models are accepted: only signed ones are, so none.
                Some(Err(Unreadable)) if key == Key::Security as u8 => {
                    settings.security.require_signed = true;
                }
                Some(Err(Unreadable)) | None => {}
            }
        }
        Ok(settings)
    }

    /// Checks an item, stores it on flash, and applies it. `channels_in_use`: number of channels, from the first, that are part of closed months.
    ///
    /// # Errors
    /// [`Fault::Config`], [`Fault::Storage`].
    pub async fn set<F: MappedFlash>(
        &mut self,
        store: &mut Store<F>,
        item: ConfigItem,
        channels_in_use: usize,
    ) -> Result<(), Fault> {
        item.check().map_err(Fault::Config)?;
        self.check_among_others(&item, channels_in_use)
            .map_err(Fault::Config)?;
        let item = match item {
            // An old station file does not lower a minimum that signed models have raised.
            ConfigItem::Security(security) if self.security.require_signed => {
                ConfigItem::Security(Security {
                    min_model_version: security
                        .min_model_version
                        .max(self.security.min_model_version),
                    ..security
                })
            }
            item => item,
        };
        self.keep(store, item).await
    }

    /// Stores a checked item on flash and applies it.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn keep<F: MappedFlash>(
        &mut self,
        store: &mut Store<F>,
        item: ConfigItem,
    ) -> Result<(), Fault> {
        store.put(map_key(item.key()), &item).await?;
        self.apply(item);
        Ok(())
    }

    /// The item of a key; `None` for an invalid channel number.
    pub fn get(&self, key: ConfigKey) -> Option<ConfigItem> {
        Some(match key {
            ConfigKey::Station => ConfigItem::Station {
                name: self.station.clone(),
                datum: self.datum.clone(),
                serial: self.serial,
            },
            ConfigKey::SampleInterval => ConfigItem::SampleInterval {
                seconds: self.interval_s,
            },
            ConfigKey::Channel(index) if usize::from(index) < MAX_CHANNELS => ConfigItem::Channel {
                index,
                channel: self.channels.get(usize::from(index)).cloned(),
            },
            ConfigKey::Channel(_) => return None,
            ConfigKey::Barometer => ConfigItem::Barometer(self.barometer),
            ConfigKey::RateLimit => ConfigItem::RateLimit {
                mm_per_month: self.limit_mm_per_month,
            },
            ConfigKey::Security => ConfigItem::Security(self.security),
            ConfigKey::SensorSupply => ConfigItem::SensorSupply {
                warm_up_s: self.warm_up_s,
            },
            ConfigKey::LowBattery => ConfigItem::LowBattery(self.low_battery),
            ConfigKey::Battery => ConfigItem::Battery(self.battery),
        })
    }

    /// The channel that measures an aquifer layer.
    pub fn channel_of(&self, aquifer_layer: &str) -> Option<usize> {
        self.channels
            .iter()
            .position(|channel| channel.aquifer_layer == aquifer_layer)
    }

    fn check_among_others(
        &self,
        item: &ConfigItem,
        channels_in_use: usize,
    ) -> Result<(), ConfigProblem> {
        match item {
            ConfigItem::Channel { index, channel } => {
                self.check_channel(usize::from(*index), channel.as_ref(), channels_in_use)
            }
            ConfigItem::Security(security) if self.security.require_signed => {
                let kept =
                    security.require_signed && security.signing_key == self.security.signing_key;
                if kept {
                    Ok(())
                } else {
                    Err(ConfigProblem::Signing)
                }
            }
            _ => Ok(()),
        }
    }

    fn check_channel(
        &self,
        index: usize,
        channel: Option<&ChannelConfig>,
        channels_in_use: usize,
    ) -> Result<(), ConfigProblem> {
        let last = self.channels.len().checked_sub(1);
        let Some(channel) = channel else {
            return match index {
                _ if index < channels_in_use => Err(ConfigProblem::LayerInUse),
                _ if Some(index) == last || index >= self.channels.len() => Ok(()),
                _ => Err(ConfigProblem::ChannelIndex),
            };
        };
        if index > self.channels.len() {
            return Err(ConfigProblem::ChannelIndex);
        }
        if self
            .channel_of(&channel.aquifer_layer)
            .is_some_and(|other| other != index)
        {
            return Err(ConfigProblem::LayerName);
        }
        let renamed = self
            .channels
            .get(index)
            .is_some_and(|before| before.aquifer_layer != channel.aquifer_layer);
        if renamed && index < channels_in_use {
            Err(ConfigProblem::LayerInUse)
        } else {
            Ok(())
        }
    }

    fn apply(&mut self, item: ConfigItem) {
        match item {
            ConfigItem::Station {
                name,
                datum,
                serial,
            } => (self.station, self.datum, self.serial) = (name, datum, serial),
            ConfigItem::SampleInterval { seconds } => self.interval_s = seconds,
            ConfigItem::Channel {
                index,
                channel: Some(channel),
            } => match self.channels.get_mut(usize::from(index)) {
                Some(place) => *place = channel,
                // Channel numbers have no gaps, so this is the next one; there is room for all.
                None => drop(self.channels.push(channel)),
            },
            ConfigItem::Channel {
                index,
                channel: None,
            } => self.channels.truncate(usize::from(index)),
            ConfigItem::Barometer(barometer) => self.barometer = barometer,
            ConfigItem::RateLimit { mm_per_month } => self.limit_mm_per_month = mm_per_month,
            ConfigItem::Security(security) => self.security = security,
            ConfigItem::SensorSupply { warm_up_s } => self.warm_up_s = warm_up_s,
            ConfigItem::LowBattery(low) => self.low_battery = low,
            ConfigItem::Battery(battery) => self.battery = battery,
        }
    }
}
