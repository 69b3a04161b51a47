//! 4-20 mA transmitters.

use amlstm_core::link::{CurrentLoop, Quality};

/// NAMUR NE 43 (2003): 3.8 to 20.5 mA is measurement, at most 3.6 or at least 21 mA is a fault of the transmitter.
const LOWEST_FAULTLESS_MA: f32 = 3.6;
const LOWEST_MEASURED_MA: f32 = 3.8;
const HIGHEST_MEASURED_MA: f32 = 20.5;
const HIGHEST_FAULTLESS_MA: f32 = 21.0;

/// The raw value of a current in mA.
///
/// # Errors
/// [`Quality::LOOP_FAULT`] in a fault band or without a current, [`Quality::RANGE`] between a fault band and the measurement.
pub fn raw_of(current_ma: Option<f32>, sensor: &CurrentLoop) -> Result<f32, Quality> {
    let current_ma = current_ma
        .filter(|current| *current > LOWEST_FAULTLESS_MA && *current < HIGHEST_FAULTLESS_MA)
        .ok_or(Quality::LOOP_FAULT)?;
    if (LOWEST_MEASURED_MA..=HIGHEST_MEASURED_MA).contains(&current_ma) {
        Ok(sensor.at_4_ma + (current_ma - 4.0) / 16.0 * (sensor.at_20_ma - sensor.at_4_ma))
    } else {
        Err(Quality::RANGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENSOR: CurrentLoop = CurrentLoop {
        input: 0,
        at_4_ma: 0.0,
        at_20_ma: 50.0,
    };

    #[test]
    fn the_ends_and_the_middle_of_the_loop_are_scaled() {
        assert_eq!(raw_of(Some(4.0), &SENSOR), Ok(0.0));
        assert_eq!(raw_of(Some(12.0), &SENSOR), Ok(25.0));
        assert_eq!(raw_of(Some(20.0), &SENSOR), Ok(50.0));
        assert_eq!(raw_of(Some(20.5), &SENSOR), Ok(51.5625));
    }

    #[test]
    fn the_bands_of_ne_43_are_kept() {
        for fault in [
            Some(0.0),
            Some(3.6),
            Some(21.0),
            Some(24.0),
            Some(f32::NAN),
            None,
        ] {
            assert_eq!(
                raw_of(fault, &SENSOR),
                Err(Quality::LOOP_FAULT),
                "{fault:?}"
            );
        }
        for saturated in [3.7, 20.75] {
            assert_eq!(
                raw_of(Some(saturated), &SENSOR),
                Err(Quality::RANGE),
                "{saturated}"
            );
        }
        assert!(raw_of(Some(3.8), &SENSOR).is_ok());
    }
}
