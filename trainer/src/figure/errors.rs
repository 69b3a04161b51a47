//! Test errors of all models and baselines, with the floor no model can beat.

use std::fmt::Write as _;

use plotters::element::Rectangle;

use super::attention::short;
use super::axis::{Axis, number};
use super::ink::Ink;
use super::mark::Mark;
use super::sheet::{self, Area, DrawError, Frame, Hit, Lettering, Sign, extent, fill, px};
use super::shown::{MetricRow, ModelKind, Shown};
use crate::split::Part;

const ROW_PX: i32 = 28;
const LEGEND_PX: i32 = 28;
const AXIS_PX: i32 = 40;

/// Height of the figure in pixels.
pub(super) fn height(shown: &Shown) -> i32 {
    LEGEND_PX + AXIS_PX + ROW_PX * wells(shown).len() as i32
}

/// Wells that have test scores, in the run's order.
fn wells(shown: &Shown) -> Vec<&str> {
    let names = shown.wells.iter().map(|well| well.well.as_str());
    names
        .filter(|name| {
            shown
                .scores
                .iter()
                .any(|score| score.part == Part::Test && score.well == *name)
        })
        .collect()
}

fn mark(model: ModelKind) -> Mark {
    match model {
        ModelKind::AM_LSTM => Mark::Circle,
        ModelKind::LSTM => Mark::Square,
        ModelKind::Baseline(_) => Mark::Ring,
    }
}

pub(super) fn draw(shown: &Shown, area: &Area) -> Result<Vec<Hit>, DrawError> {
    let wells = wells(shown);
    let tests: Vec<&MetricRow> = shown
        .scores
        .iter()
        .filter(|score| score.part == Part::Test && score.rmse_mm_per_month.is_finite())
        .collect();
    let Some((_, high)) = extent(tests.iter().map(|score| score.rmse_mm_per_month)) else {
        return Ok(Vec::new());
    };
    let is_baseline = |score: &&&MetricRow| {
        matches!(score.model, ModelKind::Baseline(_)) && score.model != ModelKind::FLOOR
    };
    let mut entries = vec![
        (Ink::Lstm, Sign::Mark(Mark::Square), "LSTM"),
        (Ink::AmLstm, Sign::Mark(Mark::Circle), "AM-LSTM"),
    ];
    if tests.iter().any(|score| score.floor_mm_per_month.is_some()) {
        entries.insert(0, (Ink::Floor, Sign::Mark(Mark::Tick), "floor"));
    }
    if tests.iter().any(|score| is_baseline(&score)) {
        entries.push((Ink::Baseline, Sign::Mark(Mark::Ring), "baselines"));
    }
    sheet::legend(area, px(10), &entries)?;
    let frame = Frame {
        left: 84,
        right: 14,
        top: LEGEND_PX,
        bottom: AXIS_PX,
    };
    let rows = Axis::exactly(wells.len() as f64, 0.0, 1).unlabelled(false);
    let mut chart = sheet::chart(area, frame, Axis::exactly(0.0, high * 1.06, 6), rows)?;
    let stripes = (0..wells.len()).filter(|row| row % 2 == 0);
    chart.draw_series(stripes.map(|row| {
        Rectangle::new(
            [(0.0, row as f64), (high * 1.06, row as f64 + 1.0)],
            fill(Ink::Band),
        )
    }))?;
    let mut hits = Vec::new();
    for (row, well) in wells.iter().enumerate() {
        let place = |value: f64| chart.backend_coord(&(value, row as f64 + 0.5));
        sheet::write(
            area,
            &short(well),
            Lettering::NOTE.ink(Ink::Text),
            (px(6), place(0.0).1),
        )?;
        let mut of_well: Vec<&&MetricRow> =
            tests.iter().filter(|score| score.well == *well).collect();
        for score in of_well.iter().copied().filter(is_baseline) {
            Mark::Ring.draw(area, place(score.rmse_mm_per_month), 35, Ink::Baseline)?;
        }
        let floor = of_well.iter().find_map(|score| score.floor_mm_per_month);
        if let Some(floor) = floor {
            Mark::Tick.draw(area, place(floor), 60, Ink::Floor)?;
        }
        for model in [ModelKind::LSTM, ModelKind::AM_LSTM] {
            if let Some(score) = of_well.iter().find(|score| score.model == model) {
                mark(model).draw(
                    area,
                    place(score.rmse_mm_per_month),
                    40,
                    Ink::of_model(model),
                )?;
            }
        }
        of_well.sort_by(|a, b| a.rmse_mm_per_month.total_cmp(&b.rmse_mm_per_month));
        let mut text = format!("well {well}, test RMSE in mm a month");
        if let Some(floor) = floor {
            let _ = write!(text, "\nfloor: {}", number(floor, 3));
        }
        for score in of_well
            .iter()
            .filter(|score| score.model != ModelKind::FLOOR)
        {
            let _ = write!(
                text,
                "\n{}: {}",
                score.model.title(),
                number(score.rmse_mm_per_month, 3)
            );
        }
        hits.push(Hit {
            x: 0,
            y: px(LEGEND_PX + ROW_PX * row as i32),
            width: px(sheet::WIDTH),
            height: px(ROW_PX),
            text,
        });
    }
    sheet::write(
        area,
        "test RMSE, mm a month",
        Lettering::NOTE.right(),
        (px(sheet::WIDTH - 14), px(height(shown) - 8)),
    )?;
    Ok(hits)
}
