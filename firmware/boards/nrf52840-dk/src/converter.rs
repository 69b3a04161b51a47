//! The converter (SAADC) of the 4-20 mA inputs and the battery: calibrated, and averaged over many conversions.

use embassy_futures::block_on;
use embassy_nrf::saadc::Saadc;
use embassy_nrf::temp::Temp;

/// Both loop inputs and the battery are converted together.
pub const INPUTS: usize = 3;
const BATTERY: usize = 2;
/// 12 bits over 3.6 V: internal reference 0.6 V, gain 1/6.
const VOLTS_PER_COUNT: f32 = 3.6 / 4096.0;
const SHUNT_OHM: f32 = 100.0;
/// Conversions per reading: their mean resolves 1/64 of a count, so that a working loop does not repeat a value and count as stuck.
const CONVERSIONS: u8 = 64;
/// The offset is calibrated again when the chip's temperature has changed by this, in degrees Celsius (nRF52840 product specification 1.7, SAADC,
/// "Calibration").
const CALIBRATED_WITHIN_C: f32 = 10.0;

/// The converter with the chip's thermometer.
pub struct Converter {
    saadc: Saadc<'static, INPUTS>,
    thermometer: Temp<'static>,
    calibrated_at_c: Option<f32>,
}

impl Converter {
    pub fn new(saadc: Saadc<'static, INPUTS>, thermometer: Temp<'static>) -> Self {
        Self {
            saadc,
            thermometer,
            calibrated_at_c: None,
        }
    }

    /// Current of loop input 0 or 1 in mA.
    pub async fn loop_current_ma(&mut self, input: u8) -> Option<f32> {
        self.calibrate().await;
        let mut sums = [0.0; INPUTS];
        for _ in 0..CONVERSIONS {
            let mut counts = [0; INPUTS];
            self.saadc.sample(&mut counts).await;
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += f32::from(count);
            }
        }
        let sum = sums
            .get(usize::from(input))
            .filter(|_| usize::from(input) < BATTERY)?;
        let count = sum / f32::from(CONVERSIONS);
        Some(count * VOLTS_PER_COUNT / SHUNT_OHM * 1000.0)
    }

    /// Battery at VDDH in mV.
    pub fn battery_mv(&mut self) -> u16 {
        let mut counts = [0; INPUTS];
        // 60 us; the conversion ends by itself.
        block_on(self.saadc.sample(&mut counts));
        (f32::from(counts[BATTERY]) * VOLTS_PER_COUNT * 5.0 * 1000.0) as u16
    }

    /// Calibrates at the first reading, and when the temperature has changed.
    async fn calibrate(&mut self) {
        let now_c: f32 = self.thermometer.read().await.to_num();
        let is_calibrated = self.calibrated_at_c.is_some_and(|then_c| {
            (then_c - CALIBRATED_WITHIN_C..=then_c + CALIBRATED_WITHIN_C).contains(&now_c)
        });
        if !is_calibrated {
            self.saadc.calibrate().await;
            self.calibrated_at_c = Some(now_c);
        }
    }
}
