//! Observed subsidence against LSTM and AM-LSTM (the paper's Fig. 8), cumulative and as the monthly rate that is scored.
//!
//! Cumulative curves of any model lie close to each other; the rates below show what is learned.

use std::fmt::Write as _;

use plotters::element::{Circle, PathElement, Polygon, Rectangle};

use super::axis::{Axis, number};
use super::ink::Ink;
use super::levels::{month_hits, runs};
use super::sheet::{
    self, Area, Chart, DrawError, Frame, Hit, Lettering, Sign, extent, fill, line, px,
};
use super::shown::{ShownModel, ShownWell, month_text};
use crate::split::Part;

/// Height of the figure in pixels.
pub(super) const HEIGHT: i32 = 400;
const CUMULATIVE_PX: i32 = 222;

pub(super) fn draw(well: &ShownWell, area: &Area) -> Result<Vec<Hit>, DrawError> {
    let Some((from, to)) = well.span() else {
        return Ok(Vec::new());
    };
    let (upper, lower) = area.split_vertically(px(CUMULATIVE_PX));
    cumulative(well, &upper, Axis::months(from, to, 8).unlabelled(true))?;
    rates(well, &lower, Axis::months(from, to, 8))
}

fn cumulative(well: &ShownWell, area: &Area, months: Axis) -> Result<(), DrawError> {
    let spread = || well.months.iter().filter_map(|month| month.spread_mm);
    let mut entries = vec![(Ink::Observed, Sign::Dot, "observed")];
    let model = |model: &'_ ShownModel| Ink::of_model(model.model);
    entries.extend(
        well.models
            .iter()
            .map(|shown| (model(shown), Sign::Line, shown.model.title())),
    );
    if spread().next().is_some() {
        entries.push((Ink::Band, Sign::Box, "90 % of points"));
    }
    sheet::legend(area, px(10), &entries)?;
    let modelled = well
        .models
        .iter()
        .flat_map(|model| model.subsidence_mm.iter().flatten().copied());
    let observed = well.months.iter().filter_map(|month| month.observed_mm);
    let (low, high) = extent(
        observed
            .chain(modelled)
            .chain(spread().flat_map(|(low, high)| [low, high])),
    )
    .unwrap_or((0.0, 1.0));
    let frame = Frame {
        top: 40,
        bottom: 4,
        ..Frame::LABELLED
    };
    let mut chart = sheet::chart(area, frame, months, Axis::values(low, high, 5).down())?;
    parts(well, &chart)?;
    band(well, &mut chart)?;
    for model in &well.models {
        runs(
            &mut chart,
            &series(well, &model.subsidence_mm),
            Ink::of_model(model.model),
            18,
        )?;
    }
    let dots = well
        .months
        .iter()
        .filter_map(|month| Some((f64::from(month.month), month.observed_mm?)));
    chart.draw_series(dots.map(|at| Circle::new(at, 20, fill(Ink::Observed))))?;
    sheet::write(
        area,
        "cumulative, mm (down)",
        Lettering::TITLE,
        (px(6), px(30)),
    )
}

fn rates(well: &ShownWell, area: &Area, months: Axis) -> Result<Vec<Hit>, DrawError> {
    let observed = observed_rates(well);
    let modelled = well
        .models
        .iter()
        .flat_map(|model| model.increment_mm.iter().flatten().copied());
    let (low, high) =
        extent(observed.iter().map(|rate| rate.2).chain(modelled)).unwrap_or((0.0, 1.0));
    let frame = Frame {
        top: 22,
        ..Frame::LABELLED
    };
    let mut chart = sheet::chart(area, frame, months, Axis::values(low, high, 4))?;
    parts(well, &chart)?;
    let steps = observed.iter().map(|(begin, end, rate)| {
        let ends = [
            (f64::from(*begin) + 0.5, *rate),
            (f64::from(*end) + 0.5, *rate),
        ];
        PathElement::new(ends, line(Ink::Observed, 26))
    });
    chart.draw_series(steps)?;
    for model in &well.models {
        runs(
            &mut chart,
            &series(well, &model.increment_mm),
            Ink::of_model(model.model),
            14,
        )?;
    }
    sheet::write(
        area,
        "rate, mm a month (this is scored)",
        Lettering::TITLE,
        (px(6), px(10)),
    )?;
    Ok(hits(well, &chart))
}

fn series(well: &ShownWell, values: &[Option<f64>]) -> Vec<(i32, Option<f64>)> {
    well.months
        .iter()
        .map(|month| month.month)
        .zip(values.iter().copied())
        .collect()
}

/// Months by index after which and until which a rate was observed, and the rate in mm a month.
fn observed_rates(well: &ShownWell) -> Vec<(i32, i32, f64)> {
    let seen: Vec<(i32, f64)> = well
        .months
        .iter()
        .filter_map(|month| Some((month.month, month.observed_mm?)))
        .collect();
    seen.windows(2)
        .map(|pair| {
            (
                pair[0].0,
                pair[1].0,
                (pair[1].1 - pair[0].1) / f64::from(pair[1].0 - pair[0].0),
            )
        })
        .collect()
}

/// What a part may be called, the longest first; a border between two parts is too narrow for a name.
fn names(part: Part) -> &'static [&'static str] {
    match part {
        Part::Validate => &["validation", "val."],
        Part::Test => &["test"],
        Part::Train | Part::Border => &[],
    }
}

/// Shades the months that are not for training, where months are divided.
fn parts(well: &ShownWell, chart: &Chart) -> Result<(), DrawError> {
    let area = chart.plotting_area().strip_coord_spec();
    let (columns, rows) = area.get_pixel_range();
    for run in well.months.chunk_by(|a, b| a.part == b.part) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        let Some(part) = first.part.filter(|part| *part != Part::Train) else {
            continue;
        };
        let at = |month: f64| chart.backend_coord(&(month, 0.0)).0 - columns.start;
        let (left, right) = (
            at(f64::from(first.month) - 0.5),
            at(f64::from(last.month) + 0.5),
        );
        area.draw(&Rectangle::new(
            [(left, 0), (right, rows.end - rows.start)],
            fill(Ink::Band),
        ))?;
        area.draw(&PathElement::new(
            [(left, 0), (left, rows.end - rows.start)],
            line(Ink::Muted, 10),
        ))?;
        let fits = |name: &&&str| sheet::text_width(name) <= right - left;
        if let Some(name) = names(part).iter().find(fits) {
            let middle = (i32::midpoint(left, right), px(8));
            sheet::write(&area, name, Lettering::NOTE.centre(), middle)?;
        }
    }
    Ok(())
}

fn band(well: &ShownWell, chart: &mut Chart) -> Result<(), DrawError> {
    let rows: Vec<_> = well
        .months
        .iter()
        .filter_map(|month| {
            month
                .spread_mm
                .map(|(low, high)| (f64::from(month.month), low, high))
        })
        .collect();
    if rows.len() > 1 {
        let outline: Vec<_> = rows
            .iter()
            .map(|row| (row.0, row.1))
            .chain(rows.iter().rev().map(|row| (row.0, row.2)))
            .collect();
        chart.draw_series([Polygon::new(outline, fill(Ink::Band))])?;
    }
    Ok(())
}

fn hits(well: &ShownWell, chart: &Chart) -> Vec<Hit> {
    let rates = observed_rates(well);
    month_hits(well, chart, HEIGHT, |index| {
        let month = &well.months[index];
        let mut text = month_text(month.month);
        if let Some(observed) = month.observed_mm {
            let _ = write!(text, "\nobserved: {} mm", number(observed, 1));
        }
        if let Some((low, high)) = month.spread_mm {
            let _ = write!(
                text,
                "\n90 % of points: {} to {} mm",
                number(low, 1),
                number(high, 1)
            );
        }
        if let Some((begin, end, rate)) = rates
            .iter()
            .find(|(begin, end, _)| (*begin + 1..=*end).contains(&month.month))
        {
            let over = if end - begin > 1 {
                format!(" over {} months", end - begin)
            } else {
                String::new()
            };
            let _ = write!(
                text,
                "\nobserved rate: {} mm a month{over}",
                number(*rate, 2)
            );
        }
        for model in &well.models {
            let name = model.model.title();
            if let Some(subsidence) = model.subsidence_mm.get(index).copied().flatten() {
                let _ = write!(text, "\n{name}: {} mm", number(subsidence, 1));
            }
            if let Some(increment) = model.increment_mm.get(index).copied().flatten() {
                let _ = write!(text, " ({} in the month)", number(increment, 2));
            }
        }
        text
    })
}
