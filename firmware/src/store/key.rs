//! Keys of the map.

use amlstm_core::link::ConfigKey;

/// Keys of the map. Their numbers are part of the flash format: new ones are appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Key {
    /// [`super::FLASH_FORMAT`].
    Format = 0,
    /// Station name, datum, serial number.
    Station = 1,
    /// Seconds between samples.
    Interval = 2,
    /// The barometer.
    Barometer = 3,
    /// Alarm limit.
    RateLimit = 4,
    /// Which models are accepted.
    Security = 5,
    /// Models in the slots: the commit point of a model swap.
    Slots = 6,
    /// Starts and watchdog resets.
    Counters = 7,
    /// The last setting of the clock.
    Clock = 8,
    /// When the sensors have power.
    SensorSupply = 9,
    /// Number of the first sample since the clock has been unsure.
    Unsure = 10,
    /// Corrections of samples' times.
    Placed = 11,
    /// Rarer samples while the battery is low.
    LowBattery = 12,
    /// The battery.
    Battery = 13,
    /// A firmware that was accepted and of which it is not known yet whether it stays.
    AcceptedFirmware = 14,
    /// First of [`amlstm_core::link::MAX_CHANNELS`] channels.
    Channel = 16,
    /// Identity of the sensor at the first of [`amlstm_core::link::MAX_CHANNELS`] channels.
    SensorIdentity = 32,
}

/// The number of the map item that holds a configuration item.
pub fn map_key(key: ConfigKey) -> u8 {
    match key {
        ConfigKey::Station => Key::Station as u8,
        ConfigKey::SampleInterval => Key::Interval as u8,
        ConfigKey::Channel(index) => (Key::Channel as u8).saturating_add(index),
        ConfigKey::Barometer => Key::Barometer as u8,
        ConfigKey::RateLimit => Key::RateLimit as u8,
        ConfigKey::Security => Key::Security as u8,
        ConfigKey::SensorSupply => Key::SensorSupply as u8,
        ConfigKey::LowBattery => Key::LowBattery as u8,
        ConfigKey::Battery => Key::Battery as u8,
    }
}
