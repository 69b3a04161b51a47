//! What logger and sensors use by their data sheets, and how long a battery lasts with it: computed, never measured.

use amlstm_core::link::{Battery, BatteryLife};

const DAY_S: f32 = 86_400.0;
const HOUR_S: f32 = 3600.0;

/// What a board draws, by its data sheet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Currents {
    /// Between two rounds of sensors, uA.
    pub asleep_ua: f32,
    /// More than that while sensors are asked, uA.
    pub asking_ua: f32,
    /// A sample's charge beside both, uC: what processor, converter and flash take.
    pub sample_uc: f32,
}

/// How samples are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Seconds between two samples, above 0.
    pub interval_s: u32,
    /// How long a round of sensors takes, ms.
    pub round_ms: u32,
    /// What the sensors draw together while they have power, mA.
    pub sensors_ma: f32,
    /// They have power in the round alone.
    pub switched_supply: bool,
}

impl Currents {
    /// Charge that logger and sensors use in a day, uAh. Visits are not in it.
    pub fn uah_per_day(self, sampling: Sampling) -> f32 {
        let samples = DAY_S / sampling.interval_s.max(1) as f32;
        let round_s = sampling.round_ms as f32 / 1000.0;
        let asking_s = (samples * round_s).min(DAY_S);
        let powered_s = if sampling.switched_supply {
            asking_s
        } else {
            DAY_S
        };
        let logger_uc =
            self.asleep_ua * DAY_S + self.asking_ua * asking_s + self.sample_uc * samples;
        let sensors_uc = sampling.sensors_ma * 1000.0 * powered_s;
        (logger_uc + sensors_uc) / HOUR_S
    }
}

/// How long a battery lasts from `unix_s` on if it was always used as now.
pub fn battery_life(battery: Battery, uah_per_day: f32, unix_s: u32) -> BatteryLife {
    let days = unix_s.saturating_sub(battery.fitted_unix_s) as f32 / DAY_S;
    let left_uah = battery.capacity_mah as f32 * 1000.0 - uah_per_day * days;
    BatteryLife {
        days_left: (left_uah / uah_per_day) as u32,
        uah_per_day: uah_per_day as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 10 uA all day are 240 uAh; 96 rounds of 3 s at 1000 uA more are 80 uAh; 96 samples of 37.5 uC are 1 uAh; 5 mA of sensors in those 288 s are
    /// 400 uAh, and all day 120,000 uAh.
    #[test]
    fn a_day_is_summed_up_from_its_parts() {
        let board = Currents {
            asleep_ua: 10.0,
            asking_ua: 1000.0,
            sample_uc: 37.5,
        };
        let switched = Sampling {
            interval_s: 900,
            round_ms: 3000,
            sensors_ma: 5.0,
            switched_supply: true,
        };
        assert!((board.uah_per_day(switched) - 721.0).abs() < 0.01);
        let always = Sampling {
            switched_supply: false,
            ..switched
        };
        assert!((board.uah_per_day(always) - 120_321.0).abs() < 0.1);
    }

    /// 1,000 mAh at 10 mAh a day are 100 days, of which 40 are over.
    #[test]
    fn a_battery_lasts_what_is_left_of_it() {
        let battery = Battery {
            capacity_mah: 1000,
            sensors_ma: 0.0,
            fitted_unix_s: 1_767_225_600,
        };
        let life = |days: u32| battery_life(battery, 10_000.0, 1_767_225_600 + days * 86_400);
        assert_eq!(life(40).days_left, 60);
        assert_eq!(life(40).uah_per_day, 10_000);
        assert_eq!(life(200).days_left, 0);
    }
}
