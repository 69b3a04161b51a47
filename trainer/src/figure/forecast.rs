//! Subsidence under levels to come: cumulative, and year by year.

use std::fmt::Write as _;

use amlstm_core::month::Month;

use super::Figure;
use super::axis::{Axis, number};
use super::ink::{Ink, LAYERS_MAX};
use super::legend::{self, Sign};
use super::panel::{self, Panel, extent};
use super::sheet::{Lettering, Rectangle, Sheet, WIDTH};
use crate::forecast::{Forecast, ForecastMonth, Forecaster};

const CUMULATIVE_PX: f64 = 200.0;
const YEARS_PX: f64 = 140.0;
const ENTRY_PX: f64 = 17.0;

/// Forecasts of a well under one scenario each, by physics, with the network's beside them.
pub fn forecast(
    well: &str,
    synthetic: bool,
    forecaster: &Forecaster,
    forecasts: &[&Forecast],
    threshold_mm: Option<f64>,
) -> Figure {
    let mut entries: Vec<(Ink, Sign, &str)> = forecasts
        .iter()
        .zip((0..LAYERS_MAX).cycle())
        .map(|(forecast, number)| {
            (
                Ink::AquiferLayer(number),
                Sign::Line,
                forecast.scenario.as_str(),
            )
        })
        .collect();
    entries.push((
        Ink::Muted,
        Sign::Line,
        "the network, for comparison: it does not extrapolate",
    ));
    let above = ENTRY_PX * (entries.len() + 1) as f64;
    let mut sheet = Sheet::new(above + CUMULATIVE_PX + YEARS_PX);
    legend::draw(&mut sheet, 10.0, &entries);
    let start = forecaster.start();
    let last = forecasts
        .iter()
        .filter_map(|forecast| forecast.months.last());
    let to = last.map(|month| month.month).max().unwrap_or(start);
    let span = (start.index(), to.index());
    let panel = cumulative(&mut sheet, above, span, forecaster, forecasts, threshold_mm);
    years(
        &mut sheet,
        above + CUMULATIVE_PX,
        span,
        forecaster,
        forecasts,
    );
    let height = sheet.height;
    for index in span.0 + 1..=span.1 {
        let text = tip(start.offset(index - span.0), forecasts);
        panel.tip(&mut sheet, f64::from(index), above..height, text);
    }
    let ends: Vec<String> = forecasts
        .iter()
        .filter_map(|forecast| {
            let end = forecast.months.last()?.physics.cumulative_mm;
            Some(format!(
                "{} {} mm",
                forecast.scenario,
                number(end.into(), 1)
            ))
        })
        .collect();
    let alt = format!(
        "Subsidence forecast by physics from {start} with {} mm to {to}: {}.",
        number(forecaster.start_mm(), 1),
        ends.join(", ")
    );
    Figure::new(format!("{well}: forecast"), alt, synthetic, sheet)
}

fn place(top: f64, bottom: f64) -> Rectangle {
    Rectangle {
        left: panel::LEFT,
        right: WIDTH - 10.0,
        top,
        bottom,
    }
}

fn cumulative(
    sheet: &mut Sheet,
    top: f64,
    (from, to): (i32, i32),
    forecaster: &Forecaster,
    forecasts: &[&Forecast],
    threshold_mm: Option<f64>,
) -> Panel {
    let start = (f64::from(from), forecaster.start_mm());
    let curve = |forecast: &Forecast, mm: fn(&ForecastMonth) -> f32| -> Vec<(f64, f64)> {
        let months = forecast.months.iter();
        let months = months.map(|month| (f64::from(month.month.index()), f64::from(mm(month))));
        months.collect()
    };
    let physics: Vec<_> = forecasts
        .iter()
        .map(|forecast| {
            let months = curve(forecast, |month| month.physics.cumulative_mm);
            [vec![start], months].concat()
        })
        .collect();
    let bounds = forecasts.iter().map(|forecast| {
        [-1.0, 1.0].map(|side| {
            let bound = |month: &ForecastMonth| {
                let half_width_mm = month.cumulative_half_width_mm?;
                let mm = f64::from(month.physics.cumulative_mm) + side * half_width_mm;
                Some((f64::from(month.month.index()), mm))
            };
            forecast.months.iter().filter_map(bound).collect()
        })
    });
    let bounds: Vec<[Vec<(f64, f64)>; 2]> = bounds.collect();
    let has_intervals = bounds.iter().flatten().any(|bound| !bound.is_empty());
    // A network that runs away must not flatten the forecast.
    let values = physics.iter().chain(bounds.iter().flatten()).flatten();
    let values = values.map(|(_, mm)| *mm);
    let (low, high) = extent(values.chain(threshold_mm)).unwrap_or((0.0, 1.0));
    let axis = Axis::values(low, high, 5).down();
    let months = Axis::months(from, to, 8).unlabelled();
    let panel = Panel::new(
        sheet,
        place(top + 12.0, top + CUMULATIVE_PX - 8.0),
        months,
        axis,
    );
    for forecast in forecasts {
        let network = curve(forecast, |month| month.network.cumulative_mm);
        let visible = |(month, mm): (f64, f64)| (month, (low..=high).contains(&mm).then_some(mm));
        panel.broken_line(sheet, Ink::Muted, 1.0, network.into_iter().map(visible));
    }
    let curves = physics.into_iter().zip(bounds);
    for ((curve, bounds), number) in curves.zip((0..LAYERS_MAX).cycle()) {
        panel.line(sheet, Ink::AquiferLayer(number), 1.8, curve);
        for bound in bounds {
            panel.line(sheet, Ink::AquiferLayer(number), 0.7, bound);
        }
    }
    if let Some(mm) = threshold_mm {
        let ends = [(f64::from(from), mm), (f64::from(to), mm)];
        panel.line(sheet, Ink::Warning, 1.2, ends);
    }
    let title = if has_intervals {
        "cumulative, mm (down); thin: 90 % interval"
    } else {
        "cumulative, mm (down)"
    };
    sheet.text(Lettering::TITLE, (6.0, top + 2.0), title);
    panel
}

fn years(
    sheet: &mut Sheet,
    top: f64,
    (from, to): (i32, i32),
    forecaster: &Forecaster,
    forecasts: &[&Forecast],
) {
    // Whole years alone: a part of one is no rate.
    let of_years: Vec<Vec<(i32, f64)>> = forecasts
        .iter()
        .map(|forecast| {
            let years = forecaster.years(forecast).into_iter();
            let whole = years.filter(|year| year.months == 12);
            whole.map(|year| (year.year, year.subsidence_mm)).collect()
        })
        .collect();
    let values = of_years.iter().flatten().map(|(_, mm)| *mm);
    let (low, high) = extent(values.chain([0.0])).unwrap_or((0.0, 1.0));
    let place = place(top + 12.0, top + YEARS_PX - panel::BELOW);
    let panel = Panel::new(
        sheet,
        place,
        Axis::months(from, to, 8),
        Axis::values(low, high, 4),
    );
    for (years, number) in of_years.into_iter().zip((0..LAYERS_MAX).cycle()) {
        for (year, mm) in years {
            let january = f64::from(year * 12);
            let ends = [(january - 0.5, mm), (january + 11.5, mm)];
            panel.line(sheet, Ink::AquiferLayer(number), 2.4, ends);
        }
    }
    sheet.text(
        Lettering::TITLE,
        (6.0, top + 2.0),
        "whole years, mm per year",
    );
}

fn tip(month: Month, forecasts: &[&Forecast]) -> String {
    let mut text = month.to_string();
    for forecast in forecasts {
        let mut months = forecast.months.iter();
        if let Some(of_month) = months.find(|of_month| of_month.month == month) {
            let _ = write!(
                text,
                "\n{}: {} mm (network {} mm)",
                forecast.scenario,
                number(of_month.physics.cumulative_mm.into(), 1),
                number(of_month.network.cumulative_mm.into(), 1)
            );
        }
    }
    text
}
