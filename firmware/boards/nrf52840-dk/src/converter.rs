//! The converter (SAADC) of the 4-20 mA inputs and the battery: calibrated, averaged over many conversions, and off between readings.

use amlstm_firmware::board::LoopCurrent;
use amlstm_firmware::sense::burst::Burst;
use embassy_futures::block_on;
use embassy_nrf::Peri;
use embassy_nrf::peripherals::{P0_03, P0_04, SAADC};
use embassy_nrf::saadc::{ChannelConfig, Config, Saadc, VddhDiv5Input};

use crate::Interrupts;

/// Both loop inputs and the battery are converted together.
const INPUTS: usize = 3;
const BATTERY: usize = 2;
/// 12 bits over 3.6 V: internal reference 0.6 V, gain 1/6.
const VOLTS_PER_COUNT: f32 = 3.6 / 4096.0;
const SHUNT_OHM: f32 = 100.0;
/// Conversions per reading. The mean is known to a fraction of a count, by which a current that stands still is told from one that moves.
const CONVERSIONS: u8 = 64;

/// The converter with its inputs.
pub struct Converter {
    saadc: Peri<'static, SAADC>,
    loop_0: Peri<'static, P0_03>,
    loop_1: Peri<'static, P0_04>,
}

impl Converter {
    pub fn new(
        saadc: Peri<'static, SAADC>,
        loop_0: Peri<'static, P0_03>,
        loop_1: Peri<'static, P0_04>,
    ) -> Self {
        Self {
            saadc,
            loop_0,
            loop_1,
        }
    }

    /// Current of loop input 0 or 1.
    pub async fn loop_current(&mut self, input: u8) -> Option<LoopCurrent> {
        const MA_PER_COUNT: f32 = VOLTS_PER_COUNT / SHUNT_OHM * 1000.0;
        let mut saadc = self.on();
        // Its offset moves with the temperature (product specification 1.7, SAADC, "Calibration"), so each reading begins with a calibration.
        saadc.calibrate().await;
        let mut burst = Burst::default();
        for _ in 0..CONVERSIONS {
            let mut counts = [0; INPUTS];
            saadc.sample(&mut counts).await;
            let [loops @ .., _battery] = counts;
            burst.add(*loops.get(usize::from(input))?);
        }
        Some(LoopCurrent {
            ma: burst.mean() * MA_PER_COUNT,
            noise_ma: burst.standard_error() * MA_PER_COUNT,
        })
    }

    /// Battery at VDDH in mV.
    pub fn battery_mv(&mut self) -> u16 {
        let mut saadc = self.on();
        let mut counts = [0; INPUTS];
        // 60 us; the conversion ends by itself.
        block_on(saadc.sample(&mut counts));
        (f32::from(counts[BATTERY]) * VOLTS_PER_COUNT * 5.0 * 1000.0) as u16
    }

    /// The converter, on until it is dropped: one that was started draws current.
    fn on(&mut self) -> Saadc<'_, INPUTS> {
        let channels = [
            ChannelConfig::single_ended(self.loop_0.reborrow()),
            ChannelConfig::single_ended(self.loop_1.reborrow()),
            ChannelConfig::single_ended(VddhDiv5Input),
        ];
        let config = Config::default();
        Saadc::new(self.saadc.reborrow(), Interrupts, config, channels)
    }
}
