//! The JSON of `amlstm forecast`.

use amlstm::forecast::{Forecaster, Passing, RateShift};
use amlstm_core::artifact::ModelFile;
use serde_json::{Value, json};

use super::{Answer, Args, shifted_levels};

/// Everything that is known of the forecasts.
pub fn forecasts(
    args: &Args,
    file: &ModelFile,
    forecaster: &Forecaster,
    answers: &[Answer],
) -> Value {
    let record = file.record();
    let forecasts: Vec<Value> = answers
        .iter()
        .map(|answer| one(args, file, forecaster, answer))
        .collect();
    json!({
        "well": record.well,
        "synthetic": record.synthetic,
        "model_crc32": format!("{:08x}", file.crc()),
        "aquifer_layers": record.aquifer_layers,
        "start": {
            "month": forecaster.start().to_string(),
            "subsidence_mm": forecaster.start_mm(),
            "level_m": forecaster.start_levels_m(),
        },
        "interval": {
            "month_half_width_mm": forecaster.half_width_mm(),
            "year_half_width_mm": forecaster.change_half_width_mm(12),
            "rule": "90 %, around the given levels, wider outside the levels trained on: from the errors of validation over as many months, for cumulative values since the ground was last observed; a year's without year_half_width_mm is the root of the sum of squares of its months', a lower bound",
        },
        "network": "for comparison: it does not extrapolate",
        "forecasts": forecasts,
    })
}

fn one(args: &Args, file: &ModelFile, forecaster: &Forecaster, answer: &Answer) -> Value {
    let years: Vec<Value> = forecaster
        .years(&answer.forecast)
        .iter()
        .map(|year| {
            json!({
                "year": year.year,
                "months": year.months,
                "subsidence_mm": year.subsidence_mm,
                "half_width_mm": year.half_width_mm,
                "cumulative_mm": year.cumulative_mm,
                "cumulative_half_width_mm": year.cumulative_half_width_mm,
                "network_subsidence_mm": year.network_mm,
                "months_outside_trained_range": year.outside,
                "months_without_level": year.without_level,
            })
        })
        .collect();
    let months: Vec<Value> = answer
        .forecast
        .months
        .iter()
        .map(|month| {
            json!({
                "month": month.month.to_string(),
                "level_m": month.level_m,
                "increment_mm": month.physics.increment_mm,
                "half_width_mm": month.half_width_mm,
                "subsidence_mm": month.physics.cumulative_mm,
                "subsidence_half_width_mm": month.cumulative_half_width_mm,
                "network_increment_mm": month.network.increment_mm,
                "network_subsidence_mm": month.network.cumulative_mm,
                "outside_trained_range": month.outside > 0.0,
            })
        })
        .collect();
    let threshold = answer.passing.map(|passing| {
        let month = match passing {
            Passing::In(month) => Some(month.to_string()),
            _ => None,
        };
        json!({ "mm": args.threshold, "passed_before": passing == Passing::Before, "passed_in": month })
    });
    let rate = answer.shift.map(|shift| {
        let (kept, shift_m, highest_mm) = match shift {
            RateShift::By {
                shift_m,
                mm_per_year,
            } => ("by_shift", Some(shift_m), Some(mm_per_year)),
            RateShift::Never(highest_mm) => ("never", None, Some(highest_mm)),
            RateShift::Always => ("always", None, None),
        };
        let levels = shift_m.map(|shift_m| {
            let levels = shifted_levels(args, file, shift_m, answer);
            let level =
                |(layer, level_m): &(&str, f64)| json!({ "layer": layer, "mean_level_m": level_m });
            levels.iter().map(level).collect::<Vec<_>>()
        });
        json!({
            "mm_per_year": args.rate,
            "layer": args.layer,
            "kept": kept,
            "shift_m": shift_m,
            "highest_mm_per_year": highest_mm,
            "levels": levels,
        })
    });
    json!({
        "scenario": answer.forecast.scenario,
        "years": years,
        "threshold": threshold,
        "rate": rate,
        "months": months,
    })
}
