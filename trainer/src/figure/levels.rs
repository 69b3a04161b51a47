//! Levels of the aquifer layers and the subsidence below them (the paper's Fig. 2).

use std::fmt::Write as _;

use plotters::element::{Circle, PathElement};
use plotters::series::LineSeries;

use super::axis::{Axis, number};
use super::ink::Ink;
use super::sheet::{self, Area, Chart, DrawError, Frame, Hit, Lettering, extent, fill, line, px};
use super::shown::{ShownWell, month_text};

const LAYER_PX: i32 = 78;
const SUBSIDENCE_PX: i32 = 128;

/// Height of the figure in pixels.
pub(super) fn height(well: &ShownWell) -> i32 {
    well.aquifer_layers.len() as i32 * LAYER_PX + SUBSIDENCE_PX
}

pub(super) fn draw(well: &ShownWell, area: &Area) -> Result<Vec<Hit>, DrawError> {
    let Some((from, to)) = well.span() else {
        return Ok(Vec::new());
    };
    let mut rest = area.clone();
    for (index, layer) in well.aquifer_layers.iter().enumerate() {
        let (panel, below) = rest.split_vertically(px(LAYER_PX));
        rest = below;
        let levels: Vec<(i32, Option<f64>)> = well
            .months
            .iter()
            .map(|month| (month.month, month.level_m.get(index).copied().flatten()))
            .collect();
        let (low, high) =
            extent(levels.iter().filter_map(|(_, level)| *level)).unwrap_or((0.0, 1.0));
        let frame = Frame {
            top: 20,
            bottom: 4,
            ..Frame::LABELLED
        };
        let x = Axis::months(from, to, 8).unlabelled(true);
        let mut chart = sheet::chart(&panel, frame, x, Axis::values(low, high, 3))?;
        let ink = Ink::Layer(index as u8);
        runs(&mut chart, &levels, ink, 16)?;
        sheet::write(
            &panel,
            &format!("{layer}, level in m"),
            Lettering::TITLE.ink(ink),
            (px(6), px(10)),
        )?;
    }
    let observed: Vec<(i32, f64)> = well
        .months
        .iter()
        .filter_map(|month| Some((month.month, month.observed_mm?)))
        .collect();
    let (low, high) =
        extent(observed.iter().map(|(_, value)| *value).chain([0.0])).unwrap_or((0.0, 1.0));
    let frame = Frame {
        top: 20,
        ..Frame::LABELLED
    };
    let mut chart = sheet::chart(
        &rest,
        frame,
        Axis::months(from, to, 8),
        Axis::values(low, high, 4).down(),
    )?;
    let path = observed
        .iter()
        .map(|(month, value)| (f64::from(*month), *value));
    chart.draw_series([PathElement::new(
        path.clone().collect::<Vec<_>>(),
        line(Ink::Observed, 10),
    )])?;
    chart.draw_series(path.map(|at| Circle::new(at, 18, fill(Ink::Observed))))?;
    sheet::write(
        &rest,
        "subsidence in mm, observed",
        Lettering::TITLE.ink(Ink::Observed),
        (px(6), px(10)),
    )?;
    Ok(hits(well, &chart))
}

/// Draws each unbroken run of a series as one line; a month without a value breaks it.
pub(super) fn runs(
    chart: &mut Chart,
    values: &[(i32, Option<f64>)],
    ink: Ink,
    tenths: u32,
) -> Result<(), DrawError> {
    for run in values.split(|(_, value)| value.is_none()) {
        let points = run
            .iter()
            .filter_map(|(month, value)| Some((f64::from(*month), (*value)?)));
        chart.draw_series(LineSeries::new(points, line(ink, tenths)))?;
    }
    Ok(())
}

/// One strip a month over the whole height of a figure, told by `text`.
pub(super) fn month_hits(
    well: &ShownWell,
    chart: &Chart,
    height: i32,
    text: impl Fn(usize) -> String,
) -> Vec<Hit> {
    let at = |month: f64| chart.backend_coord(&(month, 0.0)).0;
    let strips = well.months.iter().enumerate().map(|(index, month)| {
        let left = at(f64::from(month.month) - 0.5);
        Hit {
            x: left,
            y: 0,
            width: at(f64::from(month.month) + 0.5) - left,
            height: px(height),
            text: text(index),
        }
    });
    strips.collect()
}

fn hits(well: &ShownWell, chart: &Chart) -> Vec<Hit> {
    month_hits(well, chart, height(well), |index| {
        let month = &well.months[index];
        let mut text = month_text(month.month);
        for (layer, level) in well.aquifer_layers.iter().zip(&month.level_m) {
            let level = level.map_or("no level".to_owned(), |level| {
                format!("{} m", number(level, 2))
            });
            let _ = write!(text, "\n{layer}: {level}");
        }
        if let Some(observed) = month.observed_mm {
            let _ = write!(text, "\nsubsidence: {} mm", number(observed, 1));
        }
        text
    })
}
