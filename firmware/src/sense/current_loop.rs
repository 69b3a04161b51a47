//! 4-20 mA transmitters.

use amlstm_core::link::{CurrentLoop, Quality};

use super::RawValue;
use crate::board::LoopCurrent;

/// NAMUR NE 43 (2003): 3.8 to 20.5 mA is measurement, at most 3.6 or at least 21 mA is a fault of the transmitter.
const LOWEST_FAULTLESS_MA: f32 = 3.6;
const LOWEST_MEASURED_MA: f32 = 3.8;
const HIGHEST_MEASURED_MA: f32 = 20.5;
const HIGHEST_FAULTLESS_MA: f32 = 21.0;

/// The raw value of a current.
///
/// # Errors
/// [`Quality::LOOP_FAULT`] in a fault band or without a current, [`Quality::RANGE`] between a fault band and the measurement.
pub fn raw_of(current: Option<LoopCurrent>, sensor: &CurrentLoop) -> Result<RawValue, Quality> {
    let LoopCurrent { ma, noise_ma } = current
        .filter(|current| current.ma > LOWEST_FAULTLESS_MA && current.ma < HIGHEST_FAULTLESS_MA)
        .ok_or(Quality::LOOP_FAULT)?;
    if !(LOWEST_MEASURED_MA..=HIGHEST_MEASURED_MA).contains(&ma) {
        return Err(Quality::RANGE);
    }
    let span = sensor.at_20_ma - sensor.at_4_ma;
    Ok(RawValue {
        value: sensor.at_4_ma + (ma - 4.0) / 16.0 * span,
        noise: libm::fabsf(noise_ma / 16.0 * span),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENSOR: CurrentLoop = CurrentLoop {
        input: 0,
        at_4_ma: 0.0,
        at_20_ma: 50.0,
    };

    fn raw(ma: f32) -> Result<RawValue, Quality> {
        let noise_ma = 0.016;
        raw_of(Some(LoopCurrent { ma, noise_ma }), &SENSOR)
    }

    /// 16 mA are 50 m, so 0.016 mA are 0.05 m.
    #[test]
    fn the_ends_and_the_middle_of_the_loop_are_scaled() {
        for (ma, value) in [(4.0, 0.0), (12.0, 25.0), (20.0, 50.0), (20.5, 51.5625)] {
            let found = raw(ma).unwrap();
            assert_eq!(found.value, value);
            assert!((found.noise - 0.05).abs() < 1e-6);
        }
    }

    #[test]
    fn the_bands_of_ne_43_are_kept() {
        for fault in [0.0, 3.6, 21.0, 24.0, f32::NAN] {
            assert_eq!(raw(fault), Err(Quality::LOOP_FAULT), "{fault}");
        }
        assert_eq!(raw_of(None, &SENSOR), Err(Quality::LOOP_FAULT));
        for saturated in [3.7, 20.75] {
            assert_eq!(raw(saturated), Err(Quality::RANGE), "{saturated}");
        }
        assert!(raw(3.8).is_ok());
    }
}
