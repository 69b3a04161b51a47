//! The battery: what is known of it, how long it lasts, and what is done when it runs low.

use serde::{Deserialize, Serialize};

/// The battery at the logger, as the technician who fitted it knows it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Battery {
    /// What it gives at the site's temperature, mAh, above 0.
    pub capacity_mah: u32,
    /// What the sensors draw together while they have power, mA.
    pub sensors_ma: f32,
    /// When it was fitted: UTC, seconds since 1970.
    pub fitted_unix_s: u32,
}

/// Samples become rarer while the battery is low.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LowBattery {
    /// It is low below so many mV, and good again [`LowBattery::HYSTERESIS_MV`] above.
    pub below_mv: u16,
    /// Seconds between two samples then, 1 to 86 400. A shorter time than usual is passed over.
    pub interval_s: u32,
}

impl LowBattery {
    /// So much a battery recovers by itself when less is drawn, mV: below it the sampling would go back and forth.
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
    /// Logger and sensors use so much in a day at the present interval, uAh.
    pub uah_per_day: u32,
}
