//! A trained model in fixed point, and what the conversion costs.

use amlstm_core::{
    artifact::{MAX_FILE_BYTES, ModelFile},
    estimator::Estimator,
    month::Month,
    quantise::{Calibration, QuantiseError, quantise},
};

use crate::{export::AlignedBytes, metric::Score, spread::mean_and_deviation};

/// Levels of one month, metres above datum, one for each input.
pub type MonthOfLevels = (Month, Vec<Option<f32>>);

/// How far the increments of two models lie apart over the same months.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// Months compared.
    pub months: usize,
    /// Largest difference of a month's increment in mm.
    pub max_mm: f64,
    /// Root mean square difference in mm.
    pub rms_mm: f64,
    /// Standard deviation of the first model's increments in mm: the scale to hold the differences against.
    pub spread_mm: f64,
}

/// The fixed-point twin of a floating-point model, with ranges taken from `training` levels.
///
/// # Errors
///
/// The model is in fixed point already, or a number of it is too large to be held.
pub fn to_q15(file: &ModelFile, training: &[MonthOfLevels]) -> Result<AlignedBytes, QuantiseError> {
    let calibration = Calibration::of(file, training.iter().map(|(_, level_m)| &level_m[..]));
    let mut bytes = AlignedBytes::zeros(MAX_FILE_BYTES);
    let length = quantise(file, &calibration, &mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// Runs both models over all `months` from the zero state and compares the increments of those that `counts`.
pub fn deviation(
    first: &ModelFile,
    second: &ModelFile,
    months: &[MonthOfLevels],
    counts: impl Fn(Month) -> bool,
) -> Deviation {
    let mut estimators = [first, second].map(Estimator::cold);
    let mut increments = Vec::new();
    for (month, level_m) in months {
        let [a, b] = estimators.each_mut().map(|estimator| {
            f64::from(
                estimator
                    .step_across_gap(*month, level_m)
                    .network
                    .increment_mm,
            )
        });
        if counts(*month) {
            increments.push((a, b));
        }
    }
    let of_first: Vec<f64> = increments.iter().map(|(a, _)| *a).collect();
    Deviation {
        months: increments.len(),
        max_mm: increments
            .iter()
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max),
        rms_mm: Score::of(increments.iter().copied()).rmse_mm,
        spread_mm: mean_and_deviation(&of_first).1,
    }
}
