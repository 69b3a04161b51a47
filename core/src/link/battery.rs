//! The battery: its capacity, how long it lasts, and the sampling while it is low.

use serde::{Deserialize, Serialize};

/// The logger's battery, as the technician has entered it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Battery {
    /// Its capacity at the site's temperature, mAh, above 0.
    pub capacity_mah: u32,
    /// Current of all sensors together while their supply is on, mA.
    pub sensors_ma: f32,
    /// When it was fitted: UTC, seconds since 1970.
    pub fitted_unix_s: u32,
}

/// The longer sample interval while the battery is low.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LowBattery {
    /// The battery is low below this voltage in mV, and good again [`LowBattery::HYSTERESIS_MV`] above it.
    pub below_mv: u16,
    /// Seconds between two samples while it is low, 1 to 86 400. Ignored if shorter than the usual interval.
    pub interval_s: u32,
}

impl LowBattery {
    /// Hysteresis in mV: a battery recovers by about this much when less current is drawn, so without it the interval would keep changing.
    pub const HYSTERESIS_MV: u16 = 100;

    /// Whether the battery is low, from what it was before.
    pub fn is_low(self, battery_mv: u16, was_low: bool) -> bool {
        let hysteresis_mv = if was_low { Self::HYSTERESIS_MV } else { 0 };
        battery_mv < self.below_mv.saturating_add(hysteresis_mv)
    }
}

/// How long the battery lasts: computed from its capacity and the currents of data sheets, not measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatteryLife {
    /// Days from now until its capacity is used up at the present interval; 0 if it should be by now.
    pub days_left: u32,
    /// Charge that logger and sensors use per day at the present interval, uAh.
    pub uah_per_day: u32,
}
