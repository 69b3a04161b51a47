//! Test errors of all models and baselines, with the floor no model can beat.

use std::fmt::Write as _;

use super::Figure;
use super::attention::NAMES_PX;
use super::axis::{Axis, number};
use super::ink::Ink;
use super::legend::{self, Sign};
use super::mark::Mark;
use super::panel::{Panel, extent};
use super::sheet::{Anchor, Lettering, Rectangle, Sheet, WIDTH, short};
use crate::results::{MetricRow, ModelKind, RunResults};
use crate::split::Part;

const ROW_PX: f64 = 28.0;
const LEGEND_PX: f64 = 28.0;
const AXIS_PX: f64 = 40.0;

pub(super) fn figure(results: &RunResults) -> Option<Figure> {
    let is_test =
        |score: &&MetricRow| score.part == Part::Test && score.rmse_mm_per_month.is_finite();
    let tests: Vec<&MetricRow> = results.scores.iter().filter(is_test).collect();
    let of_well = |well: &str| -> Vec<&MetricRow> {
        tests
            .iter()
            .copied()
            .filter(|score| score.well == well)
            .collect()
    };
    let wells = results
        .wells
        .iter()
        .map(|well| (well.well.as_str(), of_well(&well.well)));
    let wells: Vec<_> = wells.filter(|(_, scores)| !scores.is_empty()).collect();
    let (_, high) = extent(tests.iter().map(|score| score.rmse_mm_per_month))?;
    let mut sheet = Sheet::new(LEGEND_PX + AXIS_PX + ROW_PX * wells.len() as f64);
    legend::draw(&mut sheet, 10.0, &entries(&tests));
    let place = Rectangle {
        left: NAMES_PX,
        right: WIDTH - 14.0,
        top: LEGEND_PX,
        bottom: sheet.height - AXIS_PX,
    };
    let errors = Axis::exactly(0.0, high * 1.06, 6);
    let panel = Panel::new(&mut sheet, place, errors, Axis::rows(wells.len()));
    for (row, (well, scores)) in wells.iter().enumerate() {
        draw_row(&mut sheet, &panel, row, well, scores);
    }
    let note = Lettering::NOTE.anchor(Anchor::End);
    let at = (WIDTH - 14.0, sheet.height - 8.0);
    sheet.text(note, at, "test RMSE, mm per month");
    let (title, floor) = if results.has_floor() {
        (
            "Test errors, floor and baselines",
            ", with the floor that no model can beat",
        )
    } else {
        ("Test errors and baselines", "")
    };
    let alt = format!(
        "Test error of each model and baseline at each well{floor}. The table beside it has the numbers."
    );
    Some(Figure::new(
        title.to_owned(),
        alt,
        results.synthetic(),
        sheet,
    ))
}

fn entries(tests: &[&MetricRow]) -> Vec<(Ink, Sign, &'static str)> {
    let mut entries = vec![
        (Ink::Lstm, Sign::Mark(Mark::Square), "LSTM"),
        (Ink::AmLstm, Sign::Mark(Mark::Circle), "AM-LSTM"),
    ];
    if tests.iter().any(|score| score.floor_mm_per_month.is_some()) {
        entries.insert(0, (Ink::Floor, Sign::Mark(Mark::Tick), "floor"));
    }
    if tests.iter().any(|score| is_baseline(score)) {
        entries.push((Ink::Baseline, Sign::Mark(Mark::Ring), "baselines"));
    }
    entries
}

fn is_baseline(score: &MetricRow) -> bool {
    matches!(score.model, ModelKind::Baseline(_))
}

fn draw_row(sheet: &mut Sheet, panel: &Panel, row: usize, well: &str, scores: &[&MetricRow]) {
    let top = row as f64;
    let band = panel.between((0.0, top), (0.0, top + 1.0));
    if row.is_multiple_of(2) {
        let Rectangle { left, right, .. } = panel.place;
        sheet.rectangle(
            Ink::Band,
            Rectangle {
                left,
                right,
                ..band
            },
        );
    }
    let at = |error: f64| panel.at((error, top + 0.5));
    sheet.text(
        Lettering::NOTE.ink(Ink::Text),
        (6.0, at(0.0).1),
        &short(well),
    );
    for baseline in scores.iter().filter(|score| is_baseline(score)) {
        Mark::Ring.draw(sheet, Ink::Baseline, 3.5, at(baseline.rmse_mm_per_month));
    }
    if let Some(floor) = scores.iter().find_map(|score| score.floor_mm_per_month) {
        Mark::Tick.draw(sheet, Ink::Floor, 6.0, at(floor));
    }
    for (model, mark) in [
        (ModelKind::LSTM, Mark::Square),
        (ModelKind::AM_LSTM, Mark::Circle),
    ] {
        if let Some(score) = scores.iter().find(|score| score.model == model) {
            mark.draw(
                sheet,
                Ink::of_model(model),
                4.0,
                at(score.rmse_mm_per_month),
            );
        }
    }
    let row = Rectangle {
        left: 0.0,
        right: WIDTH,
        ..band
    };
    sheet.tip(row, tip(well, scores));
}

fn tip(well: &str, scores: &[&MetricRow]) -> String {
    let mut text = format!("well {well}, test RMSE in mm per month");
    if let Some(floor) = scores.iter().find_map(|score| score.floor_mm_per_month) {
        let _ = write!(text, "\nfloor: {}", number(floor, 3));
    }
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| a.rmse_mm_per_month.total_cmp(&b.rmse_mm_per_month));
    for score in sorted {
        let model = score.model.title();
        let _ = write!(text, "\n{model}: {}", number(score.rmse_mm_per_month, 3));
    }
    text
}
