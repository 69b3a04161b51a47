//! Errors over windows of some months, with levels known and forecast.

use serde::Serialize;

use super::fitted::Fitted;
use super::model::Model;
use super::seeds::Seeds;
use crate::baseline::{Curve, PreparedWell};
use crate::split::Part;
use crate::spread::Spread;
use crate::window::{Window, change_half_width_mm};

/// Errors over windows of some months.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Horizon {
    /// Months.
    pub months: usize,
    /// Test windows.
    pub windows: usize,
    /// Root mean square error of the change in mm where levels are known.
    pub simulation_rmse_mm: Seeds,
    /// The same where levels are forecast.
    pub forecast_rmse_mm: Seeds,
    /// Half width in mm of the 90 % interval of the simulated change; nothing with too few validation windows or for a model without one.
    pub half_width_mm: Option<f64>,
    /// Share of the test windows inside it.
    pub coverage: Option<f64>,
}

impl Horizon {
    /// Windows of so many months.
    pub(super) fn new(prepared: &PreparedWell, fitted: &Fitted, months: usize) -> Self {
        let series = prepared.series;
        let windows = Window::of_part(series, prepared.split, Part::Test, months);
        let error = |window: &Window, curve: &Curve| {
            let (observed, predicted) = window.change_mm(series, curve)?;
            Some(predicted - observed)
        };
        let origin = |window: &Window| series.intervals[window.first].from;
        // Models that look at the ground see it up to the window's beginning.
        let simulated = |model: usize| -> Vec<f64> {
            let error = |window: &Window| error(window, &fitted.curve(model, origin(window)));
            windows.iter().filter_map(error).collect()
        };
        let forecast = |model: &Model| -> Vec<f64> {
            let error = |window: &Window| {
                let levels = prepared.forecast_levels(origin(window) + 1, months);
                error(window, &model.curve(&levels, origin(window)))
            };
            windows.iter().filter_map(error).collect()
        };
        let rmse = |errors: &Vec<f64>| {
            (errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64).sqrt()
        };
        let models = fitted.models();
        let simulation: Vec<Vec<f64>> = (0..models.len()).map(simulated).collect();
        let forecast: Vec<Vec<f64>> = models.iter().map(forecast).collect();
        let widths = (fitted.early.iter())
            .map(|curve| change_half_width_mm(series, prepared.split, curve, months))
            .collect::<Option<Vec<f64>>>();
        let widths = widths.filter(|widths| !widths.is_empty());
        let covered = |widths: &Vec<f64>| {
            let inside = simulation.iter().zip(widths).map(|(errors, width)| {
                let inside = errors.iter().filter(|error| error.abs() <= *width).count();
                inside as f64 / errors.len() as f64
            });
            Spread::of(inside).median
        };
        Self {
            months,
            windows: simulation.first().map_or(0, Vec::len),
            simulation_rmse_mm: Seeds::of(&simulation.iter().map(rmse).collect::<Vec<_>>()),
            forecast_rmse_mm: Seeds::of(&forecast.iter().map(rmse).collect::<Vec<_>>()),
            coverage: widths.as_ref().map(covered),
            half_width_mm: widths.map(|widths| Spread::of(widths).median),
        }
    }
}
